"""The tables agree with the domain records and the closed lists, and a graph of rows can be written through them."""

import re
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from db.models import METADATA
from db.models.payouts.columns import ClosedText
from db.models.payouts.contracts import ContractLegRow, ContractRow, TradeLotRow
from db.models.payouts.funding import InterestRatePayoutRow, RateSpreadStepRow
from db.models.payouts.parties import InstrumentRow, PartyRow
from db.models.payouts.performance import PerformancePayoutRow, UnderlierRow
from db.models.payouts.returns import PriceReturnTermsRow, ReturnTermsRow
from db.models.payouts.schedules import PaymentScheduleRow, ValuationDateRow, ValuationScheduleRow
from engine.payouts import market
from engine.payouts.enums import (
    ContractStatus,
    ContractType,
    LegDirection,
    LegType,
    RateKind,
    ReturnType,
    UnderlierType,
)
from engine.payouts.terms import borrow, contract, funding, parties, performance, returns, schedules

TABLE_BY_RECORD: dict[type, str] = {
    parties.Party: "parties",
    parties.ContractParty: "contract_parties",
    parties.Instrument: "instruments",
    parties.InstrumentIdentifier: "instrument_identifiers",
    contract.Contract: "contracts",
    contract.Leg: "contract_legs",
    contract.TradeLot: "trade_lots",
    contract.LotClosing: "lot_closings",
    contract.Fee: "contract_fees",
    funding.InterestRatePayout: "interest_rate_payouts",
    funding.RateSpreadStep: "rate_spread_steps",
    funding.PastNotional: "past_notionals",
    funding.CalculationPeriod: "calculation_periods",
    funding.FixedPricePayout: "fixed_price_payouts",
    performance.PerformancePayout: "performance_payout",
    performance.Underlier: "underliers",
    performance.BasketComposition: "basket_compositions",
    performance.BasketConstituent: "basket_constituents",
    performance.FxFeature: "fx_features",
    borrow.BorrowFee: "borrow_fees",
    borrow.BorrowRateStep: "borrow_rate_steps",
    returns.ReturnTerms: "return_terms",
    returns.PriceReturnTerms: "price_return_terms",
    returns.DividendReturnTerms: "dividend_return_terms",
    returns.DividendPayoutRatio: "dividend_payout_ratios",
    returns.DividendPeriod: "dividend_periods",
    returns.VarianceVolatilityTerms: "variance_volatility_terms",
    returns.CorrelationReturnTerms: "correlation_return_terms",
    schedules.ValuationSchedule: "valuation_schedules",
    schedules.ScheduledDate: "valuation_dates",
    schedules.PaymentSchedule: "payment_schedules",
    schedules.PaymentDate: "payment_dates",
    market.DividendEvent: "dividend_events",
    market.CorporateAction: "corporate_actions",
}
BY_KEY = {
    "party": "party_id",
    "instrument": "instrument_id",
    "instrument_reference": "instrument_id",
    "party1": "party1_id",
    "party2": "party2_id",
    "reporting_party": "reporting_party_id",
    "payer": "payer_party_id",
    "payer_identifier": "payer_party_id",
    "receiver_identifier": "receiver_party_id",
    "linked_leg_number": "linked_leg_id",
    "constituent_reference": "constituent_instrument_id",
    "successor_reference": "successor_instrument_id",
    "child_reference": "child_instrument_id",
}
"""Fields that name another thing; the column holds its key."""

CHILDREN = {
    "identifiers", "other_parties", "fees", "legs", "lots", "closings", "performance", "interest", "fixed_price",
    "compositions", "constituents", "underlier", "returns", "valuation_schedules", "payment_schedules", "fx_features",
    "spread_steps", "calculation_periods", "dates", "payout_ratios", "periods", "price", "dividend", "variance",
    "volatility", "correlation", "borrow_fee", "steps", "past_notionals",
}  # fmt: skip


