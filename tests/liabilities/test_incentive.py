"""The incentive fee's hurdle: opening position, threshold, and the quirks of its history (spec 02 §9, DQ-27)."""

from datetime import date

import numpy as np
import pytest

from engine.errors import InputError
from engine.liabilities.kernels_incentive import close_incentive, distribute_equity, open_incentive
from engine.liabilities.opening import hurdle_growth, opening_position
from engine.liabilities.state import IncentiveState, Policy, Register, TrancheState
from engine.liabilities.terms import IncentiveFee, SubNotePayment
from engine.modes import Mode

CLOSING = date(2014, 7, 17)
HISTORY = (
    SubNotePayment(CLOSING, -36_000_000.0),
    SubNotePayment(date(2015, 1, 26), 1_500_000.0),
    SubNotePayment(date(2015, 7, 27), 3_000_000.0),
    SubNotePayment(date(2016, 1, 25), 3_200_000.0),
)
ANALYSIS = date(2016, 3, 23)
TERMS = IncentiveFee(hurdle=0.12, share=0.2, payments=HISTORY)


class _Equity:
    """An incentive state before a payment of sub notes."""

    def __init__(self, threshold: float, policy: int = 0) -> None:
        self.incentive = np.zeros(len(IncentiveState))
        self.incentive[IncentiveState.THRESHOLD] = threshold
        self.tranche = np.zeros((1, len(TrancheState)))
        self.register = np.zeros(len(Register))
        self.policy = policy

    def pay(self, cash: float) -> float:
        """Distribute cash as interest; returns the fee."""
        return distribute_equity(
            self.incentive, self.tranche, self.register, 0.2, self.policy, 0, False, 0.0, 1.0, True, cash
        )


@pytest.mark.parametrize("mode", Mode)
def test_threshold_of_the_worked_example(mode):
    """GV-6: K = -29,225,184.2142 and a threshold of 35,738,482.10 on 2016-04-25."""
    position = opening_position(TERMS, CLOSING, ANALYSIS, mode.quirks)
    growth = hurdle_growth(0.12, CLOSING, [date(2016, 4, 25)])[0]

    assert position.discounted_payments == pytest.approx(-29_225_184.2142, abs=5e-5)
    assert -position.discounted_payments * growth == pytest.approx(35_738_482.10, abs=0.005)
    assert not position.is_reached
    assert (position.receipts, position.contributions) == (7_700_000.0, 36_000_000.0)


def test_threshold_kernel_grows_the_discounted_payments():
    """Threshold = -K * growth, zero once the hurdle was reached, and closing adds the discounted payment."""
    equity = _Equity(0.0)
    state = type("State", (), {"incentive": equity.incentive})
    equity.incentive[IncentiveState.DISCOUNTED_PAYMENTS] = -100.0
    open_incentive.py_func(state, 1.5)
    threshold = equity.incentive[IncentiveState.THRESHOLD]
    equity.incentive[IncentiveState.SUB_NOTE_PAID] = 30.0
    close_incentive.py_func(state, 1.5)

    assert threshold == 150.0
    assert equity.incentive[IncentiveState.DISCOUNTED_PAYMENTS] == -80.0


def test_fee_is_taken_above_the_threshold_only():
    """1.2 m to the hurdle, then 20 % of the remaining 0.8 m."""
    equity = _Equity(1.2e6)

    assert equity.pay(2e6) == pytest.approx(160e3)
    assert equity.tranche[0, TrancheState.INTEREST_PAID] == pytest.approx(1.84e6)


def test_hurdle_met_to_the_cent_counts_as_reached():
    """DQ-27 (b): standard mode has a tolerance of a millionth, legacy misses the hurdle by one rounding."""
    almost = 1.2e6 - 1e-9
    standard, legacy = _Equity(1.2e6), _Equity(1.2e6, int(Policy.EXACT_HURDLE))
    standard.pay(almost)
    legacy.pay(almost)

    assert standard.incentive[IncentiveState.IS_REACHED] == 1.0
    assert legacy.incentive[IncentiveState.IS_REACHED] == 0.0


def test_legacy_decides_on_the_input_order():
    """DQ-27 (a): a receipt listed before the purchase makes the hurdle count as reached."""
    shuffled = IncentiveFee(hurdle=0.12, share=0.2, payments=(HISTORY[1], HISTORY[0], *HISTORY[2:]))

    assert opening_position(shuffled, CLOSING, ANALYSIS, Mode.LEGACY.quirks).is_reached
    assert not opening_position(shuffled, CLOSING, ANALYSIS, frozenset()).is_reached


def test_purchase_at_a_closing_after_the_analysis_date_is_kept():
    """DQ-27 (e), MAG 17: legacy drops the purchase and the hurdle counts as zero."""
    closing = date(2016, 3, 31)
    terms = IncentiveFee(hurdle=0.12, share=0.2, payments=(SubNotePayment(closing, -30e6),))
    legacy = opening_position(terms, closing, ANALYSIS, Mode.LEGACY.quirks)
    standard = opening_position(terms, closing, ANALYSIS, frozenset())

    assert (legacy.discounted_payments, legacy.contributions) == (0.0, 0.0)
    assert (standard.discounted_payments, standard.contributions) == (-30e6, 30e6)


def test_history_without_a_purchase_is_refused():
    """DQ-27 (d): standard mode does not charge a fee from the first dollar."""
    with pytest.raises(InputError, match="CLO-1251: The sub-note history holds no contribution"):
        opening_position(IncentiveFee(hurdle=0.12, share=0.2), CLOSING, ANALYSIS, frozenset())
