"""CDM documents come into the book whole, once, and as they are (spec 07 §5, §26.1 item 2)."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from db.settings import StorageSettings
from db.store import Store
from engine.desk.swaps.booking import Outcome
from engine.desk.swaps.desk import SwapDesk
from engine.desk.swaps.importing import ImportedFile, import_documents
from engine.errors import InputError
from engine.payouts.cdm.overrides import Overrides
from engine.payouts.cdm.reader import read_trade
from engine.payouts.dates.sources import KNOWN_CENTERS
from engine.payouts.enums import StrikeScale
from engine.payouts.events.terms import without_later_dates
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Contract
from tests.desk.swaps.book_tables import count, new_store, table_states
from tests.desk.swaps.swap_book import put_calendar

N_SAMPLES = 26


@pytest.fixture
def desk(store: Store) -> SwapDesk:
    """A desk with New York's calendar and no contracts."""
    with store.begin() as work:
        put_calendar(work.payouts)
    return SwapDesk(store)


@pytest.fixture(scope="module")
def trades(reference: Path) -> Path:
    """The folder of the sample trades."""
    return reference / "data" / "cdm" / "trades"


@dataclass(frozen=True)
class Book:
    """The samples in a store, and what became of each when it came in."""

    store: Store
    imported: tuple[ImportedFile, ...]

    @property
    def desk(self) -> SwapDesk:
        return SwapDesk(self.store)


@pytest.fixture(scope="module")
def book(server_url: str, template_database: str, storage_settings: StorageSettings, trades: Path) -> Iterator[Book]:
    """All samples imported into an empty store."""
    with new_store(server_url, template_database, storage_settings) as opened:
        yield Book(opened, import_documents(opened, [trades]))


def facts(contract: Contract) -> Contract:
    """A contract without generated dates and the keys of its document."""
    parties = [replace(party, cdm_global_key=None) for party in (contract.party1, contract.party2)]
    bare = without_later_dates(contract, date.min)
    return replace(bare, party1=parties[0], party2=parties[1], content_key=None, cdm_global_key=None, cdm_version=None)


def test_all_samples_are_imported_once_and_the_second_time_nothing_is_written(book: Book, trades: Path) -> None:
    """26 contracts, and no row of any table is touched by the second import."""
    before = table_states(book.store)
    second = book.desk.import_documents([trades])

    assert [one.outcome for one in book.imported] == [Outcome.NEW] * N_SAMPLES
    assert [one.outcome for one in second] == [Outcome.UNCHANGED] * N_SAMPLES
    assert table_states(book.store) == before
    assert count(book.store, "contracts") == N_SAMPLES
    assert count(book.store, "contracts", "cdm_document IS NULL") == 0
    assert len({one.contract_reference for one in book.imported}) == N_SAMPLES
    assert [one.contract_reference for one in second] == [one.contract_reference for one in book.imported]


def load_stand_in_calendars(store: Store) -> None:
    """A calendar without holidays for each center and for each exchange of a stored instrument."""
    with store.begin() as work:
        exchanges = work.driver.execute("SELECT DISTINCT exchange_mic FROM instruments WHERE exchange_mic IS NOT NULL")
        for code in {*KNOWN_CENTERS, *(row[0] for row in exchanges.fetchall())}:
            work.payouts.calendars.put(code, [], source="test", version="1")


def test_the_book_survives_a_day_without_fixings(book: Book) -> None:
    """Every contract of the samples is valued or listed with what it lacks."""
    imported = book.imported
    load_stand_in_calendars(book.store)
    outcome = book.desk.end_of_day(date(2024, 6, 3), refreshes_views=False)

    listed = {one.contract_reference for one in outcome.failures} | {one.contract_reference for one in outcome.missing}
    with book.store.read() as work:
        valued = {
            row[0]
            for row in work.driver.execute(
                "SELECT DISTINCT k.contract_reference FROM contracts k JOIN unrealized_pnl_timeseries u"
                " ON u.contract_id = k.id UNION SELECT k.contract_reference FROM contracts k"
                " JOIN cashflows c ON c.contract_id = k.id"
            ).fetchall()
        }
    assert {one.contract_reference for one in imported} == listed | valued
    scaleless = {one.contract_reference for one in imported if FindingCode.STRIKE_SCALE in codes(one.findings)}
    assert scaleless
    assert scaleless <= {one.contract_reference for one in outcome.failures}


