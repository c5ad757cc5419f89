"""Three made-up swaps with prices from code: what a new user tries, what examples of cells run on."""

from dataclasses import dataclass
from datetime import date
from math import exp

import numpy as np

from db.payouts.fixings import FxFixing, PriceFixing, RateFixing
from db.payouts.identity import contract_id
from db.payouts.work import PayoutWork
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.schedule import with_schedules
from engine.payouts.dates.sources import center_holidays
from engine.payouts.enums import (
    BusinessDayConvention,
    ContractType,
    DayCount,
    DayType,
    DividendPaymentReference,
    DividendPeriodConvention,
    FxFeatureType,
    IdentifierScheme,
    LegType,
    NotionalSource,
    OvernightMethod,
    PeriodUnit,
    QuantityUnit,
    RateKind,
    ScheduleRole,
    ScheduleType,
    Side,
    StrikeScale,
    UnderlierType,
)
from engine.payouts.market import DividendEvent
from engine.payouts.terms.contract import Contract, Leg, TradeLot
from engine.payouts.terms.funding import InterestRatePayout
from engine.payouts.terms.parties import Instrument, InstrumentIdentifier, Party
from engine.payouts.terms.performance import FxFeature, PerformancePayout, Underlier
from engine.payouts.terms.returns import (
    DividendReturnTerms,
    PriceReturnTerms,
    ReturnTerms,
    VarianceVolatilityTerms,
)
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule

TRADE_DATE, END_DATE = date(2024, 1, 2), date(2024, 7, 2)
LAST_FIXING = date(2024, 3, 15)
REFERENCES = ("DEMO-TRS", "DEMO-TRS-EUR", "DEMO-VARIANCE")
SOURCE = "demo"

CENTERS = ("USNY", "EUTA")
"""Business centers that the dates of the demo are counted in."""
_DESK, _FUND = (
    Party(party_identifier="DEMO-DESK", party_name="Demo desk"),
    Party(party_identifier="DEMO-FUND", party_name="Demo fund"),
)
_SEED = 20240102


@dataclass(frozen=True, slots=True)
class SwapDemo:
    """What the demo left: its swaps, and the business days that have fixings."""

    references: tuple[str, ...]
    days: tuple[date, ...]


def make_demo(work: PayoutWork) -> SwapDemo:
    """Store the swaps, their calendars and their fixings; again changes nothing."""
    for center in CENTERS:
        if center not in work.calendars.codes():
            holidays = center_holidays(center, 2020, 2030)
            work.calendars.put(center, holidays, source="holidays", version=SOURCE)
    calendars = CenterCalendars(work.calendars.calendars())
    for contract in demo_contracts():
        if work.contracts.find(contract.contract_reference) is None:
            filled, _ = with_schedules(contract, calendars)
            work.contracts.save(filled, valid_from=contract.trade_date)
    joint = calendars.joint(CENTERS)
    span = range(TRADE_DATE.toordinal(), LAST_FIXING.toordinal() + 1)
    days = tuple(on for on in map(date.fromordinal, span) if joint.is_good(on))
    _put_fixings(work, days)
    return SwapDemo(REFERENCES, days)


def days_to_run(work: PayoutWork, demo: SwapDemo) -> tuple[date, ...]:
    """The days that were not calculated yet."""
    done = work.end_of_day.progress([contract_id(reference) for reference in demo.references])
    last = max((progress.last_day for progress in done.values()), default=date.min)
    return tuple(on for on in demo.days if on > last)


def _share(name: str, currency: str) -> Instrument:
    return Instrument(
        reference=f"RIC:{name}",
        instrument_type=UnderlierType.SINGLE_STOCK,
        name=f"Demo share {name}",
        currency=currency,
        identifiers=(InstrumentIdentifier(scheme=IdentifierScheme.RIC, identifier=name),),
    )


_ALPHA, _BETA = _share("DEMO.A", "USD"), _share("DEMO.B", "EUR")


def demo_contracts() -> tuple[Contract, ...]:
    """The swaps, without the dates of their schedules."""
    composite = FxFeature(fx_feature_type=FxFeatureType.COMPOSITE, reference_currency="USD")
    return (
        _total_return("DEMO-TRS", _ALPHA, units=10_000.0, price=100.0, receives=True),
        _total_return("DEMO-TRS-EUR", _BETA, units=4_000.0, price=50.0, receives=False, fx=composite),
        _variance("DEMO-VARIANCE", _ALPHA),
    )


def _contract(reference: str, kind: ContractType, legs: tuple[Leg, ...]) -> Contract:
    return Contract(
        contract_reference=reference,
        contract_type=kind,
        trade_date=TRADE_DATE,
        effective_date=TRADE_DATE,
        termination_date=END_DATE,
        party1=_DESK,
        party2=_FUND,
        settlement_currency="USD",
        netting_agreement_reference="DEMO-ISDA",
        legs=legs,
    )


