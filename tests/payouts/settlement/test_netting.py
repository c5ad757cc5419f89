"""Netting: V-11 of spec 07 §25 and the rules of §17."""

from collections import Counter
from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conventions.calendar import WEEKENDS_ONLY
from engine.errors import InputError
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import NettingStatus, PaymentStatus, PaymentType
from engine.payouts.life_cycle import InvalidTransition
from engine.payouts.netting import (
    NETTING_TRANSITIONS,
    PAYMENT_TRANSITIONS,
    PayableCashflow,
    counterparty_totals,
    netting_sets,
    require_move,
    require_payment,
)

FRIDAY = date(2024, 3, 15)
WEEKDAYS = CenterCalendars({"USNY": WEEKENDS_ONLY}).joint(("USNY",))


def cashflow(
    reference: str, payer: str, receiver: str, amount: str, currency: str = "USD", **more: object
) -> PayableCashflow:
    given: dict[str, object] = {"contract_reference": "EQS-1", "payment_date": FRIDAY, **more}
    return PayableCashflow(
        cashflow_reference=reference,
        payer=payer,
        receiver=receiver,
        amount=Decimal(amount),
        currency=currency,
        **given,  # type: ignore[arg-type]
    )


V11 = (
    cashflow("1", "B", "A", "349800.00"),
    cashflow("2", "B", "A", "10600.00"),
    cashflow("3", "A", "B", "118622.40"),
    cashflow("4", "B", "A", "680.00", "EUR"),
)


def test_v11() -> None:
    """V-11: 241,777.60 USD paid by B with a benefit of 49.526870 %, and 680.00 EUR by itself."""
    eur, usd = netting_sets(V11)

    assert (usd.party1, usd.party2, usd.net_amount) == ("A", "B", Decimal("-241777.60"))
    assert (usd.payer, usd.receiver, usd.payment_amount) == ("B", "A", Decimal("241777.60"))
    assert usd.payment_type is PaymentType.NETTED
    assert usd.netting_benefit == pytest.approx(0.49526870, abs=5e-9)
    assert usd.cashflow_references == ("1", "2", "3")
    assert (eur.payment_amount, eur.payment_type, eur.netting_benefit) == (Decimal("680.00"), PaymentType.CASH, 0.0)


def test_excluded_cashflows_are_paid_gross() -> None:
    """An excluded cashflow is a set of its own with its reason, and the rest nets without it."""
    eur, usd, gross = netting_sets(V11, {"2": "disputed"})

    assert usd.net_amount == Decimal("-231177.60")
    assert (gross.cashflow_references, gross.payment_amount, gross.payment_type) == (
        ("2",),
        Decimal("10600.00"),
        PaymentType.CASH,
    )
    assert gross.excluded_because == "disputed"
    assert usd.excluded_because is eur.excluded_because is None


def test_what_nets_to_nothing_is_not_paid() -> None:
    """Equal amounts both ways, or zero, settle by netting without a payment."""
    even, zero = netting_sets(
        (
            cashflow("1", "A", "B", "10.00"),
            cashflow("2", "B", "A", "10.00"),
            cashflow("3", "A", "B", "0.00", contract_reference="EQS-2"),
        )
    )

    assert even.payment_type is zero.payment_type is PaymentType.NONE
    assert even.payment_amount == 0
    assert (even.netting_benefit, zero.netting_benefit) == (1.0, 0.0)


def test_contracts_net_under_an_agreement_only() -> None:
    """Two contracts net where both name one agreement; an agreement called like a contract is not that contract."""
    apart = [cashflow("1", "A", "B", "5.00"), cashflow("2", "B", "A", "3.00", contract_reference="EQS-2")]
    together = [
        cashflow("1", "A", "B", "5.00", netting_agreement="ISDA-1"),
        cashflow("2", "B", "A", "3.00", contract_reference="EQS-2", netting_agreement="ISDA-1"),
        cashflow("3", "B", "A", "1.00", contract_reference="ISDA-1"),
    ]

    assert len(netting_sets(apart)) == 2
    assert [one.net_amount for one in netting_sets(together)] == [Decimal("2.00"), Decimal("-1.00")]
    assert {one.netting_agreement for one in netting_sets(together)} == {"ISDA-1"}


PARTIES = ("A", "B", "C")
CASHFLOWS = st.lists(
    st.tuples(
        st.sampled_from([pair for pair in product(PARTIES, PARTIES) if pair[0] != pair[1]]),
        st.integers(0, 10**9),
        st.sampled_from(("USD", "EUR")),
        st.sampled_from((FRIDAY, date(2024, 3, 18))),
        st.sampled_from((None, "ISDA-1")),
        st.booleans(),
    ),
    max_size=25,
)


