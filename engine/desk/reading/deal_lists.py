"""Lists of deals and of their snapshots, and the payment dates of one (spec 06 §11.1)."""

from dataclasses import dataclass
from datetime import date

from db.identifiers import deal_key
from db.snapshots import DealSummary
from engine.conventions.business_day import parse_business_day_convention
from engine.conventions.schedule import DealSchedule, DealScheduleTerms, deal_schedule
from engine.desk import choices
from engine.desk.calendars import calendar_of
from engine.desk.reading.views import DealView, Views
from engine.errors import InputError, located
from engine.modes import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentDeal:
    """A deal at its newest date; par in currency, dates None where the sheet leaves them blank."""

    name: str
    closing: date | None
    maturity: date | None
    waterfall: str
    as_of: date
    n_positions: int
    par: float


def current_deals(views: Views) -> tuple[CurrentDeal, ...]:
    """Every deal at its newest date, in the order in which the newest workbook lists them, then by name."""
    newest: dict[str, DealSummary] = {}
    for line in views.deals():
        newest.setdefault(line.deal_id, line)
    programs = views.loaded(
        "programs",
        deal=None,
        load=lambda work: {key: choices.program_name(work, line.deal_name) for key, line in newest.items()},
    )
    order = [deal_key(name) for name in (views.newest_book().book.deal_list if newest else ())]
    ranked = sorted(newest, key=lambda key: (order.index(key) if key in order else len(order), key))
    return tuple(_current(views.deal(newest[key].deal_name), newest[key], programs[key]) for key in ranked)


def _current(view: DealView, line: DealSummary, waterfall: str) -> CurrentDeal:
    return CurrentDeal(
        name=view.deal.name,
        closing=view.deal.date_inputs.closing,
        maturity=view.deal.date_inputs.maturity,
        waterfall=waterfall,
        as_of=line.as_of,
        n_positions=line.n_positions,
        par=line.par,
    )


def snapshots(views: Views, deal: str) -> tuple[DealSummary, ...]:
    """Every snapshot of a deal, or with a blank name of all deals, newest first; raises as `Views.deal` does."""
    if not deal:
        return views.deals()
    wanted = deal_key(views.deal(deal).deal.name)
    return tuple(line for line in views.deals() if line.deal_id == wanted)


def payment_schedule(view: DealView, mode: Mode) -> DealSchedule:
    """Periods of a deal still to come after its date, from its date inputs and the calendar of its workbook.

    Raises InputError CLO-4084 where the sheet leaves a date input blank.
    """
    inputs = view.deal.date_inputs
    closing, first, maturity = inputs.closing, inputs.first_payment, inputs.maturity
    day, months = inputs.payment_day, inputs.months_between_payments
    index_lag, collection_lag = inputs.interest_determination_days, inputs.determination_days
    if closing is None or first is None or maturity is None or day is None or months is None:
        raise _incomplete(view)
    if index_lag is None or collection_lag is None:
        raise _incomplete(view)
    with located(str(inputs.place)):
        terms = DealScheduleTerms(
            closing=closing,
            first_payment=first,
            maturity=maturity,
            payment_day=day,
            months_between_payments=months,
            interest_determination_days=index_lag,
            determination_days=collection_lag,
            convention=parse_business_day_convention(inputs.business_day_convention, mode.quirks),
        )
        return deal_schedule(terms, view.as_of, calendar_of(view.source.book), mode.quirks)


def _incomplete(view: DealView) -> InputError:
    return InputError(
        "CLO-4084",
        f"The date inputs of {view.deal.name} are not complete",
        where=str(view.deal.date_inputs.place),
        remedy="Fill them in on the deal's sheet and import it again.",
    )
