"""The single-period vectors of spec 02 GV-4, to the printed cent."""

import numpy as np
import pytest

from engine.liabilities.kernels_coverage import interest_cure_due
from engine.liabilities.state import FeeState, IncentiveState, OcState, TrancheState
from engine.modes import Mode
from engine.waterfall.kernels import run_section
from engine.waterfall.period import distribute
from tests.waterfall.periods import Period, open_gv4

CENT = 0.005
CASES = {"V1": (352e6, 4.6e6, 1.05), "V2": (365e6, 5.6e6, 1.05), "V3": (335e6, 2.6e6, 1.05), "V4": (359e6, 5.6e6, 1.06)}
LEGACY, STANDARD = Mode.LEGACY, Mode.STANDARD
NO_TRACE = np.zeros((0, 6))

# case, program, mode: NOTES from INT, NOTES, PRIN proceeds, reinvested, A principal, D interest, D deferred interest,
# D deferred principal, E interest, junior fee, incentive fee, sub notes
ROWS = [
    ("V1", "MAG 6", LEGACY, 2599250, 8599250, 6e6, 0, 8599250, 230e3, 5750, 0, 0, 0, 0, 0),
    ("V1", "MAG 12", LEGACY, 2099250, 8099250, 6e6, 0, 8099250, 230e3, 5750, 500e3, 0, 0, 0, 0),
    ("V1", "MAG 15", LEGACY, 2099250, 6099250, 6e6, 2e6, 6099250, 230e3, 5750, 500e3, 0, 0, 0, 0),
    ("V1", "MAG 16", LEGACY, 2099250, 8099250, 6e6, 0, 8099250, 230e3, 5750, 500e3, 0, 0, 0, 0),
    ("V1", "MAG 15", STANDARD, 2099250, 8099250, 6e6, 0, 8099250, 230e3, 5750, 500e3, 0, 0, 0, 0),
    ("V1r", "MAG 6", LEGACY, 2599250, 2599250, 6e6, 6e6, 2599250, 230e3, 5750, 0, 0, 0, 0, 0),
    ("V1r", "MAG 12", LEGACY, 2099250, 8099250, 6e6, 0, 8099250, 230e3, 5750, 500e3, 0, 0, 0, 0),
    ("V2", "MAG 6", LEGACY, 0, 4e6, 6e6, 2e6, 4e6, 230e3, 5750, 500e3, 225e3, 250e3, 284850, 2339400),
    ("V2r", "MAG 6", LEGACY, 0, 0, 6e6, 6e6, 0, 230e3, 5750, 500e3, 225e3, 250e3, 284850, 2339400),
    ("V2", "MAG 12", LEGACY, 0, 4e6, 6e6, 2e6, 4e6, 230e3, 5750, 500e3, 225e3, 250e3, 256850, 2227400),
    ("V2r", "MAG 12", LEGACY, 0, 5367125, 7367125, 2e6, 5367125, 230e3, 5750, 500e3, 225e3, 250e3, 0, 1117125),
    ("V3", "MAG 12", LEGACY, 1060e3, 7060e3, 6e6, 0, 7060e3, 0, 0, 0, 0, 0, 0, 0),
    ("V3", "MAG 12", STANDARD, 1060e3, 7060e3, 6e6, 0, 7060e3, 0, 0, 0, 0, 0, 0, 0),
    ("V4", "MAG 12", LEGACY, 0, 4e6, 6e6, 2e6, 4e6, 230e3, 5750, 500e3, 225e3, 250e3, 256850, 2227400),
    (
        "V4",
        "MAG 12",
        STANDARD,
        1820754.72,
        5820754.72,
        6e6,
        2e6,
        5820754.72,
        230e3,
        5750,
        500e3,
        225e3,
        250e3,
        0,
        663495.28,
    ),
]


def _open(case: str, program: str, mode: Mode) -> tuple[Period, float]:
    numerator, interest, e_trigger = CASES[case.removesuffix("r")]
    period = open_gv4(
        program,
        mode,
        oc_numerator=numerator,
        interest=interest,
        is_reinvesting=case.endswith("r"),
        e_trigger=e_trigger,
    )
    return period, interest


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}-{row[2].value}")
def test_single_period_pays_what_the_worked_example_says(row):
    """Every amount of a GV-4 row comes out to the cent."""
    case, program, mode, *expected = row
    period, interest = _open(case, program, mode)
    outcome = distribute(
        period.waterfall, period.terms, period.state, interest=interest, principal=6e6, reinvestment_cap=2e6
    )
    tranche, names = period.state.tranche, period.waterfall.program.tranches
    d, e = names.index("D"), names.index("E")

    assert [
        outcome.notes_of_interest,
        outcome.notes,
        outcome.principal_proceeds,
        outcome.reinvested,
        tranche[0, TrancheState.PRINCIPAL_PAID],
        tranche[d, TrancheState.INTEREST_PAID],
        tranche[d, TrancheState.DEFERRED_INTEREST_PAID],
        tranche[d, TrancheState.DEFERRED_PRINCIPAL_PAID],
        tranche[e, TrancheState.INTEREST_PAID],
        period.state.fee[3, FeeState.PAID],
        period.state.incentive[IncentiveState.FEE_PAID],
        period.state.incentive[IncentiveState.SUB_NOTE_PAID],
    ] == pytest.approx(expected, abs=CENT)


