"""Optional features of a waterfall as edits of its program (spec 02 §16.3).

Every feature is off unless its record is given, and none exists in legacy mode. Edits are applied in the order of the
fields of `Features`, so the edited program and its hash are reproducible. Buffers, rates and shares are decimals,
amounts currency.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from engine.errors import InputError
from engine.liabilities.state import FeeTerm, LiabilityTerms, Policy
from engine.modes import Mode
from engine.waterfall.codes import ConditionCode, Destination, EscrowCode, FeeSource
from engine.waterfall.program import (
    Action,
    Comparand,
    Comparison,
    Condition,
    Cure,
    Divert,
    DrawReserve,
    FundReserve,
    Metric,
    MoveEscrow,
    PayEquity,
    PayFee,
    PayTranches,
    Predicate,
    Program,
    Step,
    Sweep,
)

_BASE, _JUNIOR, _ADMIN = "SR", "JR", "AD"


class Direction(Enum):
    """Whether a turbo runs while the buffers are above or below their levels."""

    ABOVE = "ABOVE"
    BELOW = "BELOW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turbo:
    """While both buffers are beyond their levels, a fraction of interest redeems notes."""

    oc_buffer: float
    ic_buffer: float
    direction: Direction = Direction.BELOW
    fraction: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityClawBack:
    """Equity cash waits in escrow while the IRR that counts it stays under the hurdle."""

    hurdle: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EquityCatchUp:
    """After the hurdle the manager takes `share` of the cash until the fee is its part of all profit."""

    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagementFeeDeferral:
    """While the equity IRR is under the minimum, the junior fee accrues unpaid and no incentive fee is taken."""

    minimum_irr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IncentiveFeeSharing:
    """The manager keeps this part of the incentive fee; the sub notes get the rest."""

    manager_part: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReinvestmentOverlay:
    """Extra base fee: a yearly rate of the fee basis, capped a period."""

    rate: float
    cap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceHurdle:
    """No incentive fee while the equity IRR is under the threshold."""

    irr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionStopper:
    """While the OC buffer is under its level, interest left for equity goes elsewhere."""

    oc_buffer: float
    destination: Destination = Destination.PRIN
    account: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProtectionOverride:
    """A call before the no-call date is allowed from this multiple on; read by the deal, no edit of the program."""

    moic: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessSpreadCapture:
    """Extra base fee: a share of the spread above a strike, a year of the fee basis."""

    strike: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SeniorManagementCarveOut:
    """Only this fraction of the base fee is paid in its senior position, the rest before the junior fee."""

    fraction: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestReserve:
    """An account that covers senior fees and the interest of `tranches`, filled after the last debt interest."""

    target: float
    cap: float | None = None
    account: int = 8
    tranches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminFeeCap:
    """Yearly cap of the admin fee above the notes; the excess is paid before equity."""

    yearly: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageSwitch:
    """Coverage tests whose cures are switched off."""

    has_oc_tests: bool = True
    has_ic_tests: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """The features of a deal; None is off. The order of the fields is the order of the edits."""

    turbo: Turbo | None = None
    claw_back: EquityClawBack | None = None
    catch_up: EquityCatchUp | None = None
    fee_deferral: ManagementFeeDeferral | None = None
    fee_sharing: IncentiveFeeSharing | None = None
    overlay: ReinvestmentOverlay | None = None
    performance_hurdle: PerformanceHurdle | None = None
    stopper: DistributionStopper | None = None
    call_protection: CallProtectionOverride | None = None
    excess_spread: ExcessSpreadCapture | None = None
    carve_out: SeniorManagementCarveOut | None = None
    reserve: InterestReserve | None = None
    admin_cap: AdminFeeCap | None = None
    coverage: CoverageSwitch | None = None


NO_FEATURES = Features()


def apply_features(program: Program, features: Features) -> Program:
    """The program with its features switched on; raises InputError for a feature in legacy mode."""
    if features == NO_FEATURES:
        return program
    refuse_in_legacy_mode(program)
    edits: tuple[tuple[object, Callable[[Program], Program]], ...] = (
        (features.turbo, lambda p: _turbo(p, features.turbo)),
        (features.claw_back, lambda p: _claw_back(p, features.claw_back)),
        (features.catch_up, lambda p: _catch_up(p, features.catch_up)),
        (features.fee_deferral, lambda p: _fee_deferral(p, features.fee_deferral)),
        (features.fee_sharing, lambda p: _fee_sharing(p, features.fee_sharing)),
        (features.performance_hurdle, lambda p: _performance_hurdle(p, features.performance_hurdle)),
        (features.stopper, lambda p: _stopper(p, features.stopper)),
        (features.carve_out, lambda p: _carve_out(p, features.carve_out)),
        (features.reserve, lambda p: _reserve(p, features.reserve)),
        (features.admin_cap, lambda p: _admin_cap(p, features.admin_cap)),
    )
    for feature, edit in edits:
        if feature is not None:
            program = edit(program)
    return program


def refuse_in_legacy_mode(program: Program) -> None:
    """Raise InputError for a program in legacy mode."""
    if program.mode is Mode.LEGACY:
        raise InputError(
            "CLO-1241",
            "The legacy model has no optional features",
            where=f"waterfall {program.name}",
            remedy="Run in standard mode, or switch the features off.",
        )


def apply_to_terms(terms: LiabilityTerms, features: Features, base_fee: int) -> LiabilityTerms:
    """Terms with the features that change fees and tests; `base_fee` is the index of the Base Manager Fee."""
    fee = terms.fee.copy()
    policy = terms.policy
    if features.overlay is not None:
        fee[base_fee, FeeTerm.OVERLAY_RATE] = features.overlay.rate
        fee[base_fee, FeeTerm.OVERLAY_CAP] = features.overlay.cap
    if features.excess_spread is not None:
        fee[base_fee, FeeTerm.EXCESS_SPREAD_STRIKE] = features.excess_spread.strike
        fee[base_fee, FeeTerm.EXCESS_SPREAD_SHARE] = features.excess_spread.share
    if features.coverage is not None:
        policy |= 0 if features.coverage.has_oc_tests else int(Policy.OC_CURES_OFF)
        policy |= 0 if features.coverage.has_ic_tests else int(Policy.IC_CURES_OFF)
    return terms._replace(fee=fee, policy=policy)


def _when(name: str, *, is_negated: bool = False) -> Condition:
    return Condition(ConditionCode.PREDICATE, name, is_negated)


def _with_predicate(program: Program, name: str, *terms: Comparand) -> Program:
    """Add comparisons to a predicate, which all must hold; a new name makes a new predicate."""
    known = {predicate.name: predicate for predicate in program.predicates}
    if name in known:
        terms = (*known[name].terms, *terms)
    known[name] = Predicate(name, terms)
    return replace(program, predicates=tuple(known.values()))


def _each(program: Program, edit: Callable[[Step], Step]) -> Program:
    return replace(
        program,
        interest=tuple(map(edit, program.interest)),
        principal=tuple(map(edit, program.principal)),
        notes=tuple(map(edit, program.notes)),
        event_of_default=tuple(map(edit, program.event_of_default)),
    )


def _insert(steps: tuple[Step, ...], before: Callable[[Action], bool], *added: Step) -> tuple[Step, ...]:
    """Steps with `added` before the first one whose action fits; at the end of the section otherwise."""
    for position, step in enumerate(steps):
        if before(step.action):
            return (*steps[:position], *added, *steps[position:])
    return (*steps, *added)


def _is_fee(action: Action, fee: str) -> bool:
    return isinstance(action, PayFee) and action.fee == fee


def _is_tail(action: Action) -> bool:
    """The distribution to equity with what features put in front of it."""
    is_stopper = isinstance(action, Sweep) and action.destination is not Destination.NOTES
    return is_stopper or isinstance(action, MoveEscrow | PayEquity)


def _edit_equity(program: Program, edit: Callable[[PayEquity], PayEquity]) -> Program:
    return _each(
        program, lambda step: replace(step, action=edit(step.action)) if isinstance(step.action, PayEquity) else step
    )


def _turbo(program: Program, feature: Turbo | None) -> Program:
    if feature is None:
        return program
    comparison = Comparison.BELOW if feature.direction is Direction.BELOW else Comparison.ABOVE
    program = _with_predicate(
        program,
        "TURBO",
        Comparand(Metric.OC_BUFFER, comparison, feature.oc_buffer),
        Comparand(Metric.IC_BUFFER, comparison, feature.ic_buffer),
    )
    sweep = Step(Sweep(feature.fraction, Destination.NOTES), (_when("TURBO"),))
    steps = _insert(
        program.interest, lambda action: isinstance(action, Divert | PayEquity) or _is_fee(action, _JUNIOR), sweep
    )
    return replace(program, interest=steps)


def _claw_back(program: Program, feature: EquityClawBack | None) -> Program:
    if feature is None:
        return program
    below = Comparand(Metric.PRO_FORMA_IRR, Comparison.BELOW, feature.hurdle)
    program = _with_predicate(program, "CLAWBACK", below)
    liquidating = Condition(ConditionCode.LIQUIDATING)
    release = MoveEscrow(EscrowCode.RELEASE)
    guard = (
        Step(release, (_when("CLAWBACK", is_negated=True),)),
        Step(release, (liquidating,)),
        Step(MoveEscrow(EscrowCode.HOLD), (_when("CLAWBACK"), replace(liquidating, is_negated=True))),
    )

    def is_equity(action: Action) -> bool:
        return isinstance(action, PayEquity)

    return replace(
        program,
        interest=_insert(program.interest, is_equity, *guard),
        notes=_insert(program.notes, is_equity, *guard),
        event_of_default=(Step(release), *program.event_of_default),
    )


def _catch_up(program: Program, feature: EquityCatchUp | None) -> Program:
    return program if feature is None else _edit_equity(program, lambda action: replace(action, catch_up=feature.share))


def _gate_incentive(program: Program, irr: float) -> Program:
    program = _with_predicate(program, "INCENTIVE", Comparand(Metric.IRR, Comparison.AT_LEAST, irr))
    return _edit_equity(program, lambda action: replace(action, gate="INCENTIVE"))


def _fee_deferral(program: Program, feature: ManagementFeeDeferral | None) -> Program:
    if feature is None:
        return program
    below = Comparand(Metric.IRR, Comparison.BELOW, feature.minimum_irr)
    program = _gate_incentive(_with_predicate(program, "DEFER", below), feature.minimum_irr)

    def defer(step: Step) -> Step:
        if not _is_fee(step.action, _JUNIOR):
            return step
        return replace(step, conditions=(*step.conditions, _when("DEFER", is_negated=True)))

    return _each(program, defer)


def _fee_sharing(program: Program, feature: IncentiveFeeSharing | None) -> Program:
    if feature is None:
        return program
    return _edit_equity(program, lambda action: replace(action, manager_part=feature.manager_part))


def _performance_hurdle(program: Program, feature: PerformanceHurdle | None) -> Program:
    return program if feature is None else _gate_incentive(program, feature.irr)


def _stopper(program: Program, feature: DistributionStopper | None) -> Program:
    if feature is None:
        return program
    program = _with_predicate(program, "STOP", Comparand(Metric.OC_BUFFER, Comparison.BELOW, feature.oc_buffer))
    sweep = Step(Sweep(1.0, feature.destination, feature.account), (_when("STOP"),))
    return replace(program, interest=_insert(program.interest, _is_tail, sweep))


def _carve_out(program: Program, feature: SeniorManagementCarveOut | None) -> Program:
    if feature is None:
        return program

    def carve(step: Step) -> Step:
        if not _is_fee(step.action, _BASE):
            return step
        return replace(step, action=PayFee(_BASE, FeeSource.PART, feature.fraction))

    def is_junior(action: Action) -> bool:
        return _is_fee(action, _JUNIOR) or _is_tail(action)

    program = _each(program, carve)
    rest = Step(PayFee(_BASE))
    return replace(
        program,
        interest=_insert(program.interest, is_junior, rest),
        notes=_insert(program.notes, is_junior, rest),
        event_of_default=_insert(program.event_of_default, is_junior, rest),
    )


def _reserve(program: Program, feature: InterestReserve | None) -> Program:
    if feature is None:
        return program
    steps = program.interest
    first_payment = next((n for n, step in enumerate(steps) if isinstance(step.action, PayTranches)), len(steps))
    fees = tuple(dict.fromkeys(step.action.fee for step in steps[:first_payment] if isinstance(step.action, PayFee)))
    draw = Step(DrawReserve(feature.account, fees, feature.tranches))
    fund = Step(FundReserve(feature.account, feature.target, feature.cap))
    last = max((n for n, step in enumerate(steps) if isinstance(step.action, PayTranches | Cure)), default=-1)
    return replace(program, interest=(draw, *steps[: last + 1], fund, *steps[last + 1 :]))


def _admin_cap(program: Program, feature: AdminFeeCap | None) -> Program:
    if feature is None:
        return program

    def cap(step: Step) -> Step:
        if not _is_fee(step.action, _ADMIN):
            return step
        return replace(step, action=PayFee(_ADMIN, FeeSource.CAPPED, feature.yearly))

    program = _each(program, cap)
    return replace(program, interest=_insert(program.interest, _is_tail, Step(PayFee(_ADMIN))))
