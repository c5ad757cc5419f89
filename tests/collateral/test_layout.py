"""What a layout settles before a projection runs: rates, lanes, coupons, and what it refuses."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.collateral.assumptions import AssetAssumptions
from engine.collateral.holding import Holding
from engine.collateral.kernels import NEVER
from engine.collateral.kernels_pool import ccc_haircut
from engine.collateral.layout import default_rows, interest_factors, lay_out_pool
from engine.collateral.periods import CollectionPeriods
from engine.collateral.projection import PoolBuffers, asset_cashflow, base_rates, map_to_deal_periods, project
from engine.collateral.rates import annual_rates, rate_entries, severity_rate
from engine.collateral.runs import runs_of_lanes
from engine.collateral.schedule import asset_rows, coupons, recovery_periods
from engine.collateral.spread import z_spread
from engine.conventions.calendar import WEEKENDS_ONLY
from engine.conventions.days import day_array
from engine.errors import InputError, ModelError
from engine.market.curve import IndexCurve
from engine.modes import Mode, Quirk

AS_OF = date(2016, 2, 15)
LEGACY = Mode.LEGACY.quirks


def refused(number: str, holding: Holding, quirks: frozenset[Quirk] = frozenset(), as_of: date = AS_OF) -> str:
    """The message with which a holding is refused."""
    with pytest.raises(InputError) as caught:
        asset_cashflow(holding, as_of, WEEKENDS_ONLY, None, quirks)
    assert caught.value.number == number
    assert holding.asset.blkrock_id in caught.value.where
    return str(caught.value)


@pytest.mark.parametrize("item", ["maturity", "first_payment_date", "payment_freq"])
def test_a_missing_term_is_named(asset_x: Holding, item: str) -> None:
    """Dates and frequency have no default."""
    message = refused("CLO-1102", replace(asset_x, asset=replace(asset_x.asset, **{item: None})))

    assert "missing" in message


def test_a_missing_dated_date_is_the_issue_date(asset_x: Holding) -> None:
    """LQ-10: accrual before the first payment begins on the dated date, else on the issue date, else nowhere."""
    before_first = date(2015, 2, 15)
    asset = replace(asset_x.asset, dated_date=None, issue_date=date(2015, 1, 31))
    flow = asset_cashflow(replace(asset_x, asset=asset), before_first, WEEKENDS_ONLY, None)

    assert str(flow.accrual_begin[0]) == "2015-01-31"
    refused("CLO-1102", replace(asset_x, asset=replace(asset, issue_date=None)), as_of=before_first)


def test_a_frequency_of_zero_is_refused(asset_x: Holding) -> None:
    """The legacy model divides by zero."""
    refused("CLO-1103", replace(asset_x, asset=replace(asset_x.asset, payment_freq=0)))


def test_a_negative_sink_amount_is_refused(asset_x: Holding) -> None:
    """Sink amounts are repayments."""
    sinks = ((date(2016, 6, 30), -5.0), (date(2017, 3, 31), 10.0))

    refused("CLO-1104", replace(asset_x, sink_schedule=sinks))


def test_an_asset_on_its_maturity_has_no_rows_and_stops_the_legacy_model(asset_x: Holding) -> None:
    """LQ-09."""
    on_maturity = date(2017, 3, 31)

    assert asset_cashflow(asset_x, on_maturity, WEEKENDS_ONLY, None).n_rows == 0
    refused("CLO-1105", asset_x, LEGACY, on_maturity)


def test_a_first_payment_after_maturity_is_one_payment_at_maturity(asset_x: Holding) -> None:
    """LQ-09: a one-period bullet in standard mode, an error in legacy mode."""
    late = replace(asset_x, asset=replace(asset_x.asset, first_payment_date=date(2018, 3, 31)))
    flow = asset_cashflow(replace(late, assumptions=AssetAssumptions()), AS_OF, WEEKENDS_ONLY, None)

    assert [str(on) for on in flow.payment_date] == ["2017-03-31"]
    assert flow.scheduled[0] == pytest.approx(asset_x.par)
    refused("CLO-1105", late, LEGACY)


def test_a_severity_vector_reads_its_own_values_in_standard_mode(asset_x: Holding) -> None:
    """LQ-20: the legacy model reads the prepayment vector, and stops where that is a number."""
    own = AssetAssumptions(cpr=(0.1, 0.2), cdr=0.04, severity=(0.3, 0.4))

    assert severity_rate(own) == (0.3, 0.4)
    assert severity_rate(own, LEGACY) == (0.1, 0.2)
    refused("CLO-1106", replace(asset_x, assumptions=replace(own, cpr=0.1)), LEGACY)


def test_an_empty_vector_is_refused() -> None:
    """A vector has one value at least."""
    with pytest.raises(InputError, match="CLO-1107"):
        annual_rates(((),), 4)


def test_vectors_end_with_their_last_value_or_their_length() -> None:
    """LQ-19."""
    assert annual_rates(((0.1, 0.2), 0.05), 4).tolist() == [[0.1, 0.2, 0.2, 0.2], [0.05] * 4]
    assert annual_rates(((0.1, 0.2),), 4, LEGACY).tolist() == [[0.1, 0.2, 2.0, 2.0]]


def test_collection_periods_follow_one_another() -> None:
    """A gap between periods would lose cash."""
    with pytest.raises(InputError, match="CLO-1109"):
        CollectionPeriods(np.array([0, 100]), np.array([90, 190]))


def test_par_and_lag_are_not_negative(asset_x: Holding) -> None:
    """Both would turn the projection upside down."""
    refused("CLO-1110", replace(asset_x, par=-1.0))
    refused("CLO-1111", replace(asset_x, assumptions=AssetAssumptions(recovery_lag_months=-3.0)))


def test_less_than_one_unit_of_par_is_written_off_and_stops_the_legacy_model(asset_x: Holding) -> None:
    """LQ-09: the balance is under the threshold of one currency unit from the start."""
    tiny = replace(asset_x, par=0.5)

    refused("CLO-1112", tiny, LEGACY)
    assert asset_cashflow(tiny, AS_OF, WEEKENDS_ONLY, None).n_rows == 0


def test_a_pool_without_periods_cannot_be_mapped(asset_x: Holding) -> None:
    """Mapping needs the collection periods at layout time."""
    layout = lay_out_pool([asset_x], AS_OF, WEEKENDS_ONLY)
    with pytest.raises(ModelError, match="CLO-1113"):
        map_to_deal_periods(layout, PoolBuffers.of(layout).flows)


def test_a_spread_needs_rows(asset_x: Holding) -> None:
    """A matured asset has no spread."""
    flow = asset_cashflow(asset_x, date(2018, 1, 1), WEEKENDS_ONLY, None)
    with pytest.raises(InputError, match="CLO-1114"):
        z_spread(flow, 0.97, IndexCurve.of(AS_OF, [(1, 0.01)]))


def test_zero_par_is_a_notional_in_the_legacy_spread_tool_only(asset_x: Holding) -> None:
    """LQ-16: par 0 becomes 1,000,000 even when a balance is passed."""
    empty = replace(asset_x, par=0.0)
    legacy = asset_cashflow(empty, AS_OF, WEEKENDS_ONLY, None, LEGACY, balance=5_000.0)
    standard = asset_cashflow(empty, AS_OF, WEEKENDS_ONLY, None, balance=5_000.0)

    assert (legacy.balance_begin[0], standard.balance_begin[0]) == (1_000_000.0, 5_000.0)
    assert asset_cashflow(empty, AS_OF, WEEKENDS_ONLY, None).n_rows == 0


def test_matured_assets_are_told_and_keep_their_balance_in_legacy_mode_only(asset_x: Holding) -> None:
    """LQ-27."""
    periods = CollectionPeriods(day_array([date(2018, 1, 5)]), day_array([date(2018, 4, 5)]))
    balances = []
    for quirks in (frozenset[Quirk](), LEGACY):
        layout = lay_out_pool([asset_x], date(2018, 1, 15), WEEKENDS_ONLY, quirks, periods=periods)
        pool, _ = map_to_deal_periods(layout, PoolBuffers.of(layout).flows)
        assert layout.matured == ("X",)
        balances.append(pool[1, 0])

    assert balances == [0.0, asset_x.par]


@pytest.mark.parametrize(
    ("lag", "months", "periods"), [(9, 6, 2), (3, 6, 0), (5, 3, 2), (4, 3, 1), (15, 6, 2), (18, 12, 2)]
)
def test_recovery_lags_round_half_to_even(lag: float, months: int, periods: int) -> None:
    """Spec 01 §3.1."""
    assert recovery_periods(lag, months) == periods


def test_the_cap_binds_in_standard_mode_only(asset_x: Holding) -> None:
    """LQ-01: the legacy model drops the cap."""
    asset = replace(asset_x.asset, coupon_type="FLOAT", cpn_spread=0.03, libor_floor=0.01, index_cap=0.02)
    holding = replace(asset_x, asset=asset)
    after_first = []
    for quirks in (frozenset[Quirk](), LEGACY):
        rows = asset_rows(holding, AS_OF, WEEKENDS_ONLY, quirks)
        curve = IndexCurve.of(AS_OF, [(1, 0.05), (60, 0.05)], quirks)
        after_first.append(float(coupons(holding, rows, curve, quirks)[1]))

    assert after_first == pytest.approx([0.05, 0.08])


def test_the_index_is_a_simple_rate_of_its_own_tenor_in_standard_mode(asset_x: Holding) -> None:
    """LQ-50: legacy takes the payment period as tenor and pays the annual effective rate as it stands."""
    asset = replace(asset_x.asset, coupon_type="FLOAT", payment_freq=2, index_name="3M LIBOR", cpn_spread=0.0)
    holding = replace(asset_x, asset=asset)
    found = []
    for quirks in (frozenset[Quirk](), LEGACY):
        rows = asset_rows(holding, AS_OF, WEEKENDS_ONLY, quirks)
        curve = IndexCurve.of(AS_OF, [(1, 0.05), (60, 0.05)], quirks)
        found.append(float(coupons(holding, rows, curve, quirks)[1]))

    assert found == pytest.approx([round((1.05**0.25 - 1.0) * 4.0, 5), 0.05])


def test_equal_rates_share_an_entry(asset_x: Holding) -> None:
    """Two loans with one set of dates and rates cost one power per accrual length, however many loans there are."""
    layout = lay_out_pool([asset_x] * 50, AS_OF, WEEKENDS_ONLY)

    n_lengths = np.unique(layout.rows[0].days[:-2]).shape[0]
    assert layout.cpr_entries.source.shape[0] == 1 + n_lengths


def test_only_rating_driven_assets_look_at_their_ratings(asset_x: Holding) -> None:
    """A history that ends in D does nothing where the default rate is a number."""
    history = ((AS_OF, "B"), (date(2016, 8, 15), "D"))
    by_rate = replace(asset_x, sp_rating_history=history)
    by_rating = replace(by_rate, assumptions=replace(asset_x.assumptions, cdr="RATING"))
    layout = lay_out_pool([by_rate, by_rating], AS_OF, WEEKENDS_ONLY)

    found = default_rows(layout)[np.argsort(layout.position)]
    assert found.tolist() == [NEVER, 2]


@given(st.lists(st.lists(st.integers(-1, 3), min_size=6, max_size=6), min_size=1, max_size=5))
def test_runs_of_lanes_describe_the_table(table: list[list[int]]) -> None:
    """Writing the runs back gives the table, and neighbours with one value are one run."""
    wanted = np.array(table)
    runs = runs_of_lanes(wanted)
    found = np.full_like(wanted, -1)
    for row in range(wanted.shape[0]):
        for run in range(runs.start[row], runs.start[row + 1]):
            found[row, runs.begin[run] : runs.end[run]] = runs.value[run]

    np.testing.assert_array_equal(found, wanted)


def test_an_asset_in_default_is_carried_at_the_lesser_of_market_value_and_recovery(asset_x: Holding) -> None:
    """DQ-11: standard mode counts 30 % of par until the market value of 45 % is received, and nothing afterwards."""
    in_default = replace(asset_x.asset, default_asset=True, market_value=45.0, mdy_recovery_rate=0.30)
    days = day_array([date(2016, 1, 5), date(2016, 4, 5), date(2016, 7, 5), date(2016, 10, 5)])
    periods = CollectionPeriods(days[:-1], days[1:])
    found = []
    for quirks in (frozenset[Quirk](), LEGACY):
        layout = lay_out_pool([replace(asset_x, asset=in_default)], AS_OF, WEEKENDS_ONLY, quirks, periods=periods)
        buffers = PoolBuffers.of(layout, keeps_balances=False)
        project(layout, interest_factors(layout, None), base_rates(layout), default_rows(layout), buffers)
        pool, _ = map_to_deal_periods(layout, buffers.flows)
        found.append((pool[1:4, 2].tolist(), pool[2, 8]))

    assert found == [([300_000.0, 300_000.0, 0.0], 450_000.0), ([450_000.0, 450_000.0, 0.0], 450_000.0)]


def test_settlement_after_a_payment_accrues_backwards_in_legacy_mode(asset_x: Holding) -> None:
    """Spec 01 §2.7: an accrual period that begins after its end has a negative period rate."""
    late = asset_cashflow(asset_x, AS_OF, WEEKENDS_ONLY, None, LEGACY, initial_settlement=date(2016, 4, 30))

    assert late.default[0] == pytest.approx(1_000_000.0 * (1.0 - 0.96 ** (-30.0 / 360.0)))


@given(st.lists(st.tuples(st.integers(-1, 3), st.integers(0, 5), st.integers(-40, 40)), min_size=1, max_size=30))
def test_rate_entries_keep_source_period_and_days(cells: list[tuple[int, int, int]]) -> None:
    """The entry of every cell leads back to what it was made of; cells without source lead to the zero rate."""
    source, period, days = (np.array(column).reshape(1, -1) for column in zip(*cells, strict=True))
    entries, codes = rate_entries(source, period, days, np.ones(source.shape, dtype=np.bool_))

    for cell, code in zip(cells, codes[0].tolist(), strict=True):
        if cell[0] < 0:
            assert code == 0
        else:
            assert (entries.source[code], entries.period[code], entries.days[code]) == cell


def test_the_ccc_excess_is_the_cheapest_part_of_the_larger_bucket() -> None:
    """LQ-28 corrected: 75 of the bucket's 100 are exempt, dearest first; 25 lose 30 % each at the flat price."""
    balances = np.array([900.0, 60.0, 40.0])
    is_ccc, is_caa = np.array([False, True, True]), np.array([False, True, False])
    flat, market = np.full(3, 0.70), np.array([1.0, 0.80, 0.50])

    by_flat = ccc_haircut(balances, is_ccc, is_caa, flat, np.arange(3), 75.0)
    by_market = ccc_haircut(balances, is_ccc, is_caa, market, np.argsort(-market), 75.0)
    within_limit = ccc_haircut(balances, is_ccc, is_caa, flat, np.arange(3), 100.0)

    assert [by_flat, by_market, within_limit] == pytest.approx([7.50, 12.50, 0.0])
