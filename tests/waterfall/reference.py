"""A waterfall run by hand: the rules of spec 02 §6 to §14 in objects and names, written to be read, not to be fast."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.modes import Quirk, Quirks
from engine.waterfall.codes import (
    AllocationCode,
    ConditionCode,
    Destination,
    EscrowCode,
    FeeSource,
    ReinvestCode,
    SectionCode,
)
from engine.waterfall.program import (
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
    Program,
    Raise,
    Reinvest,
    Side,
    Sweep,
)


class Stopped(Exception):  # noqa: N818 - not an error of the reference: the program asks for it
    """The program stops here."""


@dataclass
class Class:
    """One class of notes in one period."""

    balance: float
    deferred: float
    interest: float
    deferred_interest: float
    is_deferrable: bool
    is_equity: bool
    scheduled: float = 0.0
    interest_paid: float = 0.0
    deferred_interest_paid: float = 0.0
    deferred_paid: float = 0.0
    principal_paid: float = 0.0

    def counted_balance(self) -> float:
        return self.balance + (self.deferred - self.deferred_paid if self.is_deferrable else 0.0)

    def principal_due(self) -> float:
        return self.balance - self.principal_paid

    def deferred_due(self) -> float:
        return self.deferred - self.deferred_paid + self.deferred_interest - self.deferred_interest_paid

    def interest_due(self, forgives: bool) -> float:
        due = self.interest - self.interest_paid
        if self.is_deferrable or not forgives:
            due += self.deferred_interest - self.deferred_interest_paid
        if not self.is_deferrable and not forgives:
            due += self.deferred - self.deferred_paid
        return due

    def pay_interest(self, cash: float, forgives: bool) -> float:
        if self.is_equity:
            self.interest_paid += cash
            return cash
        current = min(cash, self.interest - self.interest_paid)
        self.interest_paid += current
        second = min(cash - current, self.deferred_interest - self.deferred_interest_paid)
        self.deferred_interest_paid += second
        third = 0.0
        if not self.is_deferrable and not forgives:
            third = min(cash - current - second, self.deferred - self.deferred_paid)
            self.deferred_paid += third
        return current + second + third

    def pay_deferred(self, cash: float) -> float:
        paid = min(cash, self.deferred_due())
        self.deferred_paid += paid
        return paid

    def pay_principal(self, cash: float) -> float:
        paid = cash if self.is_equity else min(cash, self.principal_due())
        self.principal_paid += paid
        return paid


@dataclass
class FeeAccount:
    """One fee in one period."""

    unpaid: float
    accrued: float
    year_fraction: float
    paid: float = 0.0

    def due(self) -> float:
        return self.unpaid + self.accrued - self.paid

    def pay(self, due: float, cash: float) -> float:
        paid = min(due, cash)
        self.paid += paid
        return paid


@dataclass
class Overcollateralisation:
    """An OC test of one period."""

    numerator: float
    denominator: float
    trigger: float
    is_strict: bool
    is_passed: bool = True
    interest_cure: float = 0.0
    principal_cure: float = 0.0
    interest_paid: float = 0.0
    interest_prior: float = 0.0
    principal_paid: float = 0.0
    principal_prior: float = 0.0

    def __post_init__(self) -> None:
        if self.denominator <= 0.0:
            return
        ratio = self.numerator / self.denominator
        self.is_passed = ratio > self.trigger if self.is_strict else ratio >= self.trigger - 1e-12
        if not self.is_passed:
            self.interest_cure = (1.0 - ratio / self.trigger) * self.denominator
            shortfall = self.trigger * self.denominator - self.numerator
            self.principal_cure = shortfall / (self.trigger - 1.0)
            if not self.is_strict:
                self.interest_cure = min(self.interest_cure, self.denominator)
                self.principal_cure = min(self.principal_cure, self.denominator)

    def due(self, side: Side) -> float:
        if side is Side.INTEREST:
            return self.interest_cure - self.interest_paid - self.interest_prior
        return self.principal_cure - self.principal_paid - self.principal_prior

    def _size_again(self) -> None:
        if self.is_passed or self.principal_cure <= 0.0:
            return
        left = self.denominator - self.interest_paid - self.interest_prior
        self.principal_cure = (self.trigger * left - self.numerator) / (self.trigger - 1.0)
        if not self.is_strict:
            self.principal_cure = max(0.0, min(self.principal_cure, left))

    def pay(self, side: Side, cash: float) -> float:
        due = self.due(side)
        paid = min(cash, due)
        if side is Side.PRINCIPAL:
            self.principal_paid += paid
            return paid
        self.interest_paid += paid
        if cash >= due:
            self.principal_cure = 0.0
        self._size_again()
        return paid

    def receive(self, side: Side, amount: float) -> None:
        due = self.due(side)
        if side is Side.PRINCIPAL:
            self.principal_prior += min(amount, due)
            return
        self.interest_prior += min(amount, due)
        if amount >= due:
            self.principal_cure = 0.0
        self._size_again()


@dataclass
class InterestCoverage:
    """An IC test of one period."""

    numerator: float
    denominator: float
    liabilities: float
    trigger: float
    is_strict: bool
    is_passed: bool = True
    cure: float = 0.0
    paid: float = 0.0
    prior: float = 0.0

    def __post_init__(self) -> None:
        if self.denominator <= 0.0:
            return
        ratio = self.numerator / self.denominator
        self.is_passed = ratio > self.trigger if self.is_strict else ratio >= self.trigger - 1e-12
        if not self.is_passed:
            self.cure = (1.0 - ratio / self.trigger) * self.liabilities
            if not self.is_strict:
                self.cure = min(self.cure, self.liabilities)

    def due(self) -> float:
        return self.cure - self.prior - self.paid

    def pay(self, cash: float) -> float:
        paid = min(cash, self.due())
        self.paid += paid
        return paid

    def receive(self, amount: float) -> None:
        self.prior += min(amount, self.due())


@dataclass
class Period:
    """One period of one deal, with everything a section may touch."""

    program: Program
    quirks: Quirks
    classes: dict[str, Class]
    fees: dict[str, FeeAccount]
    oc: dict[str, Overcollateralisation]
    ic: dict[str, InterestCoverage]
    share: float
    threshold: float
    is_reached: bool
    is_reinvesting: bool = False
    is_liquidating: bool = False
    principal: float = 0.0
    notes: float = 0.0
    reinvested: float = 0.0
    reinvestment_cap: float = 0.0
    escrow: float = 0.0
    incentive_paid: float = 0.0
    sub_paid: float = 0.0
    reserves: dict[int, float] = field(default_factory=dict)
    controlling: str = ""
    cure_paid: float = 0.0
    carried: float = 0.0
    truths: dict[str, bool] = field(default_factory=dict)

    @property
    def forgives(self) -> bool:
        return Quirk.SHORTFALL_MOVES_TO_DEFERRED in self.quirks

    def run(self, section: SectionCode, cash: float) -> float:
        """Run a section and give back what it left."""
        self.cure_paid = 0.0
        if cash < 0.0 and Quirk.NEGATIVE_CASH_ABSORBED not in self.quirks:
            self.carried += cash
            cash = 0.0
        if section is SectionCode.PRIN:
            self.controlling = self._controlling_class()
        for step in self.program.section(section):
            if all(self._holds(condition) for condition in step.conditions):
                cash -= self._execute(step.action, cash)
        return cash

    def _controlling_class(self) -> str:
        for entry in self.program.control:
            if sum(self.classes[name].counted_balance() for name in entry.tranches) > 0.0:
                return entry.label
        return "SUB"

    def _holds(self, condition: Condition) -> bool:
        name = condition.argument
        match condition.code:
            case ConditionCode.REINVESTING:
                answer = self.is_reinvesting
            case ConditionCode.POST:
                answer = not self.is_reinvesting
            case ConditionCode.CONTROLLING_CLASS:
                answer = self.controlling == name
            case ConditionCode.LIQUIDATING:
                answer = self.is_liquidating
            case ConditionCode.OC_FAILED:
                answer = not self.oc[name].is_passed
            case ConditionCode.OC_PASSED:
                answer = self.oc[name].is_passed
            case ConditionCode.IC_FAILED:
                answer = not self.ic[name].is_passed
            case ConditionCode.ALL_PASSED:
                cures = [step.action for step in self.program.steps if isinstance(step.action, Cure)]
                answer = all(self.oc[cure.oc].is_passed for cure in cures) and all(
                    self.ic[cure.ic].is_passed for cure in cures if cure.ic is not None
                )
            case ConditionCode.PREDICATE:
                answer = self.truths[name]
            case ConditionCode.FIRST_PERIOD:
                answer = True
            case _:
                raise NotImplementedError(condition)
        return answer != condition.is_negated

    def _execute(self, action: object, cash: float) -> float:
        """Carry out one action; returns what it takes from the cash."""
        match action:
            case PayFee():
                return self._pay_fee(action, cash)
            case PayTranches():
                return self._pay_classes(action, cash)
            case Cure():
                return self._cure(action, cash)
            case Divert(oc, fraction):
                amount = self._diversion(self.oc[oc], fraction, cash)
                self.principal += amount
            case Reinvest(size):
                amount = cash if size is ReinvestCode.ALL else min(cash, self.reinvestment_cap)
                self.reinvested += amount
            case PayNotes():
                amount = cash
                self.notes += amount
            case PayEquity():
                amount = cash
                self._pay_equity(action, cash)
            case PayScheduled(name):
                notes = self.classes[name]
                amount = max(0.0, min(cash, notes.scheduled, notes.principal_due()))
                notes.scheduled -= amount
                notes.principal_paid += amount
            case Sweep():
                amount = self._sweep(action, cash)
            case FundReserve(account, target, cap):
                ceiling = target if cap is None else min(target, cap)
                amount = max(0.0, min(cash, ceiling - self.reserves.get(account, 0.0)))
                self.reserves[account] = self.reserves.get(account, 0.0) + amount
            case DrawReserve(account, fees, tranches):
                claims = sum(self.fees[code].due() for code in fees)
                claims += sum(self.classes[name].interest_due(self.forgives) for name in tranches)
                amount = -max(0.0, min(self.reserves.get(account, 0.0), claims - cash))
                self.reserves[account] = self.reserves.get(account, 0.0) + amount
            case MoveEscrow(direction):
                amount = cash if direction is EscrowCode.HOLD else -self.escrow
                self.escrow += amount
            case Raise():
                raise Stopped
            case _:
                raise NotImplementedError(action)
        return amount

    def _pay_fee(self, action: PayFee, cash: float) -> float:
        fee = self.fees[action.fee]
        match action.source:
            case FeeSource.CURE_PAID:
                fee.pay(fee.due(), self.cure_paid)
                return 0.0
            case FeeSource.CAPPED:
                due = max(0.0, min(fee.due(), action.amount * fee.year_fraction - fee.paid))
            case FeeSource.PART:
                due = max(0.0, action.amount * (fee.unpaid + fee.accrued) - fee.paid)
            case FeeSource.CASH:
                due = fee.due()
        return fee.pay(due, cash)

    def _pay_one(self, payment: Payment, name: str, cash: float) -> float:
        notes = self.classes[name]
        if payment is Payment.INT:
            return notes.pay_interest(cash, self.forgives)
        return notes.pay_deferred(cash) if payment is Payment.PIK else notes.pay_principal(cash)

    def _claim(self, payment: Payment, name: str) -> float:
        notes = self.classes[name]
        if payment is Payment.INT:
            return notes.interest_due(self.forgives)
        return notes.deferred_due() if payment is Payment.PIK else notes.principal_due()

    def _weight(self, payment: Payment, name: str) -> float:
        notes = self.classes[name]
        if payment is Payment.INT:
            return notes.interest_due(self.forgives)
        if payment is Payment.PIK:
            return notes.deferred if notes.is_deferrable else 0.0
        return notes.counted_balance()

    def _in_order(self, payment: Payment, names: Iterable[str], cash: float) -> float:
        left = cash
        for name in names:
            left -= self._pay_one(payment, name, left)
        return cash - left

    def _pay_classes(self, action: PayTranches, cash: float) -> float:
        payment, names = action.payment, action.tranches
        if action.allocation is AllocationCode.SEQUENTIAL:
            return self._in_order(payment, names, cash)
        if action.allocation is AllocationCode.PRO_RATA:
            claims = {name: self._claim(payment, name) for name in names}
            total = sum(claims.values())
            if total <= cash:
                return self._in_order(payment, names, cash)
            for name in names:
                self._pay_one(payment, name, cash * claims[name] / total)
            return cash
        total = sum(self._weight(payment, name) for name in names)
        if total <= cash:
            if action.allocation is AllocationCode.RAISE_IF_COVERED:
                raise Stopped
            return self._in_order(payment, names, cash)
        if action.allocation is AllocationCode.RAISE_IF_SHORT or (
            total == 0.0 and action.allocation is not AllocationCode.BOOLEAN_LEGACY
        ):
            raise Stopped
        for name in names:
            if action.allocation is AllocationCode.BOOLEAN_LEGACY:
                self.classes[name].pay_principal(-1.0 if cash == 0.0 else 0.0)
                continue
            taker = names[0] if action.allocation is AllocationCode.FIRST_TWICE else name
            self._pay_one(payment, taker, cash * self._weight(payment, name) / total)
        return cash

    def _cure(self, action: Cure, cash: float) -> float:
        oc = self.oc[action.oc]
        ic = None if action.ic is None else self.ic[action.ic]
        if ic is not None and ic.due() > oc.due(action.side):
            amount = ic.pay(cash)
            oc.receive(action.side, amount)
        else:
            amount = oc.pay(action.side, cash)
            if ic is not None:
                ic.receive(amount)
        self.notes += amount
        self.cure_paid = amount
        for name in action.shared_ic:
            self.ic[name].receive(amount)
        for name in action.shared_oc:
            self.oc[name].receive(action.side, amount)
        return amount

    def _diversion(self, test: Overcollateralisation, fraction: float, cash: float) -> float:
        if test.is_passed:
            return 0.0
        need = test.due(Side.INTEREST)
        if Quirk.DIVERSION_SIZED_AS_REDEMPTION not in self.quirks:
            need = max(0.0, test.trigger * (test.denominator - self.notes) - test.numerator)
        return min(fraction * cash, need)

    def _sweep(self, action: Sweep, cash: float) -> float:
        amount = action.fraction * cash
        if action.cap is not None:
            amount = min(amount, action.cap)
        match action.destination:
            case Destination.NOTES:
                self.notes += amount
            case Destination.PRIN:
                self.principal += amount
            case Destination.ESCROW:
                self.escrow += amount
            case Destination.RESERVE:
                self.reserves[action.account] = self.reserves.get(action.account, 0.0) + amount
        return amount

    def _pay_sub_notes(self, side: Side, amount: float) -> None:
        equity = self.classes["SUB"]
        if side is Side.INTEREST:
            equity.interest_paid += amount
        else:
            equity.principal_paid += amount
        self.sub_paid += amount
        tolerance = 0.0 if Quirk.HURDLE_INPUT_ORDER in self.quirks else 1e-6
        if self.sub_paid >= self.threshold - tolerance:
            self.is_reached = True

    def _pay_equity(self, action: PayEquity, cash: float) -> None:
        hurdle = 0.0 if self.is_reached else self.threshold - self.sub_paid
        first = min(hurdle, cash)
        self._pay_sub_notes(action.side, first)
        cash -= first
        if self.is_reached and (action.gate is None or self.truths[action.gate]):
            fee = cash * self.share * action.manager_part
            self.incentive_paid += fee
            cash -= fee
        self._pay_sub_notes(action.side, cash)
