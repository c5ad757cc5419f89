"""The repositories of performance payouts in one transaction."""

from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from db.payouts.calendars import CalendarRepository
from db.payouts.compensations import CompensationRepository
from db.payouts.compiled import CompiledRepository
from db.payouts.contracts import ContractRepository
from db.payouts.deferrals import DeferralRepository
from db.payouts.end_of_day import EndOfDayRepository
from db.payouts.fixings import FixingRepository
from db.payouts.jobs import JobRepository
from db.payouts.life_cycle import LifeCycleRepository
from db.payouts.market_events import MarketEventRepository
from db.payouts.payments import PaymentRepository
from db.payouts.payouts import PayoutRepository
from db.payouts.reports import ReportRepository
from db.payouts.settlement import SettlementRepository


@dataclass(frozen=True, slots=True)
class PayoutWork:
    """One repository per subject, all on the same connection."""

    contracts: ContractRepository
    compiled: CompiledRepository
    fixings: FixingRepository
    market_events: MarketEventRepository
    calendars: CalendarRepository
    end_of_day: EndOfDayRepository
    jobs: JobRepository
    payouts: PayoutRepository
    reports: ReportRepository
    life_cycle: LifeCycleRepository
    settlement: SettlementRepository
    payments: PaymentRepository
    deferrals: DeferralRepository
    compensations: CompensationRepository

    @classmethod
    def on(cls, session: Session, driver: psycopg.Connection[Any]) -> "PayoutWork":
        """The repositories of a unit of work."""
        return cls(
            contracts=ContractRepository(session, driver),
            compiled=CompiledRepository(driver),
            fixings=FixingRepository(driver),
            market_events=MarketEventRepository(session, driver),
            calendars=CalendarRepository(driver),
            end_of_day=EndOfDayRepository(driver),
            jobs=JobRepository(driver),
            payouts=PayoutRepository(driver),
            reports=ReportRepository(driver),
            life_cycle=LifeCycleRepository(driver),
            settlement=SettlementRepository(driver),
            payments=PaymentRepository(driver),
            deferrals=DeferralRepository(driver),
            compensations=CompensationRepository(driver),
        )