def codes(findings: Any) -> set[FindingCode]:
    return {finding.code for finding in findings}


def test_what_is_exported_is_read_back(book: Book) -> None:
    """Every stored sample, written as a document and read again, says the same."""
    for one in book.imported:
        assert one.contract_reference is not None
        stored = book.desk.contract(one.contract_reference)
        again = read_trade(book.desk.export_cdm(one.contract_reference)).contract

        assert again is not None
        assert facts(again) == facts(stored)


def test_an_exported_document_changes_nothing(desk: SwapDesk, store: Store, trades: Path, tmp_path: Path) -> None:
    """Importing what was exported is UNCHANGED, whatever its white space and keys."""
    desk.import_documents([trades / "eqs-ex09-compounding-swap.json"])
    path = tmp_path / "exported.json"
    path.write_text(desk.export_cdm("TRADEABC"), encoding="utf-8")
    before = table_states(store)

    assert [one.outcome for one in desk.import_documents([path])] == [Outcome.UNCHANGED]
    assert table_states(store) == before


def test_trades_that_share_a_reference_are_kept_apart(desk: SwapDesk, trades: Path) -> None:
    """The second trade with a reference gets a suffix and a finding that says so."""
    files = ["eqs-ex01-single-underlyer-execution-long-form.json", "eqvs-ex02-variance-swap-single-stock.json"]

    first, second = desk.import_documents([trades / name for name in files])

    assert (first.contract_reference, second.contract_reference) == ("6234", "6234-2")
    assert FindingCode.DUPLICATE_TRADE in codes(second.findings)
    assert desk.contract("6234-2").metadata["trade_reference"] == "6234"


def changed_file(source: Path, target: Path, **trade_fields: Any) -> Path:
    """A copy of a document with other fields of its trade."""
    document = json.loads(source.read_bytes())
    document["trade"].update(trade_fields)
    target.write_text(json.dumps(document), encoding="utf-8")
    return target


def test_other_content_of_a_trade_is_its_next_version(desk: SwapDesk, trades: Path, tmp_path: Path) -> None:
    """The same trade with another governing law becomes version 2; a third import changes nothing."""
    desk.import_documents([trades / "eqs-ex09-compounding-swap.json"])
    law = {"governingLaw": "GBEN"}
    path = changed_file(trades / "eqs-ex09-compounding-swap.json", tmp_path / "changed.json", contractDetails=law)

    second, third = desk.import_documents([path]), desk.import_documents([path])

    assert [one.outcome for one in second] == [Outcome.CHANGED]
    assert [one.outcome for one in third] == [Outcome.UNCHANGED]
    assert [(line.contract_reference, line.version) for line in desk.book()] == [("TRADEABC", 2)]
    assert desk.contract("TRADEABC").governing_law == "GBEN"


def test_two_imports_at_once_book_a_trade_once(desk: SwapDesk, store: Store, trades: Path) -> None:
    """Of two sessions with the same file one books the trade, the other finds it unchanged."""
    path = trades / "eqs-ex09-compounding-swap.json"
    with ThreadPoolExecutor(2) as pool:
        outcomes = [one[0].outcome for one in pool.map(lambda _: import_documents(store, [path]), range(2))]

    assert sorted(outcomes) == [Outcome.NEW, Outcome.UNCHANGED]
    assert count(store, "contracts") == 1


def test_overrides_beside_a_document_complete_it(desk: SwapDesk, trades: Path, tmp_path: Path) -> None:
    """A file of overrides gives the scale of the strike; given later it makes the next version."""
    name = "eqvs-ex02-variance-swap-single-stock.json"
    path = tmp_path / name
    path.write_bytes((trades / name).read_bytes())
    desk.import_documents([path])
    (tmp_path / "eqvs-ex02-variance-swap-single-stock.overrides.json").write_text('{"strike_scale": "POINTS"}')

    second, third = desk.import_documents([tmp_path]), desk.import_documents([tmp_path])

    assert [one.outcome for one in (*second, *third)] == [Outcome.CHANGED, Outcome.UNCHANGED]
    payout = desk.contract("6234").legs[0].performance
    assert payout is not None
    assert payout.returns.variance is not None
    assert payout.returns.variance.strike_scale is StrikeScale.POINTS
    assert FindingCode.STRIKE_SCALE not in codes(second[0].findings)


