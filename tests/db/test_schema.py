"""The schema: revisions up and down, agreement with the models, the seed's names, audit and constraints."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from db import migrate
from db.asset_flows import AssetCashFlows
from db.connection import make_engine, parsed_url
from db.models import METADATA
from db.models.assets import FLAG_FIELDS
from db.roles import grant_roles
from db.runs import RunHeader
from db.settings import StorageSettings
from db.store import Store
from engine.collateral.asset import ASSET_FIELDS
from engine.deal.contract import Deal
from engine.deal.results import DealResult
from engine.errors import BackendError
from engine.snapshot import WorkbookSnapshot

_SEED = "seeds/000_d00b35169ca282ab.txt"
_PARTITION = re.compile(r"_(default|\d{4}(_\d{2})?)$")


@pytest.fixture
def engine(empty_database_url: str, storage_settings: StorageSettings) -> Iterator[Engine]:
    made = make_engine(parsed_url(empty_database_url), storage_settings)
    yield made
    made.dispose()


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    """A connection to a migrated database whose work is undone."""
    with store.begin() as work:
        found = work.session.connection()
        yield found
        work.session.rollback()


def _relations(engine: Engine) -> set[str]:
    query = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
    with engine.connect() as connection:
        functions = connection.execute(
            text("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        ).scalars()
        return {*connection.execute(text(query)).scalars(), *functions} - {"alembic_version_pkc"}


def test_revisions_and_models_agree(engine: Engine) -> None:
    """A database brought to the newest revision has exactly the tables, columns, types and keys of the models."""
    migrate.upgrade(engine)

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or not _PARTITION.search(name or ""),
            },
        )
        differences = compare_metadata(context, METADATA)
    assert differences == []


def test_the_newest_revision_is_the_one_the_code_needs() -> None:
    """The constant that saves loading the migration library names the head of the revisions."""
    assert ScriptDirectory(str(migrate.script_location())).get_current_head() == migrate.HEAD


def test_down_to_nothing_and_up_again(engine: Engine) -> None:
    """Every revision can be taken back, and forward again."""
    migrate.upgrade(engine)
    migrate.downgrade(engine)
    after_downgrade = _relations(engine)
    migrate.upgrade(engine)

    assert after_downgrade == set()
    assert "current_asset_cash_flows" in _relations(engine)


def test_a_filled_database_goes_down_step_by_step(
    store: Store,
    database_url: str,
    storage_settings: StorageSettings,
    book: WorkbookSnapshot,
    header: RunHeader,
    deal: Deal,
    result: DealResult,
    flows_of: Callable[[tuple[str, ...], int], AssetCashFlows],
) -> None:
    """With deals and runs stored, revisions without data go and come back, and the last one clears everything."""
    store.save_snapshot(book)
    run = store.save_run(header, deal, result, flows_of(("BRS1",), 3))
    engine = make_engine(parsed_url(database_url), storage_settings)

    migrate.downgrade(engine, "0001")
    migrate.upgrade(engine)
    with store.read() as work:
        kept = work.runs.flows(run)
    migrate.downgrade(engine)

    assert kept is not None
    assert _relations(engine) == set()
    engine.dispose()


def test_a_store_gives_an_empty_database_its_schema(empty_database_url: str, storage_settings: StorageSettings) -> None:
    """Opening a store on an empty database is enough."""
    store = Store(storage_settings, empty_database_url)

    with store.read() as work:
        assert work.snapshots.deals() == ()
    store.close()


def test_a_schema_of_another_revision_is_refused(engine: Engine, storage_settings: StorageSettings) -> None:
    """A server of the user's own is not migrated unasked."""
    migrate.upgrade(engine, "0001")

    with pytest.raises(BackendError, match=r"CLO-3004: The database is at schema revision 0001, not 0011"):
        Store(storage_settings, engine.url.render_as_string(hide_password=False))


def _seed_tables(reference: Path) -> dict[str, set[str]]:
    """Tables and columns that the seed document creates."""
    statements = re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", (reference / _SEED).read_text(), re.DOTALL)
    column = re.compile(r"^    ([a-z]\w*) [A-Z]", re.MULTILINE)
    return {name: set(column.findall(body)) for name, body in statements}


def test_every_table_and_column_of_the_seed_is_there(reference: Path) -> None:
    """Columns may be added; none of the seed's is dropped or renamed."""
    seed = _seed_tables(reference)

    assert len(seed) == 14
    missing = {name: columns - set(METADATA.tables[name].columns.keys()) for name, columns in seed.items()}
    assert {name: columns for name, columns in missing.items() if columns} == {}