@given(CASHFLOWS)
def test_netting_conserves_cash_and_is_exclusive(
    drawn: list[tuple[tuple[str, str], int, str, date, str | None, bool]],
) -> None:
    """Payments move between parties, by currency and date, what the cashflows owe; each cashflow is in one set."""
    cashflows = [
        cashflow(
            str(i),
            *pair,
            str(Decimal(cents).scaleb(-2)),
            currency,
            payment_date=paid,
            netting_agreement=agreement,
            contract_reference=f"EQS-{i % 3}",
        )
        for i, (pair, cents, currency, paid, agreement, _) in enumerate(drawn)
    ]
    excluded = {str(i): "asked" for i, one in enumerate(drawn) if one[-1]}
    sets = netting_sets(cashflows, excluded)

    owed: Counter[tuple[str, str, date]] = Counter()
    paid: Counter[tuple[str, str, date]] = Counter()
    for one in cashflows:
        owed[one.payer, one.currency, one.payment_date] -= one.amount  # type: ignore[assignment]
        owed[one.receiver, one.currency, one.payment_date] += one.amount  # type: ignore[assignment]
    for one_set in sets:
        paid[one_set.payer, one_set.currency, one_set.payment_date] -= one_set.payment_amount  # type: ignore[assignment]
        paid[one_set.receiver, one_set.currency, one_set.payment_date] += one_set.payment_amount  # type: ignore[assignment]
    assert all(owed[key] == paid[key] for key in owed.keys() | paid.keys())
    assert sorted(ref for one_set in sets for ref in one_set.cashflow_references) == sorted(map(str, range(len(drawn))))
    assert all(0.0 <= one_set.netting_benefit <= 1.0 and one_set.party1 < one_set.party2 for one_set in sets)
    assert netting_sets(reversed(cashflows), excluded) == sets


def test_counterparty_totals() -> None:
    """Gross owed, gross due and net as A sees them, by counterparty and currency."""
    eur, usd = counterparty_totals(netting_sets(V11), "A")

    assert (usd.counterparty, usd.gross_owed, usd.gross_due) == ("B", Decimal("118622.40"), Decimal("360400.00"))
    assert usd.net == Decimal("-241777.60")
    assert usd.netting_benefit == pytest.approx(0.49526870, abs=5e-9)
    assert (eur.currency, eur.net) == ("EUR", Decimal("-680.00"))
    assert counterparty_totals(netting_sets(V11), "C") == ()


PAYMENT_MOVES = {
    ("PENDING", "IN_TRANSIT"),
    ("PENDING", "FAILED"),
    ("PENDING", "CANCELLED"),
    ("IN_TRANSIT", "COMPLETED"),
    ("IN_TRANSIT", "FAILED"),
    ("IN_TRANSIT", "CANCELLED"),
}
NETTING_MOVES = {
    ("PENDING", "CONFIRMED"),
    ("PENDING", "CANCELLED"),
    ("CONFIRMED", "EXECUTED"),
    ("CONFIRMED", "CANCELLED"),
}


@pytest.mark.parametrize(("current", "to"), list(product(PaymentStatus, PaymentStatus)))
def test_payment_states(current: PaymentStatus, to: PaymentStatus) -> None:
    """Every pair of states of a payment: six moves, the rest are refused."""
    if (current.value, to.value) in PAYMENT_MOVES:
        require_move(PAYMENT_TRANSITIONS, current, to, "PAY-1")
    else:
        with pytest.raises(InvalidTransition, match=f"{to.value} is no move from {current.value}"):
            require_move(PAYMENT_TRANSITIONS, current, to, "PAY-1")


@pytest.mark.parametrize(("current", "to"), list(product(NettingStatus, NettingStatus)))
def test_netting_states(current: NettingStatus, to: NettingStatus) -> None:
    """An instruction is confirmed before it is executed, and cancelled at any time before that."""
    assert (to in NETTING_TRANSITIONS[current]) == ((current.value, to.value) in NETTING_MOVES)


def test_payments_are_whole_and_on_good_days() -> None:
    """A payment equals the net and settles on a good day; nothing is paid where nothing is left."""
    usd = netting_sets(V11)[1]
    require_payment(usd, Decimal("241777.60"), FRIDAY, WEEKDAYS)
    nothing = netting_sets([cashflow("1", "A", "B", "0.00")])[0]

    with pytest.raises(InputError, match=r"the net is 241777\.60"):
        require_payment(usd, Decimal("241777.59"), FRIDAY, WEEKDAYS)
    with pytest.raises(InputError, match="2024-03-16 is no good settlement day"):
        require_payment(usd, Decimal("241777.60"), date(2024, 3, 16), WEEKDAYS)
    with pytest.raises(InputError, match="Nothing is left to pay"):
        require_payment(nothing, Decimal(0), FRIDAY, WEEKDAYS)


@pytest.mark.parametrize(
    ("payer", "receiver", "amount", "currency", "problem"),
    [
        ("A", "A", "1.00", "USD", "A pays itself"),
        ("A", "B", "-1.00", "USD", "is negative"),
        ("A", "B", "1.001", "USD", "whole minor units"),
        ("A", "B", "1.50", "JPY", "whole minor units"),
    ],
)
def test_cashflows_that_cannot_be_paid(payer: str, receiver: str, amount: str, currency: str, problem: str) -> None:
    """Amounts are positive, in minor units, between two parties."""
    with pytest.raises(InputError, match=problem) as caught:
        cashflow("1", payer, receiver, amount, currency)

    assert (caught.value.number, caught.value.where) == ("CLO-1957", "1")


@pytest.mark.parametrize(
    ("excluded", "problem"), [({"9": "disputed"}, "not among those to net"), ({"1": " "}, "has no reason")]
)
def test_exclusions_are_checked(excluded: dict[str, str], problem: str) -> None:
    """An exclusion names a cashflow and a reason."""
    with pytest.raises(InputError, match=problem):
        netting_sets(V11, excluded)


def test_a_cashflow_is_netted_once() -> None:
    """The same cashflow twice is an error, never twice the cash."""
    with pytest.raises(InputError, match="given twice"):
        netting_sets((*V11, V11[0]))
