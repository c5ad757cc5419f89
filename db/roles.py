"""Roles with as little as they need: `clodesk_reader` may look, `clodesk_writer` may import and run, neither may alter.

A login for people or programs is granted one of them by the administrator; the roles themselves cannot log in.
"""

from sqlalchemy import Engine, text

from db.connection import driver_errors

READER, WRITER = "clodesk_reader", "clodesk_writer"

_EDITED = (
    "assets, clo_deals, clo_tranches, liabilities, deal_assets, waterfall_configurations, mag_waterfall_configs,"
    " compliance_tests, deal_limits, assumption_sets, scenarios, runs, asset_correlations, data_versions,"
    " block_jobs, job_blocks"
)

_PAYOUT_TERMS = (
    "contract_parties, contract_fees, contract_legs, trade_lots, lot_closings, performance_payout,"
    " underliers, basket_compositions, basket_constituents, fx_features, borrow_fees, borrow_rate_steps,"
    " return_terms, price_return_terms,"
    " dividend_return_terms, dividend_payout_ratios, dividend_periods, variance_volatility_terms,"
    " correlation_return_terms, interest_rate_payouts, rate_spread_steps, past_notionals, calculation_periods,"
    " fixed_price_payouts,"
    " valuation_schedules, valuation_dates, payment_schedules, payment_dates, instrument_identifiers,"
    " calendar_holidays, exchange_sessions, cashflows, daily_accruals, unrealized_pnl_timeseries, pnl_lot_details,"
    " netting_cashflow_mapping, payout_outbox"
)
"""Replaced as a whole when a contract changes or a day is run again; cashflows are guarded by their triggers."""

_PAYOUT_KEPT = (
    "parties, instruments, contracts, lot_events, contract_versions, dividend_events, corporate_actions, resets,"
    " business_centers, business_events, deferral_rules, cashflow_deferrals, netting_instructions, payments,"
    " payment_cashflows, payment_instructions, import_findings, job_runs"
)
"""Changed, never deleted. Fixings and status histories are in neither list: they are only added to."""


def grant_roles(engine: Engine) -> None:
    """Make the roles where they are missing and grant them this database's schema; again after every upgrade.

    The history can be read and is written by its trigger only; the record of the server's calls can be added to. Keys
    of the server are seen by the writer, who answers its calls, and made by the owner. Needs a user who may create
    roles: BackendError CLO-3009 otherwise.
    """
    grants = [
        f"GRANT {READER} TO {WRITER}",
        f"GRANT USAGE ON SCHEMA public TO {READER}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {READER}",
        f"GRANT INSERT ON ALL TABLES IN SCHEMA public TO {WRITER}",
        f"GRANT UPDATE, DELETE ON {_EDITED} TO {WRITER}",
        f"GRANT UPDATE, DELETE ON {_PAYOUT_TERMS} TO {WRITER}",
        f"GRANT UPDATE ON {_PAYOUT_KEPT} TO {WRITER}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {WRITER}",
        f"GRANT EXECUTE ON FUNCTION ensure_run_partitions(timestamptz) TO {WRITER}",
        f"GRANT EXECUTE ON FUNCTION ensure_payout_partitions(integer), refresh_payout_view(text) TO {WRITER}",
        f"REVOKE INSERT, UPDATE, DELETE ON asset_history, alembic_version, api_keys FROM {WRITER}",
        f"REVOKE SELECT ON TABLE api_keys FROM {READER}",  # noqa: S608 (a constant)
        f"GRANT SELECT ON api_keys TO {WRITER}",
    ]
    with driver_errors(engine.url), engine.begin() as connection:
        found = set(connection.execute(text("SELECT rolname FROM pg_roles")).scalars())
        for role in (READER, WRITER):
            if role not in found:
                connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
        for grant in grants:
            connection.execute(text(grant))
