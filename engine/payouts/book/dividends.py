"""Dividends that a leg passes on: who holds what until when, and the value of the flows made of it (spec 07 §9).

Compiling gives holdings, windows and payment rules; `dividend_flows.add_dividend_flows` makes one flow of every
dividend and lot once the market is known. Reinvested dividends are no flows: they grow the units of the equity leg.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from engine.conventions.days import day_number
from engine.errors import ModelError
from engine.payouts import codes
from engine.payouts.book.dividend_periods import (
    PaymentRule,
    amount_day,
    dividend_windows,
    known_centers,
    payment_rule,
)
from engine.payouts.book.dividend_rows import (
    DIVIDENDS,
    HOLDINGS,
    PAYMENT_DAYS,
    RULES,
    WINDOWS,
    DividendHolding,
    DividendPaymentDay,
    DividendRuleLine,
    DividendWindowLine,
)
from engine.payouts.book.dividend_terms import passed_share, reinvests
from engine.payouts.book.equity import fx_terms
from engine.payouts.book.equity_fx import CurrencyConversion, FxTerms
from engine.payouts.book.equity_periods import FAR_DAY, valuation_periods
from engine.payouts.book.positions import Composition, Constituent, basis_day, compositions, lot_units, priced_lots
from engine.payouts.book.tables import CALENDARS, CURRENCIES, FLOWS, INSTRUMENTS, NO_ROW, PAIRS, Book, ContractRows
from engine.payouts.book.values import FlowValues
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import DividendEntitlement, DividendFxDate
from engine.payouts.kernels_dividends import value_dividend_flows
from engine.payouts.market import Flags, MarketArrays
from engine.payouts.terms.contract import Contract, Leg, TradeLot
from engine.payouts.terms.performance import PerformancePayout
from engine.payouts.terms.returns import DividendReturnTerms

_OWN_CURRENCY = ("DIVIDEND_CURRENCY", "ISSUER_PAYMENT_CURRENCY")


def compile_dividends(
    contract: Contract,
    leg: Leg,
    leg_row: int,
    lot_rows: Mapping[str, int],
    calendars: CenterCalendars,
    rows: ContractRows,
) -> None:
    """Add the dividend holdings of a leg; none where dividends are reinvested.

    Raises ModelError CLO-1935 for a payment reference that cannot be generated, CLO-1936 where a ratio or the units are
    not stated, and the errors of `compile_equity` for units, baskets and FX.
    """
    payout = leg.performance
    terms = payout.returns.dividend if payout is not None else None
    if payout is None or terms is None or reinvests(terms):
        return
    fx = fx_terms(contract, payout, leg_row, calendars, rows)
    rule = payment_rule(contract, payout, terms)
    rule_row = _add_rule(rule, calendars, fx.settlement_currency, rows)
    windows: dict[str, tuple[int, int]] = {}
    for composition in compositions(leg, payout):
        if composition.is_weighted:
            raise ModelError(
                "CLO-1934",
                f"Leg {leg.leg_number} passes on dividends of a basket whose units follow from weights at each reset",
                remedy="Store a composition with resolved units for every reset.",
            )
        for constituent in composition.constituents:
            reference = constituent.instrument.reference
            if reference not in windows:
                windows[reference] = _add_windows(contract, leg, payout, terms, calendars, fx, reference, rows)
            for line in _lines(contract, leg, payout, terms, composition, constituent, lot_rows):
                lot_row, quantity, basis, after, to = line
                rows.add(
                    HOLDINGS,
                    _holding(
                        contract, leg, leg_row, rows, terms, fx, constituent, rule, rule_row, windows[reference]
                    )._replace(lot=lot_row, quantity=quantity, basis_day=basis, after_day=after, to_day=to),
                )


def value_dividends(book: Book, market: MarketArrays, day: int, active: Flags, values: FlowValues) -> None:
    """Write the values of the active dividend flows at the close of `day` into `values`."""
    value_dividend_flows(
        book[DIVIDENDS],
        np.ascontiguousarray(book[FLOWS]["sign"]),
        market.fx,
        market.first_day,
        day,
        active,
        values.parts,
        values.rate_or_price,
        values.status,
        values.missing_row,
        values.missing_day,
    )


def _add_rule(rule: PaymentRule, calendars: CenterCalendars, currency: str, rows: ContractRows) -> int:
    first = rows.count(PAYMENT_DAYS)
    for day in rule.listed:
        rows.add(PAYMENT_DAYS, DividendPaymentDay(day))
    centers = "+".join(known_centers(calendars, currency))
    return rows.add(
        RULES,
        DividendRuleLine(
            way=rule.way,
            base=rule.base,
            offset=rule.offset,
            is_inclusive=int(rule.is_inclusive),
            stated_day=rule.stated_day,
            calendar=rows.name(CALENDARS, centers) if centers else NO_ROW,
            listed_first=first,
            listed_last=rows.count(PAYMENT_DAYS),
        ),
    )


def _add_windows(
    contract: Contract,
    leg: Leg,
    payout: PerformancePayout,
    terms: DividendReturnTerms,
    calendars: CenterCalendars,
    fx: FxTerms,
    reference: str,
    rows: ContractRows,
) -> tuple[int, int]:
    """Rows of the windows of one instrument."""
    periods = valuation_periods(contract, leg, payout)
    first = rows.count(WINDOWS)
    for window in dividend_windows(contract, terms, periods, calendars, fx.settlement_currency, reference):
        rows.add(WINDOWS, DividendWindowLine(window.first_day, window.last_day, window.payment_day))
    return first, rows.count(WINDOWS)


def _lines(
    contract: Contract,
    leg: Leg,
    payout: PerformancePayout,
    terms: DividendReturnTerms,
    composition: Composition,
    constituent: Constituent,
    lot_rows: Mapping[str, int],
) -> Iterator[tuple[int, float, int, int, int]]:
    """(lot row, units of the instrument, basis day, after day, to day) of what lots held of a constituent.

    The part of a lot that was closed is a line of its own up to its closing.
    """
    last = composition.last_day
    if not leg.lots:
        start = day_number(contract.trade_date)
        after = max(start, composition.first_day)
        basis = max(start, composition.basis_day)
        yield NO_ROW, _units_without_lots(contract, leg) * constituent.units, basis, after, last
        return
    for lot in priced_lots(leg, payout):
        after = max(day_number(lot.cost_date), composition.first_day)
        basis = basis_day(lot, composition)
        for units, to in _held(lot, payout):
            if after < min(to, last):
                yield lot_rows[lot.lot_identifier], units * constituent.units, basis, after, min(to, last)


def _held(lot: TradeLot, payout: PerformancePayout) -> Iterator[tuple[float, int]]:
    """Units of a lot and the day until which they are held."""
    opened = lot_units(lot, payout)
    left = opened - lot.closed_quantity
    if left > opened * 1e-12:
        yield left, FAR_DAY
    for closing in lot.closings:
        yield closing.quantity, day_number(closing.event_date)


def _units_without_lots(contract: Contract, leg: Leg) -> float:
    """Units of a dividend swap that the fixed leg states."""
    for other in contract.legs:
        if other.fixed_price is not None and other.fixed_price.units is not None:
            return other.fixed_price.units
    raise ModelError(
        "CLO-1936",
        f"Nothing says on how many units leg {leg.leg_number} pays dividends",
        remedy="Give the leg a lot, or the fixed leg its units.",
    )


def _holding(
    contract: Contract,
    leg: Leg,
    leg_row: int,
    rows: ContractRows,
    terms: DividendReturnTerms,
    fx: FxTerms,
    constituent: Constituent,
    rule: PaymentRule,
    rule_row: int,
    windows: tuple[int, int],
) -> DividendHolding:
    """What all holdings of one instrument share; lot, quantity and days are still to be put in."""
    share = passed_share(terms, constituent.instrument)
    target = _target(terms, fx.settlement_currency)
    conversion = CurrencyConversion()
    if target is not None and target != constituent.currency:
        rows.name(PAIRS, f"{constituent.currency}/{target}")
        if target == fx.settlement_currency and fx.mode == codes.QUANTO:
            conversion = fx.conversion(constituent.currency)
    return DividendHolding(
        leg=leg_row,
        lot=NO_ROW,
        instrument=rows.name(INSTRUMENTS, constituent.instrument.reference),
        currency=rows.name(CURRENCIES, constituent.currency),
        target=NO_ROW if target is None else rows.name(CURRENCIES, target),
        rule=rule_row,
        window_first=windows[0],
        window_last=windows[1],
        quantity=0.0,
        basis_day=0,
        after_day=0,
        to_day=0,
        cash_ratio=share.cash_ratio,
        non_cash_ratio=share.non_cash_ratio,
        passes_special=int(share.passes_special),
        amount_day=amount_day(terms),
        payment_base=rule.base,
        is_on_record=int(terms.dividend_entitlement is DividendEntitlement.RECORD_DATE),
        is_fx_on_pay_day=int(terms.dividend_fx_date is DividendFxDate.PAY_DATE),
        fixed_rate=conversion.fixed_rate,
        fixed_day=conversion.fixed_day,
        sign=contract.sign(leg),
    )


def _target(terms: DividendReturnTerms, settlement_currency: str) -> str | None:
    """The currency that dividends are paid in, None for their own."""
    if terms.dividend_currency_method in _OWN_CURRENCY:
        return None
    return terms.dividend_currency or settlement_currency


TABLES = (RULES, PAYMENT_DAYS, WINDOWS, HOLDINGS, DIVIDENDS)
