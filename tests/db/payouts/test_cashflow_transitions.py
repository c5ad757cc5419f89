"""The status of a cashflow moves as the table of spec 07 §14.3 says, whoever writes the SQL."""

from datetime import date
from itertools import product

import pytest
from sqlalchemy.exc import IntegrityError

from engine.payouts.enums import CashflowStatus
from tests.db.payouts.conftest import PayoutRows

ACCRUED, DEFERRED, UNSETTLED, SETTLED, CANCELLED, ADJUSTED = CashflowStatus
LEGAL = {
    (ACCRUED, DEFERRED),
    (ACCRUED, UNSETTLED),
    (ACCRUED, CANCELLED),
    (ACCRUED, ADJUSTED),
    (DEFERRED, DEFERRED),
    (DEFERRED, UNSETTLED),
    (DEFERRED, CANCELLED),
    (DEFERRED, ADJUSTED),
    (UNSETTLED, SETTLED),
    (UNSETTLED, CANCELLED),
    (UNSETTLED, ADJUSTED),
    (SETTLED, ADJUSTED),
}
PATHS = {
    ACCRUED: (),
    DEFERRED: (DEFERRED,),
    UNSETTLED: (UNSETTLED,),
    SETTLED: (UNSETTLED, SETTLED),
    CANCELLED: (CANCELLED,),
    ADJUSTED: (ADJUSTED,),
}


@pytest.mark.parametrize(("source", "target"), list(product(CashflowStatus, repeat=2)))
def test_only_the_moves_of_the_table_succeed(rows: PayoutRows, source: CashflowStatus, target: CashflowStatus) -> None:
    """All 36 pairs; a write that leaves the status as it is moves nothing and is no transition."""
    cashflow = rows.cashflow()
    for status in PATHS[source]:
        rows.move(cashflow, status)

    if (source, target) in LEGAL or source is target:
        rows.move(cashflow, target)
        found = rows.execute("SELECT cashflow_status FROM cashflows WHERE id = :id", id=cashflow).scalar_one()
        assert found == target
    else:
        with pytest.raises(IntegrityError, match=f"cannot go from {source} to {target}"):
            rows.move(cashflow, target)


def test_the_function_of_the_database_is_the_table(rows: PayoutRows) -> None:
    """What the trigger asks agrees with the table in all 36 pairs, an extension being the one move in place."""
    found = {
        (source, target)
        for source, target in product(CashflowStatus, repeat=2)
        if rows.execute("SELECT is_cashflow_move(:source, :target)", source=source, target=target).scalar_one()
    }

    assert found == LEGAL


@pytest.mark.parametrize("status", [status for status in CashflowStatus if status is not ACCRUED])
def test_a_cashflow_begins_accrued(rows: PayoutRows, status: CashflowStatus) -> None:
    """No cashflow is born realised, cancelled or adjusted."""
    with pytest.raises(IntegrityError, match=f"begins ACCRUED, not {status}"):
        rows.cashflow(
            cashflow_status=status,
            realization_date=date(2024, 3, 31),
            settlement_amount=1000,
            settlement_date=date(2024, 4, 2),
            deferral_date=date(2024, 3, 31),
            deferral_reason="REGULATORY",
        )


@pytest.mark.parametrize("status", [DEFERRED, UNSETTLED, SETTLED, CANCELLED, ADJUSTED])
@pytest.mark.parametrize("column", ["amount", "settlement_amount", "currency", "parties", "accrual_end_date"])
def test_what_left_accrued_is_final(rows: PayoutRows, status: CashflowStatus, column: str) -> None:
    """Amount, currency, parties and period of a cashflow change only while it accrues."""
    cashflow = rows.cashflow()
    for step in PATHS[status]:
        rows.move(cashflow, step)
    changes: dict[str, dict[str, object]] = {
        "amount": {"amount": 1001},
        "settlement_amount": {"settlement_amount": 1001},
        "currency": {"currency": "EUR"},
        "parties": {"payer_party_id": rows.party1, "receiver_party_id": rows.party2},
        "accrual_end_date": {"accrual_end_date": date(2024, 4, 1)},
    }

    with pytest.raises(IntegrityError, match="are final"):
        rows.move(cashflow, status, **changes[column])


def test_an_accruing_cashflow_may_be_revalued_and_dropped(rows: PayoutRows) -> None:
    """While it accrues, the engine changes the amount and turns the parties round; absolute_amount follows."""
    cashflow = rows.cashflow()
    rows.move(cashflow, ACCRUED, amount=-5, payer_party_id=rows.party1, receiver_party_id=rows.party2)
    absolute = rows.execute("SELECT absolute_amount FROM cashflows").scalar_one()
    rows.execute("DELETE FROM cashflows")

    assert absolute == 5


