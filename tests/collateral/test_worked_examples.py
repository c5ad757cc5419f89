"""Worked examples of spec 01 §10.2, §10.3, §10.5 and §10.7, to the printed cent; no holidays."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.collateral.asset_cashflow import AssetCashflow
from engine.collateral.assumptions import RATING_DRIVEN, AssetAssumptions
from engine.collateral.holding import Holding
from engine.collateral.kernels import Floats
from engine.collateral.kernels_pool import N_POOL_COLUMNS, POOL_NET_LOSS, POOL_SOLD, ccc_haircut_whole_pool, liquidate
from engine.collateral.kernels_reinvestment import ReinvestmentTerms, add_reinvestment, fill_reinvestment_rates
from engine.collateral.layout import default_rows, interest_factors, lay_out_pool
from engine.collateral.periods import CollectionPeriods
from engine.collateral.projection import PoolBuffers, asset_cashflow, base_rates, map_to_deal_periods, project
from engine.conventions.calendar import WEEKENDS_ONLY
from engine.conventions.days import day_array
from engine.conventions.kernels import days360_us, year_fraction
from engine.market.curve import IndexCurve
from engine.modes import Mode, Quirks

AS_OF = date(2016, 2, 15)
LEGACY = Mode.LEGACY.quirks
STANDARD = Mode.STANDARD.quirks
CENT = 0.006  # half a cent of the print, and float noise
MODES = pytest.mark.parametrize("quirks", [STANDARD, LEGACY], ids=["standard", "legacy"])


def cashflow(holding: Holding, quirks: Quirks, as_of: date = AS_OF) -> AssetCashflow:
    return asset_cashflow(holding, as_of, WEEKENDS_ONLY, None, quirks)


def with_assumptions(holding: Holding, assumptions: AssetAssumptions) -> Holding:
    return replace(holding, assumptions=assumptions)


def printed(flow: AssetCashflow, *columns: str) -> list[list[float]]:
    return [[float(getattr(flow, column)[row]) for column in columns] for row in range(flow.n_rows)]


TABLE_10_2 = ("balance_begin", "default", "default_value", "interest", "unscheduled", "recoveries", "total", "net_loss")
ROWS_10_2 = [
    [1_000_000.00, 10_153.60, 6_092.16, 12_510.56, 53_707.47, 0.00, 66_218.03, 0.00],
    [936_138.93, 9_505.18, 5_703.11, 11_711.62, 50_277.66, 0.00, 61_989.28, 0.00],
    [876_356.09, 8_898.17, 5_338.90, 11_084.18, 47_066.87, 6_092.16, 64_243.22, 4_061.44],
    [820_391.05, 8_329.92, 4_997.95, 10_263.55, 44_061.13, 5_703.11, 60_027.79, 3_802.07],
]


def test_losses_with_a_lag_reproduce_the_legacy_table(asset_x: Holding) -> None:
    """§10.2, legacy: the last row writes off what has not been recovered by maturity (LQ-21)."""
    flow = cashflow(asset_x, LEGACY)

    assert [str(on) for on in flow.payment_date] == [
        "2016-03-31",
        "2016-06-30",
        "2016-09-30",
        "2016-12-30",
        "2017-03-31",
    ]
    last = [768_000.00, 7_797.96, 4_678.78, 9_608.11, 0.00, 5_338.90, 775_149.05, 19_687.15]
    np.testing.assert_allclose(printed(flow, *TABLE_10_2), [*ROWS_10_2, last], atol=CENT)
    np.testing.assert_allclose(flow.default_balance, [10_153.60, 19_658.78, 18_403.35, 17_228.09, 0.0], atol=CENT)
    np.testing.assert_allclose(flow.default_value_balance, [6_092.16, 11_795.27, 11_042.01, 10_336.85, 0.0], atol=CENT)
    np.testing.assert_allclose(flow.balance_end, [936_138.93, 876_356.09, 820_391.05, 768_000.00, 0.0], atol=CENT)
    assert flow.scheduled[-1] == pytest.approx(760_202.04, abs=CENT)


def test_late_defaults_recover_after_maturity(asset_x: Holding) -> None:
    """§10.2, standard: the same rows, then the last two defaults recover 60 % a quarter apart (LQ-21)."""
    flow = cashflow(asset_x, STANDARD)

    np.testing.assert_allclose(printed(flow, *TABLE_10_2)[:4], ROWS_10_2, atol=CENT)
    assert [str(on) for on in flow.payment_date[4:]] == ["2017-03-31", "2017-06-30", "2017-09-29"]
    np.testing.assert_allclose(flow.recoveries[4:], [5_338.90, 4_997.95, 4_678.78], atol=CENT)
    np.testing.assert_allclose(flow.net_loss[4:], [3_559.27, 3_331.97, 3_119.18], atol=CENT)
    assert flow.net_loss.sum() == pytest.approx(0.4 * flow.default.sum())


def test_an_analysis_on_a_payment_date_accrues_the_past_period_again_in_legacy_mode(asset_x: Holding) -> None:
    """§10.2, LQ-18: legacy accrues 182 days from 2015-12-31; standard begins on the payment just made."""
    legacy = cashflow(asset_x, LEGACY, date(2016, 3, 31))
    standard = cashflow(asset_x, STANDARD, date(2016, 3, 31))

    columns = ("default", "interest", "unscheduled", "balance_end")
    np.testing.assert_allclose(printed(legacy, *columns)[0], [20_204.10, 24_767.06, 103_439.81, 876_356.09], atol=CENT)
    assert str(legacy.accrual_begin[0]) == "2015-12-31"
    assert str(standard.accrual_begin[0]) == "2016-03-31"
    assert standard.default[0] == pytest.approx(10_153.60, abs=CENT)


def test_a_short_vector_ends_in_legacy_and_goes_on_in_standard_mode(asset_x: Holding) -> None:
    """§10.2, LQ-19: past its end the legacy rate traps to 0, the corrected one stays at 10 %."""
    holding = with_assumptions(asset_x, AssetAssumptions(cpr=(0.20, 0.10)))
    legacy, standard = cashflow(holding, LEGACY), cashflow(holding, STANDARD)

    np.testing.assert_allclose(legacy.unscheduled, [54_258.39, 24_585.74, 0.0, 0.0, 0.0], atol=CENT)
    np.testing.assert_allclose(legacy.balance_end, [945_741.61, 921_155.87, 921_155.87, 921_155.87, 0.0], atol=CENT)
    ratio = standard.unscheduled[1:4] / standard.balance_begin[1:4]
    np.testing.assert_allclose(ratio, 1.0 - 0.9**0.25)


@MODES
def test_a_defaulted_asset_recovers_its_market_value_after_the_lag(asset_x: Holding, quirks: Quirks) -> None:
    """§10.2: market value 45, lag 6 months: 450,000 on the second row, 550,000 lost, and the end."""
    holding = replace(asset_x, asset=replace(asset_x.asset, default_asset=True, market_value=45.0))
    flow = cashflow(holding, quirks)

    columns = ("default_balance", "default_value_balance", "recoveries", "net_loss", "total")
    np.testing.assert_allclose(
        printed(flow, *columns), [[1e6, 450_000.0, 0.0, 0.0, 0.0], [0.0, 0.0, 450_000.0, 550_000.0, 450_000.0]]
    )


def test_a_defaulted_asset_without_lag_is_lost_in_legacy_mode_only(asset_x: Holding) -> None:
    """§10.2, LQ-22: legacy carries it for five rows and loses all; standard recovers on the first payment date."""
    holding = replace(
        asset_x,
        asset=replace(asset_x.asset, default_asset=True, market_value=45.0),
        assumptions=replace(asset_x.assumptions, recovery_lag_months=0.0),
    )
    legacy, standard = cashflow(holding, LEGACY), cashflow(holding, STANDARD)

    assert legacy.net_loss.tolist() == [0.0, 0.0, 0.0, 0.0, 1_000_000.0]
    assert legacy.total.sum() == 0.0
    assert standard.n_rows == 1
    assert (standard.recoveries[0], standard.net_loss[0]) == (450_000.0, 550_000.0)


@MODES
def test_a_rating_path_to_default_defaults_the_whole_balance(asset_x: Holding, quirks: Quirks) -> None:
    """§10.2: S&P reaches D on 2016-08-15; the loan defaults on 2016-09-30 without interest and recovers at 60 %."""
    holding = replace(
        asset_x,
        assumptions=replace(asset_x.assumptions, cpr=0.0, cdr=RATING_DRIVEN),
        sp_rating_history=((AS_OF, "B"), (date(2016, 5, 15), "B-"), (date(2016, 8, 15), "D")),
    )
    flow = cashflow(holding, quirks)

    np.testing.assert_allclose(flow.interest, [12_638.89, 12_638.89, 0.0, 0.0, 0.0], atol=CENT)
    assert flow.default.tolist() == [0.0, 0.0, 1_000_000.0, 0.0, 0.0]
    assert flow.default_value[2] == 600_000.0
    assert (flow.recoveries[4], flow.net_loss[4]) == (600_000.0, 400_000.0)


def test_an_off_cycle_sink_date_pays_interest_on_the_part_repaid(asset_x: Holding) -> None:
    """§10.3: fractions of the sink amounts, and a row whose interest is that of the 9,391.49 repaid only."""
    sinks = (
        (date(2016, 3, 31), 2_500.0),
        (date(2016, 6, 30), 2_500.0),
        (date(2016, 8, 15), 10_000.0),
        (date(2016, 9, 30), 2_500.0),
        (date(2016, 12, 30), 982_500.0),
    )
    holding = replace(
        asset_x,
        asset=replace(asset_x.asset, maturity=date(2016, 12, 30)),
        assumptions=AssetAssumptions(cpr=0.10, cdr=0.02, severity=0.30, recovery_lag_months=3.0),
        sink_schedule=sinks,
    )
    layout = lay_out_pool([holding], AS_OF, WEEKENDS_ONLY, LEGACY)
    flow = cashflow(holding, LEGACY)

    np.testing.assert_allclose(
        layout.grid.schedule_fraction[:, 0],
        [0.0025, 0.002506265664160401, 0.010050251256281407, 0.0025380710659898475, 1.0],
        rtol=1e-14,
    )
    columns = ("default", "interest", "scheduled", "unscheduled", "recoveries", "net_loss", "balance_end")
    np.testing.assert_allclose(
        printed(flow, *columns),
        [
            [5_037.94, 12_575.21, 2_487.41, 25_800.62, 0.00, 0.00, 966_674.03],
            [4_870.05, 12_156.13, 2_410.54, 24_940.64, 3_526.56, 1_511.38, 934_452.81],
            [0.00, 60.00, 9_391.49, 0.00, 0.00, 0.00, 925_061.32],
            [4_660.41, 11_760.68, 2_336.04, 23_866.25, 3_409.03, 1_461.01, 894_198.63],
            [4_504.92, 11_244.74, 889_693.70, 0.00, 3_262.28, 5_903.04, 0.00],
        ],
        atol=CENT,
    )
    assert str(flow.accrual_begin[3]) == "2016-06-30"


def test_two_sink_dates_on_one_business_day_add_up(asset_x: Holding) -> None:
    """LQ-06, corrected: Saturday and Monday fall on the same day and repay together."""
    sinks = ((date(2016, 8, 13), 10_000.0), (date(2016, 8, 15), 15_000.0), (date(2017, 3, 31), 975_000.0))
    flow = cashflow(with_assumptions(replace(asset_x, sink_schedule=sinks), AssetAssumptions()), STANDARD)

    repaid = flow.scheduled[flow.payment_date == np.datetime64("2016-08-15")]
    assert repaid.tolist() == pytest.approx([25_000.0])


def test_a_sink_date_after_maturity_extends_it(asset_x: Holding) -> None:
    """Spec 01 §1.3 step 5.3: the last sink date becomes the maturity."""
    sinks = ((date(2017, 3, 31), 400_000.0), (date(2017, 9, 29), 600_000.0))
    flow = cashflow(with_assumptions(replace(asset_x, sink_schedule=sinks), AssetAssumptions()), STANDARD)

    assert str(flow.payment_date[-1]) == "2017-09-29"
    assert flow.scheduled[-1] == pytest.approx(600_000.0)


PAY_DATES = [
    date(2016, 4, 15),
    date(2016, 7, 15),
    date(2016, 10, 17),
    date(2017, 1, 17),
    date(2017, 4, 17),
    date(2017, 7, 17),
]
COLLECTION_ENDS = [
    date(2016, 1, 5),
    date(2016, 4, 5),
    date(2016, 7, 5),
    date(2016, 10, 5),
    date(2017, 1, 5),
    date(2017, 4, 5),
    date(2017, 7, 5),
]


def deal_pool(asset_x: Holding, quirks: Quirks) -> tuple[Floats, Floats]:
    """Pool rows and lane balances of §10.5: X and a defaulted copy Y."""
    in_default = replace(asset_x.asset, blkrock_id="Y", default_asset=True, market_value=45.0)
    days = day_array(COLLECTION_ENDS)
    layout = lay_out_pool(
        [asset_x, replace(asset_x, asset=in_default, par=200_000.0)],
        AS_OF,
        WEEKENDS_ONLY,
        quirks,
        periods=CollectionPeriods(days[:-1], days[1:]),
    )
    buffers = PoolBuffers.of(layout, keeps_balances=False)
    project(layout, interest_factors(layout, None), base_rates(layout), default_rows(layout), buffers)
    return map_to_deal_periods(layout, buffers.flows)


ROWS_10_5 = [
    [1_000_000.00, 200_000.00, 90_000.00, 19_658.78, 11_795.27, 12_510.56, 0.00, 53_707.47, 0.00, 0.00],
    [926_633.75, 219_658.78, 101_795.27, 8_898.17, 5_338.90, 11_711.62, 0.00, 50_277.66, 90_000.00, 110_000.00],
    [867_457.92, 28_556.95, 17_134.17, 8_329.92, 4_997.95, 11_084.18, 0.00, 47_066.87, 6_092.16, 4_061.44],
    [812_061.13, 26_733.27, 16_039.96, 7_797.96, 4_678.78, 10_263.55, 0.00, 44_061.13, 5_703.11, 3_802.07],
]


def test_pool_rows_reproduce_the_legacy_table(asset_x: Holding) -> None:
    """§10.5: period 1 takes two of X's defaults but one interest payment; the last recoveries are lost."""
    pool, _ = deal_pool(asset_x, LEGACY)

    fifth = [760_202.04, 25_026.05, 15_015.63, 0.00, 0.00, 9_608.11, 760_202.04, 0.00, 5_338.90, 19_687.15]
    np.testing.assert_allclose(pool[1:7, :10], [*ROWS_10_5, fifth, [0.0] * 10], atol=CENT)
    assert pool[7].tolist() == [0.0] * N_POOL_COLUMNS


