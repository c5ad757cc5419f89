"""What a funding leg that follows an equity leg holds in one calculation period, lot by lot (spec 07 §11, §12.1)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isnan, nan

from engine.conventions.days import NO_DAY, day_number
from engine.errors import ModelError
from engine.payouts.book.dividend_terms import NOTHING, at_pay_day, passed_share, reinvests
from engine.payouts.book.equity_fx import CurrencyConversion, FxTerms
from engine.payouts.book.equity_periods import valuation_periods
from engine.payouts.book.funding_parts import Holding
from engine.payouts.book.positions import (
    Composition,
    basis_day,
    compositions,
    lot_units,
    priced_lots,
)
from engine.payouts.enums import NotionalSource, UnwindFunding
from engine.payouts.terms.contract import Contract, Leg, TradeLot
from engine.payouts.terms.funding import InterestRatePayout
from engine.payouts.terms.performance import PerformancePayout

_NOTHING_LEFT = 1e-12
"""Share of a lot that closings leave by the rounding of their sum alone."""


@dataclass(frozen=True, slots=True)
class FundedLeg:
    """The equity leg whose notional a funding leg follows: its payout, compositions, FX and reset days in order.

    currency: of the funding leg's notional. series: spread series by reference of the constituent, empty where one
    spread holds for all.
    """

    leg: Leg
    payout: PerformancePayout
    compositions: tuple[Composition, ...]
    fx: FxTerms
    reset_days: tuple[int, ...]
    currency: str
    series: dict[str, int]


def funded_leg(
    contract: Contract,
    equity: Leg,
    performance: PerformancePayout,
    payout: InterestRatePayout,
    fx: FxTerms,
    currency: str,
) -> FundedLeg:
    """An equity leg as the funding payout that follows it in `currency` sees it; `fx` are the equity leg's terms."""
    return FundedLeg(
        equity,
        performance,
        compositions(equity, performance),
        fx,
        tuple(period.end_day for period in valuation_periods(contract, equity, performance)),
        currency,
        _spread_series(payout, performance),
    )


def linked_leg(contract: Contract, leg: Leg) -> Leg:
    """The equity leg that another leg names, else the only one. Raises ModelError CLO-1943 where there is none."""
    if leg.linked_leg_number is not None:
        return contract.leg(leg.linked_leg_number)
    equity_legs = [other for other in contract.legs if other.performance is not None]
    if len(equity_legs) != 1:
        raise not_linked(leg)
    return equity_legs[0]


def not_linked(leg: Leg) -> ModelError:
    """What is wrong with a leg that should follow an equity leg."""
    return ModelError(
        "CLO-1943",
        f"Leg {leg.leg_number} follows the notional or the periods of an equity leg, and none is linked",
        remedy="Name the equity leg in linked_leg_number, or give a funding leg a notional of its own.",
    )


def _spread_series(payout: InterestRatePayout, performance: PerformancePayout) -> dict[str, int]:
    """Spread series by constituent, as the steps or the basket state them, else in the order of the constituents."""
    stated = {
        step.constituent_reference: step.series
        for step in payout.spread_steps
        if step.series > 0 and step.constituent_reference is not None
    }
    if not any(step.series > 0 for step in payout.spread_steps):
        return {}
    baskets = performance.underlier.compositions
    for composition in baskets:
        for constituent in composition.constituents:
            if constituent.spread_series:
                stated.setdefault(constituent.instrument.reference, constituent.spread_series)
    if stated or not baskets:
        return stated
    return {constituent.instrument.reference: i + 1 for i, constituent in enumerate(baskets[0].constituents)}


def own_holdings(leg: Leg, payout: InterestRatePayout, start: int, end: int) -> list[Holding]:
    """The notional of the leg itself in the period [start, end), divided where an event changed it.

    Raises ModelError CLO-1942 where it has none.
    """
    if leg.notional_amount is None:
        raise ModelError(
            "CLO-1942",
            f"Funding leg {leg.leg_number} has no notional",
            remedy="Give it a notional amount, or let it follow an equity leg.",
        )
    if not payout.past_notionals:
        return [Holding(start, end, leg.notional_amount)]
    days = [start, *(min(max(day_number(past.until), start), end) for past in payout.past_notionals), end]
    amounts = [*(past.notional_amount for past in payout.past_notionals), leg.notional_amount]
    return [
        Holding(first, last, amount)
        for (first, last), amount in zip(pairwise(days), amounts, strict=True)
        if first < last and amount != 0.0
    ]


