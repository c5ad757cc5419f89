"""Hypothetical trades: before and after, on packages, single trades and several deals."""

import pytest

from engine.compliance.terms import Direction, TestSetting
from engine.errors import InputError
from engine.modes import Mode, Quirk, Quirks
from engine.trading.faults import TradesError
from engine.trading.hypothetical import Comparison, TestChange, hypothetical, trade_attributes
from engine.trading.legacy_report import format_number, format_percentage, legacy_rows
from engine.trading.trades import Grouping, Settlement, Side, cross_trade
from tests.trading.made_deals import RECOVERY, buy, loan, sell, small_deal

CAA_LOAN = loan("CAA", price=80.0, rating="Caa1", recovery=0.9)
TWO_CAA_LOANS = [CAA_LOAN, loan("CAA2", price=100.0, rating="Caa1", recovery=0.9)]


def change(comparison: Comparison, test_id: int) -> TestChange:
    return next(row for row in comparison.changes if row.definition.id == test_id)


def test_before_and_after_of_a_purchase() -> None:
    """Value, threshold, cushion, verdict and objective on either side of the trade, worked out by hand."""
    deal = small_deal([loan("A"), CAA_LOAN], {"A": 80.0}, 20.0)
    (found,) = hypothetical([buy("CAA", 5.0)], [deal])
    caa, recovery = change(found, 7), change(found, 33)

    assert (found.deal, found.title) == ("Small", "CAA CAA Term Loan")
    assert (caa.before.value, caa.before.threshold, caa.before.cushion) == (0.0, 0.1, pytest.approx(10.0))
    assert caa.after.value == pytest.approx(5.0 / 101.0)
    assert caa.after.cushion == pytest.approx(10.1 - 5.0)
    assert caa.after.is_passed
    assert not caa.is_broken
    assert recovery.before.value == pytest.approx(0.5)
    assert recovery.difference == pytest.approx((0.5 * 80.0 + 0.9 * 5.0) / 85.0 - 0.5)
    assert found.objective_before == pytest.approx(100.0 * 0.5 / 0.4)
    assert found.objective_difference == pytest.approx(100.0 * recovery.difference / 0.4)
    assert [(fill.par, fill.price, fill.proceeds) for fill in found.fills] == [(5.0, 0.8, -4.0)]


def test_a_broken_limit_is_said_to_be_broken() -> None:
    """A purchase that breaks a limit fails the test and takes the objective to 0; nothing maintains it."""
    deal = small_deal([loan("A"), *TWO_CAA_LOANS], {"A": 80.0}, 20.0)
    (found,) = hypothetical([buy("CAA2", 15.0)], [deal])
    caa = change(found, 7)

    assert caa.is_broken
    assert caa.after.cushion == pytest.approx(-5.0)
    assert not caa.after.is_maintained
    assert found.objective_after == 0.0


def test_groupings_take_all_each_and_ever_more() -> None:
    """R2: one comparison for the package, one a trade, or one for every beginning of the list."""
    deal = small_deal([loan("A"), loan("B"), *TWO_CAA_LOANS], {"A": 80.0, "B": 10.0}, 10.0)
    trades = [buy("CAA", 4.0), sell("B", 5.0), buy("CAA2", 8.0)]

    def shares(grouping: Grouping) -> list[float]:
        return [float(change(found, 7).after.value) for found in hypothetical(trades, [deal], grouping)]

    first = 4.0 / 100.8
    assert shares(Grouping.PACKAGE) == pytest.approx([12.0 / 100.8])
    assert shares(Grouping.INDIVIDUAL) == pytest.approx([first, 0.0, 0.08])
    assert shares(Grouping.CUMULATIVE) == pytest.approx([first, first, 12.0 / 100.8])


def test_beginnings_of_a_package_may_be_short_of_cash() -> None:
    """A package that settles together is shown after each trade, though only the last state has to be paid for."""
    together = Settlement(settles_together=True)
    deal = small_deal([loan("A"), loan("B")], {"A": 10.0}, 0.0, settlement=together)
    found = hypothetical([buy("B", 10.0), sell("A", 10.0)], [deal], Grouping.CUMULATIVE)

    assert [item.after.holdings.cash for item in found] == [-10.0, 0.0]