def test_standard_pool_rows_go_on_recovering(asset_x: Holding) -> None:
    """§10.5 in standard mode: the same four periods, then a recovery in period 6 and a balance after the last one."""
    pool, _ = deal_pool(asset_x, STANDARD)

    np.testing.assert_allclose(pool[1:5, :10], ROWS_10_5, atol=CENT)
    assert pool[6, 8] == pytest.approx(4_997.95, abs=CENT)
    assert pool[7, :3] == pytest.approx([0.0, 7_797.96, 4_678.78], abs=CENT)


def test_liquidation_sells_what_the_period_leaves(asset_x: Holding) -> None:
    """§10.5: period 3 at 0.95 sells for 787,498.04 and loses 51,296.36; nothing is left afterwards."""
    pool, _ = deal_pool(asset_x, LEGACY)
    sold = liquidate(pool, 3, 0.95)

    assert sold == pytest.approx(787_498.04, abs=CENT)
    assert pool[3, POOL_SOLD] == sold
    assert pool[3, POOL_NET_LOSS] == pytest.approx(4_061.44 + 51_296.36, abs=0.02)
    assert not pool[4:].any()


def reinvestment_terms(*, has_tail: bool, lag: int = 1) -> tuple[ReinvestmentTerms, IndexCurve]:
    """Terms of §10.5 on its payment dates; entry 0 of the interval arrays is not used."""
    curve = IndexCurve.of(AS_OF, [(1, 0.004), (3, 0.006), (6, 0.009), (12, 0.012), (24, 0.02)], LEGACY)
    pay = day_array(PAY_DATES)
    n = len(PAY_DATES)
    days, factor = np.zeros(n + 2, dtype=np.int64), np.zeros(n + 2)
    for j in range(1, n):
        days[j] = days360_us(pay[j - 1], pay[j])
        coupon = max(curve.spot(PAY_DATES[j - 1], 3), 0.01) + 0.0375
        factor[j] = year_fraction(pay[j - 1], pay[j], 0) * coupon
    terms = ReinvestmentTerms(
        price=0.99,
        n_terms=3,
        lag=lag,
        has_tail=int(has_tail),
        n_balance_rows=n + int(has_tail),
        interest_factor=factor,
        days=days,
    )
    return terms, curve


