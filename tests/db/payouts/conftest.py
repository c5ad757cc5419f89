"""A minimal contract graph, written with plain SQL: one total return swap on one share with a funding leg."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from db.connection import make_engine, parsed_url
from db.settings import StorageSettings
from tests.conftest import fresh_database


@dataclass
class PayoutRows:
    """Rows of one swap on a connection, and how to add more: 1,000,000 USD, party 1 receives the equity leg."""

    connection: Connection
    party1: UUID
    party2: UUID
    instrument: UUID
    contract: UUID
    equity_leg: UUID
    funding_leg: UUID
    payout: UUID
    interest: UUID

    def insert(self, table: str, **values: object) -> Any:
        """Insert a row; its id where the table has one."""
        return insert(self.connection, table, **values)

    def execute(self, statement: str, **values: object) -> Any:
        """Execute a statement."""
        return self.connection.execute(text(statement), values)

    def cashflow(self, reference: str = "CF-1", **changes: object) -> UUID:
        """A cashflow of the equity leg, ACCRUED, 1000 USD that party 1 receives."""
        values: dict[str, object] = {
            "contract_id": self.contract,
            "leg_id": self.equity_leg,
            "performance_payout_id": self.payout,
            "cashflow_reference": reference,
            "cashflow_type": "EQUITY_RETURN",
            "cashflow_subtype": "PRICE_RETURN",
            "amount": 1000,
            "currency": "USD",
            "payer_party_id": self.party2,
            "receiver_party_id": self.party1,
            "accrual_start_date": date(2024, 1, 1),
            "accrual_end_date": date(2024, 3, 31),
            "calculation_date": date(2024, 3, 31),
            "payment_date": date(2024, 4, 2),
            "generation_sequence": uuid4().int % 2**31,
        }
        found: UUID = self.insert("cashflows", **values | changes)
        return found

    def move(self, cashflow: UUID, status: str, **changes: object) -> None:
        """Give a cashflow a status with what that status needs."""
        values: dict[str, object] = {"cashflow_status": status}
        if status.startswith("REALIZED"):
            values |= {"realization_date": date(2024, 3, 31), "settlement_amount": 1000}
        if status == "REALIZED_DEFERRED":
            values |= {
                "deferral_date": date(2023, 11, 1),
                "expected_realization_date": date(2024, 4, 30),
                "deferral_reason": "REGULATORY",
            }
        if status == "REALIZED_SETTLED":
            values |= {"settlement_date": date(2024, 4, 2)}
        values |= changes
        setting = ", ".join(f"{name} = :{name}" for name in values)
        self.execute(f"UPDATE cashflows SET {setting} WHERE id = :id", **values, id=cashflow)  # noqa: S608

    def accrual(self, cashflow: UUID, day: date, **changes: object) -> None:
        """One accrual row of a cashflow of the equity leg."""
        values: dict[str, object] = {
            "cashflow_id": cashflow,
            "contract_id": self.contract,
            "leg_id": self.equity_leg,
            "accrual_date": day,
            "business_date": day,
            "daily_accrual_amount": 10,
            "cumulative_accrual_amount": 10,
            "currency": "USD",
            "accrual_factor": "0.002777777777778",
            "notional_amount": 1_000_000,
            "is_business_day": True,
        }
        self.insert("daily_accruals", **values | changes)

    def pnl(self, day: date, amount: object, **changes: object) -> None:
        """One end-of-day P&L row of the equity leg, all of it price."""
        values: dict[str, object] = {
            "contract_id": self.contract,
            "leg_id": self.equity_leg,
            "valuation_date": day,
            "business_date": day,
            "unrealized_pnl_amount": amount,
            "unrealized_pnl_currency": "USD",
            "price_pnl_amount": amount,
        }
        self.insert("unrealized_pnl_timeseries", **values | changes)

    def check_now(self) -> None:
        """Let the deferred constraints speak."""
        self.execute("SET CONSTRAINTS ALL IMMEDIATE")


def insert(connection: Connection, table: str, **values: object) -> Any:
    """Insert a row; the first column of its key."""
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    statement = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING *"  # noqa: S608
    return connection.execute(text(statement), values).mappings().one().get("id")


def swap(connection: Connection, reference: str, instrument: UUID, parties: tuple[UUID, UUID]) -> PayoutRows:
    """A contract between two parties on an instrument, with its equity and its funding leg."""
    party1, party2 = parties
    contract = insert(
        connection,
        "contracts",
        contract_reference=reference,
        contract_type="TOTAL_RETURN_SWAP",
        trade_date=date(2023, 12, 28),
        effective_date=date(2024, 1, 1),
        termination_date=date(2024, 12, 31),
        party1_id=party1,
        party2_id=party2,
        reporting_party_id=party1,
        settlement_currency="USD",
    )
    legs = [
        insert(
            connection,
            "contract_legs",
            contract_id=contract,
            leg_number=number,
            leg_type=kind,
            leg_direction=direction,
            payer_party_id=payer,
            receiver_party_id=receiver,
            notional_amount=1_000_000,
            notional_currency="USD",
        )
        for number, kind, direction, payer, receiver in (
            (1, "EQUITY_LEG", "RECEIVE", party2, party1),
            (2, "FUNDING_LEG", "PAY", party1, party2),
        )
    ]
    payout = insert(connection, "performance_payout", contract_id=contract, leg_id=legs[0])
    insert(
        connection,
        "underliers",
        performance_payout_id=payout,
        underlier_type="SINGLE_STOCK",
        instrument_id=instrument,
        underlier_reference="US0378331005",
    )
    for kind in ("PRICE", "DIVIDEND"):
        terms = insert(connection, "return_terms", performance_payout_id=payout, return_type=kind)
        insert(connection, f"{kind.lower()}_return_terms", return_terms_id=terms)
    interest = insert(
        connection,
        "interest_rate_payouts",
        contract_id=contract,
        leg_id=legs[1],
        rate_kind="FLOATING_TERM",
        floating_rate_index="USD-LIBOR-BBA",
        day_count="ACT/360",
    )
    return PayoutRows(connection, party1, party2, instrument, contract, legs[0], legs[1], payout, interest)


def first_swap(connection: Connection) -> PayoutRows:
    """Two parties, a share and a swap on it."""
    parties = [insert(connection, "parties", party_identifier=name, party_name=name) for name in ("A", "B")]
    instrument = insert(
        connection,
        "instruments",
        reference="ISIN:US0378331005",
        instrument_type="SINGLE_STOCK",
        name="A share",
        currency="USD",
    )
    return swap(connection, "SWAP-1", instrument, (parties[0], parties[1]))


@pytest.fixture(scope="session")
def payout_engine(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[Engine]:
    """An empty database that tests share: whatever they write they undo."""
    with fresh_database(server_url, template_database) as url:
        engine = make_engine(parsed_url(url), storage_settings)
        yield engine
        engine.dispose()


@pytest.fixture
def connection(payout_engine: Engine) -> Iterator[Connection]:
    """A connection whose work is undone."""
    with payout_engine.connect() as opened:
        yield opened
        opened.rollback()


@pytest.fixture
def rows(connection: Connection) -> PayoutRows:
    """The swap, on a connection whose work is undone."""
    return first_swap(connection)


@pytest.fixture
def committed(database_url: str, storage_settings: StorageSettings) -> Iterator[Engine]:
    """A database of the test's own in which the swap is stored."""
    engine = make_engine(parsed_url(database_url), storage_settings)
    with engine.begin() as opened:
        first_swap(opened)
    yield engine
    engine.dispose()