def _oc(period: Period, test: str, column: OcState) -> float:
    return period.state.oc[period.waterfall.oc_names.index(test), column]


def test_principal_cure_is_sized_again_after_interest_cures():
    """Cures of the interest waterfall reduce what principal has to redeem (GV-4, V1, MAG 12 legacy)."""
    period, interest = _open("V1", "MAG 12", LEGACY)
    before = [_oc(period, "D", column) for column in (OcState.INTEREST_CURE, OcState.PRINCIPAL_CURE)]
    run_section(period.waterfall.compiled, period.terms, period.state, 0, interest, NO_TRACE)

    assert _oc(period, "D", OcState.RATIO) == pytest.approx(1.081413, abs=5e-7)
    assert before == pytest.approx([5_500_000.00, 60_500_000.00], abs=CENT)
    assert _oc(period, "D", OcState.PRINCIPAL_CURE) == pytest.approx(37_408_250.00, abs=CENT)


def test_diversion_test_of_mag_12_measures_all_debt():
    """The ID test of V1 stands at 1.010043 and lacks 16,424,528.30."""
    period, _ = _open("V1", "MAG 12", LEGACY)
    k = period.waterfall.oc_names.index("ID")

    assert _oc(period, "ID", OcState.RATIO) == pytest.approx(1.010043, abs=5e-7)
    assert interest_cure_due(period.state.oc, k) == pytest.approx(16_424_528.30, abs=CENT)


def test_class_e_test_counts_class_e_in_standard_mode():
    """DQ-30: legacy leaves Class E out of its own denominator and passes, standard fails by 5,261,904.76."""
    legacy, _ = _open("V1", "MAG 12", LEGACY)
    standard, _ = _open("V1", "MAG 12", STANDARD)

    assert _oc(legacy, "E", OcState.RATIO) == pytest.approx(1.081413, abs=5e-7)
    assert _oc(legacy, "E", OcState.IS_PASSED) == 1.0
    assert _oc(standard, "E", OcState.RATIO) == pytest.approx(1.033774, abs=5e-7)
    assert _oc(standard, "E", OcState.INTEREST_CURE) == pytest.approx(5_261_904.76, abs=CENT)


@pytest.mark.parametrize(("mode", "cure"), [(LEGACY, 18_243_636.36), (STANDARD, 24_121_818.18)])
def test_own_test_in_share_list_counts_a_cure_twice(mode, cure):
    """DQ-32: after a partial interest cure the legacy principal cure of V3 is too small."""
    period, interest = _open("V3", "MAG 12", mode)
    before = _oc(period, "B", OcState.INTEREST_CURE)
    run_section(period.waterfall.compiled, period.terms, period.state, 0, interest, NO_TRACE)

    assert before == pytest.approx(5_409_836.07, abs=CENT)
    assert _oc(period, "B", OcState.PRINCIPAL_CURE) == pytest.approx(cure, abs=CENT)


def test_diversion_takes_half_of_the_cash_at_most():
    """V2r of MAG 12 diverts 1,367,125.00."""
    period, interest = _open("V2r", "MAG 12", LEGACY)
    outcome = distribute(
        period.waterfall, period.terms, period.state, interest=interest, principal=6e6, reinvestment_cap=2e6
    )

    assert outcome.principal_proceeds - 6e6 == pytest.approx(1_367_125.00, abs=CENT)


def test_event_of_default_pays_senior_interest_then_principal():
    """MAG 12 with 1.0 m interest and 6.0 m principal: fees, Class A interest, the rest Class A principal."""
    period, _ = _open("V1", "MAG 12", LEGACY)
    distribute(
        period.waterfall,
        period.terms,
        period.state,
        interest=1e6,
        principal=6e6,
        reinvestment_cap=0.0,
        is_event_of_default=True,
    )

    assert period.state.fee[:, FeeState.PAID].sum() == pytest.approx(200e3, abs=CENT)
    assert period.state.tranche[0, TrancheState.INTEREST_PAID] == pytest.approx(1_080_000, abs=CENT)
    assert period.state.tranche[0, TrancheState.PRINCIPAL_PAID] == pytest.approx(5_720_000, abs=CENT)


def test_legacy_mag_16_default_books_minus_one_of_principal():
    """DQ-39: with no cash left, each of C-1 and C-2 is booked -1.00."""
    period, _ = _open("V1", "MAG 16", LEGACY)
    distribute(
        period.waterfall,
        period.terms,
        period.state,
        interest=1e6,
        principal=0.0,
        reinvestment_cap=0.0,
        is_event_of_default=True,
    )

    assert period.state.fee[:, FeeState.PAID].sum() == pytest.approx(200e3, abs=CENT)
    assert period.state.tranche[0, TrancheState.INTEREST_PAID] == pytest.approx(800e3, abs=CENT)
    assert list(period.state.tranche[2:4, TrancheState.PRINCIPAL_PAID]) == [-1.0, -1.0]