def test_a_realised_cashflow_is_not_deleted(rows: PayoutRows) -> None:
    """What was realised stays."""
    rows.move(rows.cashflow(), UNSETTLED)

    with pytest.raises(IntegrityError, match="and stays"):
        rows.execute("DELETE FROM cashflows")


@pytest.mark.parametrize(
    ("status", "missing", "constraint"),
    [
        (DEFERRED, "deferral_date", "ck_cashflows_deferred"),
        (DEFERRED, "deferral_reason", "ck_cashflows_deferred"),
        (DEFERRED, "settlement_amount", "ck_cashflows_realized"),
        (UNSETTLED, "realization_date", "ck_cashflows_realized"),
        (UNSETTLED, "settlement_amount", "ck_cashflows_realized"),
        (SETTLED, "settlement_date", "ck_cashflows_settled"),
    ],
)
def test_a_status_needs_its_facts(rows: PayoutRows, status: CashflowStatus, missing: str, constraint: str) -> None:
    """A status without what it asserts is refused."""
    cashflow = rows.cashflow()
    for step in PATHS[status][:-1]:
        rows.move(cashflow, step)

    with pytest.raises(IntegrityError, match=constraint):
        rows.move(cashflow, status, **{missing: None})


@pytest.mark.parametrize(
    ("reason", "is_legal"),
    [("REGULATORY", True), ("MARKET_CONDITIONS", True), ("BUSINESS_RULE", False), ("COUNTERPARTY_REQUEST", False)],
)
def test_only_some_reasons_leave_the_end_open(rows: PayoutRows, reason: str, is_legal: bool) -> None:
    """An expected date may be missing for market conditions and regulation alone."""
    cashflow = rows.cashflow()
    changes: dict[str, object] = {"deferral_reason": reason, "expected_realization_date": None}

    if is_legal:
        rows.move(cashflow, DEFERRED, **changes)
    else:
        with pytest.raises(IntegrityError, match="ck_cashflows_deferred"):
            rows.move(cashflow, DEFERRED, **changes)


def test_the_deferral_period_is_counted_by_the_database(rows: PayoutRows) -> None:
    """Days from deferral to the expected date; none while that is open; a date before the deferral is refused."""
    cashflow = rows.cashflow()
    rows.move(cashflow, DEFERRED)
    periods = [rows.execute("SELECT deferral_period_days FROM cashflows").scalar_one()]
    rows.move(cashflow, DEFERRED, expected_realization_date=None)
    periods.append(rows.execute("SELECT deferral_period_days FROM cashflows").scalar_one())

    assert periods == [181, None]
    with pytest.raises(IntegrityError, match="ck_cashflows_expected_realization_date"):
        rows.move(cashflow, DEFERRED, expected_realization_date=date(2023, 10, 31))


@pytest.mark.parametrize(
    ("source", "target", "is_legal"),
    [
        (None, ACCRUED, True),
        (ACCRUED, UNSETTLED, True),
        (DEFERRED, DEFERRED, True),
        (UNSETTLED, UNSETTLED, False),
        (ACCRUED, ACCRUED, False),
    ],
)
def test_history_tells_moves_only(
    rows: PayoutRows, source: CashflowStatus | None, target: CashflowStatus, is_legal: bool
) -> None:
    """From and to differ, except where a deferral is extended."""
    values = {"cashflow_id": rows.cashflow(), "effective_date": date(2024, 3, 31)}

    if is_legal:
        rows.insert("cashflow_status_history", from_status=source, to_status=target, **values)
    else:
        with pytest.raises(IntegrityError, match="statuses_differ"):
            rows.insert("cashflow_status_history", from_status=source, to_status=target, **values)


def test_history_begins_once(rows: PayoutRows) -> None:
    """Only the first row of a cashflow has no status before it."""
    values = {"cashflow_id": rows.cashflow(), "effective_date": date(2024, 3, 31), "to_status": "ACCRUED"}
    rows.insert("cashflow_status_history", **values)

    with pytest.raises(IntegrityError, match="uq_cashflow_status_history_first"):
        rows.insert("cashflow_status_history", **values)


def test_the_chain_follows_corrections(rows: PayoutRows) -> None:
    """Each correction stands behind what it corrects, under the cashflow that the chain began with."""
    first = rows.cashflow("CF-1")
    second = rows.cashflow("CF-2", cashflow_type="ADJUSTMENT", amount=-3, supersedes_cashflow_id=first)
    third = rows.cashflow("CF-3", cashflow_type="ADJUSTMENT", amount=1, supersedes_cashflow_id=second)
    rows.cashflow("CF-4")

    found = rows.execute(
        "SELECT cashflow_id, chain_position FROM cashflow_chain WHERE root_cashflow_id = :id ORDER BY 2", id=first
    ).all()
    assert [tuple(row) for row in found] == [(first, 1), (second, 2), (third, 3)]
