"""Reports on unrealized P&L: R-6, R-7, R-8, R-9 (spec 07 §16, §20.4).

Total P&L of a day is the change of the unrealized P&L since the snapshot before plus what was realised meanwhile.
"""

from db.payouts.report_query import COUNT, DATE, MONEY, TEXT, ReportQuery, columns

_PARTS = "price_pnl_amount dividend_pnl_amount interest_pnl_amount fx_pnl_amount other_pnl_amount"

PNL = ReportQuery(
    code="R-6",
    name="pnl",
    title="Unrealized P&L of a contract with its components",
    columns=columns(
        (DATE, "valuation_date business_date"),
        (COUNT, "leg_number"),
        (MONEY, "unrealized_pnl_amount"),
        (TEXT, "unrealized_pnl_currency"),
        (MONEY, _PARTS),
        (MONEY, "realized_since_previous total_pnl"),
        (TEXT, "base_currency"),
        (MONEY, "base_currency_amount"),
        (TEXT, "valuation_method confidence_level is_end_of_day is_month_end"),
    ),
    # The snapshot before the window comes along, so the first day of the window has its total.
    sql="""
WITH series AS (
    SELECT u.*, l.leg_number, u.unrealized_pnl_amount
           - lag(u.unrealized_pnl_amount) OVER (PARTITION BY u.leg_id ORDER BY u.valuation_date)
           + u.realized_since_previous AS total_pnl
      FROM contract_legs l
      CROSS JOIN LATERAL (
            SELECT max(b.valuation_date) AS day FROM unrealized_pnl_timeseries b
             WHERE b.contract_id = l.contract_id AND b.leg_id = l.id AND b.snapshot_label = %(label)s
               AND b.valuation_date < %(first)s) before
      JOIN unrealized_pnl_timeseries u
        ON u.contract_id = l.contract_id AND u.leg_id = l.id AND u.snapshot_label = %(label)s
       AND u.valuation_date >= coalesce(before.day, %(first)s) AND u.valuation_date <= %(last)s
     WHERE l.contract_id = %(contract)s
)
SELECT valuation_date, business_date, leg_number, unrealized_pnl_amount, unrealized_pnl_currency, price_pnl_amount,
       dividend_pnl_amount, interest_pnl_amount, fx_pnl_amount, other_pnl_amount, realized_since_previous, total_pnl,
       base_currency, base_currency_amount, valuation_method, confidence_level, is_end_of_day, is_month_end
  FROM series
 WHERE valuation_date >= %(first)s
 ORDER BY valuation_date, leg_number
""",
)

RISK = ReportQuery(
    code="R-7",
    name="risk",
    title="Risk numbers of total P&L",
    columns=columns(
        (TEXT, "level contract_reference"),
        (COUNT, "leg_number"),
        (TEXT, "base_currency"),
        (COUNT, "observation_count"),
        (
            MONEY,
            "mean standard_deviation minimum maximum var_95_percentile var_99_percentile value_at_risk_95"
            " value_at_risk_99 expected_shortfall_95",
        ),
        (TEXT, "low_sample reason"),
    ),
    # The snapshots from which the numbers are made, leg by leg in the order of days: those of the window by their day,
    # and of each leg the last one before it by its key.
    sql="""
SELECT k.contract_reference, l.leg_number, coalesce(u.base_currency, u.unrealized_pnl_currency)::text AS base,
       u.valuation_date - DATE '1970-01-01' AS day,
       coalesce(u.base_currency_amount, u.unrealized_pnl_amount)::float8 AS unrealized,
       (u.realized_since_previous * coalesce(u.base_fx_rate, 1))::float8 AS realized
  FROM (SELECT w.* FROM unrealized_pnl_timeseries w
         WHERE w.snapshot_label = 'EOD' AND w.valuation_date BETWEEN %(first)s AND %(last)s
           AND (%(contract)s::uuid IS NULL OR w.contract_id = %(contract)s)
         UNION ALL
        SELECT before.*
          FROM contract_legs g
          CROSS JOIN LATERAL (
                SELECT b.* FROM unrealized_pnl_timeseries b
                 WHERE b.contract_id = g.contract_id AND b.leg_id = g.id AND b.snapshot_label = 'EOD'
                   AND b.valuation_date < %(first)s
                 ORDER BY b.valuation_date DESC LIMIT 1) before
         WHERE %(contract)s::uuid IS NULL OR g.contract_id = %(contract)s) u
  JOIN contracts k ON k.id = u.contract_id
  JOIN contract_legs l ON l.id = u.leg_id
 ORDER BY u.leg_id, u.valuation_date
""",
)