def invested(terms: ReinvestmentTerms, cpr: float, cdr: float, period: int = 1) -> Floats:
    n_rows = terms.days.shape[0]
    cpr_period, cdr_period = np.empty((1, n_rows)), np.empty((1, n_rows))
    fill_reinvestment_rates(terms.days, np.array([cpr]), cpr_period)
    fill_reinvestment_rates(terms.days, np.array([cdr]), cdr_period)
    book = np.zeros((n_rows, N_POOL_COLUMNS))
    severity, pending = np.array([0.30]), np.zeros((2, terms.n_terms + 1))
    add_reinvestment(terms, cpr_period, cdr_period, severity, 1_000_000.0, period, pending, book)
    return book


def test_reinvestment_reproduces_the_legacy_table() -> None:
    """§10.5: 1,000,000 at 0.99 buys a nine-month bullet; the default of its last quarter is lost."""
    book = invested(reinvestment_terms(has_tail=False)[0], 0.20, 0.03)

    np.testing.assert_allclose(
        book[2:5][:, [0, 3, 4, 5, 6, 7, 8, 9]],
        [
            [1_010_101.01, 7_662.51, 5_363.76, 11_905.20, 0.00, 54_390.70, 0.00, 0.00],
            [948_047.80, 7_350.98, 5_145.68, 12_222.47, 0.00, 52_142.91, 5_363.76, 2_298.75],
            [888_553.92, 6_740.47, 4_718.33, 11_700.85, 881_813.45, 0.00, 5_145.68, 8_945.76],
        ],
        atol=CENT,
    )
    assert not book[5:].any()


