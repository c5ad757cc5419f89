"""Tests that a deal defines itself by a filter, on the recorded deal (spec 03 §15): tests like any other."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from db.store import Store
from engine.collateral.asset import Asset
from engine.compliance.filter_tests import filter_test
from engine.compliance.forms import Ratio
from engine.compliance.portfolio import portfolio_of
from engine.compliance.results import ComplianceResult
from engine.compliance.terms import DealTerms, Direction
from engine.deal.contract import AccountNumber
from engine.desk.desk import Desk
from engine.desk.records import OptimiserOutcome, OptimiserRequest
from engine.errors import InputError
from engine.modes import Mode
from engine.snapshot import WorkbookSnapshot
from engine.trading.trades import Side, Trade
from workbooks.legacy import read_workbook

DEAL, TWIN = "Mag 17", "Mag 18"
NAME, FIRST_ID = "retail_below_b2", 1001
BELOW_B2 = ("B3", "Caa1", "Caa2", "Caa3", "Ca", "C")
RETAIL: dict[str, Any] = {
    "name": NAME,
    "label": "Retail rated below B2",
    "filter": "Moody's Industry = Retail AND Moody's Rating > B2",
    "direction": "max",
    "threshold": 0.05,
}


def limits(*tests: dict[str, Any], **others: object) -> str:
    return json.dumps({"tests": list(tests), **others})


def counts(asset: Asset) -> bool:
    """What the filter means, in plain words."""
    return asset.mdy_industry.strip() == "Retail" and asset.mdy_rating in BELOW_B2 and not asset.default_asset


@pytest.fixture(scope="module")
def book(reference: Path) -> WorkbookSnapshot:
    """The recorded workbook with MAG 17 and another deal of the same holdings."""
    found = read_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx").snapshot
    assert found is not None
    mag17 = next(deal for deal in found.deals if deal.name == DEAL)
    return replace(found, deals=(mag17, replace(mag17, name=TWIN)), correlation=None)


@pytest.fixture(scope="module")
def assets(book: WorkbookSnapshot) -> dict[str, Asset]:
    return {row.asset.blkrock_id: row.asset for row in book.assets}


@pytest.fixture(scope="module")
def pool(book: WorkbookSnapshot, assets: dict[str, Asset]) -> tuple[float, float]:
    """Par that the filter selects and the collateral principal amount, summed by hand."""
    deal = book.deals[0]
    cash = next(row.principal for row in deal.accounts if row.number == AccountNumber.COLLECTION)
    counted = sum(row.par for row in deal.positions if counts(assets[row.blkrock_id]))
    performing = sum(row.par for row in deal.positions if not assets[row.blkrock_id].default_asset)
    return counted, performing + cash


@pytest.fixture
def mag_desk(desk: Desk, store: Store, book: WorkbookSnapshot) -> Desk:
    store.save_snapshot(book)
    return desk


@pytest.fixture
def own_rows(store: Store) -> Callable[[], list[tuple[Any, ...]]]:
    """The tests of deals in the table of tests: id, name, label, formula, source, whether active."""

    def read() -> list[tuple[Any, ...]]:
        with store.read() as work:
            return work.driver.execute(
                "SELECT test_id, test_name, test_description, test_formula, regulatory_source, active"
                " FROM compliance_tests WHERE test_id > 1000 ORDER BY test_id"
            ).fetchall()

    return read


def n_limits(store: Store) -> int:
    with store.read() as work:
        return len(work.driver.execute("SELECT deal_id FROM deal_limits").fetchall())


def own_result(desk: Desk, deal: str = DEAL, mode: Mode = Mode.STANDARD) -> ComplianceResult:
    found = desk.compliance(deal, mode=mode).result(FIRST_ID)
    assert found is not None
    return found


# A test like any other


@pytest.mark.parametrize("mode", list(Mode))
def test_the_result_is_the_share_summed_by_hand(mag_desk: Desk, pool: tuple[float, float], mode: Mode) -> None:
    """Value, parts, cushion and drivers: what may still be bought at par until the limit is reached."""
    counted, principal = pool
    mag_desk.set_limits(DEAL, limits(RETAIL), "limits.json")
    found = own_result(mag_desk, mode=mode)

    assert counted > 0.0
    assert (found.name, found.label, found.place) == (NAME, "Retail rated below B2", "limits of Mag 17")
    assert (found.numerator, found.denominator) == pytest.approx((counted, principal))
    assert found.value == pytest.approx(counted / principal, rel=1e-12)
    assert found.is_passed
    assert found.cushion == pytest.approx(0.05 * principal - counted, abs=0.01)
    assert sum(driver.amount for driver in found.drivers) == pytest.approx(counted)


def test_it_has_a_row_among_the_tests_that_runs_leave_alone(
    mag_desk: Desk, own_rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    """The first id is 1001; storing a run brings the table to the catalogue and keeps the tests of deals."""
    mag_desk.set_limits(DEAL, limits(RETAIL | {"label": ""}), "limits.json")
    mag_desk.compliance(DEAL)

    text = "Moody's Industry = \"Retail\" AND Moody's Rating > B2"
    formula = f"{text} / collateral principal amount"
    assert own_rows() == [(FIRST_ID, NAME, text, formula, "filter of the deal", True)]


def test_its_history_by_name_and_id(mag_desk: Desk, store: Store, book: WorkbookSnapshot) -> None:
    """On each tested day with the limit of that day, which changes with time like any other."""
    later = date(2016, 6, 30)
    steps = [{"since": "2016-06-01", "level": 0.001}, {"since": "2010-01-01", "level": 0.05}]
    mag_desk.set_limits(DEAL, limits(RETAIL | {"threshold": steps}), "limits.json")
    value = own_result(mag_desk).value
    deals = tuple(replace(deal, analysis_date=later) for deal in book.deals)
    file = replace(book.source_file, sha256="b" * 64)
    store.save_snapshot(replace(book, deals=deals, analysis_date=later, source_file=file))
    own_result(mag_desk)
    past = mag_desk.compliance_history(DEAL, NAME)

    assert past == mag_desk.compliance_history(DEAL, FIRST_ID)
    assert [(item.as_of, item.threshold, item.is_passed) for item in past] == [
        (book.analysis_date, 0.05, True),
        (later, 0.001, False),
    ]
    assert [item.value for item in past] == pytest.approx([value, value], abs=5e-7)
    assert {item.label for item in past} == {"Retail rated below B2"}


def test_it_can_be_weighted_accepted_and_maintained(mag_desk: Desk) -> None:
    """Its name stands for it in the weights; a broken limit is maintained once its result is accepted."""
    strict = RETAIL | {"threshold": 0.001}
    mag_desk.set_limits(DEAL, limits(strict, weights={NAME: 1.0}), "limits.json")
    outcome = mag_desk.compliance(DEAL)
    mag_desk.accept_compliance(outcome, [FIRST_ID])

    assert outcome.report.weights == ((FIRST_ID, 1.0),)
    assert not outcome.report.results[-1].is_passed
    assert own_result(mag_desk).is_maintained


@pytest.mark.filterwarnings("ignore:.*extension is not supported")
def test_the_workbook_shows_its_filter(mag_desk: Desk, tmp_path: Path) -> None:
    """Formula and source of every limit, those of the deal's own tests too."""
    mag_desk.set_limits(DEAL, limits(RETAIL), "limits.json")
    mag_desk.export_compliance(tmp_path / "compliance.xlsx", mag_desk.compliance(DEAL))
    sheets = openpyxl.load_workbook(tmp_path / "compliance.xlsx").worksheets
    rows = [row for sheet in sheets for row in sheet.iter_rows(values_only=True) if row[1] == NAME]

    (row,) = rows
    assert row[-2:] == ('Moody\'s Industry = "Retail" AND Moody\'s Rating > B2 / collateral principal amount',
                        "filter of the deal")  # fmt: skip