def test_every_index_of_the_seed_is_there(reference: Path, connection: Connection) -> None:
    """The indexes have the seed's names, and lead with its columns."""
    wanted = re.findall(r"INDEX CONCURRENTLY (\w+) ON \w+(?: USING gin)?\(([^)]*)\)", (reference / _SEED).read_text())

    found = dict(map(tuple, connection.execute(text("SELECT indexname, indexdef FROM pg_indexes")).all()))
    assert len(wanted) == 12
    for name, columns in wanted:
        assert f"({columns}" in found[name]


@pytest.mark.parametrize(
    ("where", "index"),
    [("run_id = 1 AND run_at = '2026-11-21'", "pkey"), ("blkrock_id = 'BRS1' AND period_number < 9", "blkrock_id")],
)
def test_flows_are_found_by_run_and_by_asset(connection: Connection, where: str, index: str) -> None:
    """An index leads to the rows of a run, and one to those of an asset in all runs."""
    connection.execute(text("SET LOCAL enable_seqscan = off"))

    plan = connection.execute(text(f"EXPLAIN SELECT * FROM asset_cash_flows WHERE {where}")).scalars().all()  # noqa: S608

    assert any("Index" in line and index in line for line in plan)
    assert not any("Seq Scan" in line for line in plan)


def test_every_asset_field_is_a_column(connection: Connection) -> None:
    """All fields of the catalogue stand in `assets`; the flags stand in the JSON column as well."""
    connection.execute(
        text("INSERT INTO assets (blkrock_id, issue_name, issuer_name, cov_lite) VALUES ('X', '', '', true)")
    )

    row = connection.execute(text("SELECT * FROM assets")).mappings().one()
    assert {item.name for item in ASSET_FIELDS} <= set(row)
    assert row["flags"] == {name: name == "cov_lite" for name in FLAG_FIELDS}


def test_the_history_tells_insert_update_and_delete(connection: Connection) -> None:
    """Operation, old and new row, changed columns, user and time of every change of an asset."""
    connection.execute(text("SELECT set_config('clodesk.user', 'analyst', true)"))
    for statement in (
        "INSERT INTO assets (blkrock_id, issue_name, issuer_name, par_amount) VALUES ('X', 'a', 'b', 5)",
        "UPDATE assets SET par_amount = 6, dip = true",
        "UPDATE assets SET par_amount = 6",
        "DELETE FROM assets",
    ):
        connection.execute(text(statement))

    rows = connection.execute(text("SELECT * FROM asset_history ORDER BY history_id")).mappings().all()
    assert [(r["operation"], r["property_name"], r["row_key"], r["blkrock_id"]) for r in rows] == [
        ("INSERT", "INSERT", "X", "X"),
        ("UPDATE", "UPDATE", "X", "X"),
        ("DELETE", "DELETE", "X", "X"),
    ]
    assert [r["old_row"] and r["old_row"]["par_amount"] for r in rows] == [None, 5.0, 6.0]
    assert [r["new_row"] and r["new_row"]["par_amount"] for r in rows] == [5.0, 6.0, None]
    assert rows[1]["changed_columns"] == ["dip", "flags", "par_amount"]
    assert {r["changed_by"] for r in rows} == {"analyst"}
    assert rows[0]["changed_at"] < rows[2]["changed_at"]


def test_an_update_moves_updated_at_only_when_something_changes(connection: Connection) -> None:
    """`updated_at` is the time of the last real change."""
    times = []
    for statement in (
        "INSERT INTO assets (blkrock_id, issue_name, issuer_name) VALUES ('X', 'a', 'b')",
        "UPDATE assets SET issue_name = 'a'",
        "UPDATE assets SET issue_name = 'c'",
    ):
        connection.execute(text(statement))
        times.append(connection.execute(text("SELECT updated_at FROM assets")).scalar_one())

    assert times[0] == times[1] < times[2]


@pytest.mark.parametrize("table", ["clo_deals", "clo_tranches", "liabilities", "deal_assets"])
def test_deals_are_audited_too(store: Store, book: WorkbookSnapshot, table: str) -> None:
    """The one trigger function serves every audited table."""
    store.save_snapshot(book, user="importer")

    with store.read() as work:
        found = work.session.execute(
            text("SELECT operation, changed_by FROM asset_history WHERE table_name = :table"), {"table": table}
        ).all()
    assert set(map(tuple, found)) == {("INSERT", "importer")}