def test_reinvestment_recovers_after_its_maturity_in_standard_mode() -> None:
    """LQ-44: the last default of §10.5 recovers one period later, and par is repaid, recovered or lost."""
    book = invested(reinvestment_terms(has_tail=True)[0], 0.20, 0.03)

    assert book[5, 8] == pytest.approx(4_718.33, abs=CENT)
    assert book[4, 9] == pytest.approx(7_350.98 - 5_145.68, abs=2 * CENT)
    assert book[:, 6:10].sum() == pytest.approx(1_000_000.0 / 0.99)


def test_full_prepayment_abandons_defaults_in_legacy_mode_only() -> None:
    """LQ-44: at CPR 100 % the legacy book stops with defaults neither recovered nor lost."""
    legacy = invested(reinvestment_terms(has_tail=False)[0], 1.0, 0.03)
    standard = invested(reinvestment_terms(has_tail=True)[0], 1.0, 0.03)

    assert legacy[:, 8:10].sum() == 0.0
    assert standard[3, 8] + standard[3, 9] == pytest.approx(standard[2, 3])


def test_a_purchase_in_the_last_period_has_no_flows() -> None:
    """LQ-45: nothing is paid after the last date; standard mode keeps the balance in row N + 1."""
    legacy = invested(reinvestment_terms(has_tail=False)[0], 0.2, 0.03, period=6)
    standard = invested(reinvestment_terms(has_tail=True)[0], 0.2, 0.03, period=6)

    assert not legacy.any()
    assert standard[7, 0] == pytest.approx(1_000_000.0 / 0.99)
    assert not standard[:, 3:].any()