def test_a_trade_shows_it_before_and_after(mag_desk: Desk, assets: dict[str, Asset], pool: tuple[float, float]) -> None:
    """A purchase that the filter selects adds its par; below par, it adds to the collateral too."""
    counted, principal = pool
    mag_desk.set_limits(DEAL, limits(RETAIL), "limits.json")
    bought = next(asset for asset in assets.values() if counts(asset) and asset.market_value)
    trade = Trade(deal=DEAL, blkrock_id=bought.blkrock_id, side=Side.BUY, par=1e6, price=90.0)
    (comparison,) = mag_desk.try_trades([trade]).comparisons
    change = next(item for item in comparison.changes if item.definition.name == NAME)

    assert change.before.value == pytest.approx(counted / principal, rel=1e-12)
    assert change.after.value == pytest.approx((counted + 1e6) / (principal + 1e5), rel=1e-12)


def test_the_optimiser_keeps_it_where_it_binds(mag_desk: Desk, assets: dict[str, Asset]) -> None:
    """Half of what the best purchases would add to an industry is allowed: so much is bought there and not more."""
    request = OptimiserRequest(buy_par=15e6, sale_par=0.0, increment=750e3, is_exact=True)
    free = mag_desk.optimise(DEAL, request)
    wanted = max(free.proposal.trades, key=lambda trade: trade.par).blkrock_id
    limit = RETAIL | {"name": "wanted", "filter": f"Moody's Industry = '{assets[wanted].mdy_industry}'"}
    mag_desk.set_limits(DEAL, limits(limit | {"threshold": 1.0}), "limits.json")
    before, after = values(mag_desk.optimise(DEAL, request), "wanted")
    threshold = 0.5 * (before + after)
    mag_desk.set_limits(DEAL, limits(limit | {"threshold": threshold}), "limits.json")
    bound = mag_desk.optimise(DEAL, request)

    assert before < threshold < after
    assert values(bound, "wanted")[1] <= threshold + 1e-9
    assert bound.proposal.objective_after <= free.proposal.objective_after


