"""Reports on what parties pay each other: R-12, R-13, R-14 (spec 07 §17, §20.4).

Amounts are signed as the reporting party sees them: positive is received. Statuses are those that are stored now.
"""

from db.payouts.report_query import COUNT, DATE, MONEY, RATE, SHARE, TEXT, ReportQuery, columns

EXPOSURE = ReportQuery(
    code="R-12",
    name="exposure",
    title="Counterparty exposure and netting benefit",
    columns=columns(
        (TEXT, "counterparty currency"),
        (COUNT, "cashflow_count"),
        (MONEY, "gross_owed gross_due net_amount net_payments"),
        (SHARE, "netting_benefit"),
        (MONEY, "deferred_amount unrealized_pnl exposure"),
    ),
    # What is really paid, one netting set at a time: pair of parties, currency, payment date, agreement or contract.
    # Legs go to their newest row up to the day by the key of the time series, leg by leg; the year before the day lets
    # the server leave out the other partitions, the default one above all, and so read one row a leg.
    sql="""
WITH open_flows AS (
    SELECT CASE WHEN c.payer_party_id = k.reporting_party_id THEN c.receiver_party_id ELSE c.payer_party_id
           END AS other, k.reporting_party_id AS own, c.settlement_amount AS amount, c.currency::text AS currency,
           c.payment_date, c.cashflow_status,
           CASE WHEN EXISTS (SELECT FROM netting_cashflow_mapping x
                              WHERE x.cashflow_id = c.id AND x.is_live AND x.inclusion_type = 'EXCLUDE')
                THEN 'cashflow ' || c.cashflow_reference
                WHEN k.netting_agreement_reference IS NULL THEN 'contract ' || k.contract_reference
                ELSE 'agreement ' || k.netting_agreement_reference END AS agreement
      FROM cashflows c JOIN contracts k ON k.id = c.contract_id
     WHERE c.cashflow_status IN ('REALIZED_UNSETTLED', 'REALIZED_DEFERRED') AND c.realization_date <= %(as_of)s
       AND k.reporting_party_id IN (c.payer_party_id, c.receiver_party_id)
), sets AS (
    SELECT own, other, currency, payment_date, agreement, count(*) AS n,
           -coalesce(sum(amount) FILTER (WHERE amount < 0), 0) AS owed,
           coalesce(sum(amount) FILTER (WHERE amount > 0), 0) AS due
      FROM open_flows WHERE cashflow_status = 'REALIZED_UNSETTLED' GROUP BY 1, 2, 3, 4, 5
), due AS (
    SELECT other, currency, sum(n) AS n, sum(owed) AS owed, sum(due) AS due, sum(abs(due - owed)) AS paid
      FROM sets GROUP BY 1, 2
), deferred AS (
    SELECT other, currency, sum(amount) AS amount
      FROM open_flows WHERE cashflow_status = 'REALIZED_DEFERRED' GROUP BY 1, 2
), marks AS (
    SELECT CASE WHEN k.reporting_party_id = k.party1_id THEN k.party2_id ELSE k.party1_id END AS other,
           p.currency, sum(p.amount) AS amount
      FROM contracts k
      JOIN contract_legs l ON l.contract_id = k.id
      CROSS JOIN LATERAL (
            SELECT u.unrealized_pnl_currency::text AS currency, u.unrealized_pnl_amount AS amount
              FROM unrealized_pnl_timeseries u
             WHERE u.contract_id = l.contract_id AND u.leg_id = l.id AND u.snapshot_label = 'EOD'
               AND u.valuation_date <= %(as_of)s AND u.valuation_date > %(as_of)s::date - 366
             ORDER BY u.valuation_date DESC LIMIT 1) p
     WHERE k.contract_status = 'ACTIVE'
     GROUP BY 1, 2
)
SELECT party.party_name AS counterparty, currency, coalesce(d.n, 0)::bigint AS cashflow_count,
       coalesce(d.owed, 0) AS gross_owed, coalesce(d.due, 0) AS gross_due,
       coalesce(d.due, 0) - coalesce(d.owed, 0) AS net_amount, coalesce(d.paid, 0) AS net_payments,
       round(1 - d.paid / nullif(d.owed + d.due, 0), 12) AS netting_benefit,
       coalesce(f.amount, 0) AS deferred_amount, coalesce(m.amount, 0) AS unrealized_pnl,
       greatest(0, coalesce(d.due, 0) - coalesce(d.owed, 0) + coalesce(f.amount, 0) + coalesce(m.amount, 0)) AS exposure
  FROM due d
  FULL JOIN deferred f USING (other, currency)
  FULL JOIN marks m USING (other, currency)
  JOIN parties party ON party.id = other
 ORDER BY party.party_name, currency
""",
)