def test_ccc_excess_takes_the_whole_pool_in_legacy_mode() -> None:
    """§10.5, LQ-28: pool 1,000, limit 75, CCC bucket 100, price 0.70 give 277.50."""
    balances, is_ccc = np.array([900.0, 100.0]), np.array([False, True])

    haircut = ccc_haircut_whole_pool(balances, is_ccc, np.array([False, False]), 0.70, 75.0)
    assert haircut == pytest.approx(277.50)


def test_a_real_loan_reproduces_its_printed_totals(asset_x: Holding) -> None:
    """§10.7: BRSPR86F9 as a bullet at a constant coupon, without and with losses."""
    asset = replace(
        asset_x.asset,
        coupon=0.0475,
        dated_date=date(2014, 9, 17),
        first_payment_date=date(2014, 12, 31),
        maturity=date(2021, 9, 17),
    )
    holding = Holding(asset=asset, par=1_500_000.0)
    plain = cashflow(holding, LEGACY, date(2016, 3, 23))
    losses = AssetAssumptions(cpr=0.20, cdr=0.02, severity=0.30, recovery_lag_months=6.0)
    lossy = cashflow(with_assumptions(holding, losses), LEGACY, date(2016, 3, 23))

    assert (plain.n_rows, str(plain.payment_date[0]), str(plain.payment_date[-1])) == (23, "2016-03-31", "2021-09-17")
    assert plain.interest.sum() == pytest.approx(413_052.08, abs=CENT)
    assert plain.interest[-1] == pytest.approx(15_635.42, abs=CENT)
    columns = ("default", "interest", "unscheduled", "balance_end")
    assert printed(lossy, *columns)[0] == pytest.approx([7_556.92, 17_919.68, 80_977.56, 1_411_465.52], abs=CENT)
    assert lossy.recoveries[2] == pytest.approx(5_289.84, abs=CENT)
    totals = [getattr(lossy, name).sum() for name in ("default", "interest", "scheduled", "unscheduled", "recoveries")]
    assert totals == pytest.approx([96_173.53, 228_659.01, 391_434.76, 1_012_391.71, 64_661.54], abs=CENT)
    assert lossy.net_loss.sum() == pytest.approx(31_511.99, abs=CENT)


def test_real_losses_are_the_severity_of_defaults_in_standard_mode(asset_x: Holding) -> None:
    """§10.7 corrected: every default recovers 70 %, the ones near maturity after it."""
    asset = replace(asset_x.asset, coupon=0.0475, first_payment_date=date(2014, 12, 31), maturity=date(2021, 9, 17))
    losses = AssetAssumptions(cpr=0.20, cdr=0.02, severity=0.30, recovery_lag_months=6.0)
    flow = cashflow(Holding(asset=asset, par=1_500_000.0, assumptions=losses), STANDARD, date(2016, 3, 23))

    assert flow.default.sum() == pytest.approx(96_173.53, abs=CENT)
    assert flow.net_loss.sum() == pytest.approx(0.30 * 96_173.53, abs=CENT)