def values(outcome: OptimiserOutcome, name: str) -> tuple[float, float]:
    """A test before and after the proposed trades."""
    (comparison,) = outcome.trades.comparisons
    change = next(item for item in comparison.changes if item.definition.name == name)
    return change.before.value, change.after.value


def test_defaulted_assets_do_not_count(demo_book: WorkbookSnapshot) -> None:
    """Neither above nor below the line, whatever the filter says of them."""
    loan = demo_book.assets[0].asset
    loans = [replace(loan, blkrock_id=f"LOAN{n}", default_asset=n == 1) for n in range(3)]
    portfolio = portfolio_of(loans, demo_book.analysis_date, frozenset())
    test = filter_test("not_loan_2", "", "blkrock_id != LOAN2", Direction.MAX, "here")
    form = test.function(portfolio, DealTerms(deal="Demo", as_of=demo_book.analysis_date))

    assert isinstance(form, Ratio)
    assert form.numerator.per_par.tolist() == [1.0, 0.0, 0.0]
    assert form.denominator.per_par.tolist() == [1.0, 0.0, 1.0]
    assert (form.numerator.per_cash, form.denominator.per_cash) == (0.0, 1.0)


# One name, one filter


def test_another_deal_shares_the_test(
    mag_desk: Desk, own_rows: Callable[[], list[tuple[Any, ...]]], pool: tuple[float, float]
) -> None:
    """The same filter in other words of the same language is the same test; its limit is the other deal's own."""
    other = RETAIL | {"filter": "(moody's industry = 'Retail')  and moody's rating > b2", "threshold": 0.001}
    another = RETAIL | {"name": "below_b2", "filter": "Moody's Rating > B2"}
    mag_desk.set_limits(DEAL, limits(RETAIL), "limits.json")
    mag_desk.set_limits(TWIN, limits(another, other), "limits.json")
    first, second = own_result(mag_desk), own_result(mag_desk, TWIN)

    assert [row[:2] for row in own_rows()] == [(FIRST_ID, NAME), (FIRST_ID + 1, "below_b2")]
    assert first.value == second.value == pytest.approx(pool[0] / pool[1])
    assert (first.threshold, second.threshold) == (0.05, 0.001)
    assert (first.is_passed, second.is_passed) == (True, False)


