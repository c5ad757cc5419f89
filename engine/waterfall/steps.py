"""Read one step of a waterfall text: conditions, keyword, operands (spec 02 §14.5)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from engine.waterfall.codes import AllocationCode, ConditionCode, Destination, EscrowCode, FeeSource, ReinvestCode
from engine.waterfall.formatting import ALLOCATION_MARKS, CONDITION_WORDS
from engine.waterfall.program import (
    EQUITY,
    Action,
    Condition,
    Cure,
    Divert,
    DrawReserve,
    FundReserve,
    MoveEscrow,
    PayEquity,
    PayFee,
    Payment,
    PayNotes,
    PayScheduled,
    PayTranches,
    Raise,
    Reinvest,
    Side,
    Step,
    Sweep,
)
from engine.waterfall.tokens import Cursor, listed, problem

_CONDITIONS = {word: code for code, word in CONDITION_WORDS.items()}
_ALLOCATIONS = {mark[1:]: code for code, mark in ALLOCATION_MARKS.items() if mark.startswith("!")}
MOST_CONDITIONS = 2


@dataclass(frozen=True, slots=True)
class Names:
    """What the header of a program declares; steps may refer to nothing else."""

    tranches: tuple[str, ...]
    fees: tuple[str, ...]
    oc: tuple[str, ...]
    ic: tuple[str, ...]
    labels: tuple[str, ...]
    predicates: tuple[str, ...]

    def tranche(self, cursor: Cursor) -> str:
        """The next word as a tranche of the program."""
        return _known(cursor, self.tranches, "CLO-1203", "Tranche", "a tranche")

    def fee(self, cursor: Cursor) -> str:
        """The next word as a fee code."""
        return _known(cursor, self.fees, "CLO-1204", "Fee", "a fee code")

    def oc_test(self, cursor: Cursor) -> str:
        """The next word as an OC test."""
        return _known(cursor, self.oc, "CLO-1205", "OC test", "an OC test")

    def ic_test(self, cursor: Cursor) -> str:
        """The next word as an IC test."""
        return _known(cursor, self.ic, "CLO-1205", "IC test", "an IC test")

    def predicate(self, cursor: Cursor) -> str:
        """The next word as a predicate of section PRE."""
        return _known(cursor, self.predicates, "CLO-1212", "Predicate", "a predicate")

    def label(self, cursor: Cursor) -> str:
        """The next word as a controlling-class label: one of the control list, a tranche, or SUB for none."""
        known = tuple(dict.fromkeys((*self.labels, *self.tranches)))
        return _known(cursor, known, "CLO-1212", "Label", "a label of the control list")


def _known(cursor: Cursor, known: tuple[str, ...], number: str, kind: str, expected: str) -> str:
    token = cursor.word(expected)
    if token.text not in known:
        raise problem(number, f"{kind} '{token.text}' is not known", token.place, f"Use {listed(known)}.")
    return token.text


def read_step(cursor: Cursor, names: Names) -> Step:
    """One step with its conditions; raises ProgramError."""
    place = cursor.place
    conditions: list[Condition] = []
    while cursor.take("?"):
        if len(conditions) == MOST_CONDITIONS:
            raise problem("CLO-1211", "Found a third condition", cursor.place, "A step has at most two conditions.")
        conditions.append(_read_condition(cursor, names))
    keyword = cursor.word("a step")
    reader = _READERS.get(keyword.text.upper())
    if reader is None:
        raise problem("CLO-1202", f"Step '{keyword.text}' is not known", keyword.place, f"Use {listed(_READERS)}.")
    action = reader(cursor, names)
    cursor.end()
    return Step(action, tuple(conditions), place)


def _read_condition(cursor: Cursor, names: Names) -> Condition:
    is_negated = cursor.take("!")
    word = cursor.word("a condition")
    code = _CONDITIONS.get(word.text.upper())
    if code is None:
        raise problem("CLO-1211", f"Condition '{word.text}' is not known", word.place, f"Use {listed(_CONDITIONS)}.")
    argument = ""
    if code is ConditionCode.PREDICATE:
        cursor.expect(":", "between F and the name of a predicate")
        argument = names.predicate(cursor)
    elif code in _ARGUMENTS:
        cursor.expect("=", f"after the condition {word.text.upper()}")
        argument = _ARGUMENTS[code](cursor, names)
    return Condition(code, argument, is_negated)


def _read_date(cursor: Cursor, _names: Names) -> str:
    token = cursor.word("a date")
    try:
        return date.fromisoformat(token.text).isoformat()
    except ValueError:
        raise problem(
            "CLO-1209", f"Found '{token.text}' for a date", token.place, "Write dates as 2027-01-20."
        ) from None


_ARGUMENTS: dict[ConditionCode, Callable[[Cursor, Names], str]] = {
    ConditionCode.CONTROLLING_CLASS: lambda cursor, names: names.label(cursor),
    ConditionCode.OC_FAILED: lambda cursor, names: names.oc_test(cursor),
    ConditionCode.OC_PASSED: lambda cursor, names: names.oc_test(cursor),
    ConditionCode.IC_FAILED: lambda cursor, names: names.ic_test(cursor),
    ConditionCode.PAYMENT_FROM: _read_date,
}


def _read_fee(cursor: Cursor, names: Names) -> Action:
    fee = names.fee(cursor)
    if cursor.take("@"):
        cursor.expect("x", "after '@'")
        return PayFee(fee, FeeSource.CURE_PAID)
    if cursor.take("cap"):
        return PayFee(fee, FeeSource.CAPPED, cursor.number("the yearly cap of a fee"))
    if cursor.take("part"):
        return PayFee(fee, FeeSource.PART, cursor.number("the part of a fee", most=1.0))
    return PayFee(fee)


def _read_payment(payment: Payment) -> Callable[[Cursor, Names], Action]:
    def read(cursor: Cursor, names: Names) -> Action:
        if not cursor.take("{"):
            return PayTranches(payment, (names.tranche(cursor),))
        tranches = [names.tranche(cursor)]
        while not cursor.take("}"):
            tranches.append(names.tranche(cursor))
        return PayTranches(payment, tuple(tranches), _read_allocation(cursor))

    return read


def _read_allocation(cursor: Cursor) -> AllocationCode:
    if cursor.take("~"):
        return AllocationCode.PRO_RATA_LEGACY
    if not cursor.take("!"):
        return AllocationCode.PRO_RATA
    mark = cursor.word("the name of an allocation")
    if mark.text not in _ALLOCATIONS:
        raise problem(
            "CLO-1210",
            f"Allocation '!{mark.text}' is not known",
            mark.place,
            f"Use {listed(ALLOCATION_MARKS.values())}, or none for pro rata.",
        )
    return _ALLOCATIONS[mark.text]


def _read_side(cursor: Cursor) -> Side:
    if cursor.take(Side.INTEREST.value):
        return Side.INTEREST
    if cursor.take(Side.PRINCIPAL.value):
        return Side.PRINCIPAL
    raise cursor.unexpected("side I or P")


def _read_cure(cursor: Cursor, names: Names) -> Action:
    side = _read_side(cursor)
    ic = None if cursor.take("-") else names.ic_test(cursor)
    oc = names.oc_test(cursor)
    cursor.expect("|", "before the IC tests that share the cure")
    cursor.expect("IC", "before the IC tests that share the cure")
    shared_ic = []
    while cursor.peek() is not None and not cursor.take("|"):
        shared_ic.append(names.ic_test(cursor))
    cursor.expect("OC", "before the OC tests that share the cure")
    shared_oc = []
    while cursor.peek() is not None:
        shared_oc.append(names.oc_test(cursor))
    return Cure(side, oc, ic, tuple(shared_ic), tuple(shared_oc))


def _read_divert(cursor: Cursor, names: Names) -> Action:
    return Divert(names.oc_test(cursor), cursor.number("the fraction of a diversion", most=1.0))


def _read_reinvest(cursor: Cursor, _names: Names) -> Action:
    for amount in ReinvestCode:
        if cursor.take(amount.name):
            return Reinvest(amount)
    raise cursor.unexpected("ALL or MAX")


def _read_equity(cursor: Cursor, names: Names) -> Action:
    side = _read_side(cursor)
    catch_up = cursor.number("the catch-up share", most=1.0) if cursor.take("catchup") else 0.0
    part = cursor.number("the manager's share of the incentive fee", most=1.0) if cursor.take("share") else 1.0
    gate = None
    if cursor.take("fee"):
        cursor.expect("if", "after 'fee'")
        cursor.expect("F", "before the name of a predicate")
        cursor.expect(":", "between F and the name of a predicate")
        gate = names.predicate(cursor)
    return PayEquity(side, catch_up, part, gate)


def _read_scheduled(cursor: Cursor, names: Names) -> Action:
    place = cursor.place
    tranche = names.tranche(cursor)
    if tranche == EQUITY:
        raise problem("CLO-1203", f"{EQUITY} has no scheduled principal", place, "Name a debt tranche.")
    return PayScheduled(tranche)


def _read_sweep(cursor: Cursor, _names: Names) -> Action:
    fraction = cursor.number("the fraction of a sweep", most=1.0)
    for destination in Destination:
        if cursor.take(destination.name):
            account = cursor.account() if destination is Destination.RESERVE else 0
            cap = cursor.number("the cap of a sweep") if cursor.take("cap") else None
            return Sweep(fraction, destination, account, cap)
    raise cursor.unexpected(listed(destination.name for destination in Destination))


def _read_reserve(cursor: Cursor, names: Names) -> Action:
    if cursor.take("FUND"):
        account = cursor.account()
        cursor.expect("target", "after the account")
        target = cursor.number("the target of a reserve")
        return FundReserve(account, target, cursor.number("the cap of a reserve") if cursor.take("cap") else None)
    if not cursor.take("DRAW"):
        raise cursor.unexpected("FUND or DRAW")
    account = cursor.account()
    cursor.expect("|", "before the fees a reserve covers")
    cursor.expect("FEE", "before the fees a reserve covers")
    fees = []
    while cursor.peek() is not None and not cursor.take("|"):
        fees.append(names.fee(cursor))
    cursor.expect("INT", "before the tranches whose interest a reserve covers")
    tranches = []
    while cursor.peek() is not None:
        tranches.append(names.tranche(cursor))
    return DrawReserve(account, tuple(fees), tuple(tranches))


def _read_escrow(cursor: Cursor, _names: Names) -> Action:
    for direction in EscrowCode:
        if cursor.take(direction.name):
            return MoveEscrow(direction)
    raise cursor.unexpected("HOLD or RELEASE")


_READERS: dict[str, Callable[[Cursor, Names], Action]] = {
    "FEE": _read_fee,
    "INT": _read_payment(Payment.INT),
    "PIK": _read_payment(Payment.PIK),
    "PRN": _read_payment(Payment.PRN),
    "CURE": _read_cure,
    "DIVERT": _read_divert,
    "REINVEST": _read_reinvest,
    "NOTES": lambda _cursor, _names: PayNotes(),
    "EQUITY": _read_equity,
    "SCHED": _read_scheduled,
    "SWEEP": _read_sweep,
    "RESERVE": _read_reserve,
    "ESCROW": _read_escrow,
    "RAISE": lambda _cursor, _names: Raise(),
}
