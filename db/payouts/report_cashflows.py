"""Reports on the cashflows of a contract: R-1 and R-10 (spec 07 §20.4).

Amounts are signed as the reporting party sees them: positive is received.
"""

from db.payouts.report_query import COUNT, DATE, MONEY, TEXT, ReportQuery, columns

CASHFLOWS = ReportQuery(
    code="R-1",
    name="cashflows",
    title="Cashflows of a contract by status and payment date",
    columns=columns(
        (TEXT, "cashflow_reference"),
        (COUNT, "leg_number"),
        (TEXT, "cashflow_type cashflow_subtype cashflow_status"),
        (MONEY, "amount"),
        (TEXT, "currency"),
        (DATE, "accrual_start_date accrual_end_date payment_date realization_date settlement_date"),
        (MONEY, "settlement_amount"),
        (DATE, "deferral_date expected_realization_date"),
        (TEXT, "deferral_reason payer receiver"),
    ),
    n_key=3,
    sql="""
SELECT c.cashflow_reference, l.leg_number, c.cashflow_type, c.cashflow_subtype, c.cashflow_status, c.amount,
       c.currency, c.accrual_start_date, c.accrual_end_date, c.payment_date, c.realization_date, c.settlement_date,
       c.settlement_amount, c.deferral_date, c.expected_realization_date, c.deferral_reason,
       p1.party_name AS payer, p2.party_name AS receiver,
       s.place AS key_place, c.payment_date AS key_day, c.cashflow_reference AS key_reference
  FROM cashflows c
  JOIN contract_legs l ON l.id = c.leg_id
  JOIN parties p1 ON p1.id = c.payer_party_id
  JOIN parties p2 ON p2.id = c.receiver_party_id
  CROSS JOIN LATERAL (
        SELECT array_position(ARRAY['ACCRUED', 'REALIZED_DEFERRED', 'REALIZED_UNSETTLED', 'REALIZED_SETTLED',
                                    'CANCELLED', 'ADJUSTED'], c.cashflow_status) AS place) s
 WHERE c.contract_id = %(contract)s
   AND (%(place)s::int IS NULL
        OR (s.place, c.payment_date, c.cashflow_reference) > (%(place)s::int, %(day)s::date, %(reference)s::text))
 ORDER BY s.place, c.payment_date, c.cashflow_reference
 LIMIT %(limit)s
""",
)

PERFORMANCE = ReportQuery(
    code="R-10",
    name="performance",
    title="Performance of a contract by leg and currency",
    columns=columns(
        (COUNT, "leg_number"),
        (TEXT, "leg_type currency"),
        (COUNT, "cashflow_count"),
        (
            MONEY,
            "total_accrued total_deferred total_realized_unsettled total_settled total_cancelled total_adjusted",
        ),
        (COUNT, "accrual_days"),
        (MONEY, "total_daily_accrual average_daily_accrual"),
        (COUNT, "valuation_days"),
        (MONEY, "average_unrealized_pnl latest_unrealized_pnl"),
        (DATE, "latest_valuation_date"),
    ),
    # Each table is summed by itself, then the sums are joined: rows of one cannot multiply those of another (D-43).
    sql="""
WITH flows AS (
    SELECT leg_id, currency::text AS currency, count(*) AS n,
           sum(amount) FILTER (WHERE cashflow_status = 'ACCRUED') AS accrued,
           sum(amount) FILTER (WHERE cashflow_status = 'REALIZED_DEFERRED') AS deferred,
           sum(amount) FILTER (WHERE cashflow_status = 'REALIZED_UNSETTLED') AS unsettled,
           sum(amount) FILTER (WHERE cashflow_status = 'REALIZED_SETTLED') AS settled,
           sum(amount) FILTER (WHERE cashflow_status = 'CANCELLED') AS cancelled,
           sum(amount) FILTER (WHERE cashflow_status = 'ADJUSTED') AS adjusted
      FROM cashflows WHERE contract_id = %(contract)s GROUP BY 1, 2
), accruals AS (
    SELECT leg_id, currency::text AS currency, count(DISTINCT accrual_date) AS days, sum(daily_accrual_amount) AS total
      FROM daily_accruals WHERE contract_id = %(contract)s GROUP BY 1, 2
), pnl AS (
    SELECT leg_id, unrealized_pnl_currency::text AS currency, count(*) AS days, avg(unrealized_pnl_amount) AS average,
           (array_agg(unrealized_pnl_amount ORDER BY valuation_date DESC))[1] AS latest,
           max(valuation_date) AS latest_day
      FROM unrealized_pnl_timeseries WHERE contract_id = %(contract)s AND snapshot_label = 'EOD' GROUP BY 1, 2
)
SELECT l.leg_number, l.leg_type, currency, coalesce(f.n, 0) AS cashflow_count, coalesce(f.accrued, 0) AS total_accrued,
       coalesce(f.deferred, 0) AS total_deferred, coalesce(f.unsettled, 0) AS total_realized_unsettled,
       coalesce(f.settled, 0) AS total_settled, coalesce(f.cancelled, 0) AS total_cancelled,
       coalesce(f.adjusted, 0) AS total_adjusted, coalesce(a.days, 0) AS accrual_days,
       coalesce(a.total, 0) AS total_daily_accrual, a.total / a.days AS average_daily_accrual,
       coalesce(p.days, 0) AS valuation_days, p.average AS average_unrealized_pnl, p.latest AS latest_unrealized_pnl,
       p.latest_day AS latest_valuation_date
  FROM flows f
  FULL JOIN accruals a USING (leg_id, currency)
  FULL JOIN pnl p USING (leg_id, currency)
  JOIN contract_legs l ON l.id = leg_id
 ORDER BY l.leg_number, currency
""",
)
