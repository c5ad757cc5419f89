"""Terms from which the simulated swaps are made: schedules, payouts, lots, legs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from engine.payouts.enums import (
    BusinessDayConvention,
    ContractType,
    DayCount,
    DayType,
    DividendPaymentReference,
    DividendPeriodConvention,
    FxFeatureType,
    LegType,
    NotionalMode,
    NotionalSource,
    OvernightMethod,
    PeriodUnit,
    QuantityUnit,
    RateKind,
    ScheduleRole,
    ScheduleType,
    Side,
    UnderlierType,
)
from engine.payouts.terms.contract import Contract, Fee, Leg, TradeLot
from engine.payouts.terms.funding import InterestRatePayout
from engine.payouts.terms.parties import Instrument, Party
from engine.payouts.terms.performance import (
    BasketComposition,
    FxFeature,
    PerformancePayout,
    Underlier,
)
from engine.payouts.terms.returns import (
    DividendReturnTerms,
    PriceReturnTerms,
    ReturnTerms,
)
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule
from tests.desk.swaps.simulated_market import (
    CENTER,
    EXCHANGE,
    SHARES,
    Market,
    after,
)

US = Party(party_identifier="DESK", party_name="The desk")
OTHERS = tuple(Party(party_identifier=f"FUND-{n}", party_name=f"Fund {n}") for n in range(1, 5))
PAID_AFTER = 2
"""Currency business days from a valuation to its payment."""

_PRICE = PriceReturnTerms()


@dataclass(frozen=True, slots=True)
class Slot:
    """What a builder may choose from: a reference, the first and last valuation, the market, a number."""

    reference: str
    start: date
    end: date
    market: Market
    number: int

    @property
    def other(self) -> Party:
        return OTHERS[self.number % len(OTHERS)]

    @property
    def payer(self) -> Side:
        """The payer of the equity leg: the desk in one contract of three."""
        return Side.PARTY1 if self.number % 3 == 2 else Side.PARTY2

    def share(self, currency: str) -> Instrument:
        """One of the shares of a currency."""
        found = [one for one in SHARES if one.currency == currency]
        return found[self.number % len(found)]

    def price(self, of: Instrument, on: date | None = None) -> float:
        """A close, rounded as a price is agreed."""
        return round(self.market.close(of, on or self.start), 2)

    def fx(self, one: str, two: str, on: date | None = None) -> float:
        """A rate, by default of the start."""
        return self.market.fx[one, two][on or self.start]


def centers_of(*currencies: str) -> tuple[str, ...]:
    """Exchanges and banks of currencies."""
    return tuple(sorted({place for one in currencies for place in (CENTER[one], EXCHANGE[one])}))


def schedules(slot: Slot, centers: tuple[str, ...], currency: str, months: int | None = 1) -> dict[str, object]:
    """Valued at the start, every so many months and at the end; paid two currency business days later."""
    valued = [
        ValuationSchedule(role=ScheduleRole.INITIAL, schedule_type=ScheduleType.EXPLICIT, explicit_dates=(slot.start,)),
        ValuationSchedule(
            role=ScheduleRole.FINAL,
            schedule_type=ScheduleType.EXPLICIT,
            explicit_dates=(slot.end,),
            business_centers=centers,
        ),
    ]
    if months is not None:
        valued.insert(
            1,
            ValuationSchedule(
                role=ScheduleRole.INTERIM,
                schedule_type=ScheduleType.PARAMETRIC,
                period_multiplier=months,
                period_unit=PeriodUnit.M,
                roll_convention="EOM" if slot.end.day > 30 else str(slot.end.day),
                business_day_convention=BusinessDayConvention.MODFOLLOWING,
                business_centers=centers,
            ),
        )
    paid = tuple(
        PaymentSchedule(
            role=role,
            schedule_type=ScheduleType.RELATIVE,
            relative_to=f"{role.value}_VALUATION",
            payment_delay_days=PAID_AFTER,
            delay_day_type=DayType.CURRENCY_BUSINESS,
            business_centers=(CENTER[currency],),
        )
        for role in (ScheduleRole.INTERIM, ScheduleRole.FINAL)
        if months is not None or role is ScheduleRole.FINAL
    )
    return {"valuation_schedules": tuple(valued), "payment_schedules": paid}


def dividends(reference: DividendPaymentReference, **terms: object) -> DividendReturnTerms:
    """Dividends passed on, at 85 % unless another ratio is given."""
    stated = {
        "dividend_payout_ratio": 0.85,
        "first_period": DividendPeriodConvention.SECOND_PERIOD,
        "payment_date_reference": reference,
    }
    return DividendReturnTerms(**{**stated, **terms})  # type: ignore[arg-type]


def lot(slot: Slot, of: Instrument, units: float, name: str = "LOT-1", on: date | None = None) -> TradeLot:
    """Units bought at the close of a day, settled two business days later."""
    cost = on or slot.start
    price = slot.price(of, cost)
    return TradeLot(
        lot_identifier=name,
        cost_date=cost,
        settlement_date=after(cost, PAID_AFTER, CENTER[of.currency or "USD"]),
        notional_amount=units * price,
        opened_quantity=units,
        quantity_unit=QuantityUnit.SHARE,
        initial_price=price,
        price_currency=of.currency,
    )


def performance(
    slot: Slot,
    underlier: Instrument | tuple[BasketComposition, ...],
    currency: str,
    *,
    returns: ReturnTerms | None = None,
    dividend: DividendReturnTerms | None = None,
    mode: NotionalMode = NotionalMode.RESET,
    fx: Sequence[FxFeature] = (),
    months: int | None = 1,
) -> PerformancePayout:
    """A payout on an instrument or a basket, settled in `currency`."""
    if isinstance(underlier, Instrument):
        followed = Underlier(
            underlier_type=underlier.instrument_type,
            underlier_reference=underlier.reference,
            underlier_currency=underlier.currency,
            instrument=underlier,
        )
        held = (underlier.currency or currency,)
    else:
        followed = Underlier(
            underlier_type=UnderlierType.BASKET,
            underlier_reference=f"BASKET:{slot.reference}",
            underlier_currency=currency,
            compositions=underlier,
        )
        held = tuple({one.instrument.currency or currency for part in underlier for one in part.constituents})
    return PerformancePayout(
        underlier=followed,
        returns=returns or ReturnTerms(price=_PRICE, dividend=dividend),
        notional_mode=mode,
        settlement_currency=currency,
        fx_features=tuple(fx),
        **schedules(slot, centers_of(currency, *held), currency, months),  # type: ignore[arg-type]
    )


def equity_leg(
    slot: Slot, payout: PerformancePayout, *lots: TradeLot, payer: Side | None = None, number: int = 1
) -> Leg:
    """A leg that earns the payout on its lots."""
    return Leg(
        leg_number=number,
        leg_type=LegType.EQUITY_LEG,
        payer=payer or slot.payer,
        notional_amount=sum(one.notional_amount for one in lots) if lots else None,
        notional_currency=lots[0].price_currency if lots else payout.settlement_currency,
        lots=lots,
        performance=payout,
    )


def funding_leg(slot: Slot, currency: str, notional: float | None = None, **terms: object) -> Leg:
    """The other way round: interest on what the equity leg is worth at each reset, unless the terms say otherwise."""
    stated = {"day_count": DayCount.ACT_360, "spread": 0.004, "notional_source": NotionalSource.EQUITY_RESET}
    return Leg(
        leg_number=2,
        leg_type=LegType.FUNDING_LEG,
        payer=slot.payer.other,
        notional_amount=notional,
        notional_currency=currency,
        linked_leg_number=1,
        interest=InterestRatePayout(**{**stated, **terms}),  # type: ignore[arg-type]
    )


def overnight(index: str, **terms: object) -> dict[str, object]:
    """A compounded overnight rate."""
    stated = {
        "rate_kind": RateKind.FLOATING_OVERNIGHT,
        "floating_rate_index": index,
        "overnight_method": OvernightMethod.COMPOUNDED,
    }
    return {**stated, **terms}


def swap(slot: Slot, kind: ContractType, currency: str, *legs: Leg, fees: tuple[Fee, ...] = ()) -> Contract:
    """A contract of the desk with one of the others; every sixth has no netting agreement."""
    return Contract(
        contract_reference=slot.reference,
        contract_type=kind,
        trade_date=slot.start,
        effective_date=slot.start,
        termination_date=slot.end,
        party1=US,
        party2=slot.other,
        settlement_currency=currency,
        netting_agreement_reference=None if slot.number % 6 == 5 else f"ISDA-{slot.other.party_identifier}",
        legs=legs,
        fees=fees,
    )


def feature(kind: FxFeatureType, currency: str, **terms: object) -> FxFeature:
    """An FX feature into a currency."""
    return FxFeature(fx_feature_type=kind, reference_currency=currency, **terms)  # type: ignore[arg-type]
