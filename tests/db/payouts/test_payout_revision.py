"""Revision 0008 on a database with content: down and up, partitions, views, and the rights of roles (spec 07 §20)."""

from datetime import date

from sqlalchemy import Connection, Engine, text

from db import migrate
from db.payouts.partitions import ensure_year
from db.payouts.views import VIEWS, refresh_views
from db.roles import grant_roles
from tests.db.payouts.conftest import insert, swap


def test_a_filled_database_goes_down_and_up(committed: Engine) -> None:
    """With contracts, cashflows and partitions stored the revision goes, leaving nothing, and comes back."""
    with committed.begin() as connection:
        parties = [insert(connection, "parties", party_identifier=name, party_name=name) for name in ("C", "D")]
        instrument = connection.execute(text("SELECT id FROM instruments")).scalar_one()
        rows = swap(connection, "SWAP-2", instrument, (parties[0], parties[1]))
        before = _relations(connection)
        ensure_year(connection, 2024)
        rows.accrual(rows.cashflow(), date(2024, 3, 1))
        rows.pnl(date(2024, 3, 1), 10)
    migrate.downgrade(committed, "0007")
    with committed.connect() as connection:
        between = _relations(connection)
    migrate.upgrade(committed)

    assert "runs" in between
    assert not between & {"contracts", "cashflows", "daily_accruals", "daily_accruals_2024", "mod_97", "ccy"}
    with committed.connect() as connection:
        assert _relations(connection) == before


def _relations(connection: Connection) -> set[str]:
    query = (
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
        " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " UNION SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'r')"
    )
    return set(connection.execute(text(query)).scalars())


def test_a_writer_may_run_a_day_and_no_more(committed: Engine) -> None:
    """The role of programs stores contracts, makes partitions and refreshes views; history and fixings it only adds."""
    grant_roles(committed)
    allowed = {}
    with committed.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("SET ROLE clodesk_writer"))
        refreshed = refresh_views(connection)
        ensure_year(connection, 2024)
        connection.execute(text("RESET ROLE"))
        for table, right in (
            ("cashflows", "UPDATE"),
            ("contracts", "DELETE"),
            ("cashflow_status_history", "INSERT"),
            ("cashflow_status_history", "UPDATE"),
            ("price_fixings", "UPDATE"),
        ):
            query = text("SELECT has_table_privilege('clodesk_writer', :table, :right)")
            allowed[table, right] = connection.execute(query, {"table": table, "right": right}).scalar_one()
        reader = connection.execute(text("SELECT has_table_privilege('clodesk_reader', 'cashflow_chain', 'SELECT')"))
        sees_views = reader.scalar_one()

    assert [one.error for one in refreshed] == [None] * 5
    assert list(allowed.values()) == [True, False, True, False, False]
    assert sees_views


def test_only_the_daily_tables_are_partitioned(connection: Connection) -> None:
    """D-28: payouts are few and stand in one table; the partitioned tables have their day in the key."""
    query = text("SELECT relkind::text FROM pg_class WHERE relname = :name")
    kinds = {
        name: connection.execute(query, {"name": name}).scalar_one()
        for name in ("performance_payout", "daily_accruals", "unrealized_pnl_timeseries")
    }

    assert kinds == {"performance_payout": "r", "daily_accruals": "p", "unrealized_pnl_timeseries": "p"}


def test_every_view_can_be_refreshed_concurrently(connection: Connection) -> None:
    """D-29: each materialized view has a unique index over columns that are never empty."""
    found = connection.execute(
        text(
            "SELECT indrelid::regclass::text FROM pg_index JOIN pg_class ON pg_class.oid = indrelid"
            " WHERE relkind = 'm' AND indisunique AND indpred IS NULL AND indexprs IS NULL"
        )
    ).scalars()

    assert sorted(found) == sorted(VIEWS)