def test_the_document_alone_does_not_take_overrides_back(desk: SwapDesk, trades: Path) -> None:
    """Once completed, a contract stays so when its document comes again without overrides."""
    path = trades / "eqvs-ex02-variance-swap-single-stock.json"
    desk.import_documents([path], overrides={path.name: Overrides(strike_scale=StrikeScale.POINTS)})

    assert [one.outcome for one in desk.import_documents([path])] == [Outcome.UNCHANGED]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"strike_scal": "POINTS"}, "strike_scal"),
        ({"units": "many"}, "units"),
        ({"termination_date": 5}, "termination"),
    ],
)
def test_a_bad_override_is_named_before_anything_is_read(
    desk: SwapDesk, store: Store, trades: Path, given: dict[str, object], named: str
) -> None:
    """An unknown field and a value of the wrong type are input errors with the name of the field."""
    before = table_states(store)
    with pytest.raises(InputError, match=f"CLO-1993.*{named}"):
        import_documents(store, [trades], overrides={"eqs-ex09-compounding-swap.json": given})
    assert table_states(store) == before


def test_a_dry_run_writes_nothing(desk: SwapDesk, store: Store, trades: Path) -> None:
    """It tells what would become of each file."""
    before = table_states(store)

    outcomes = desk.import_documents([trades / "trs-ex04-index-ios.json"], dry_run=True)

    assert [(one.outcome, one.is_written) for one in outcomes] == [(Outcome.NEW, False)]
    assert table_states(store) == before


def test_centers_that_are_not_loaded_are_weekends_with_a_finding(store: Store, trades: Path) -> None:
    """Without any calendar the dates are made on Monday to Friday, and the finding names the centers."""
    imported = import_documents(store, [trades / "eqs-ex09-compounding-swap.json"])

    assert imported[0].outcome is Outcome.NEW
    messages = [one.message for one in imported[0].findings if one.code is FindingCode.CENTERS_DEFAULTED]
    assert any("No holidays of" in message and "USNY" in message for message in messages)
    contract = SwapDesk(store).contract("TRADEABC")
    equity = next(leg.performance for leg in contract.legs if leg.performance is not None)
    assert all(schedule.dates for schedule in equity.valuation_schedules)


def test_histories_of_a_document_are_stored(desk: SwapDesk, store: Store, trades: Path, tmp_path: Path) -> None:
    """Observed prices and rates become resets of their legs, an observed split waits as a corporate action."""
    document = json.loads((trades / "eqs-ex01-single-underlyer-execution-long-form.json").read_bytes())
    document["resetHistory"] = [
        {"resetDate": "2001-10-29", "resetValue": {"value": 38.5, "unit": {"currency": "USD"}}},
        {"resetDate": "2001-10-02", "resetValue": {"value": 0.0263}, "rateRecordDate": "2001-09-28"},
    ]
    split = {"corporateActionType": "StockSplit", "exDate": "2001-11-03", "payDate": "2001-11-03"}
    document["observationHistory"] = [{"corporateAction": split}]
    path = tmp_path / "history.json"
    path.write_text(json.dumps(document), encoding="utf-8")

    assert [one.outcome for one in desk.import_documents([path])] == [Outcome.NEW]

    with store.read() as work:
        resets = work.driver.execute(
            "SELECT l.leg_type, r.reset_type, r.reset_date, r.value::float8 FROM resets r"
            " JOIN contract_legs l ON l.id = r.leg_id ORDER BY r.reset_type"
        ).fetchall()
        actions = work.driver.execute("SELECT action_type, ex_date, status FROM corporate_actions").fetchall()
    assert resets == [
        ("EQUITY_LEG", "PRICE", date(2001, 10, 29), 38.5),
        ("FUNDING_LEG", "RATE", date(2001, 10, 2), 0.0263),
    ]
    assert actions == [("STOCK_SPLIT", date(2001, 11, 3), "ESTIMATED")]
