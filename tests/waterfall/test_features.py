"""Each optional feature of spec 02 §16.3 on one small deal with numbers worked out by hand.

The deal: Class A 100 m at 4 % (1.0 m a quarter), tested at OC 1.10 and IC 1.10; fees of 10, 20, 40 and 80 thousand a
quarter; hurdle reached, incentive share 20 %. Interest 2.0 m leaves 2.0 - 0.07 - 1.0 = 0.93 m below Class A.
"""

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import InputError
from engine.liabilities.kernels_period import accrue_all
from engine.liabilities.state import FeeState, IncentiveState, Register, ReserveState, TrancheState
from engine.modes import Mode
from engine.waterfall import features as f
from engine.waterfall.codes import Destination
from engine.waterfall.formatting import format_program, format_step
from engine.waterfall.library import load_program
from engine.waterfall.parser import parse_program
from engine.waterfall.period import PeriodOutcome, distribute
from tests.waterfall.periods import Period, debt, open_program, sub_notes, yearly_fees

PROGRAM = parse_program(
    """
    program SMALL
    tranches A SUB
    control A>A
    oc A: A; ID: A; EOD: A
    ic A: A
    INT:
      FEE T; FEE AD; FEE SR; INT A; CURE I A A | IC | OC ID
      ?REINV DIVERT ID 0.5; FEE JR; EQUITY I
    PRIN:
      FEE T; FEE AD; FEE SR; INT A; CURE P A A | IC | OC ID; REINVEST MAX; NOTES
    NPS:
      PRN A; FEE JR; EQUITY P
    EOD:
      FEE T; FEE AD; FEE SR; INT A; PRN A; FEE JR; EQUITY P
    """
)
FEES = yearly_fees(40e3, 80e3, 160e3, 320e3)
TRANCHES = (debt("A", 100e6, 0.04, oc=1.10, ic=1.10), sub_notes(10e6))
CENT = 0.005


def _open(features: f.Features, *, interest: float = 2e6, oc_numerator: float = 115e6, **options: object) -> Period:
    return open_program(
        f.apply_features(PROGRAM, features), TRANCHES, FEES, interest=interest, oc_numerator=oc_numerator, **options
    )


def _pay(period: Period, *, interest: float = 2e6, principal: float = 0.0, **options: object) -> PeriodOutcome:
    return distribute(
        period.waterfall,
        period.terms,
        period.state,
        interest=interest,
        principal=principal,
        reinvestment_cap=0.0,
        **options,
    )


def _sub_notes(period: Period) -> float:
    return period.state.incentive[IncentiveState.SUB_NOTE_PAID]


def _incentive(period: Period) -> float:
    return period.state.incentive[IncentiveState.FEE_PAID]


def test_without_features_equity_takes_the_residual():
    """0.93 m less the junior fee of 0.08 m splits 80 to 20."""
    period = _open(f.NO_FEATURES)
    _pay(period)

    assert (_sub_notes(period), _incentive(period)) == pytest.approx((680e3, 170e3), abs=CENT)


def test_turbo_redeems_notes_while_the_buffers_are_low():
    """OC buffer 0.05 and IC buffer 0.83 are below 0.06 and 1.0: half of 0.93 m goes to Class A principal."""
    period = _open(f.Features(turbo=f.Turbo(oc_buffer=0.06, ic_buffer=1.0, fraction=0.5)))
    _pay(period)

    assert period.state.tranche[0, TrancheState.PRINCIPAL_PAID] == pytest.approx(465e3, abs=CENT)
    assert _sub_notes(period) == pytest.approx((465e3 - 80e3) * 0.8, abs=CENT)


def test_turbo_rests_when_one_buffer_is_high():
    """With the level of the OC buffer at 0.04 nothing is swept."""
    period = _open(f.Features(turbo=f.Turbo(oc_buffer=0.04, ic_buffer=1.0)))

    assert _pay(period).notes == 0.0


def test_claw_back_holds_equity_cash_and_releases_it_above_the_hurdle():
    """Below the hurdle 0.85 m waits in escrow; above it the next 0.85 m and the escrow are paid together."""
    features = f.Features(claw_back=f.EquityClawBack(hurdle=0.10))
    period = _open(features)
    period.state.register[Register.PRO_FORMA_IRR] = 0.05
    _pay(period)
    held = period.state.register[Register.ESCROW]
    later = _open(features)
    later.state.register[Register.PRO_FORMA_IRR] = 0.12
    later.state.register[Register.ESCROW] = held
    _pay(later)

    assert (held, _sub_notes(period)) == pytest.approx((850e3, 0.0), abs=CENT)
    assert (_sub_notes(later), _incentive(later)) == pytest.approx((1_360e3, 340e3), abs=CENT)
    assert later.state.register[Register.ESCROW] == 0.0