def test_a_name_stands_for_one_filter(
    mag_desk: Desk, store: Store, own_rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    """Another filter under a known name is refused with both; what the deals had before is untouched."""
    mag_desk.set_limits(DEAL, limits(RETAIL), "limits.json")
    rows = own_rows()
    conflicting = RETAIL | {"filter": "Moody's Industry = Retail AND Moody's Rating > B3"}
    with pytest.raises(InputError) as caught:
        mag_desk.set_limits(TWIN, limits(RETAIL | {"name": "new_one"}, conflicting), "other.json")

    assert (caught.value.number, caught.value.where) == ("CLO-3022", "other.json")
    assert "Moody's Rating > B2 / collateral principal amount already, not" in caught.value.problem
    assert own_rows() == rows
    assert n_limits(store) == 1


# What is refused

SHAPE = "CLO-4054"
OTHER_TEST = "retail_below_b3"
WRONG: dict[str, tuple[tuple[dict[str, Any], ...], str, str]] = {
    "field": (({"filter": "Moody's Industri = Retail"},), "CLO-1182", f"limits.json, test {NAME}, line 1, column 1"),
    "value": (({"filter": "WAL < 5\nAND S&P Rating > B2"},), "CLO-1184", f"test {NAME}, line 2, column 18"),
    "end": (({"filter": "WAL <"},), "CLO-1181", f"test {NAME}, line 1, column 6"),
    "empty filter": (({"filter": "  "},), "CLO-1519", f"test {NAME}"),
    "name of the catalogue": (({"name": "cov_lite_loans"},), "CLO-4066", "test cov_lite_loans"),
    "name of words": (({"name": "Retail below B2"},), SHAPE, "tests.0.name"),
    "no filter": (({"filter": None},), SHAPE, "tests.0.filter"),
    "no name": (({"name": None},), SHAPE, "tests.0.name"),
    "no direction": (({"direction": None},), SHAPE, "tests.0.direction"),
    "no threshold": (({"threshold": None},), SHAPE, "tests.0.threshold"),
    "no steps": (({"threshold": []},), SHAPE, "tests.0.threshold"),
    "unknown field": (({"treshold": 0.1},), SHAPE, "tests.0.treshold"),
    "test and filter": (({"test": "cov_lite_loans"},), SHAPE, "tests.0.name"),
    "twice": (({}, {}), "CLO-1506", "list of tests"),
    "twice, another filter": (({}, {"filter": "WAL < 5"}), "CLO-3022", "limits.json"),
    "begins later": (({"threshold": [{"since": "2099-01-01", "level": 0.1}]},), "CLO-1504", f"test {FIRST_ID}"),
    "name of no test": (({}, {"test": OTHER_TEST, "threshold": 0.1}), "CLO-1503", "limits.json, tests[1]"),
}


@pytest.mark.parametrize("name", list(WRONG))
def test_a_mistake_is_named_and_nothing_is_stored(
    name: str, mag_desk: Desk, store: Store, own_rows: Callable[[], list[tuple[Any, ...]]]
) -> None:
    """The place in the filter or in the document; neither the limits nor a test are left behind."""
    changes, number, place = WRONG[name]
    tests = [_entry(change) for change in changes]
    with pytest.raises(InputError) as caught:
        mag_desk.set_limits(DEAL, limits(*tests), "limits.json")

    assert caught.value.number == number
    assert place in str(caught.value)
    assert own_rows() == []
    assert n_limits(store) == 0


def _entry(changes: dict[str, Any]) -> dict[str, Any]:
    """The limit with these changes, without what is None; for another test of the catalogue, that alone."""
    entry = changes if changes.get("test") == OTHER_TEST else RETAIL | changes
    return {key: value for key, value in entry.items() if value is not None}


def test_a_test_of_another_deal_is_not_found_by_its_name_alone(mag_desk: Desk) -> None:
    """A document says what its tests are; the history knows those of all deals and suggests the name that was meant."""
    mag_desk.set_limits(TWIN, limits(RETAIL), "limits.json")
    with pytest.raises(InputError, match="CLO-1503: There is no compliance test retail_below_b2"):
        mag_desk.set_limits(DEAL, limits({"test": NAME, "threshold": 0.1}), "limits.json")
    with pytest.raises(InputError, match="Did you mean `retail_below_b2`"):
        mag_desk.compliance_history(DEAL, OTHER_TEST)

    assert mag_desk.compliance(DEAL).result(FIRST_ID) is None
    assert mag_desk.compliance_history(DEAL, NAME) == ()
    assert own_result(mag_desk, TWIN).name == NAME
