"""Swaps made for the tests of dates: an equity leg on one share and, where asked for, a funding leg."""

from collections.abc import Sequence
from datetime import date

from engine.conventions.calendar import Calendar
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.enums import (
    ContractType,
    DayCount,
    LegType,
    RateKind,
    Side,
    UnderlierType,
)
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.funding import InterestRatePayout
from engine.payouts.terms.parties import Instrument, Party
from engine.payouts.terms.performance import PerformancePayout, Underlier
from engine.payouts.terms.returns import PriceReturnTerms, ReturnTerms
from engine.payouts.terms.schedules import PaymentSchedule, ValuationSchedule

SHARE = Instrument(
    reference="RIC:ACME.N",
    instrument_type=UnderlierType.SINGLE_STOCK,
    name="Acme",
    currency="USD",
    exchange_mic="XNYS",
)
NEW_YORK = Calendar.of(
    [
        date(2024, 1, 1),
        date(2024, 1, 15),
        date(2024, 2, 19),
        date(2024, 5, 27),
        date(2024, 6, 19),
        date(2024, 7, 4),
        date(2024, 9, 2),
        date(2024, 10, 14),
        date(2024, 11, 11),
        date(2024, 11, 28),
        date(2024, 12, 25),
        date(2025, 1, 1),
    ]
)
CALENDARS = CenterCalendars({"USNY": NEW_YORK, "GBLO": Calendar.of([date(2024, 5, 6), date(2024, 8, 26)])})


def equity_payout(
    valuations: Sequence[ValuationSchedule] = (),
    payments: Sequence[PaymentSchedule] = (),
    initial_price: float | None = None,
) -> PerformancePayout:
    """A price return on the share, settled in dollars."""
    return PerformancePayout(
        underlier=Underlier(
            underlier_type=UnderlierType.SINGLE_STOCK, underlier_reference=SHARE.reference, instrument=SHARE
        ),
        returns=ReturnTerms(price=PriceReturnTerms(initial_price=initial_price)),
        settlement_currency="USD",
        valuation_schedules=tuple(valuations),
        payment_schedules=tuple(payments),
    )


def funding_payout(**terms: object) -> InterestRatePayout:
    """A three-month term rate on ACT/360, with further terms by name."""
    stated: dict[str, object] = {"rate_kind": RateKind.FLOATING_TERM, "day_count": DayCount.ACT_360}
    return InterestRatePayout(**(stated | terms))  # type: ignore[arg-type]


def swap(
    payout: PerformancePayout | None = None,
    funding: InterestRatePayout | None = None,
    *,
    effective: date = date(2024, 1, 10),
    termination: date | None = date(2025, 1, 10),
) -> Contract:
    """A contract of the legs that are given, the equity leg first."""
    legs = []
    if payout is not None:
        legs.append(Leg(leg_number=1, leg_type=LegType.EQUITY_LEG, payer=Side.PARTY2, performance=payout))
    if funding is not None:
        legs.append(
            Leg(
                leg_number=2,
                leg_type=LegType.FUNDING_LEG,
                payer=Side.PARTY1,
                notional_currency="USD",
                linked_leg_number=1 if payout is not None else None,
                interest=funding,
            )
        )
    return Contract(
        contract_reference="SWAP-1",
        contract_type=ContractType.EQUITY_SWAP,
        trade_date=date(2024, 1, 8),
        effective_date=effective,
        termination_date=termination,
        party1=Party(party_identifier="DESK", party_name="Desk"),
        party2=Party(party_identifier="FUND", party_name="Fund"),
        legs=tuple(legs),
        settlement_currency="USD",
    )
