"""Swaps, fixings and calendars for the tests of the desk: monthly total return swaps on a share, funded overnight."""

from collections.abc import Sequence
from datetime import date, timedelta

from db.payouts.fixings import FxFixing, PriceFixing, RateFixing
from db.payouts.work import PayoutWork
from engine.conventions.calendar import us_bank_holidays
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.schedule import with_schedules
from engine.payouts.enums import (
    BusinessDayConvention,
    ContractType,
    DayCount,
    DayType,
    DividendPaymentReference,
    DividendPeriodConvention,
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
    UnderlierType,
)
from engine.payouts.terms.contract import Contract, Leg, TradeLot
from engine.payouts.terms.funding import InterestRatePayout
from engine.payouts.terms.parties import Instrument, InstrumentIdentifier, Party
from engine.payouts.terms.performance import FxFeature, PerformancePayout, Underlier
from engine.payouts.terms.returns import DividendReturnTerms, PriceReturnTerms, ReturnTerms
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule

US, THEM = (
    Party(party_identifier="DESK", party_name="The desk"),
    Party(party_identifier="FUND", party_name="A fund"),
)
SOURCE = "test"


def share(name: str, currency: str = "USD") -> Instrument:
    """A share known by its RIC."""
    return Instrument(
        reference=f"RIC:{name}",
        instrument_type=UnderlierType.SINGLE_STOCK,
        name=name,
        currency=currency,
        identifiers=(InstrumentIdentifier(scheme=IdentifierScheme.RIC, identifier=name),),
    )


def valuation_schedules(start: date, end: date) -> tuple[ValuationSchedule, ...]:
    """Valued on the start, monthly, and on the end."""
    return (
        ValuationSchedule(role=ScheduleRole.INITIAL, schedule_type=ScheduleType.EXPLICIT, explicit_dates=(start,)),
        ValuationSchedule(
            role=ScheduleRole.INTERIM,
            schedule_type=ScheduleType.PARAMETRIC,
            period_multiplier=1,
            period_unit=PeriodUnit.M,
            roll_convention=str(end.day),
            business_day_convention=BusinessDayConvention.MODFOLLOWING,
            business_centers=("USNY",),
        ),
        ValuationSchedule(role=ScheduleRole.FINAL, schedule_type=ScheduleType.EXPLICIT, explicit_dates=(end,)),
    )


def payment_schedules() -> tuple[PaymentSchedule, ...]:
    """Paid two business days after each valuation."""
    return tuple(
        PaymentSchedule(
            role=role,
            schedule_type=ScheduleType.RELATIVE,
            relative_to=relative,
            payment_delay_days=2,
            delay_day_type=DayType.CURRENCY_BUSINESS,
            business_centers=("USNY",),
        )
        for role, relative in ((ScheduleRole.INTERIM, "INTERIM_VALUATION"), (ScheduleRole.FINAL, "FINAL_VALUATION"))
    )


def total_return_swap(
    reference: str,
    instrument: Instrument,
    *,
    start: date,
    end: date,
    units: float = 1_000.0,
    price: float = 100.0,
    spread: float = 0.005,
    payer: Side = Side.PARTY2,
    fx_features: Sequence[FxFeature] = (),
    settlement_currency: str = "USD",
    payout_ratio: float = 1.0,
) -> Contract:
    """The desk (party 1) receives the total return of `units` and pays SOFR plus spread, unless `payer` is itself."""
    lot = TradeLot(
        lot_identifier="LOT-1",
        cost_date=start,
        settlement_date=start,
        notional_amount=units * price,
        opened_quantity=units,
        quantity_unit=QuantityUnit.SHARE,
        initial_price=price,
        price_currency=instrument.currency,
    )
    equity = Leg(
        leg_number=1,
        leg_type=LegType.EQUITY_LEG,
        payer=payer,
        notional_amount=units * price,
        notional_currency=instrument.currency,
        lots=(lot,),
        performance=PerformancePayout(
            underlier=Underlier(
                underlier_type=instrument.instrument_type,
                underlier_reference=instrument.reference,
                underlier_currency=instrument.currency,
                instrument=instrument,
            ),
            returns=ReturnTerms(
                price=PriceReturnTerms(initial_price=price, initial_price_currency=instrument.currency),
                dividend=DividendReturnTerms(
                    dividend_payout_ratio=payout_ratio,
                    first_period=DividendPeriodConvention.SECOND_PERIOD,
                    payment_date_reference=DividendPaymentReference.EQUITY_PAYMENT_DATE,
                ),
            ),
            settlement_currency=settlement_currency,
            valuation_schedules=valuation_schedules(start, end),
            payment_schedules=payment_schedules(),
            fx_features=tuple(fx_features),
        ),
    )
    funding = Leg(
        leg_number=2,
        leg_type=LegType.FUNDING_LEG,
        payer=payer.other,
        notional_amount=units * price,
        notional_currency=settlement_currency,
        linked_leg_number=1,
        interest=InterestRatePayout(
            rate_kind=RateKind.FLOATING_OVERNIGHT,
            day_count=DayCount.ACT_360,
            floating_rate_index="USD-SOFR",
            spread=spread,
            overnight_method=OvernightMethod.COMPOUNDED,
            observation_centers=("USNY",),
            notional_source=NotionalSource.EQUITY_RESET,
        ),
    )
    return Contract(
        contract_reference=reference,
        contract_type=ContractType.TOTAL_RETURN_SWAP,
        trade_date=start,
        effective_date=start,
        termination_date=end,
        party1=US,
        party2=THEM,
        settlement_currency=settlement_currency,
        netting_agreement_reference="ISDA-1",
        legs=(equity, funding),
    )


def business_days(first: date, last: date) -> list[date]:
    """New York banking days from first to last."""
    holidays = set(us_bank_holidays(first.year, last.year))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [on for on in days if on.weekday() < 5 and on not in holidays]


def put_calendar(work: PayoutWork) -> None:
    """Load the New York banks' holidays."""
    work.calendars.put("USNY", [(on, "holiday") for on in us_bank_holidays(2020, 2030)], source="test", version="1")


def stored(work: PayoutWork, *contracts: Contract) -> tuple[Contract, ...]:
    """The contracts with their dates, stored."""
    calendars = CenterCalendars(work.calendars.calendars())
    filled = tuple(with_schedules(contract, calendars)[0] for contract in contracts)
    for contract in filled:
        work.contracts.save(contract, valid_from=contract.trade_date)
    return filled


def put_prices(work: PayoutWork, instrument: Instrument, prices: dict[date, float]) -> None:
    """Store closes of an instrument."""
    work.fixings.put_prices(
        [PriceFixing(instrument.reference, on, price, instrument.currency or "USD") for on, price in prices.items()],
        SOURCE,
    )


def put_sofr(work: PayoutWork, rates: dict[date, float]) -> None:
    """Store overnight rates by the day they are for."""
    work.fixings.put_rates([RateFixing("USD-SOFR", "", on, rate) for on, rate in rates.items()], SOURCE)


def put_fx(work: PayoutWork, one: str, two: str, rates: dict[date, float]) -> None:
    """Store units of `two` per unit of `one`."""
    work.fixings.put_fx([FxFixing(one, two, on, rate) for on, rate in rates.items()], SOURCE)
