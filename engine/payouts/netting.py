"""What two parties pay each other on a day: grouping, net amounts, and the states of a payment (spec 07 §17)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from engine.errors import InputError
from engine.payouts.enums import NettingStatus, PaymentStatus, PaymentType
from engine.payouts.life_cycle import InvalidTransition, SettlementDays
from engine.payouts.money import is_negligible, minor_unit

Status = TypeVar("Status", PaymentStatus, NettingStatus)

PAYMENT_TRANSITIONS: Mapping[PaymentStatus, frozenset[PaymentStatus]] = {
    PaymentStatus.PENDING: frozenset({PaymentStatus.IN_TRANSIT, PaymentStatus.FAILED, PaymentStatus.CANCELLED}),
    PaymentStatus.IN_TRANSIT: frozenset({PaymentStatus.COMPLETED, PaymentStatus.FAILED, PaymentStatus.CANCELLED}),
    PaymentStatus.COMPLETED: frozenset(),
    PaymentStatus.FAILED: frozenset(),
    PaymentStatus.CANCELLED: frozenset(),
}
"""Which state of a payment may follow which. A failed one stays failed: a retry is a new payment, attempt + 1."""

NETTING_TRANSITIONS: Mapping[NettingStatus, frozenset[NettingStatus]] = {
    NettingStatus.PENDING: frozenset({NettingStatus.CONFIRMED, NettingStatus.CANCELLED}),
    NettingStatus.CONFIRMED: frozenset({NettingStatus.EXECUTED, NettingStatus.CANCELLED}),
    NettingStatus.EXECUTED: frozenset(),
    NettingStatus.CANCELLED: frozenset(),
}
"""Which state of a netting instruction may follow which. CONFIRMED goes before execution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayableCashflow:
    """A realised, unsettled cashflow: who pays whom how much, in minor units, zero or more."""

    cashflow_reference: str
    contract_reference: str
    payer: str
    receiver: str
    amount: Decimal
    currency: str
    payment_date: date
    netting_agreement: str | None = None

    def __post_init__(self) -> None:
        if self.payer == self.receiver:
            raise _error(self.cashflow_reference, f"{self.payer} pays itself", "Name two different parties.")
        if self.amount < 0:
            raise _error(
                self.cashflow_reference, f"The amount {self.amount} is negative", "Swap payer and receiver instead."
            )
        if self.amount % minor_unit(self.currency):
            raise _error(
                self.cashflow_reference,
                f"{self.amount} {self.currency} is not in whole minor units",
                "Use the settlement amount.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class NettingSet:
    """Cashflows of one pair of parties, currency, day and agreement, and what is left to pay.

    party1 stands before party2 in the order of their identifiers. netting_agreement: the contract's reference where
    there is no agreement. party1_owes, party2_owes: gross. net_amount: positive where party1 pays. payment_type: NONE
    where nothing is left, CASH for a cashflow paid by itself. excluded_because: why it is paid gross, else None.
    """

    party1: str
    party2: str
    currency: str
    payment_date: date
    netting_agreement: str
    cashflow_references: tuple[str, ...]
    party1_owes: Decimal
    party2_owes: Decimal
    payment_type: PaymentType
    excluded_because: str | None = None

    @property
    def net_amount(self) -> Decimal:
        """What party1 pays, negative where party2 does."""
        return self.party1_owes - self.party2_owes

    @property
    def payment_amount(self) -> Decimal:
        """The amount of the payment, 0 where there is none."""
        return Decimal(0) if self.payment_type is PaymentType.NONE else abs(self.net_amount)

    @property
    def payer(self) -> str:
        """Who pays the net amount."""
        return self.party1 if self.net_amount > 0 else self.party2

    @property
    def receiver(self) -> str:
        """Who is paid the net amount."""
        return self.party2 if self.net_amount > 0 else self.party1

    @property
    def netting_benefit(self) -> float:
        """Share of the gross amounts that need not be paid, 0 to 1; 0 where nothing is owed."""
        gross = self.party1_owes + self.party2_owes
        return float(1 - abs(self.net_amount) / gross) if gross else 0.0


def netting_sets(
    cashflows: Iterable[PayableCashflow], excluded: Mapping[str, str] | None = None
) -> tuple[NettingSet, ...]:
    """Group cashflows and net each group; every cashflow is in one set.

    excluded: reason by cashflow reference; each of these is a set of its own and paid gross. Sets are in the order of
    date, currency, parties and agreement, those of excluded cashflows last; so the order of the input does not matter.
    Raises InputError CLO-1957 for a cashflow given twice, and for an exclusion without reason or cashflow.
    """
    given = sorted(cashflows, key=lambda one: one.cashflow_reference)
    references = {one.cashflow_reference for one in given}
    if len(references) < len(given):
        twice = next(a for a, b in pairwise(given) if a.cashflow_reference == b.cashflow_reference)
        raise _error(twice.cashflow_reference, "The cashflow is given twice", "Give each once.")
    reasons = excluded or {}
    for reference, reason in reasons.items():
        if reference not in references:
            raise _error(reference, "The excluded cashflow is not among those to net", "Correct the reference.")
        if not reason.strip():
            raise _error(reference, "The exclusion has no reason", "Say why it is paid gross.")
    groups: dict[tuple[date, str, str, str, str], list[PayableCashflow]] = {}
    for one in given:
        if one.cashflow_reference not in reasons:
            groups.setdefault(_key(one), []).append(one)
    netted = [_netted(key, groups[key]) for key in sorted(groups)]
    gross = [
        _netted(_key(one), [one], reasons[one.cashflow_reference]) for one in given if one.cashflow_reference in reasons
    ]
    return (*netted, *gross)


def _key(cashflow: PayableCashflow) -> tuple[date, str, str, str, str]:
    party1, party2 = sorted((cashflow.payer, cashflow.receiver))
    # Two contracts without agreement never net, and none is taken for an agreement of the same name.
    agreement = (
        f"contract {cashflow.contract_reference}"
        if cashflow.netting_agreement is None
        else f"agreement {cashflow.netting_agreement}"
    )
    return cashflow.payment_date, cashflow.currency, party1, party2, agreement


def _netted(
    key: tuple[date, str, str, str, str], cashflows: Sequence[PayableCashflow], because: str | None = None
) -> NettingSet:
    payment_date, currency, party1, party2, agreement = key
    owes1 = sum((one.amount for one in cashflows if one.payer == party1), Decimal(0))
    owes2 = sum((one.amount for one in cashflows if one.payer == party2), Decimal(0))
    kind = PaymentType.CASH if len(cashflows) == 1 else PaymentType.NETTED
    return NettingSet(
        party1=party1,
        party2=party2,
        currency=currency,
        payment_date=payment_date,
        netting_agreement=agreement.partition(" ")[2],
        cashflow_references=tuple(one.cashflow_reference for one in cashflows),
        party1_owes=owes1,
        party2_owes=owes2,
        payment_type=PaymentType.NONE if is_negligible(owes1 - owes2, currency) else kind,
        excluded_because=because,
    )


def require_move(table: Mapping[Status, frozenset[Status]], current: Status, to: Status, where: str) -> None:
    """Check a change of state of the payment or netting instruction `where`. Raises InvalidTransition CLO-1951."""
    if to in table[current]:
        return
    names = ", ".join(sorted(table[current]))
    raise InvalidTransition(
        "CLO-1951",
        f"{to.value} is no move from {current.value}",
        where=where,
        remedy=f"It can become {names}." if names else "It is final; a retry is a new payment.",
    )


def require_payment(netting: NettingSet, amount: Decimal, settlement_date: date, days: SettlementDays) -> None:
    """Check a payment against what it pays: the whole net amount, on a good settlement day of the currency.

    Raises InputError CLO-1957.
    """
    where = f"{netting.party1} and {netting.party2}, {netting.payment_date} {netting.currency}"
    if netting.payment_type is PaymentType.NONE:
        raise _error(where, "Nothing is left to pay", "Settle the cashflows by netting.")
    if amount != netting.payment_amount:
        raise _error(
            where, f"A payment of {amount}, the net is {netting.payment_amount}", "Pay the whole; parts are refused."
        )
    if not days.is_good(settlement_date):
        raise _error(where, f"{settlement_date} is no good settlement day", "Pay on the next one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterpartyTotal:
    """What a counterparty and we owe each other in one currency before and after netting; net positive: we pay."""

    counterparty: str
    currency: str
    gross_owed: Decimal
    gross_due: Decimal
    net: Decimal
    netting_benefit: float


def counterparty_totals(sets: Iterable[NettingSet], own_party: str) -> tuple[CounterpartyTotal, ...]:
    """Totals by counterparty and currency as `own_party` sees them.

    The net is the sum of the sets' nets; the benefit counts what is really paid, set by set. Sets of others are left
    out.
    """
    found: dict[tuple[str, str], list[NettingSet]] = {}
    for one in sets:
        if own_party in (one.party1, one.party2):
            other = one.party2 if one.party1 == own_party else one.party1
            found.setdefault((other, one.currency), []).append(one)
    return tuple(_total(key, found[key], own_party) for key in sorted(found))


def _total(key: tuple[str, str], sets: Sequence[NettingSet], own_party: str) -> CounterpartyTotal:
    owed = sum((one.party1_owes if one.party1 == own_party else one.party2_owes for one in sets), Decimal(0))
    due = sum((one.party2_owes if one.party1 == own_party else one.party1_owes for one in sets), Decimal(0))
    paid = sum((one.payment_amount for one in sets), Decimal(0))
    benefit = float(1 - paid / (owed + due)) if owed + due else 0.0
    return CounterpartyTotal(
        counterparty=key[0],
        currency=key[1],
        gross_owed=owed,
        gross_due=due,
        net=owed - due,
        netting_benefit=benefit,
    )


def _error(where: str, problem: str, remedy: str) -> InputError:
    return InputError("CLO-1957", problem, where=where, remedy=remedy)
