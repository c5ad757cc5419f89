"""Cashflows in a database for the tests of life cycle, deferrals and settlement: any amount on any day, as wanted."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier
from typing import Any

from db.payouts import identity
from db.payouts.cashflow_records import MovedCashflow
from db.settings import StorageSettings
from db.store import Store, UnitOfWork
from engine.desk.swaps.life_cycle import ANY_VERSION, transition
from engine.errors import ClodeskError
from engine.payouts.deferral import DeferralAge, aging
from engine.payouts.enums import CashflowStatus
from engine.payouts.terms.contract import Contract
from engine.payouts.transition_requests import Realise
from tests.desk.swaps import swap_book

DUE = date(2024, 3, 15)
"""A Friday on which New York pays."""

_ADD = """
INSERT INTO cashflows (
    id, cashflow_reference, contract_id, leg_id, performance_payout_id, cashflow_type, cashflow_subtype, amount,
    currency, payer_party_id, receiver_party_id, accrual_start_date, accrual_end_date, calculation_date, payment_date,
    generation_sequence, supersedes_cashflow_id)
SELECT %(id)s, %(reference)s, k.id, l.id, p.id, %(type)s, %(subtype)s, %(amount)s, %(currency)s,
       CASE WHEN %(amount)s::numeric < 0 THEN k.party1_id ELSE k.party2_id END,
       CASE WHEN %(amount)s::numeric < 0 THEN k.party2_id ELSE k.party1_id END,
       %(end)s, %(end)s, %(end)s, %(payment_date)s,
       (SELECT count(*) + 1 FROM cashflows), %(supersedes)s
  FROM contracts k
  JOIN contract_legs l ON l.contract_id = k.id AND l.leg_number = 1
  JOIN performance_payout p ON p.leg_id = l.id
 WHERE k.contract_reference = %(contract)s
"""

_FIRST = """
INSERT INTO cashflow_status_history (cashflow_id, from_status, to_status, effective_date)
VALUES (%s, NULL, 'ACCRUED', %s)
"""


def swap(reference: str = "TRS-1", **changes: object) -> Contract:
    """A total return swap of the first half of 2024 between DESK and FUND."""
    plain = swap_book.total_return_swap(
        reference, swap_book.share("ACME"), start=date(2024, 1, 10), end=date(2024, 7, 10)
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def ages_on(store: Store, as_of: date) -> tuple[DeferralAge, ...]:
    """All deferrals of the database as of a day."""
    with store.read() as work:
        return aging([item.cashflow for item in work.payouts.deferrals.deferred(as_of)], as_of)


def open_book(store: Store, *contracts: Contract) -> None:
    """Store calendar and contracts, by default TRS-1."""
    with store.begin() as work:
        swap_book.put_calendar(work.payouts)
        swap_book.stored(work.payouts, *(contracts or (swap(),)))


def accrued(
    store: Store,
    name: str,
    amount: object,
    *,
    contract: str = "TRS-1",
    currency: str = "USD",
    payment_date: date = DUE,
    supersedes: str | None = None,
    kind: tuple[str, str] = ("EQUITY_RETURN", "PRICE_RETURN"),
) -> str:
    """An ACCRUED cashflow of the equity leg; its reference."""
    reference = f"{contract}/{name}"
    arguments = {
        "id": identity.cashflow_id(reference),
        "reference": reference,
        "contract": contract,
        "amount": str(amount),
        "currency": currency,
        "payment_date": payment_date,
        "end": date(2024, 3, 13),
        "type": kind[0],
        "subtype": kind[1],
        "supersedes": None if supersedes is None else identity.cashflow_id(supersedes),
    }
    with store.begin() as work:
        work.driver.execute(_ADD, arguments)
        work.driver.execute(_FIRST, (identity.cashflow_id(reference), date(2024, 3, 13)))
    return reference


def realised(store: Store, name: str, amount: object, **options: Any) -> str:
    """A REALIZED_UNSETTLED cashflow; its reference."""
    reference = accrued(store, name, amount, **options)
    realise(store, reference)
    return reference


def realise(store: Store, reference: str) -> MovedCashflow:
    """Realise an accrued cashflow two days before it is due."""
    request = Realise(version=ANY_VERSION, business_date=date(2024, 3, 13), changed_by="eod")
    return transition(store, reference, request, idempotency_key=None)


def statuses(store: Store, references: Sequence[str]) -> list[CashflowStatus]:
    """Stored statuses."""
    with store.read() as work:
        return [item.state.status for item in work.payouts.life_cycle.read(references)]


def counted(work: UnitOfWork, table: str) -> int:
    """Rows of a table."""
    row = work.driver.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 (names of this module)
    assert row is not None
    return int(row[0])


def emptied(store: Store) -> None:
    """Take out everything that the tests of cash write: cheaper than a new database for each of them."""
    with store.begin() as work:
        work.driver.execute("ALTER TABLE payout_outbox DROP CONSTRAINT IF EXISTS no_more")
        work.driver.execute(
            "TRUNCATE parties, instruments, business_centers, deferral_rules, payout_outbox, job_runs, rate_fixings"
            " CASCADE"
        )


def row_counts(store: Store) -> dict[str, int]:
    """Rows of every table that a move or a payment writes."""
    names = (
        "cashflows cashflow_status_history cashflow_deferrals payout_outbox netting_instructions"
        " netting_cashflow_mapping payments payment_cashflows payment_instructions payment_status_history"
    )
    with store.read() as work:
        return {name: counted(work, name) for name in names.split()}


def at_once(
    url: str, settings: StorageSettings, actions: list[Callable[[Store], object]]
) -> list[object | ClodeskError]:
    """Results, or errors, of actions that start together, each with a store of its own."""
    barrier = Barrier(len(actions))

    def act(action: Callable[[Store], object]) -> object | ClodeskError:
        own = Store(settings, url)
        try:
            barrier.wait()
            return action(own)
        except ClodeskError as error:
            return error
        finally:
            own.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))
