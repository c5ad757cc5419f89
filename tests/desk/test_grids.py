"""Grids and break-evens through the desk: stored whole, answered from the store, equal to single runs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from db.store import Store
from engine.collateral.assumptions import AssumptionRow, Reinvestment
from engine.deal.grid_results import Axis, Ending, Measure
from engine.deal.results import TRANCHE_COLUMNS
from engine.desk.assumption_sets import from_workbook, to_json
from engine.desk.desk import Desk
from engine.desk.grid_records import BreakEvenRequest, GridRequest, RunChoice
from engine.errors import ClodeskError, InputError
from engine.snapshot import WorkbookSnapshot
from workbooks.demo import DEAL_NAME

CHOICE = RunChoice(deal=DEAL_NAME, assumptions="workbook")
REQUEST = GridRequest(values={Axis.CDR: (0.0, 0.05), Axis.SEVERITY: (0.4, 0.8), Axis.CPR: (0.1,), Axis.LAG: (6.0,)})
CENT = 0.005


REINVESTED = Reinvestment(
    spread=0.04,
    floor=0.01,
    maturity_months=60,
    price=0.99,
    cpr=0.2,
    cdr=0.01,
    severity=0.3,
    recovery_lag_months=3,
    pre_type="ALL PRINCIPAL",
    pre_fraction=1.0,
    post_type="UNSCHEDULED PRINCIPAL",
    post_fraction=0.5,
)


def test_a_point_equals_the_run_of_a_set_that_states_it(demo_desk: Desk, demo_book: WorkbookSnapshot) -> None:
    """To the cent, and with the same yields, as `run_deal` under a set of the same constant rates."""
    base = replace(from_workbook(demo_book.curve, demo_book.cf_assumptions, demo_book.vectors), reinvestment=REINVESTED)
    rates = {"cpr": 0.1, "cdr": 0.05, "severity": 0.8, "recovery_lag_months": 6.0}
    row = AssumptionRow(blkrock_id="ALL", **rates)  # type: ignore[arg-type]
    flat = replace(base, name="flat", rows=(row,), reinvestment=replace(REINVESTED, **rates))  # type: ignore[arg-type]
    for chosen in (replace(base, name="base"), flat):
        demo_desk.documents.store_assumption_set(to_json(chosen), chosen.name)
    outcome = demo_desk.grid(replace(CHOICE, assumptions="base"), REQUEST)
    single = demo_desk.run_deal(DEAL_NAME, assumptions="flat").result

    place = outcome.points.values.tolist().index([6.0, 0.1, 0.05, 0.8])
    paid = single.tranches[:, :, TRANCHE_COLUMNS.index("principal_paid")].sum(axis=0)
    np.testing.assert_allclose(outcome.results.principal[place], paid, atol=CENT)
    np.testing.assert_allclose(outcome.results.risk[place], single.risk, rtol=1e-10, atol=1e-13)


def test_a_grid_is_computed_once_and_comes_back_whole(demo_desk: Desk) -> None:
    """The second answer has the number, the head and the bits of the first; another value is another run."""
    first = demo_desk.grid(CHOICE, REQUEST)
    second = demo_desk.grid(replace(CHOICE, deal="demo1"), REQUEST)
    other = demo_desk.grid(CHOICE, replace(REQUEST, tranches=("x",)))

    assert (first.answered_from, second.answered_from, other.answered_from) == ("computed", "store", "computed")
    assert (first.run_id, first.head, first.points.axes) == (second.run_id, second.head, second.points.axes)
    np.testing.assert_array_equal(first.points.values, second.points.values)
    for name in ("risk", "interest", "principal", "unpaid", "equity_irr", "failures", "balance"):
        np.testing.assert_array_equal(getattr(first.results, name), getattr(second.results, name))
    assert other.run_id != first.run_id
    assert other.results.tranche_names == first.results.tranche_names[:1]


def test_named_scenarios_are_a_grid(demo_desk: Desk) -> None:
    """The stored and built-in scenarios give the yields of their single runs."""
    outcome = demo_desk.grid(CHOICE, GridRequest(scenarios=("stress", "BASE")))

    assert outcome.points.names == ("STRESS", "BASE")
    for place, name in enumerate(outcome.points.names):
        single = demo_desk.run_deal(DEAL_NAME, name, assumptions="workbook").result
        np.testing.assert_allclose(outcome.results.risk[place], single.risk, rtol=1e-11, atol=1e-13)


def test_break_evens_come_back_as_they_were_found(demo_desk: Desk) -> None:
    """Rates, brackets, endings and price tables; NaN stays NaN."""
    request = BreakEvenRequest(credit={Axis.SEVERITY: 0.6, Axis.LAG: 6.0}, prices=(0.9, 1.0))
    first = demo_desk.breakeven(CHOICE, request)
    second = demo_desk.breakeven(CHOICE, request)

    assert (first.answered_from, second.answered_from) == ("computed", "store")
    assert [repr(item) for item in first.found] == [repr(item) for item in second.found]
    assert {item.measure for item in first.found} == set(Measure)
    assert any(item.ending is Ending.FOUND for item in first.found)
    for one, other in zip(first.tables, second.tables, strict=True):
        assert (one.tranche_name, one.wal) == (other.tranche_name, other.wal)
        np.testing.assert_array_equal(one.yields, other.yields)


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (GridRequest(), "CLO-1344: A grid without values has no points"),
        (replace(REQUEST, tranches=("Z",)), "CLO-1345: Demo 1 has no tranche 'Z'"),
        (replace(REQUEST, scenarios=("BASE",)), "CLO-4140: A grid has values on axes and named scenarios"),
        (GridRequest(scenarios=("CALM",)), "CLO-4018: There is no scenario 'CALM'"),
    ],
)
def test_a_grid_that_cannot_be_leaves_nothing(demo_desk: Desk, store: Store, request_: GridRequest, text: str) -> None:
    """What is wrong is told, and no run is stored."""
    with pytest.raises(ClodeskError, match=text):
        demo_desk.grid(CHOICE, request_)

    with store.read() as work:
        assert work.runs.runs(kind="grid") == ()


def test_a_choice_without_assumptions_is_refused(demo_desk: Desk) -> None:
    """As for a run: CLO-4016 names the sets there are."""
    with pytest.raises(InputError, match="CLO-4016"):
        demo_desk.breakeven(replace(CHOICE, assumptions=None), BreakEvenRequest())


def test_mag17_in_a_grid_and_its_break_evens(desk: Desk, reference: Path) -> None:
    """195 loans: junior classes break first, and no class below its break-even loses in the grid."""
    desk.import_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx")
    choice = RunChoice(deal="MAG 17", assumptions="illustrative")
    found = desk.breakeven(choice, BreakEvenRequest(credit={Axis.SEVERITY: 0.5}, measures=(Measure.CDR,))).found
    by_name = {item.tranche_name: item for item in found}
    rates = tuple(i / 50 for i in range(26))
    results = desk.grid(choice, GridRequest(values={Axis.CDR: rates, Axis.SEVERITY: (0.5,)})).results

    debt = [by_name[name].value for name in results.tranche_names if name in by_name]
    assert debt == sorted(debt, reverse=True)
    for t, name in enumerate(results.tranche_names[:-1]):
        is_safe = np.array(rates) <= by_name[name].value
        assert not results.has_loss[is_safe, t].any()
        assert results.has_loss[~is_safe, t][:1].all()