def test_escrow_joins_the_cash_of_an_event_of_default():
    """0.5 m of escrow and 2.0 m of proceeds: 0.07 m fees, 1.0 m interest, 1.43 m principal."""
    period = _open(f.Features(claw_back=f.EquityClawBack(hurdle=0.10)))
    period.state.register[Register.ESCROW] = 500e3
    _pay(period, is_event_of_default=True)

    assert period.state.tranche[0, TrancheState.PRINCIPAL_PAID] == pytest.approx(1_430e3, abs=CENT)


def test_catch_up_gives_the_manager_its_part_of_all_profit():
    """Profit 0.4 m, share 20 %: the slice is 0.25 * 0.4 / (0.8 - 0.2 * 0.25) = 133,333.33, of which 80 % is fee."""
    period = _open(f.Features(catch_up=f.EquityCatchUp(share=0.8)))
    period.state.incentive[IncentiveState.RECEIPTS] = 10.4e6
    period.state.incentive[IncentiveState.CONTRIBUTIONS] = 10e6
    _pay(period)

    assert _incentive(period) == pytest.approx(0.8 * 133_333.333 + 0.2 * (850e3 - 133_333.333), abs=CENT)
    assert _incentive(period) == pytest.approx(0.2 * (400e3 + 850e3), abs=CENT)


def test_fee_deferral_leaves_junior_and_incentive_fee_unpaid():
    """Under the minimum IRR the whole 0.93 m goes to the sub notes and the junior fee stays owed."""
    period = _open(f.Features(fee_deferral=f.ManagementFeeDeferral(minimum_irr=0.07)))
    period.state.register[Register.IRR] = 0.06
    _pay(period)

    assert (_sub_notes(period), _incentive(period)) == pytest.approx((930e3, 0.0), abs=CENT)
    assert period.state.fee[3, FeeState.PAID] == 0.0


def test_fee_sharing_gives_the_rest_of_the_fee_to_the_sub_notes():
    """The manager keeps 75 % of 170,000."""
    period = _open(f.Features(fee_sharing=f.IncentiveFeeSharing(manager_part=0.75)))
    _pay(period)

    assert (_sub_notes(period), _incentive(period)) == pytest.approx((722_500.0, 127_500.0), abs=CENT)
    assert period.state.register[Register.BENEFICIARY_PAID] == pytest.approx(42_500.0, abs=CENT)


def test_overlay_adds_to_the_base_fee_up_to_its_cap():
    """10 bp of 400 m for a quarter is 100,000, capped at 60,000, on top of 40,000."""
    period = _open(f.NO_FEATURES)
    terms = f.apply_to_terms(period.terms, f.Features(overlay=f.ReinvestmentOverlay(rate=0.001, cap=60e3)), base_fee=2)
    period.state.fee[:, FeeState.BASIS_BEGIN] = 400e6
    accrue_all(terms, period.state, 0.0, *_quarters(), 400e6)

    assert period.state.fee[2, FeeState.ACCRUED] == pytest.approx(100e3, abs=CENT)


def test_excess_spread_adds_to_the_base_fee():
    """A spread of 3 % over a strike of 2 %, shared at 10 %, of 400 m for a quarter: 100,000 on top of 40,000."""
    period = _open(f.NO_FEATURES)
    terms = f.apply_to_terms(
        period.terms, f.Features(excess_spread=f.ExcessSpreadCapture(strike=0.02, share=0.1)), base_fee=2
    )
    period.state.fee[:, FeeState.BASIS_BEGIN] = 400e6
    period.state.register[Register.SPREAD] = 0.03
    accrue_all(terms, period.state, 0.0, *_quarters(), 400e6)

    assert period.state.fee[2, FeeState.ACCRUED] == pytest.approx(140e3, abs=CENT)


def _quarters() -> tuple[object, object]:
    return np.full(2, 0.25), np.full(4, 0.25)


@pytest.mark.parametrize(("irr", "fee"), [(0.11, 0.0), (0.12, 170e3)])
def test_performance_hurdle_withholds_the_incentive_fee(irr, fee):
    """The fee is taken from the threshold on."""
    period = _open(f.Features(performance_hurdle=f.PerformanceHurdle(irr=0.12)))
    period.state.register[Register.IRR] = irr
    _pay(period)

    assert _incentive(period) == pytest.approx(fee, abs=CENT)


def test_stopper_sends_equity_interest_to_principal():
    """An OC buffer of 0.05 under 0.06: 0.85 m becomes principal proceeds and redeems Class A."""
    period = _open(f.Features(stopper=f.DistributionStopper(oc_buffer=0.06)))
    outcome = _pay(period)

    assert outcome.principal_proceeds == pytest.approx(850e3, abs=CENT)
    assert (_sub_notes(period), outcome.notes) == pytest.approx((0.0, 850e3), abs=CENT)