@pytest.mark.parametrize(
    ("stored", "quirks", "verdicts"),
    [
        (None, frozenset(), [(False, False), (False, False)]),
        (0.12, frozenset(), [(True, False), (True, True)]),
        (None, frozenset({Quirk.MOVING_BASELINE}), [(False, False), (True, True)]),
    ],
)
def test_baseline_is_the_stored_result(stored: float | None, quirks: Quirks, verdicts: list[tuple[bool, bool]]) -> None:
    """R3: beyond its limit a test passes against the stored result alone, however many trades are tried.

    The legacy model took the result before as the baseline: the pool as it stands fails, and passes once a worse trade
    has been tried (05 Q1, Q26).
    """
    limit = TestSetting(test_id=7, direction=Direction.MAX, threshold=0.10, baseline=stored)
    deal = small_deal(
        [loan("A"), *TWO_CAA_LOANS], {"A": 70.0, "CAA2": 12.0}, 18.0, settings=(RECOVERY, limit), quirks=quirks
    )
    worse_then_better = [buy("CAA2", 3.0), sell("CAA2", 1.0)]
    found = [change(item, 7) for item in hypothetical(worse_then_better, [deal], Grouping.INDIVIDUAL)]

    assert [(row.before.is_passed, row.after.is_passed) for row in found] == verdicts
    assert all(row.before.is_maintained == row.before.is_passed for row in found)


def test_deals_are_compared_side_by_side() -> None:
    """R13: a cross trade shows both deals before and after; a deal without trades is left out."""
    assets = [loan("A"), CAA_LOAN]
    seller = small_deal(assets, {"A": 80.0, "CAA": 10.0}, 10.0, name="Mag 16")
    buyer = small_deal(assets, {"A": 80.0}, 20.0, name="Mag 17")
    other = small_deal(assets, {"A": 80.0}, 20.0, name="Mag 15")
    found = hypothetical(cross_trade("CAA", 5.0, 82.0, seller="Mag 16", buyer="Mag 17"), [seller, buyer, other])

    assert [item.deal for item in found] == ["Mag 16", "Mag 17"]
    assert [item.fills[0].price for item in found] == [0.82, 0.82]
    assert [float(change(item, 7).after.value) for item in found] == pytest.approx([5.0 / 99.1, 5.0 / 100.9])
    assert sum(fill.proceeds for item in found for fill in item.fills) == 0.0


def test_nothing_is_computed_of_a_faulty_list() -> None:
    """A fault in any deal keeps the trades of all deals from being shown; no trade at all is an error too."""
    deals = [small_deal([loan("A"), loan("B")], {"A": 10.0}, 0.0, name=name) for name in ("Mag 16", "Mag 17")]

    with pytest.raises(TradesError, match="CLO-1706"):
        hypothetical([sell("A", 5.0, deal="Mag 16"), sell("B", 5.0, deal="Mag 17")], deals)
    with pytest.raises(InputError, match="CLO-1714"):
        hypothetical([], deals)


def test_attributes_are_averaged_by_par_on_each_side() -> None:
    """Purchases and sales apart, each weighted with the par filled."""
    assets = [loan("A", recovery=0.3), loan("B", recovery=0.6, price=90.0), loan("C")]
    deal = small_deal(assets, {"C": 50.0}, 100.0)
    (found,) = hypothetical([buy("A", 10.0, 99.0), buy("B", 30.0), sell("C", 20.0, 101.0)], [deal])
    bought = trade_attributes(deal.plan.portfolio, found.fills, Side.BUY, 0.005)
    sold = trade_attributes(deal.plan.portfolio, found.fills, Side.SALE, 0.005)

    assert bought is not None
    assert sold is not None
    assert (bought.par, sold.par) == (40.0, 20.0)
    assert bought.recovery_rate == pytest.approx((10.0 * 0.3 + 30.0 * 0.6) / 40.0)
    assert bought.market_value == pytest.approx((10.0 * 1.0 + 30.0 * 0.9) / 40.0)
    assert bought.price == pytest.approx((10.0 * 0.99 + 30.0 * 0.9) / 40.0)
    assert sold.price == pytest.approx(1.01)


def test_report_prints_as_the_workbook_did() -> None:
    """Percentages with three decimals, scores with two, a fall that rounds to nothing with its sign (05 Q30 for 40)."""
    ccc = TestSetting(test_id=40, direction=Direction.MAX, threshold=0.075)
    deal = small_deal([loan("A"), loan("B")], {"A": 80.0}, 20.0, settings=(RECOVERY, ccc), quirks=Mode.LEGACY.quirks)
    (found,) = hypothetical([buy("B", 5.0)], [deal])
    _, recovery, shown_ccc, closing = legacy_rows(found)

    assert (format_percentage(-1e-9), format_percentage(0.0), format_percentage(0.123456)) == (
        "-0.000%",
        "0.000%",
        "12.346%",
    )
    assert (format_number(2575.695), format_number(-0.004)) == ("2575.70", "-0.00")
    assert recovery[2:5] == ("40.000%", "50.000%", True)
    assert shown_ccc[2] == "0.08"
    assert closing[2] == "Objective Function"
