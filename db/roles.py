"""Roles with as little as they need: `clodesk_reader` may look, `clodesk_writer` may import and run, neither may alter.

A login for people or programs is granted one of them by the administrator; the roles themselves cannot log in.
"""

from sqlalchemy import Engine, text

from db.connection import driver_errors

READER, WRITER = "clodesk_reader", "clodesk_writer"

_EDITED = (
    "assets, clo_deals, clo_tranches, liabilities, deal_assets, waterfall_configurations, mag_waterfall_configs,"
    " compliance_tests, deal_limits, assumption_sets, scenarios, runs, asset_correlations, data_versions"
)


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
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {WRITER}",
        f"GRANT EXECUTE ON FUNCTION ensure_run_partitions(timestamptz) TO {WRITER}",
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