SETTLEMENT = ReportQuery(
    code="R-13",
    name="settlement",
    title="Settlement efficiency by counterparty and currency",
    columns=columns(
        (TEXT, "counterparty currency"),
        (COUNT, "due_count settled_count settled_on_payment_date unsettled_count"),
        (SHARE, "share_on_payment_date"),
        (RATE, "mean_delay_days"),
        (COUNT, "longest_delay_days"),
    ),
    # The share is of all that was due: what nobody has settled yet counts against it. Delays are of what was settled.
    sql="""
SELECT party.party_name AS counterparty, w.currency, count(*) AS due_count, count(w.delay) AS settled_count,
       count(*) FILTER (WHERE w.delay <= 0) AS settled_on_payment_date, count(*) - count(w.delay) AS unsettled_count,
       round(count(*) FILTER (WHERE w.delay <= 0)::numeric / count(*), 12) AS share_on_payment_date,
       round(avg(w.delay), 12) AS mean_delay_days, max(w.delay) AS longest_delay_days
  FROM (SELECT CASE WHEN c.payer_party_id = k.reporting_party_id THEN c.receiver_party_id ELSE c.payer_party_id
               END AS other, c.currency::text AS currency, c.settlement_date - c.payment_date AS delay
          FROM cashflows c JOIN contracts k ON k.id = c.contract_id
         WHERE c.cashflow_status IN ('REALIZED_UNSETTLED', 'REALIZED_SETTLED')
           AND c.payment_date BETWEEN %(first)s AND %(last)s) w
  JOIN parties party ON party.id = w.other
 GROUP BY party.party_name, w.currency
 ORDER BY party.party_name, w.currency
""",
)

LADDER = ReportQuery(
    code="R-14",
    name="ladder",
    title="Upcoming payments by time to payment",
    columns=columns(
        (TEXT, "bucket currency cashflow_status"),
        (COUNT, "cashflow_count"),
        (MONEY, "gross_in gross_out net_amount"),
        (DATE, "first_date last_date"),
    ),
    # What is deferred comes when it is expected; without a date it is in a bucket of its own.
    sql="""
SELECT b.bucket, w.currency, w.cashflow_status, count(*) AS cashflow_count,
       coalesce(sum(w.amount) FILTER (WHERE w.amount > 0), 0) AS gross_in,
       -coalesce(sum(w.amount) FILTER (WHERE w.amount < 0), 0) AS gross_out, sum(w.amount) AS net_amount,
       min(w.day) AS first_date, max(w.day) AS last_date
  FROM (SELECT c.currency::text AS currency, c.cashflow_status, coalesce(c.settlement_amount, c.amount) AS amount,
               CASE WHEN c.cashflow_status = 'REALIZED_DEFERRED' THEN c.expected_realization_date
                    ELSE c.payment_date END AS day
          FROM cashflows c
         WHERE c.cashflow_status IN ('ACCRUED', 'REALIZED_DEFERRED', 'REALIZED_UNSETTLED')) w
  CROSS JOIN LATERAL (
        SELECT CASE WHEN w.day IS NULL THEN 'UNSCHEDULED'
                    WHEN w.day < %(as_of)s THEN 'OVERDUE'
                    WHEN w.day = %(as_of)s THEN 'DUE_TODAY'
                    WHEN w.day - %(as_of)s <= 7 THEN '1_7_DAYS'
                    WHEN w.day - %(as_of)s <= 30 THEN '8_30_DAYS'
                    WHEN w.day - %(as_of)s <= 90 THEN '31_90_DAYS'
                    ELSE 'OVER_90_DAYS' END AS bucket) b
 GROUP BY b.bucket, w.currency, w.cashflow_status
 ORDER BY array_position(ARRAY['OVERDUE', 'UNSCHEDULED', 'DUE_TODAY', '1_7_DAYS', '8_30_DAYS', '31_90_DAYS',
                               'OVER_90_DAYS'], b.bucket), w.currency,
          array_position(ARRAY['ACCRUED', 'REALIZED_DEFERRED', 'REALIZED_UNSETTLED'], w.cashflow_status)
""",
)