@pytest.mark.parametrize(("record", "table"), TABLE_BY_RECORD.items(), ids=TABLE_BY_RECORD.values())
def test_every_field_of_a_record_has_its_column(record: type, table: str) -> None:
    """A field is a column of the same name, the key of what it names, or rows of a table of its own."""
    columns = set(METADATA.tables[table].columns.keys())
    assert is_dataclass(record)
    children = CHILDREN - ({"price"} if record is contract.LotClosing else set())
    constituent = {"instrument": "constituent_instrument_id"} if record is performance.BasketConstituent else {}

    wanted = {item.name for item in fields(record)} - children
    assert {(BY_KEY | constituent).get(name, name) for name in wanted} - columns == set()


def test_every_closed_list_is_checked_by_the_database(connection: Connection) -> None:
    """Each column of a closed list has a check with exactly the members of the list."""
    definitions = dict(
        map(tuple, connection.execute(text("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint")).all())
    )
    lists = [
        (table.name, column.name, column.type.kind)
        for table in METADATA.tables.values()
        for column in table.columns
        if isinstance(column.type, ClosedText)
    ]

    assert len(lists) > 70
    for table, column, kind in lists:
        found = set(re.findall(r"'([^']*)'::text", definitions[f"ck_{table}_{column}"]))
        but = {"BASKET"} if (table, column) == ("instruments", "instrument_type") else set()
        assert found == {member.value for member in kind} - but, (table, column)


@pytest.mark.parametrize(
    ("suffix", "scale"),
    [("_amount", (28, 10)), ("_quantity", (28, 10)), ("price", (28, 12)), ("spread", (20, 15)), ("fx_rate", (28, 15))],
)
def test_scales_are_those_of_the_specification(connection: Connection, suffix: str, scale: tuple[int, int]) -> None:
    """Money, quantities, prices, rates and FX have the digits of spec 07 §0.3."""
    tables = sorted({*TABLE_BY_RECORD.values(), "cashflows", "daily_accruals", "unrealized_pnl_timeseries"})
    query = text(
        "SELECT table_name, column_name, numeric_precision, numeric_scale FROM information_schema.columns"
        " WHERE table_name = ANY(:tables) AND column_name LIKE :pattern AND data_type = 'numeric'"
    )
    found = connection.execute(query, {"tables": tables, "pattern": f"%{suffix}"}).all()
    per_unit = {("dividend_events", "gross_amount"), ("dividend_events", "cash_equivalent_amount")}
    per_unit |= {("corporate_actions", "cash_amount"), ("daily_accruals", "rate_or_price")}

    assert {tuple(row[2:]) for row in found if tuple(row[:2]) not in per_unit} == {scale}