_RUN = (
    "INSERT INTO clo_deals (deal_id, deal_name) VALUES ('D', 'D');"
    "INSERT INTO assets (blkrock_id, issue_name, issuer_name) VALUES ('X', '', '');"
    "INSERT INTO runs (run_id, deal_id, kind, scenario, as_of, mode, input_hash, engine_version, status, started_at,"
    " requested_by, assumption_set) VALUES (1, 'D', 'deal', '', '2016-01-01', '', '', '', 'running', '2016-01-01',"
    " '', '')"
)
_FLOW = (
    "INSERT INTO asset_cash_flows (run_id, run_at, blkrock_id, period_number, payment_date, accrual_start_date,"
    " accrual_end_date, beginning_balance, scheduled_principal, default_amount, recoveries, interest_payment,"
    " ending_balance, total_cash_flow) VALUES ({run}, '2016-01-01', '{asset}', 1, '2016-01-01', '2016-01-01',"
    " '2016-01-01', 100, 10, 5, 2, 1, {ending}, {total})"
)


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({}, None),
        ({"ending": 85.01, "total": 12.99}, None),
        ({"ending": 85.02}, "ck_asset_cash_flows_balance"),
        ({"ending": 87}, "ck_asset_cash_flows_balance"),
        ({"total": 13.02}, "ck_asset_cash_flows_total"),
        ({"asset": "Y"}, "fk_asset_cash_flows_blkrock_id"),
        ({"run": 2}, "fk_asset_cash_flows_run_id"),
    ],
)
def test_a_cash_flow_row_must_add_up(connection: Connection, values: dict[str, object], constraint: str | None) -> None:
    """Recoveries do not return to the balance, net loss is no cash, and a cent is the tolerance (spec 00)."""
    for statement in _RUN.split(";"):
        connection.execute(text(statement))
    statement = text(_FLOW.format(**({"run": 1, "asset": "X", "ending": 85, "total": 13} | values)))

    if constraint is None:
        assert connection.execute(statement).rowcount == 1
    else:
        with pytest.raises(IntegrityError, match=constraint):
            connection.execute(statement)


def test_an_asset_with_results_cannot_be_deleted(connection: Connection) -> None:
    """The foreign key of results holds from both sides."""
    for statement in [*_RUN.split(";"), _FLOW.format(run=1, asset="X", ending=85, total=13)]:
        connection.execute(text(statement))

    with pytest.raises(IntegrityError, match="fk_asset_cash_flows_blkrock_id"):
        connection.execute(text("DELETE FROM assets"))


def test_roles_may_do_what_they_are_for_and_no_more(
    store: Store,
    database_url: str,
    storage_settings: StorageSettings,
    book: WorkbookSnapshot,
    header: RunHeader,
    deal: Deal,
    result: DealResult,
    flows_of: Callable[[tuple[str, ...], int], AssetCashFlows],
) -> None:
    """A reader reads; a writer imports and runs but neither alters tables nor touches the history."""
    engine = make_engine(parsed_url(database_url), storage_settings)
    grant_roles(engine)
    grant_roles(engine)
    with store.begin() as work:
        work.driver.execute("SET LOCAL ROLE clodesk_writer")
        work.snapshots.save(book)
        work.driver.execute("SELECT ensure_run_partitions(now())")
        run = work.runs.start(header)
        work.runs.store(run, deal, result, flows_of(("BRS1", "BRS2"), 3))
        work.runs.finish(run)
    allowed = {}
    with engine.connect() as connection:
        for role, table, right in (
            ("clodesk_reader", "assets", "SELECT"),
            ("clodesk_reader", "assets", "INSERT"),
            ("clodesk_writer", "runs", "DELETE"),
            ("clodesk_writer", "asset_history", "INSERT"),
            ("clodesk_writer", "source_files", "UPDATE"),
        ):
            query = text("SELECT has_table_privilege(:role, :table, :right)")
            values = {"role": role, "table": table, "right": right}
            allowed[role, table, right] = connection.execute(query, values).scalar()
    engine.dispose()

    assert list(allowed.values()) == [True, False, True, False, False]
    with store.read() as work:
        work.driver.execute("SET LOCAL ROLE clodesk_reader")
        assert len(work.snapshots.deals()) == 2
        assert len(work.runs.flows_in_cents(run)) == 6
