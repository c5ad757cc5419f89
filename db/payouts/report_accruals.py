"""Reports on daily accruals: R-3, R-4, R-5 (spec 07 §15, §20.4)."""

from db.payouts.report_query import COUNT, DATE, MONEY, PRICE, RATE, TEXT, ReportQuery, columns

RECONCILIATION = ReportQuery(
    code="R-3",
    name="reconciliation",
    title="Daily accruals against cashflows",
    columns=columns(
        (COUNT, "leg_number"),
        (TEXT, "cashflow_reference cashflow_type cashflow_status currency"),
        (DATE, "accrual_start_date accrual_end_date"),
        (COUNT, "accrual_days"),
        (MONEY, "daily_total daily_cumulative period_total difference"),
        (TEXT, "reconciliation_status"),
    ),
    # A cashflow belongs to a window that its period touches, and is compared whole: one that straddles the window is
    # whole on both sides (D-41). Daily rows meet their cashflow where contract, leg and currency agree too. What
    # accrued in an archived year cannot be compared any more.
    sql="""
WITH touched AS (
    SELECT id FROM cashflows
     WHERE contract_id = %(contract)s AND accrual_start_date <= %(last)s AND accrual_end_date >= %(first)s
     UNION
    SELECT cashflow_id FROM daily_accruals
     WHERE contract_id = %(contract)s AND accrual_date BETWEEN %(first)s AND %(last)s
), chosen AS MATERIALIZED (
    SELECT c.id AS flow_id, c.contract_id, c.leg_id, c.currency::text AS currency, c.cashflow_reference,
           c.cashflow_type, c.cashflow_status, c.accrual_start_date, c.accrual_end_date, c.amount
      FROM touched JOIN cashflows c ON c.id = touched.id
     WHERE NOT EXISTS (
           SELECT FROM archived_payout_years y
            WHERE y.year BETWEEN extract(year FROM c.accrual_start_date) AND extract(year FROM c.accrual_end_date))
), daily AS (
    SELECT c.flow_id, a.contract_id, a.leg_id, a.currency::text AS currency, count(*) AS days,
           sum(a.daily_accrual_amount) AS total,
           (array_agg(a.cumulative_accrual_amount ORDER BY a.accrual_date DESC))[1] AS cumulative
      FROM chosen c JOIN daily_accruals a ON a.cashflow_id = c.flow_id AND a.accrual_date <= c.accrual_end_date
     GROUP BY 1, 2, 3, 4
), both_sides AS (
    SELECT flow_id, leg_id, currency, d.days, d.total, d.cumulative, p.amount
      FROM (SELECT * FROM chosen WHERE contract_id = %(contract)s) p
      FULL JOIN daily d USING (flow_id, contract_id, leg_id, currency)
)
SELECT l.leg_number, c.cashflow_reference, c.cashflow_type, c.cashflow_status, s.currency, c.accrual_start_date,
       c.accrual_end_date, coalesce(s.days, 0) AS accrual_days, s.total AS daily_total,
       s.cumulative AS daily_cumulative, s.amount AS period_total
  FROM both_sides s
  JOIN chosen c ON c.flow_id = s.flow_id
  JOIN contract_legs l ON l.id = s.leg_id
 ORDER BY l.leg_number, c.accrual_start_date, c.cashflow_reference, s.currency
""",
)

ACCRUALS = ReportQuery(
    code="R-4",
    name="accruals",
    title="Accrual progression of a contract",
    columns=columns(
        (DATE, "accrual_date business_date"),
        (COUNT, "leg_number"),
        (TEXT, "cashflow_reference cashflow_type"),
        (MONEY, "daily_accrual_amount cumulative_accrual_amount"),
        (TEXT, "currency"),
        (RATE, "accrual_factor"),
        (MONEY, "notional_amount"),
        (PRICE, "rate_or_price"),
        (TEXT, "is_business_day"),
    ),
    sql="""
SELECT a.accrual_date, a.business_date, l.leg_number, c.cashflow_reference, c.cashflow_type, a.daily_accrual_amount,
       a.cumulative_accrual_amount, a.currency, a.accrual_factor, a.notional_amount, a.rate_or_price, a.is_business_day
  FROM daily_accruals a
  JOIN cashflows c ON c.id = a.cashflow_id
  JOIN contract_legs l ON l.id = a.leg_id
 WHERE a.contract_id = %(contract)s AND a.accrual_date BETWEEN %(first)s AND %(last)s
 ORDER BY a.accrual_date, l.leg_number, c.cashflow_reference
""",
)

ACCRUED_INTEREST = ReportQuery(
    code="R-5",
    name="accrued_interest",
    title="Interest accrued in a window by cashflow",
    columns=columns(
        (COUNT, "leg_number"),
        (TEXT, "cashflow_reference currency"),
        (DATE, "accrual_start_date accrual_end_date"),
        (COUNT, "accrual_days"),
        (MONEY, "total_accrued_amount final_cumulative_amount"),
        (RATE, "sum_accrual_factor"),
        (MONEY, "notional_weighted_accrual"),
    ),
    # What is cumulative is never summed, and year fractions are summed, not averaged (D-40).
    sql="""
SELECT l.leg_number, c.cashflow_reference, a.currency, c.accrual_start_date, c.accrual_end_date,
       count(*) AS accrual_days, sum(a.daily_accrual_amount) AS total_accrued_amount,
       (array_agg(a.cumulative_accrual_amount ORDER BY a.accrual_date DESC))[1] AS final_cumulative_amount,
       sum(a.accrual_factor) AS sum_accrual_factor,
       round(sum(a.notional_amount * a.accrual_factor), 10) AS notional_weighted_accrual
  FROM daily_accruals a
  JOIN cashflows c ON c.id = a.cashflow_id AND c.cashflow_type = 'INTEREST'
  JOIN contract_legs l ON l.id = a.leg_id
 WHERE a.contract_id = %(contract)s AND a.accrual_date BETWEEN %(first)s AND %(last)s
 GROUP BY l.leg_number, c.id, a.currency
 ORDER BY l.leg_number, c.accrual_start_date, c.cashflow_reference
""",
)
