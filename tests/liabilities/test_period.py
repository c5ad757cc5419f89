"""Accrual, payment and roll-forward of tranches and fees, each quirk with both results (spec 02 §6, §8)."""

import numpy as np
import pytest

from engine.deal.results import FEE_COLUMNS, IC_COLUMNS, INCENTIVE_COLUMNS, OC_COLUMNS, TRANCHE_COLUMNS
from engine.liabilities.kernels import pay, pay_interest, pay_principal, start_deal, state_of
from engine.liabilities.kernels_period import accrue_all, begin_period, record_period, roll_all
from engine.liabilities.opening import liability_terms
from engine.liabilities.state import (
    FeeState,
    IcState,
    IncentiveState,
    LiabilityTerms,
    OcState,
    PeriodState,
    TrancheState,
    new_states,
)
from engine.liabilities.terms import Fee, FeeBasis, Tranche
from engine.modes import Mode, Quirk, Quirks

QUARTER = 0.25
STANDARD: Quirks = frozenset()


def _terms(tranche: Tranche, fee: Fee, quirks: Quirks) -> LiabilityTerms:
    sub_notes = Tranche(name="Sub Notes", original_balance=10e6, current_balance=10e6, is_equity=True)
    return liability_terms(
        (tranche, sub_notes), (fee,), incentive_share=0.2, oc_triggers=(), ic_triggers=(), quirks=quirks
    )


def _note(**options: object) -> Tranche:
    return Tranche(name="Class A", original_balance=100e6, current_balance=100e6, spread=0.04, **options)


def _fee(**options: object) -> Fee:
    return Fee(name="Trustee Fee", **{"basis": FeeBasis.BEGINNING, **options})


def _start(tranche: Tranche, fee: Fee | None = None, quirks: Quirks = STANDARD) -> tuple[LiabilityTerms, PeriodState]:
    terms = _terms(tranche, fee or _fee(), quirks)
    state = state_of(new_states(1, 2, 1, 0, 0), 0)
    start_deal(terms, state, 400e6, 0.0, True, 0.0, 0.0)
    return terms, state


def _accrue(terms: LiabilityTerms, state: PeriodState, period: int, basis: float = 300e6, index: float = 0.01) -> None:
    begin_period(terms, state, period, 0, 0, 0, 1.0)
    accrue_all(terms, state, index, np.full(2, QUARTER), np.full(1, QUARTER), basis)


def test_state_columns_begin_with_the_published_columns():
    """Results are copied row by row, so the orders must agree."""
    pairs = [
        (TRANCHE_COLUMNS, TrancheState),
        (FEE_COLUMNS, FeeState),
        (INCENTIVE_COLUMNS, IncentiveState),
        (OC_COLUMNS, OcState),
        (IC_COLUMNS, IcState),
    ]
    synonyms = {"fee_paid": "fee_paid", "ratio": "ratio"}

    for published, columns in pairs:
        names = [member.name.lower() for member in columns]
        assert list(published) == [synonyms.get(name, name) for name in names[: len(published)]]


@pytest.mark.parametrize(
    ("due", "cash", "paid"), [(5.0, 7.0, 5.0), (5.0, 3.0, 3.0), (5.0, -2.0, -2.0), (-1.0, 3.0, -1.0)]
)
def test_payment_never_exceeds_the_claim_and_absorbs_negative_cash(due, cash, paid):
    """The primitive of spec 02 §0."""
    assert pay(due, cash) == paid


def test_floating_and_fixed_coupons():
    """Floating 1 % + 4 % on 100 m for a quarter is 1.25 m, fixed 4 % is 1.0 m."""
    floating, fixed = _start(_note()), _start(_note(is_fixed=True))
    _accrue(*floating, 1)
    _accrue(*fixed, 1)

    assert floating[1].tranche[0, TrancheState.INTEREST_ACCRUED] == pytest.approx(1.25e6)
    assert fixed[1].tranche[0, TrancheState.INTEREST_ACCRUED] == pytest.approx(1.0e6)


def test_unpaid_interest_of_a_deferrable_note_earns_interest():
    """1.25 m unpaid becomes deferred and earns 15,625 in the next quarter."""
    terms, state = _start(_note(is_deferrable=True))
    _accrue(terms, state, 1)
    roll_all(terms, state, 1.0)
    _accrue(terms, state, 2)

    assert state.tranche[0, TrancheState.DEFERRED_BEGIN] == pytest.approx(1.25e6)
    assert state.tranche[0, TrancheState.DEFERRED_INTEREST_ACCRUED] == pytest.approx(15_625.0)


