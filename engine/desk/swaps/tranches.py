"""CLO tranches as underliers: prices and income of a stored run, published as fixings and dividends of an instrument.

A swap on a tranche is valued by the book as any other; this module only feeds the market that the book reads. What is
published of a run is recorded as a job, which names the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from db.payouts.fixings import PriceFixing
from db.payouts.instruments import InstrumentRepository
from db.runs import StoredRun
from db.store import Store, UnitOfWork
from engine.desk import runs
from engine.desk.reading.tranche_measures import FREQUENCY, tranche_measures
from engine.desk.records import RunOutcome
from engine.desk.swaps.tranche_contracts import tranche_instrument, tranche_swap
from engine.desk.swaps.tranche_runs import did_not_finish, place_of, run_for, tranche_flows
from engine.errors import InputError
from engine.modes import Mode
from engine.payouts.dates.calendars import CenterCalendars
from engine.payouts.dates.schedule import with_schedules
from engine.payouts.enums import DividendStatus
from engine.payouts.market import DividendEvent
from engine.payouts.terms.contract import Contract
from engine.payouts.terms.parties import Party
from engine.payouts.tranche_returns import (
    DECIMALS,
    TrancheFlows,
    clean_price,
    dirty_price,
    dirty_price_at_margin,
    income,
    updated_income,
)

KIND = "tranche price"
SOURCE = "CLO run"
"""Source of the fixings. One for all runs, so that a price of a later run is a revision of the earlier one."""
MAX_AGE_DAYS = 100
"""Days after which a run no longer says what a tranche will pay: a quarter, and the time to receive its report."""

_FIRST, _LAST = date(1900, 1, 1), date(9999, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheQuote:
    """What a run says of a tranche at the close of a day; per unit of original face unless said otherwise.

    price: dirty value, what is fixed. clean_price: fraction of par of the balance, None where none is left. factor:
    balance over original balance. accrued: in `price`. discount_margin: where the price was made at one, decimal.
    payments: all of the run. unconfirmed: stored payments before the run that are still estimates. n_written: fixings
    and dividends that were new or different, 0 for a quote that was only made.
    """

    instrument_reference: str
    as_of: date
    run_id: int
    price: float
    clean_price: float | None
    factor: float
    accrued: float
    currency: str
    discount_margin: float | None
    payments: tuple[DividendEvent, ...]
    unconfirmed: tuple[DividendEvent, ...] = ()
    n_written: int = 0

    @property
    def paid(self) -> tuple[DividendEvent, ...]:
        """The payments of the run up to the day."""
        return tuple(event for event in self.payments if event.status is DividendStatus.CONFIRMED)

    @property
    def payment_dates(self) -> tuple[date, ...]:
        """The dates on which the run pays the tranche, in order."""
        return tuple(sorted({event.ex_date for event in self.payments}))


@dataclass(frozen=True, slots=True, kw_only=True)
class TranchePricing:
    """How a tranche is priced, from which run.

    run_id: None for the newest finished run of `scenario` that is not of a later day. price: clean, fraction of par of
    the balance; discount_margin: decimal a year over the run's index curve. With neither the price of the run's sheet
    counts, else its margin, which say what the tranche was worth on the day of the run. max_age_days: how much older
    than the day a run may be. currency: that of the deal.
    """

    run_id: int | None = None
    scenario: str = "BASE"
    price: float | None = None
    discount_margin: float | None = None
    max_age_days: int = MAX_AGE_DAYS
    currency: str = "USD"


AT_THE_SHEET = TranchePricing()
"""At the price, else the margin, of the deal's sheet."""


def quote_tranche(
    work: UnitOfWork, deal: str, tranche: str, as_of: date, pricing: TranchePricing = AT_THE_SHEET
) -> TrancheQuote:
    """Price, accrued interest and payments of a tranche from a stored run; nothing is stored.

    On the day of its last payment a tranche is worth nothing. Raises InputError: CLO-4100 for an unknown tranche,
    CLO-4101 for a run of another deal, of a later day, too old or not finished, CLO-4103 for a price that is missing or
    given twice, CLO-4104 for a tranche that is paid down.
    """
    run = run_for(
        work,
        deal,
        as_of,
        run_id=pricing.run_id,
        scenario=pricing.scenario,
        max_age_days=pricing.max_age_days,
    )
    outcome = runs.stored_outcome(work, run)
    if outcome.result.failure is not None:
        raise did_not_finish(run)
    place = place_of(outcome.result, deal, tranche)
    flows = tranche_flows(work, run, outcome, place)
    if flows.last_payment is None or as_of > flows.last_payment:
        raise InputError(
            "CLO-4104",
            f"{deal} {tranche} is paid down: run {run.run_id} pays it nothing"
            + (" any more" if flows.last_payment is None else f" after {flows.last_payment}"),
            remedy="Close the swaps on it, or publish an earlier day.",
        )
    instrument = tranche_instrument(deal, tranche, pricing.currency)
    price, margin = _price(work, run, outcome, place, flows, as_of, pricing)
    return TrancheQuote(
        instrument_reference=instrument.reference,
        as_of=as_of,
        run_id=run.run_id,
        price=round(price, DECIMALS),
        clean_price=clean_price(flows, as_of, price),
        factor=flows.factor(as_of),
        accrued=flows.accrued(as_of) / flows.original_balance,
        currency=pricing.currency,
        discount_margin=margin,
        payments=income(flows, instrument.reference, pricing.currency, as_of),
    )


