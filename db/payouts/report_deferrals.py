"""Reports on what was put off, and on what an import found: R-2, R-11, R-15 (spec 07 §18.2, §20.4)."""

from db.payouts.report_query import COUNT, DATE, MONEY, RATE, TEXT, ReportQuery, columns

DEFERRALS = ReportQuery(
    code="R-2",
    name="deferrals",
    title="Deferred cashflows that require attention",
    columns=columns(
        (TEXT, "contract_reference"),
        (COUNT, "leg_number"),
        (TEXT, "cashflow_reference"),
        (MONEY, "amount"),
        (TEXT, "currency deferral_reason"),
        (DATE, "deferral_date expected_realization_date"),
        (COUNT, "days_since_deferral days_until_expected days_overdue"),
        (TEXT, "deferral_urgency aging_bucket"),
    ),
    sql="""
SELECT k.contract_reference, l.leg_number, a.cashflow_reference, a.amount, a.currency, a.deferral_reason,
       a.deferral_date, a.expected_realization_date, a.days_since_deferral, a.days_until_expected,
       greatest(0, -a.days_until_expected) AS days_overdue, a.deferral_urgency, a.aging_bucket
  FROM deferral_aging(%(as_of)s) WITH ORDINALITY AS a
  JOIN contracts k ON k.id = a.contract_id
  JOIN contract_legs l ON l.id = a.leg_id
 WHERE %(includes_future)s OR a.deferral_urgency IN ('OVERDUE', 'UNSCHEDULED', 'DUE_TODAY')
 ORDER BY a.ordinality
""",
)

DEFERRAL_VOLUMES = ReportQuery(
    code="R-11",
    name="deferral_volumes",
    title="Deferred amounts by reason and currency",
    columns=columns(
        (TEXT, "deferral_reason currency"),
        (COUNT, "deferred_count"),
        (MONEY, "total_deferred_amount"),
        (RATE, "average_deferral_period"),
        (COUNT, "overdue_count"),
        (MONEY, "overdue_amount"),
    ),
    sql="""
SELECT deferral_reason, currency, deferred_count, total_deferred_amount,
       round(average_deferral_period, 12) AS average_deferral_period, overdue_count, overdue_amount
  FROM deferral_overdue(%(as_of)s)
 ORDER BY deferral_reason, currency
""",
)

FINDINGS = ReportQuery(
    code="R-15",
    name="findings",
    title="Findings of imports by severity",
    columns=columns(
        (TEXT, "severity code contract_reference file_name pointer message"),
        (TEXT, "is_resolved"),
        (DATE, "found_on"),
    ),
    sql="""
SELECT f.severity, f.code, k.contract_reference, f.file_name, f.pointer, f.message, f.resolved AS is_resolved,
       (f.created_at AT TIME ZONE 'UTC')::date AS found_on
  FROM import_findings f
  LEFT JOIN contracts k ON k.id = f.contract_id
 WHERE (%(includes_resolved)s OR NOT f.resolved) AND (%(contract)s::uuid IS NULL OR f.contract_id = %(contract)s)
 ORDER BY array_position(ARRAY['ERROR', 'WARNING', 'INFO'], f.severity), f.code, k.contract_reference, f.file_name,
          f.pointer
""",
)