def funded_holdings(funded: FundedLeg, source: NotionalSource, start: int, end: int) -> list[Holding]:
    """What the funded leg holds in the period [start, end), lot by lot.

    A lot counts from its own settlement date, except that under EQUITY_RESET and EQUITY_FIXED those of the first cost
    date count from the start of each period. What is closed counts up to the settlement date of the closing; where that
    is in the period and the funding breaks, the holdings name the event that pays their interest.
    """
    lots = _lots(funded, source)
    first_cost = min(lot.cost_date for lot in lots)
    holdings: list[Holding] = []
    for lot in lots:
        is_original = source is not NotionalSource.LOTS and lot.cost_date == first_cost
        lot_start = start if is_original else max(start, day_number(lot.settlement_date))
        for share, last, known, broken_by in _pieces(lot, end):
            if lot_start < last:
                reset = _reset_day(funded, lot, min(start, known))
                held = _holdings(funded, source, lot, share, lot_start, last, reset, start)
                holdings.extend(replace(holding, broken_by=broken_by) for holding in held)
    return holdings


def _lots(funded: FundedLeg, source: NotionalSource) -> tuple[TradeLot, ...]:
    """The lots of the leg, or the leg as one, with units unless a constant notional asks for none."""
    leg = funded.leg if funded.leg.lots else replace(funded.leg, lots=(_whole_leg(funded),))
    return leg.lots if source is NotionalSource.EQUITY_FIXED else priced_lots(leg, funded.payout)


def _whole_leg(funded: FundedLeg) -> TradeLot:
    """A leg without lots as one: its notional at the price of the payout."""
    leg, price = funded.leg, funded.payout.returns.price
    if leg.notional_amount is None:
        raise ModelError(
            "CLO-1942",
            f"Leg {leg.leg_number} has neither lots nor a notional",
            remedy="Give the equity leg its lots or its notional amount.",
        )
    return TradeLot(
        lot_identifier=f"leg {leg.leg_number}",
        cost_date=funded.fx.trade_date,
        settlement_date=funded.fx.trade_date,
        notional_amount=leg.notional_amount,
        initial_price=price.initial_price if price is not None else None,
    )


def _pieces(lot: TradeLot, end: int) -> Iterator[tuple[float, int, int, str]]:
    """Shares of a lot as opened, each with the day up to which it counts, the last day that can reset its price and the
    event that breaks its funding: one for every closing and one for what stays."""
    whole = lot.notional_amount if lot.opened_quantity is None else lot.opened_quantity
    if whole == 0.0:
        return
    for closing in lot.closings:
        settles = day_number(closing.settlement_date)
        is_broken = closing.funding is UnwindFunding.BREAK and settles <= end
        broken_by = closing.event_reference if is_broken else ""
        yield closing.quantity / whole, min(end, settles), day_number(closing.event_date), broken_by
    remaining = (whole - lot.closed_quantity) / whole
    if remaining > _NOTHING_LEFT:
        yield remaining, end, end, ""


def _reset_day(funded: FundedLeg, lot: TradeLot, day: int) -> int:
    """The last reset of a lot's price up to `day`, NO_DAY while its own price holds.

    Reset days are ends of valuation periods, so the initial valuation is none: its price is the agreed one.
    """
    cost_day = day_number(lot.cost_date)
    return max((reset for reset in funded.reset_days if cost_day < reset <= day), default=NO_DAY)


def _holdings(
    funded: FundedLeg,
    source: NotionalSource,
    lot: TradeLot,
    share: float,
    start: int,
    end: int,
    reset_day: int,
    period_start: int,
) -> Iterable[Holding]:
    """The holdings of a share of one lot from start up to end."""
    if source is NotionalSource.EQUITY_FIXED:
        fx_day = reset_day if reset_day != NO_DAY else day_number(lot.cost_date)
        return _split_by_weight(funded, _of_notional(funded, lot, share, start, end, fx_day), period_start)
    if reset_day == NO_DAY and not funded.series:
        return [_at_own_price(funded, lot, share, start, end)]
    return _at_reset(funded, lot, share, start, end, reset_day)


def _of_notional(funded: FundedLeg, lot: TradeLot, share: float, start: int, end: int, fx_day: int) -> Holding:
    """A share of a lot's notional amount, converted where the funding leg has another currency."""
    currency = funded.leg.notional_currency or funded.fx.settlement_currency
    pair = "" if currency == funded.currency else f"{currency}/{funded.currency}"
    fx_day = fx_day if pair else NO_DAY
    return Holding(start, end, lot.notional_amount * share, pair=pair, fx_day=fx_day, spread=lot.spread)


