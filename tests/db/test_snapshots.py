"""Imported workbooks: whole or not at all, once, and back as the same records."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from sqlalchemy import text

import db.snapshots
from db.changes import ChangeKind
from db.store import Store
from engine.errors import InputError, ReferenceDataError
from engine.snapshot import Finding, Place, PositionRow, WorkbookSnapshot


def _count(store: Store, table: str) -> int:
    with store.read() as work:
        return int(work.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608


def _same(left: WorkbookSnapshot, right: WorkbookSnapshot) -> bool:
    """Equality of two workbooks, matrices compared bit for bit."""
    assert left.correlation is not None
    assert right.correlation is not None
    assert left.transition_matrix is not None
    assert right.transition_matrix is not None
    matrices = (
        np.array_equal(left.correlation.matrix, right.correlation.matrix)
        and left.correlation.ids == right.correlation.ids
        and np.array_equal(left.transition_matrix.matrix, right.transition_matrix.matrix)
    )
    bare = {"correlation": None, "transition_matrix": None}
    return matrices and replace(left, **bare) == replace(right, **bare)


def test_a_workbook_comes_back_as_it_was(store: Store, book: WorkbookSnapshot) -> None:
    """Every record, number and cell of a workbook survives storage unchanged."""
    outcome = store.save_snapshot(book)

    with store.read() as work:
        assert _same(work.snapshots.workbook(outcome.source_file_id), book)
    assert outcome.new == ("Mag 17", "Mag 6")


@pytest.mark.parametrize("name", ["Mag 17", "MAG17", "mag 17", "mag-17"])
def test_a_deal_is_found_in_any_spelling(store: Store, book: WorkbookSnapshot, name: str) -> None:
    """Blanks, case and hyphens of a deal's name do not matter, and its inputs keep every digit."""
    store.save_snapshot(book)

    with store.read() as work:
        found = work.snapshots.deal(name)
    assert found.deal == book.deals[0]
    assert found.deal.positions[0].par == 431157604.91528994


def test_the_newest_date_is_the_default(store: Store, book: WorkbookSnapshot) -> None:
    """Without a date the newest snapshot answers; an earlier one is there by its date."""
    later = replace(book.deals[0], analysis_date=book.analysis_date + timedelta(days=30), current_libor=0.01)
    store.save_snapshot(book)
    store.save_snapshot(
        replace(
            book,
            source_file=replace(book.source_file, sha256="c" * 64),
            analysis_date=later.analysis_date,
            deals=(later,),
        )
    )

    with store.read() as work:
        assert work.snapshots.deal("Mag 17").deal.current_libor == 0.01
        assert work.snapshots.deal("Mag 17", book.analysis_date).deal == book.deals[0]


def test_the_same_file_changes_nothing(store: Store, book: WorkbookSnapshot) -> None:
    """A second import of one file writes no row and no history."""
    store.save_snapshot(book)
    before = [_count(store, table) for table in ("source_files", "deal_snapshots", "asset_history", "asset_snapshot")]

    outcome = store.save_snapshot(book)

    assert outcome.is_unchanged
    assert before == [
        _count(store, table) for table in ("source_files", "deal_snapshots", "asset_history", "asset_snapshot")
    ]


def test_a_changed_file_makes_snapshots_of_changed_deals_only(
    store: Store, book: WorkbookSnapshot, changed_book: WorkbookSnapshot
) -> None:
    """The deal that changed gets a snapshot beside its old one, the other keeps the one it has."""
    store.save_snapshot(book)

    outcome = store.save_snapshot(changed_book)

    assert (outcome.new, outcome.changed, outcome.unchanged) == ((), ("Mag 17",), ("Mag 6",))
    assert _count(store, "deal_snapshots") == 3
    with store.read() as work:
        assert work.snapshots.deal("Mag 17").deal == changed_book.deals[0]
        assert work.snapshots.deal("Mag 6").source_file_id == outcome.source_file_id
        assert _same(work.snapshots.workbook(outcome.source_file_id), changed_book)
        first = work.snapshots.workbook(1)
    assert first.deals[0] == book.deals[0]


def test_a_preview_names_field_old_and_new_value(
    store: Store, book: WorkbookSnapshot, changed_book: WorkbookSnapshot
) -> None:
    """What an import would change is told before anything is written."""
    store.save_snapshot(book)

    changes = store.diff_snapshot(changed_book)

    assert [(c.deal, c.table, c.key, c.kind, c.field, c.old, c.new) for c in changes] == [
        ("Mag 17", "deal_tranche", "B", ChangeKind.CHANGED, "spread", 0.026, 0.03)
    ]
    assert _count(store, "source_files") == 1


def test_a_preview_of_an_empty_database_is_new_deals(store: Store, book: WorkbookSnapshot) -> None:
    """Nothing stored yet: every deal is new."""
    changes = store.diff_snapshot(book)

    assert [(c.deal, c.kind) for c in changes] == [("Mag 17", ChangeKind.ADDED), ("Mag 6", ChangeKind.ADDED)]