def _trade() -> ContractRow:
    """A swap with lots, schedules and spread steps as a graph of rows."""
    one, other = (PartyRow(party_identifier=name, party_name=name) for name in ("A", "B"))
    share = InstrumentRow(reference="ISIN:X", instrument_type=UnderlierType.SINGLE_STOCK, name="X")
    terms = ReturnTermsRow(return_type=ReturnType.PRICE, price=PriceReturnTermsRow(initial_price=Decimal("37.44")))
    dates = [ValuationDateRow(sequence=1, unadjusted_date=date(2024, 3, 31), adjusted_date=date(2024, 3, 28))]
    payout = PerformancePayoutRow(
        underlier=UnderlierRow(underlier_type=UnderlierType.SINGLE_STOCK, instrument=share, underlier_reference="X"),
        return_terms=[terms],
        valuation_schedules=[ValuationScheduleRow(role="INTERIM", schedule_type="EXPLICIT", dates=dates)],
        payment_schedules=[PaymentScheduleRow(role="INTERIM", schedule_type="RELATIVE")],
    )
    lot = TradeLotRow(
        lot_identifier="LOT-1",
        cost_date=date(2024, 1, 2),
        settlement_date=date(2024, 1, 4),
        opened_quantity=Decimal(760_400),
        notional_amount=Decimal(28_469_376),
    )
    steps = [RateSpreadStepRow(series=0, spread=Decimal("0.002"), step_date=step) for step in (date(2024, 7, 1), None)]
    interest = InterestRatePayoutRow(rate_kind=RateKind.FIXED, day_count="ACT/360", spread_steps=steps)
    trade = ContractRow(
        contract_reference="SWAP-9",
        contract_type=ContractType.EQUITY_SWAP,
        trade_date=date(2024, 1, 2),
        effective_date=date(2024, 1, 4),
        party1=one,
        party2=other,
        reporting_party=one,
        metadata_={"uti": "U-1"},
    )
    for number, kind, direction, payer, receiver in (
        (1, LegType.EQUITY_LEG, LegDirection.RECEIVE, other, one),
        (2, LegType.FUNDING_LEG, LegDirection.PAY, one, other),
    ):
        leg = ContractLegRow(leg_number=number, leg_type=kind, leg_direction=direction)
        leg.payer_party_id, leg.receiver_party_id = payer.id, receiver.id
        trade.legs.append(leg)
    trade.legs[0].performance, trade.legs[0].lots = payout, [lot]
    trade.legs[1].interest = interest
    return trade


@pytest.fixture
def session(connection: Connection) -> Any:
    with Session(bind=connection, join_transaction_mode="create_savepoint") as opened:
        yield opened


def _store(session: Session) -> ContractRow:
    trade = _trade()
    session.add_all([trade.party1, trade.party2])
    session.flush()
    trade.legs[0].payer_party_id, trade.legs[0].receiver_party_id = trade.party2.id, trade.party1.id
    trade.legs[1].payer_party_id, trade.legs[1].receiver_party_id = trade.party1.id, trade.party2.id
    session.add(trade)
    session.flush()
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
    return trade


def test_a_graph_of_rows_comes_back_as_it_went(session: Session) -> None:
    """Objects written through the mapping are read with closed lists as members, in order, digits kept."""
    _store(session)
    session.expire_all()

    trade = session.scalars(select(ContractRow)).one()
    equity, funding_leg = trade.legs
    assert (trade.contract_type, trade.contract_status) == (ContractType.EQUITY_SWAP, ContractStatus.ACTIVE)
    assert trade.metadata_ == {"uti": "U-1"}
    assert equity.performance is not None
    assert equity.performance.return_terms[0].price is not None
    assert equity.performance.return_terms[0].price.initial_price == Decimal("37.44")
    assert equity.performance.underlier.instrument is not None
    assert equity.performance.valuation_schedules[0].dates[0].adjusted_date == date(2024, 3, 28)
    assert funding_leg.interest is not None
    assert [step.step_date for step in funding_leg.interest.spread_steps] == [None, date(2024, 7, 1)]
    assert isinstance(funding_leg.interest.day_count, StrEnum)


def test_a_lost_update_is_noticed(session: Session) -> None:
    """D-23: version grows with every change; a change on top of a version that is gone is refused."""
    trade = _store(session)
    trade.governing_law = "GBEN"
    session.flush()
    version = trade.version
    session.execute(text("UPDATE contracts SET version = version + 1"))
    trade.governing_law = "USNY"

    assert version == 2
    with pytest.raises(StaleDataError):
        session.flush()


def test_a_graph_can_be_replaced(session: Session) -> None:
    """Legs and all that hangs on them can be taken away and written anew under one contract."""
    trade = _store(session)
    trade.legs.clear()
    session.flush()

    left = [session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in LEFT_BEHIND]  # noqa: S608
    assert left == [0] * len(LEFT_BEHIND)


LEFT_BEHIND = (
    "contract_legs",
    "performance_payout",
    "return_terms",
    "price_return_terms",
    "trade_lots",
    "valuation_dates",
)
