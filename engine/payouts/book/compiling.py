"""From contracts to a book: each leg is compiled by its subject, then the rows of all contracts are joined.

What a contract compiles to depends on its terms, its generated dates and the calendars only, never on the market, and
can therefore be kept for as long as the contract's version stands.
"""

from collections.abc import Iterable

from engine.conventions.days import NO_DAY, day_number
from engine.errors import ModelError, located
from engine.payouts.book import borrow, dividends, equity, fixed, funding, moments
from engine.payouts.book.tables import (
    CALENDARS,
    CONTRACTS,
    CURRENCIES,
    EVENTS,
    FIXED_PRICE,
    FLOWS,
    INSTRUMENTS,
    INTEREST,
    LEGS,
    LOTS,
    PARTIES,
    PERFORMANCE,
    SESSIONS,
    Book,
    CompiledContract,
    ContractLine,
    ContractRows,
    LegLine,
    LotLine,
    SessionLine,
    Table,
    assemble,
)
from engine.payouts.dates.calendars import DEFAULT_CENTERS, CenterCalendars
from engine.payouts.initial_units import with_stated_units
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.currencies import settlement_currency

TABLES: tuple[Table, ...] = (
    CONTRACTS,
    LEGS,
    LOTS,
    SESSIONS,
    FLOWS,
    *equity.TABLES,
    *dividends.TABLES,
    *funding.TABLES,
    *moments.TABLES,
    *fixed.TABLES,
    *borrow.TABLES,
)


def compile_contract(contract: Contract, calendars: CenterCalendars) -> CompiledContract:
    """The rows of one contract whose schedules are generated.

    Raises ModelError or InputError that names the leg where terms are missing without which nothing can be valued.
    """
    contract = with_stated_units(contract)
    rows = ContractRows(contract.contract_reference)
    currency = rows.name(CURRENCIES, settlement_currency(contract, contract.legs[0]))
    last = contract.termination_date
    rows.add(
        CONTRACTS,
        ContractLine(0, currency, day_number(contract.effective_date), NO_DAY if last is None else day_number(last)),
    )
    leg_rows = {leg.leg_number: _add_leg(contract, leg, rows) for leg in contract.legs}
    for leg in contract.legs:
        lot_rows = {
            lot.lot_identifier: rows.add(LOTS, LotLine(leg_rows[leg.leg_number], rows.name(EVENTS, lot.lot_identifier)))
            for lot in leg.lots
        }
        with located(f"{contract.contract_reference} leg {leg.leg_number}"):
            _compile_leg(contract, leg, leg_rows[leg.leg_number], lot_rows, calendars, rows)
    fixed.compile_fees(contract, leg_rows[contract.legs[0].leg_number], rows)
    _add_sessions(contract, calendars, rows)
    compiled = rows.finished(TABLES)
    for name in compiled.names.get(CALENDARS, ()):
        calendars.joint(center for center in name.split("+") if center)
    flows = compiled.tables.get(FLOWS.name)
    if flows is not None and (flows["start_day"] > flows["end_day"]).any():
        raise ModelError(
            "CLO-1908",
            "A cash flow would end before it begins",
            where=contract.contract_reference,
            remedy="Compare the dates of its lots, closings and schedules.",
        )
    return compiled


def _add_leg(contract: Contract, leg: Leg, rows: ContractRows) -> int:
    ours = contract.reporting_party
    return rows.add(
        LEGS,
        LegLine(
            contract=0,
            leg_number=leg.leg_number,
            sign=contract.sign(leg),
            currency=rows.name(CURRENCIES, settlement_currency(contract, leg)),
            payout=PERFORMANCE if leg.performance else INTEREST if leg.interest else FIXED_PRICE,
            ours=rows.name(PARTIES, contract.party(ours).party_identifier),
            theirs=rows.name(PARTIES, contract.party(ours.other).party_identifier),
        ),
    )


def _add_sessions(contract: Contract, calendars: CenterCalendars, rows: ContractRows) -> None:
    for instrument in contract.instruments:
        exchange = (instrument.exchange_mic,) if instrument.exchange_mic else ()
        centers = exchange or DEFAULT_CENTERS.get(instrument.currency or "", ())
        known = [center for center in centers if center in calendars]
        rows.add(
            SESSIONS,
            SessionLine(rows.name(INSTRUMENTS, instrument.reference), rows.name(CALENDARS, "+".join(known))),
        )


def _compile_leg(
    contract: Contract,
    leg: Leg,
    leg_row: int,
    lot_rows: dict[str, int],
    calendars: CenterCalendars,
    rows: ContractRows,
) -> None:
    if leg.interest is not None:
        funding.compile_funding(contract, leg, leg_row, lot_rows, calendars, rows)
        return
    if leg.fixed_price is not None:
        fixed.compile_fixed(contract, leg, leg_row, lot_rows, calendars, rows)
        return
    if leg.performance is None:
        raise ModelError("CLO-1907", "The leg has no payout", remedy="Import the trade again.")
    returns = leg.performance.returns
    if returns.price is not None:
        equity.compile_equity(contract, leg, leg_row, lot_rows, calendars, rows)
        borrow.compile_borrow(contract, leg, leg_row, rows)
    if returns.dividend is not None:
        dividends.compile_dividends(contract, leg, leg_row, lot_rows, calendars, rows)
    if returns.variance or returns.volatility or returns.correlation:
        moments.compile_moments(contract, leg, leg_row, lot_rows, calendars, rows)


def make_book(parts: Iterable[CompiledContract]) -> Book:
    """The book of these contracts, in their order."""
    return assemble(tuple(parts), TABLES)