@pytest.mark.parametrize("step", ["write_assets", "keep_holdings", "deal_rows"])
def test_a_fault_in_the_middle_leaves_nothing(
    store: Store, book: WorkbookSnapshot, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Wherever an import breaks, no table holds a row of it."""

    def broken(*_: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(db.snapshots, step, broken)
    with pytest.raises(RuntimeError, match="power cut"):
        store.save_snapshot(book)

    tables = ("source_files", "deal_snapshots", "assets", "clo_deals", "deal_assets", "asset_history")
    assert {table: _count(store, table) for table in tables} == dict.fromkeys(tables, 0)


def test_a_position_in_an_unknown_asset_stays_in_the_snapshot_alone(store: Store, book: WorkbookSnapshot) -> None:
    """The sheet's position is kept as the sheet says it; `deal_assets` refers to known assets only."""
    stranger = PositionRow(blkrock_id="NOWHERE", par=1.0, place=Place("Mag 17 Inputs", "A99"))
    deal = replace(book.deals[0], positions=(*book.deals[0].positions, stranger))

    store.save_snapshot(replace(book, deals=(deal,)))

    with store.read() as work:
        assert work.snapshots.deal(deal.name).deal.positions[-1] == stranger
    assert _count(store, "deal_assets") == len({row.blkrock_id for row in book.deals[0].positions})


def test_a_number_too_large_for_its_column_is_an_input_error(store: Store, book: WorkbookSnapshot) -> None:
    """A balance of more than sixteen digits is told as such, not as a crash of the driver."""
    row = replace(book.assets[0], asset=replace(book.assets[0].asset, par_amount=1e20))

    with pytest.raises(InputError, match=r"CLO-3008: A value does not fit its column: numeric field overflow"):
        store.save_snapshot(replace(book, assets=(row, *book.assets[1:])))


def test_seed_tables_hold_the_current_state_in_cents(store: Store, book: WorkbookSnapshot) -> None:
    """Positions are added up, balances rounded half to even, and every liability points to its tranche."""
    store.save_snapshot(book)

    with store.read() as work:
        held = work.session.execute(
            text("SELECT blkrock_id, par_amount::text FROM deal_assets WHERE deal_id = 'MAG17' ORDER BY 1")
        ).all()
        balances = work.session.execute(
            text(
                "SELECT l.tranche_name, l.original_balance::text, t.initial_balance::text, t.payment_rank"
                " FROM liabilities l JOIN clo_tranches t USING (tranche_id) WHERE l.deal_id = 'MAG17' ORDER BY 4"
            )
        ).all()
        par = work.session.execute(text("SELECT par_amount::text FROM assets WHERE blkrock_id = 'BRS1'")).scalar()
    assert [tuple(row) for row in held] == [("BRS1", "431157604.92"), ("BRS2", "2000000.33")]
    assert tuple(balances[1]) == ("B", "40000000.12", "40000000.12", 2)
    assert par == "1500000.00"


def test_an_older_workbook_does_not_turn_back_the_current_state(store: Store, book: WorkbookSnapshot) -> None:
    """A file of an earlier date adds its snapshots and leaves the seed's tables alone."""
    store.save_snapshot(book)
    earlier = book.analysis_date - timedelta(days=90)
    deal = replace(book.deals[0], analysis_date=earlier, positions=book.deals[0].positions[:1])
    store.save_snapshot(
        replace(book, source_file=replace(book.source_file, sha256="d" * 64), analysis_date=earlier, deals=(deal,))
    )

    assert _count(store, "deal_assets WHERE deal_id = 'MAG17'") == 2
    assert _count(store, "deal_snapshots") == 3


def test_findings_are_kept_with_the_file(store: Store, book: WorkbookSnapshot) -> None:
    """What the importer remarked stays with what it read."""
    remark = Finding(
        code="W-UNIT", sheet="Mag 17 Inputs", cell="AK4", text="percent", value_found="5", value_used="0.05"
    )

    outcome = store.save_snapshot(book, [remark])

    with store.read() as work:
        assert work.snapshots.findings(outcome.source_file_id) == (remark,)


def test_an_unknown_deal_is_told_with_the_known_ones(store: Store, book: WorkbookSnapshot) -> None:
    """Errors about deals and dates name what there is."""
    store.save_snapshot(book)

    with store.read() as work:
        with pytest.raises(ReferenceDataError, match=r"CLO-3013: Deal Mag 99 is not .* known deals: Mag 17, Mag 6\."):
            work.snapshots.deal("Mag 99")
        with pytest.raises(ReferenceDataError, match=r"no snapshot of 2020-01-01\. There is one of 2016-03-23\."):
            work.snapshots.deal("Mag 17", date(2020, 1, 1))


def test_two_writers_of_one_file_import_it_once(store: Store, book: WorkbookSnapshot) -> None:
    """Imports wait for each other; the second finds the file there."""
    from concurrent.futures import ThreadPoolExecutor

    save: Callable[[WorkbookSnapshot], db.snapshots.ImportOutcome] = store.save_snapshot
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(save, [book, book]))

    assert sorted(outcome.is_unchanged for outcome in outcomes) == [False, True]
    assert _count(store, "source_files") == 1
