"""One accrued and tested period of a small deal, as every waterfall test starts from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.liabilities.kernels import start_deal, state_of
from engine.liabilities.kernels_period import accrue_all, begin_period
from engine.liabilities.opening import liability_terms
from engine.liabilities.state import IncentiveState, LiabilityTerms, PeriodState, new_states
from engine.liabilities.terms import Fee, FeeBasis, Tranche
from engine.modes import Mode, Quirks
from engine.waterfall.compiler import Waterfall, compile_program
from engine.waterfall.kernels_tests import evaluate_tests, ic_numerator
from engine.waterfall.library import load_program
from engine.waterfall.program import Program

QUARTER = 0.25


def debt(
    name: str,
    balance: float,
    coupon: float,
    *,
    deferred: float = 0.0,
    is_deferrable: bool = False,
    oc: float | None = None,
    ic: float | None = None,
) -> Tranche:
    """A fixed-rate class; amounts in currency, coupon decimal a year."""
    return Tranche(
        name=f"Class {name}",
        original_balance=balance,
        current_balance=balance,
        deferred_balance=deferred,
        spread=coupon,
        is_fixed=True,
        is_deferrable=is_deferrable,
        oc_trigger=oc,
        ic_trigger=ic,
    )


def sub_notes(balance: float = 40e6) -> Tranche:
    """The subordinated notes."""
    return Tranche(name="Sub Notes", original_balance=balance, current_balance=balance, is_equity=True)


def yearly_fees(trustee: float, admin: float, base: float, junior: float) -> tuple[Fee, ...]:
    """The four standard fees as fixed yearly amounts, currency."""
    names = ("Trustee Fee", "Admin Fee", "Base Manager Fee", "Junior Manager Fee")
    amounts = (trustee, admin, base, junior)
    return tuple(
        Fee(name=name, basis=FeeBasis.BEGINNING, fixed_amount=amount)
        for name, amount in zip(names, amounts, strict=True)
    )


GV4_FEES = yearly_fees(80e3, 120e3, 600e3, 1000e3)
_OC = {"B": 1.22, "C": 1.15, "D": 1.10, "E": 1.05}
_IC = {"B": 1.20, "C": 1.15, "D": 1.10, "E": 1.05}


def _tested(tranche: Tranche, letter: str) -> Tranche:
    return replace(tranche, oc_trigger=_OC[letter], ic_trigger=_IC[letter])


def gv4_tranches(program: str) -> tuple[Tranche, ...]:
    """Tranches of spec 02 GV-4 as the program splits them."""
    a, b = debt("A", 240e6, 0.018), _tested(debt("B", 40e6, 0.026), "B")
    c = _tested(debt("C", 25e6, 0.036, is_deferrable=True), "C")
    d = _tested(debt("D", 20e6, 0.046, deferred=500e3, is_deferrable=True), "D")
    e = _tested(debt("E", 15e6, 0.06, is_deferrable=True), "E")
    f = debt("F", 8e6, 0.07, is_deferrable=True)
    if program == "MAG 15":
        return a, debt("B-1", 25e6, 0.026), _tested(debt("B-2", 15e6, 0.026), "B"), c, d, e, sub_notes()
    if program == "MAG 16":
        c_1 = debt("C-1", 15e6, 0.036, is_deferrable=True)
        return a, b, c_1, _tested(debt("C-2", 10e6, 0.036, is_deferrable=True), "C"), d, e, sub_notes()
    if program == "MAG 12":
        return a, b, c, d, e, f, sub_notes()
    return a, b, c, d, e, sub_notes()


@dataclass(frozen=True, slots=True)
class Period:
    """A waterfall with terms and a state that waits for its proceeds."""

    waterfall: Waterfall
    terms: LiabilityTerms
    state: PeriodState


def open_program(
    program: Program,
    tranches: Sequence[Tranche],
    fees: Sequence[Fee] = GV4_FEES,
    *,
    quirks: Quirks = frozenset(),
    interest: float,
    oc_numerator: float,
    event_of_default_numerator: float | None = None,
    is_reinvesting: bool = False,
    is_liquidating: bool = False,
    diversion_trigger: float = 1.06,
    default_trigger: float = 1.025,
    threshold: float | None = None,
    incentive_share: float = 0.2,
    schedule: Sequence[float] | None = None,
) -> Period:
    """A period of a quarter year, accrued and tested; threshold None means that the hurdle is reached."""
    waterfall = compile_program(
        program,
        tranches,
        fees,
        interest_diversion_trigger=diversion_trigger,
        event_of_default_trigger=default_trigger,
        quirks=quirks,
    )
    terms = liability_terms(
        tranches,
        fees,
        incentive_share=incentive_share,
        oc_triggers=waterfall.oc_triggers,
        ic_triggers=waterfall.ic_triggers,
        quirks=quirks,
        schedule=None if schedule is None else np.array([schedule]),
    )
    block = new_states(
        1, len(tranches), len(fees), len(waterfall.oc_names), len(waterfall.ic_names), len(program.predicates)
    )
    state = state_of(block, 0)
    start_deal(terms, state, 1e6, 0.0 if threshold is None else -threshold, threshold is None, 0.0, 0.0)
    begin_period(terms, state, 1, 17_000, int(is_reinvesting), int(is_liquidating), 1.0)
    quarter = np.full(len(tranches), QUARTER)
    accrue_all(terms, state, 0.0, quarter, np.full(len(fees), QUARTER), 1e6)
    if threshold is not None:
        state.incentive[IncentiveState.THRESHOLD] = threshold
    numerator = ic_numerator(waterfall.compiled, terms, state, interest)
    default_numerator = oc_numerator if event_of_default_numerator is None else event_of_default_numerator
    evaluate_tests(waterfall.compiled, terms, state, numerator, oc_numerator, default_numerator)
    return Period(waterfall, terms, state)


def open_gv4(
    program: str, mode: Mode, *, oc_numerator: float, interest: float, is_reinvesting: bool, e_trigger: float = 1.05
) -> Period:
    """The state of spec 02 GV-4 before its proceeds are distributed."""
    tranches = tuple(
        replace(tranche, oc_trigger=e_trigger) if tranche.name == "Class E" else tranche
        for tranche in gv4_tranches(program)
    )
    return open_program(
        load_program(program, mode.quirks),
        tranches,
        quirks=mode.quirks,
        interest=interest,
        oc_numerator=oc_numerator,
        event_of_default_numerator=oc_numerator + 3e6,
        is_reinvesting=is_reinvesting,
        threshold=1.2e6,
    )