def publish_tranche(
    store: Store, deal: str, tranche: str, as_of: date, pricing: TranchePricing = AT_THE_SHEET
) -> TrancheQuote:
    """Store the dirty price of a day as a fixing, and the run's payments as dividends: paid ones CONFIRMED.

    The same again writes nothing. Raises what `quote_tranche` raises, and InputError CLO-1970 where the run contradicts
    a confirmed payment; nothing is stored then.
    """
    with store.begin() as work:
        return _published(work, deal, tranche, as_of, pricing)


def add_tranche_swap(
    store: Store,
    contract_reference: str,
    deal: str,
    tranche: str,
    face: float,
    *,
    start: date,
    end: date,
    party1: Party,
    party2: Party,
    pricing: TranchePricing = AT_THE_SHEET,
    initial_price: float | None = None,
    spread: float = 0.0,
    payment_delay_days: int = 0,
    netting_agreement_reference: str | None = None,
) -> Contract:
    """Publish the tranche on `start` and store a swap on it, valued on the payment dates of the run.

    initial_price: dirty per unit of original face, by default the published one. party1 receives the total return and
    pays the overnight rate plus spread. Raises what `publish_tranche` and `tranche_swap` raise.
    """
    with store.begin() as work:
        quote = _published(work, deal, tranche, start, pricing)
        drawn = tranche_swap(
            contract_reference,
            deal,
            tranche,
            face,
            start=start,
            end=end,
            initial_price=quote.price if initial_price is None else initial_price,
            payment_dates=quote.payment_dates,
            party1=party1,
            party2=party2,
            spread=spread,
            currency=pricing.currency,
            payment_delay_days=payment_delay_days,
            netting_agreement_reference=netting_agreement_reference,
        )
        contract, _ = with_schedules(drawn, CenterCalendars(work.payouts.calendars.calendars()))
        work.payouts.contracts.save(contract, valid_from=start)
    return contract


def _published(work: UnitOfWork, deal: str, tranche: str, as_of: date, pricing: TranchePricing) -> TrancheQuote:
    quote = quote_tranche(work, deal, tranche, as_of, pricing)
    payouts, reference = work.payouts, quote.instrument_reference
    payouts.jobs.lock(f"{KIND} {reference}")
    known = payouts.market_events.dividends([reference], _FIRST, _LAST)
    run = work.runs.get(quote.run_id)
    update = updated_income(known, quote.payments, run.as_of, as_of)
    job = payouts.jobs.start(KIND, as_of)
    InstrumentRepository(work.driver).add([tranche_instrument(deal, tranche, quote.currency)])
    n_dividends = payouts.market_events.put_dividends(update.changed)
    fixing = PriceFixing(reference, as_of, quote.price, quote.currency)
    n_prices = payouts.fixings.put_prices([fixing], SOURCE)
    payouts.jobs.finish(
        job,
        {
            "instrument": reference,
            "run": quote.run_id,
            "price": quote.price,
            "clean price": quote.clean_price,
            "discount margin": quote.discount_margin,
            "fixings": n_prices,
            "dividends": n_dividends,
        },
    )
    return replace(quote, unconfirmed=update.unconfirmed, n_written=n_prices + n_dividends)


def _price(
    work: UnitOfWork,
    run: StoredRun,
    outcome: RunOutcome,
    place: int,
    flows: TrancheFlows,
    as_of: date,
    pricing: TranchePricing,
) -> tuple[float, float | None]:
    """Dirty price per unit of original face, and the margin that it was made at."""
    if as_of == flows.last_payment:
        return 0.0, None
    clean, margin = _chosen(outcome, place, pricing)
    if margin is None:
        return dirty_price(flows, as_of, clean), None
    stored = work.snapshots.deal(run.deal_id, run.as_of)
    book = work.snapshots.workbook(stored.source_file_id, with_correlation=False)
    day_counts: Sequence[str] = [row.day_count for row in stored.deal.tranches]
    curve = tranche_measures(work, run, outcome, tuple(day_counts), book).curve
    quirks = Mode(run.mode).quirks
    return dirty_price_at_margin(flows, as_of, margin, curve, frequency=FREQUENCY, quirks=quirks), margin


def _chosen(outcome: RunOutcome, place: int, pricing: TranchePricing) -> tuple[float, float | None]:
    """The clean price (NaN where a margin counts) and the margin (None where a price counts)."""
    stated = outcome.summary.tranche_inputs[place]
    clean, margin = pricing.price, pricing.discount_margin
    if clean is None and margin is None:
        clean, margin = stated.price, (stated.discount_margin if stated.price is None else None)
    elif clean is not None and margin is not None:
        raise InputError(
            "CLO-4103",
            f"{stated.name} is given a price of {clean:g} and a discount margin of {margin:g}",
            remedy="Give one of the two.",
        )
    if margin is not None:
        return float("nan"), margin
    if clean is None or not clean > 0.0:
        raise InputError(
            "CLO-4103",
            f"{stated.name} has no price" if clean is None else f"{stated.name} has a price of {clean:g}",
            remedy="Give a clean price as a fraction of par, or a discount margin; the deal's sheet may state one.",
        )
    return clean, None