def test_carve_out_pays_the_rest_of_the_base_fee_before_the_junior_fee():
    """With 1.03 m of interest the senior 30 % (12,000) is paid, A gets 988,000 and the other 28,000 waits."""
    period = _open(f.Features(carve_out=f.SeniorManagementCarveOut(fraction=0.3)), interest=1.03e6)
    _pay(period, interest=1.03e6)
    full = _open(f.Features(carve_out=f.SeniorManagementCarveOut(fraction=0.3)))
    _pay(full)

    assert period.state.fee[2, FeeState.PAID] == pytest.approx(12e3, abs=CENT)
    assert period.state.tranche[0, TrancheState.INTEREST_PAID] == pytest.approx(988e3, abs=CENT)
    assert full.state.fee[2, FeeState.PAID] == pytest.approx(40e3, abs=CENT)


def test_reserve_is_filled_after_interest_and_covers_a_shortfall():
    """0.4 m is set aside from 2.0 m; with 0.9 m of interest, 0.17 m of it completes fees and Class A interest."""
    features = f.Features(reserve=f.InterestReserve(target=500e3, cap=400e3, tranches=("A",)))
    rich = _open(features)
    _pay(rich)
    poor = _open(features, interest=900e3)
    poor.state.reserve[8, ReserveState.BALANCE] = 400e3
    _pay(poor, interest=900e3)

    assert rich.state.reserve[8, ReserveState.BALANCE] == pytest.approx(400e3, abs=CENT)
    assert poor.state.reserve[8, ReserveState.BALANCE] == pytest.approx(230e3, abs=CENT)
    assert poor.state.tranche[0, TrancheState.INTEREST_PAID] == pytest.approx(1e6, abs=CENT)


def test_admin_cap_pays_the_excess_before_equity():
    """A cap of 40,000 a year lets 10,000 of 20,000 through above the notes; the rest comes before equity."""
    features = f.Features(admin_cap=f.AdminFeeCap(yearly=40e3))
    poor = _open(features, interest=500e3)
    _pay(poor, interest=500e3)
    rich = _open(features)
    _pay(rich)

    assert poor.state.fee[1, FeeState.PAID] == pytest.approx(10e3, abs=CENT)
    assert rich.state.fee[1, FeeState.PAID] == pytest.approx(20e3, abs=CENT)


def test_switched_off_tests_cure_nothing():
    """With OC 1.05 under 1.10 the cure is 4.5 m; switched off, equity is paid."""
    period = _open(f.NO_FEATURES, oc_numerator=105e6)
    terms = f.apply_to_terms(period.terms, f.Features(coverage=f.CoverageSwitch(has_oc_tests=False)), base_fee=2)
    cured = _pay(period).notes
    free = _open(f.NO_FEATURES, oc_numerator=105e6)
    free = replace(free, terms=terms)
    free.state.oc[:, 6:] = 0.0
    distribute(free.waterfall, terms, free.state, interest=2e6, principal=0.0, reinvestment_cap=0.0)

    assert cured == pytest.approx(930e3, abs=CENT)
    assert _sub_notes(free) == pytest.approx(680e3, abs=CENT)


def test_features_stand_in_the_order_of_the_specification():
    """The interest section of MAG 16 ends as spec 02 §14.9 writes it."""
    features = f.Features(
        turbo=f.Turbo(oc_buffer=0.02, ic_buffer=0.05),
        fee_deferral=f.ManagementFeeDeferral(minimum_irr=0.07),
        stopper=f.DistributionStopper(oc_buffer=0.06, destination=Destination.PRIN),
        reserve=f.InterestReserve(target=1e6, tranches=("A", "B")),
    )
    program = f.apply_features(load_program("MAG 16", frozenset()), features)

    assert [format_step(step) for step in program.interest][-6:] == [
        "RESERVE FUND 8 target 1000000",
        "?F:TURBO SWEEP 1 NOTES",
        "?REINV DIVERT ID 0.5",
        "?!F:DEFER FEE JR",
        "?F:STOP SWEEP 1 PRIN",
        "EQUITY I fee if F:INCENTIVE",
    ]
    assert format_step(program.interest[0]) == "RESERVE DRAW 8 | FEE T AD SR | INT A B"
    assert parse_program(format_program(program)) == program


def test_legacy_programs_take_no_features():
    """No feature is ever on in legacy mode."""
    program = load_program("MAG 16", Mode.LEGACY.quirks)

    with pytest.raises(InputError, match="CLO-1241: The legacy model has no optional features, at waterfall MAG 16"):
        f.apply_features(program, f.Features(catch_up=f.EquityCatchUp(share=0.8)))