def _split_by_weight(funded: FundedLeg, holding: Holding, day: int) -> list[Holding]:
    """A constant notional as it is, or by constituent where each has its own spread and a percentage of it."""
    if not funded.series:
        return [holding]
    basket = max(
        (c for c in funded.payout.underlier.compositions if day_number(c.effective_from) <= day),
        key=lambda composition: composition.effective_from,
        default=funded.payout.underlier.compositions[0],
    )
    weights = [constituent.weight_value for constituent in basket.constituents]
    known = [weight for weight in weights if weight is not None]
    if len(known) < len(weights) or abs(sum(known) - 1.0) > 1e-8:
        raise ModelError(
            "CLO-1946",
            "A constant notional cannot be divided among constituents with spreads of their own",
            remedy="Give the basket percentage weights that sum to 1, or let the notional follow the resets.",
        )
    return [
        replace(
            holding,
            quantity=holding.quantity * weight,
            spread_series=funded.series.get(constituent.instrument.reference, 0),
        )
        for constituent, weight in zip(basket.constituents, known, strict=True)
    ]


def _at_own_price(funded: FundedLeg, lot: TradeLot, share: float, start: int, end: int) -> Holding:
    """A lot before its first reset: units at its own price, else its notional amount."""
    composition = funded.compositions[0]
    price = lot.initial_price
    cost_day = day_number(lot.cost_date)
    if price is None or lot.opened_quantity is None or not composition.is_single:
        return _of_notional(funded, lot, share, start, end, cost_day)
    only = composition.constituents[0]
    held = Holding(start, end, lot.opened_quantity * share * only.units * price, spread=lot.spread)
    agreed = lot.initial_fx if funded.currency == funded.fx.settlement_currency else None
    return _converted(funded, held, only.currency, cost_day, agreed)


def _at_reset(
    funded: FundedLeg, lot: TradeLot, share: float, start: int, end: int, reset_day: int
) -> Iterator[Holding]:
    """Units of a lot at the closes of its last reset, instrument by instrument; before it at agreed prices, or closes
    of the cost date where none is agreed."""
    day = day_number(lot.cost_date) if reset_day == NO_DAY else reset_day
    composition = _composition_on(funded.compositions, day)
    if composition.is_weighted:
        raise ModelError(
            "CLO-1946",
            "The notional of a basket that is restored to its weights at every reset is not known from its units",
            remedy="Let the funding leg follow a fixed notional (EQUITY_FIXED or OWN).",
        )
    units = lot_units(lot, funded.payout) * share
    dividend = funded.payout.returns.dividend if reinvests(funded.payout.returns.dividend) else None
    for constituent in composition.constituents:
        held = Holding(
            start,
            end,
            units * constituent.units,
            price=constituent.initial_price if reset_day == NO_DAY else nan,
            instrument=constituent.instrument.reference,
            basis_day=basis_day(lot, composition),
            reset_day=day,
            may_be_negative=constituent.may_be_negative,
            reinvested=NOTHING if dividend is None else passed_share(dividend, constituent.instrument),
            at_pay_day=dividend is not None and at_pay_day(dividend),
            reinvest_after=max(day_number(lot.cost_date), composition.first_day),
            spread_series=funded.series.get(constituent.instrument.reference, 0),
            spread=lot.spread,
        )
        agreed = None
        if reset_day == NO_DAY and funded.currency == funded.fx.settlement_currency:
            agreed = lot.initial_fx
        yield _converted(funded, held, constituent.currency, day, agreed)


def _composition_on(listed: tuple[Composition, ...], day: int) -> Composition:
    """The composition held at the close of a day."""
    held = [c for c in listed if c.first_day < day or (c.is_taking_over and c.first_day == day)]
    return held[-1] if held else listed[0]


def _converted(funded: FundedLeg, held: Holding, currency: str, day: int, agreed_fx: float | None) -> Holding:
    """A holding priced in `currency` with its way into the funding currency (spec 07 §11).

    A quanto's agreed rate becomes part of the quantity, and another funding currency is reached from the settlement
    currency; in every other case the price currency is converted directly. Raises ModelError CLO-1947 for a quanto
    whose rate is observed and whose funding has a third currency.
    """
    target, settlement = funded.currency, funded.fx.settlement_currency
    conversion = funded.fx.conversion(currency)
    if not isnan(conversion.fixed_rate):
        pair = "" if settlement == target else f"{settlement}/{target}"
        quantity = held.quantity * conversion.fixed_rate
        return replace(held, quantity=quantity, pair=pair, fx_day=day if pair else NO_DAY)
    if currency == target:
        return held
    if _is_observed_quanto(conversion):
        if settlement != target:
            raise ModelError(
                "CLO-1947",
                f"A quanto from {currency} into {settlement} without a stored rate cannot be funded in {target}",
                remedy="Give the feature its quanto_fx_rate.",
            )
        return replace(held, pair=conversion.pair, fx_day=conversion.fixed_day)
    if agreed_fx is not None:
        return replace(held, fx_rate=agreed_fx)
    return replace(held, pair=f"{currency}/{target}", fx_day=funded.fx.fixing_day(day))


def _is_observed_quanto(conversion: CurrencyConversion) -> bool:
    return conversion.fixed_day != NO_DAY