def _total_return(
    reference: str, share: Instrument, *, units: float, price: float, receives: bool, fx: FxFeature | None = None
) -> Contract:
    """A total return swap, reset monthly, funded at compounded SOFR plus 50 basis points."""
    equity_payer = Side.PARTY2 if receives else Side.PARTY1
    performance = PerformancePayout(
        underlier=_underlier(share),
        returns=ReturnTerms(
            price=PriceReturnTerms(initial_price=price, initial_price_currency=share.currency),
            dividend=DividendReturnTerms(
                dividend_payout_ratio=0.85,
                first_period=DividendPeriodConvention.SECOND_PERIOD,
                payment_date_reference=DividendPaymentReference.EQUITY_PAYMENT_DATE,
            ),
        ),
        settlement_currency="USD",
        valuation_schedules=(
            _explicit(ScheduleRole.INITIAL, TRADE_DATE),
            ValuationSchedule(
                role=ScheduleRole.INTERIM,
                schedule_type=ScheduleType.PARAMETRIC,
                period_multiplier=1,
                period_unit=PeriodUnit.M,
                roll_convention=str(END_DATE.day),
                business_day_convention=BusinessDayConvention.MODFOLLOWING,
                business_centers=CENTERS,
            ),
            _explicit(ScheduleRole.FINAL, END_DATE),
        ),
        payment_schedules=tuple(
            _paid(role, after)
            for role, after in (
                (ScheduleRole.INTERIM, "INTERIM_VALUATION"),
                (ScheduleRole.FINAL, "FINAL_VALUATION"),
            )
        ),
        fx_features=() if fx is None else (fx,),
    )
    lot = TradeLot(
        lot_identifier="LOT-1",
        cost_date=TRADE_DATE,
        settlement_date=TRADE_DATE,
        notional_amount=units * price,
        opened_quantity=units,
        quantity_unit=QuantityUnit.SHARE,
        initial_price=price,
        price_currency=share.currency,
    )
    funding = InterestRatePayout(
        rate_kind=RateKind.FLOATING_OVERNIGHT,
        day_count=DayCount.ACT_360,
        floating_rate_index="USD-SOFR",
        spread=0.005,
        overnight_method=OvernightMethod.COMPOUNDED,
        observation_centers=("USNY",),
        notional_source=NotionalSource.EQUITY_RESET,
    )
    legs = (
        Leg(
            leg_number=1,
            leg_type=LegType.EQUITY_LEG,
            payer=equity_payer,
            notional_amount=units * price,
            notional_currency=share.currency,
            lots=(lot,),
            performance=performance,
        ),
        Leg(
            leg_number=2,
            leg_type=LegType.FUNDING_LEG,
            payer=equity_payer.other,
            notional_amount=units * price,
            notional_currency="USD",
            linked_leg_number=1,
            interest=funding,
        ),
    )
    return _contract(reference, ContractType.TOTAL_RETURN_SWAP, legs)


def _variance(reference: str, share: Instrument) -> Contract:
    """The desk receives realised variance against a volatility of 18 points."""
    terms = VarianceVolatilityTerms(
        strike_scale=StrikeScale.POINTS,
        volatility_strike_price=18.0,
        vega_notional_amount=50_000.0,
        expected_trading_days=125,
    )
    performance = PerformancePayout(
        underlier=_underlier(share),
        returns=ReturnTerms(variance=terms),
        first_observation_date=TRADE_DATE,
        settlement_currency="USD",
        valuation_schedules=(_explicit(ScheduleRole.FINAL, END_DATE),),
        payment_schedules=(_paid(ScheduleRole.FINAL, "FINAL_VALUATION"),),
    )
    leg = Leg(
        leg_number=1,
        leg_type=LegType.EQUITY_LEG,
        payer=Side.PARTY2,
        notional_currency="USD",
        performance=performance,
    )
    return _contract(reference, ContractType.VARIANCE_SWAP, (leg,))


def _underlier(share: Instrument) -> Underlier:
    return Underlier(
        underlier_type=share.instrument_type,
        underlier_reference=share.reference,
        underlier_currency=share.currency,
        instrument=share,
    )


def _explicit(role: ScheduleRole, on: date) -> ValuationSchedule:
    return ValuationSchedule(
        role=role, schedule_type=ScheduleType.EXPLICIT, explicit_dates=(on,), business_centers=CENTERS
    )


def _paid(role: ScheduleRole, after: str) -> PaymentSchedule:
    return PaymentSchedule(
        role=role,
        schedule_type=ScheduleType.RELATIVE,
        relative_to=after,
        payment_delay_days=2,
        delay_day_type=DayType.CURRENCY_BUSINESS,
        business_centers=("USNY",),
    )


def _put_fixings(work: PayoutWork, days: tuple[date, ...]) -> None:
    """Random walks from a fixed seed, rounded as quotes are; one dividend; SOFR that hardly moves."""
    random = np.random.default_rng(_SEED)
    for share, level, volatility in ((_ALPHA, 100.0, 0.2), (_BETA, 50.0, 0.3)):
        moves = random.standard_normal(len(days)) * volatility / 252.0**0.5
        moves[0] = 0.0
        prices = [round(level * exp(move), 2) for move in np.cumsum(moves).tolist()]
        currency = share.currency or "USD"
        work.fixings.put_prices(
            [PriceFixing(share.reference, on, price, currency) for on, price in zip(days, prices, strict=True)], SOURCE
        )
    rates = [round(1.10 * exp(move), 4) for move in np.cumsum(random.standard_normal(len(days)) * 0.003).tolist()]
    work.fixings.put_fx([FxFixing("EUR", "USD", on, rate) for on, rate in zip(days, rates, strict=True)], SOURCE)
    usny = CenterCalendars(work.calendars.calendars()).joint(("USNY",))
    span = [date.fromordinal(n) for n in range(date(2023, 12, 15).toordinal(), LAST_FIXING.toordinal() + 1)]
    sofr = [RateFixing("USD-SOFR", "", on, 0.0531 + 0.0001 * (on.day % 3)) for on in span if usny.is_good(on)]
    work.fixings.put_rates(sofr, SOURCE)
    work.market_events.put_dividends(
        [
            DividendEvent(
                instrument_reference=_ALPHA.reference,
                ex_date=date(2024, 2, 12),
                currency="USD",
                gross_amount=0.5,
                pay_date=date(2024, 2, 26),
            )
        ]
    )