@pytest.mark.parametrize(
    ("quirks", "paid"),
    [(STANDARD, 1.25e6 + 15_625.0 + 1.25e6), (frozenset({Quirk.SHORTFALL_MOVES_TO_DEFERRED}), 1.25e6)],
)
def test_shortfall_of_a_senior_note_stays_due_with_interest(quirks, paid):
    """DQ-19: standard mode owes the shortfall and interest on it, legacy mode forgets both."""
    terms, state = _start(_note(), quirks=quirks)
    _accrue(terms, state, 1)
    roll_all(terms, state, 1.0)
    _accrue(terms, state, 2)

    assert pay_interest(state.tranche, terms.tranche, terms.policy, 0, 9e6) == pytest.approx(paid)


def test_balances_roll_through_principal_and_record():
    """30 m of principal leaves 70 m, which is the next period's beginning; the record holds the closed period."""
    terms, state = _start(_note())
    _accrue(terms, state, 1)
    pay_interest(state.tranche, terms.tranche, terms.policy, 0, 9e6)
    pay_principal(state.tranche, terms.tranche, 0, 30e6)
    roll_all(terms, state, 1.0)
    tranches, fees, incentive = np.zeros((2, 11)), np.zeros((1, 5)), np.zeros(3)
    record_period(state, tranches, fees, np.zeros((0, 10)), np.zeros((0, 8)), incentive)
    _accrue(terms, state, 2)

    assert tranches[0, TRANCHE_COLUMNS.index("balance_end")] == 70e6
    assert state.tranche[0, TrancheState.BALANCE_BEGIN] == 70e6
    assert state.tranche[0, TrancheState.DEFERRED_BEGIN] == 0.0


def test_last_calculated_period_needs_a_balance():
    """A note that is repaid in period 1 has no second period."""
    terms, state = _start(_note())
    _accrue(terms, state, 1)
    pay_interest(state.tranche, terms.tranche, terms.policy, 0, 9e6)
    pay_principal(state.tranche, terms.tranche, 0, 100e6)
    roll_all(terms, state, 1.0)
    _accrue(terms, state, 2)

    assert state.tranche[0, TrancheState.LAST_CALCULATED] == 1.0


@pytest.mark.parametrize(
    ("basis", "quirks", "accrued"),
    [
        (FeeBasis.BEGINNING, STANDARD, (400e6 * 0.001 + 80e3) / 4),
        (FeeBasis.AVERAGE, STANDARD, (350e6 * 0.001 + 80e3) / 4),
        (FeeBasis.FIXED, STANDARD, 20e3),
        (FeeBasis.FIXED, Mode.LEGACY.quirks, 0.0),
    ],
)
def test_fee_accrues_on_its_basis(basis, quirks, accrued):
    """10 bp of 400 m at the beginning, of 350 m on average, or the fixed 80,000 alone, which legacy does not know."""
    terms, state = _start(_note(), _fee(basis=basis, percentage=0.001, fixed_amount=80e3), quirks)
    _accrue(terms, state, 1)

    assert state.fee[0, FeeState.ACCRUED] == pytest.approx(accrued)


@pytest.mark.parametrize(
    ("quirks", "accrued"), [(STANDARD, 20e3), (frozenset({Quirk.UNKNOWN_FEE_TYPE_ACCRUES_ZERO}), 0.0)]
)
def test_fee_without_a_basis_accrues_its_fixed_part(quirks, accrued):
    """DQ-25: a basis of zero stops all accrual in legacy mode only."""
    terms, state = _start(_note(), _fee(basis=FeeBasis.AVERAGE, fixed_amount=80e3), quirks)
    _accrue(terms, state, 1, basis=0.0)

    assert state.fee[0, FeeState.ACCRUED] == pytest.approx(accrued)


@pytest.mark.parametrize(
    ("quirks", "accrued"),
    [(STANDARD, 60e3 * 0.04 / 4), (frozenset({Quirk.INTEREST_ON_OPENING_UNPAID_FEE}), 100e3 * 0.01)],
)
def test_interest_on_unpaid_fees_follows_the_unpaid_balance(quirks, accrued):
    """DQ-24: after 41,000 was paid of 101,000, standard mode charges 60,000, legacy the opening 100,000 for ever."""
    fee = _fee(unpaid_balance=100e3, has_interest_on_unpaid=True, interest_spread=0.03)
    terms, state = _start(_note(), fee, quirks)
    _accrue(terms, state, 1)
    state.fee[0, FeeState.PAID] = 41e3
    roll_all(terms, state, 1.0)
    _accrue(terms, state, 2)

    assert state.fee[0, FeeState.ACCRUED] == pytest.approx(accrued)