END_OF_DAY = ReportQuery(
    code="R-8",
    name="end_of_day",
    title="End-of-day P&L of the last business days",
    columns=columns(
        (DATE, "valuation_date"),
        (TEXT, "contract_reference"),
        (COUNT, "leg_number"),
        (MONEY, "unrealized_pnl_amount"),
        (TEXT, "unrealized_pnl_currency"),
        (MONEY, _PARTS),
        (MONEY, "realized_since_previous"),
        (TEXT, "valuation_method confidence_level"),
    ),
    n_key=3,
    # The business days are those on which anything was valued; no calendar closes for as long as `oldest` reaches back.
    sql="""
WITH days AS (
    SELECT min(valuation_date) AS first FROM (
        SELECT DISTINCT valuation_date FROM unrealized_pnl_timeseries
         WHERE snapshot_label = 'EOD' AND valuation_date BETWEEN %(oldest)s AND %(as_of)s
         ORDER BY valuation_date DESC LIMIT %(business_days)s) newest
)
SELECT u.valuation_date, k.contract_reference, l.leg_number, u.unrealized_pnl_amount, u.unrealized_pnl_currency,
       u.price_pnl_amount, u.dividend_pnl_amount, u.interest_pnl_amount, u.fx_pnl_amount, u.other_pnl_amount,
       u.realized_since_previous, u.valuation_method, u.confidence_level,
       u.valuation_date AS key_day, k.contract_reference AS key_reference, l.leg_number AS key_leg_number
  FROM unrealized_pnl_timeseries u
  JOIN contracts k ON k.id = u.contract_id
  JOIN contract_legs l ON l.id = u.leg_id
 WHERE u.snapshot_label = 'EOD' AND u.valuation_date BETWEEN (SELECT first FROM days) AND %(as_of)s
   AND u.valuation_date >= %(oldest)s
   AND (%(day)s::date IS NULL OR u.valuation_date < %(day)s::date
        OR (u.valuation_date = %(day)s::date
            AND (k.contract_reference, l.leg_number) > (%(reference)s::text, %(leg_number)s::int)))
 ORDER BY u.valuation_date DESC, k.contract_reference, l.leg_number
 LIMIT %(limit)s
""",
)

DASHBOARD = ReportQuery(
    code="R-9",
    name="dashboard",
    title="Cashflows and P&L by day",
    columns=columns(
        (TEXT, "block"),
        (DATE, "day"),
        (TEXT, "cashflow_status currency"),
        (COUNT, "row_count"),
        (MONEY, "signed_amount gross_in gross_out unrealized_pnl realized_since_previous"),
    ),
    # Flows and the stock have columns of their own, and sums are not averaged (D-44).
    sql="""
SELECT 'FLOW' AS block, c.calculation_date AS day, c.cashflow_status, c.currency::text AS currency,
       count(*) AS row_count, sum(c.amount) AS signed_amount,
       coalesce(sum(c.amount) FILTER (WHERE c.amount > 0), 0) AS gross_in,
       -coalesce(sum(c.amount) FILTER (WHERE c.amount < 0), 0) AS gross_out,
       NULL::numeric AS unrealized_pnl, NULL::numeric AS realized_since_previous
  FROM cashflows c
 WHERE c.calculation_date BETWEEN %(first)s AND %(last)s
 GROUP BY c.calculation_date, c.cashflow_status, c.currency::text
 UNION ALL
SELECT 'STOCK', u.valuation_date, NULL, u.unrealized_pnl_currency::text, count(*), NULL, NULL, NULL,
       sum(u.unrealized_pnl_amount), sum(u.realized_since_previous)
  FROM unrealized_pnl_timeseries u
 WHERE u.snapshot_label = 'EOD' AND u.valuation_date BETWEEN %(first)s AND %(last)s
 GROUP BY u.valuation_date, u.unrealized_pnl_currency::text
 ORDER BY block, day DESC, cashflow_status, currency
""",
)
