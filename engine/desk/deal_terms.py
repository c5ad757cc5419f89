"""What a deal states that compliance tests read: inputs by canonical names, each with its place, and rated classes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.compliance.terms import LABELS, STATED_MATURITY_LABEL, ClassTerms, DealTerms
from engine.conventions.day_count import DayCount, parse_day_count, year_fraction
from engine.deal.contract import AccountNumber
from engine.desk.deal_limits import EVERY_OTHER, NO_LIMITS, DealLimits
from engine.errors import InputError, located
from engine.modes import Mode
from engine.snapshot import AccountRow, DealSnapshot, LabelledValue, Place, TrancheRow
from workbooks.legacy.cells import address, parse_address
from workbooks.results import AssumptionSource

_INTEREST, _PRINCIPAL = 2, 3
"""Columns of an account's cash, counted from its number."""
_CCC = {"ccc asset haircut percent": "ccc_limit"}


@dataclass(frozen=True, slots=True)
class StatedInput:
    """An input of the tests, its value, and where it stands or what it follows from."""

    name: str
    value: float
    source: str


def deal_terms(deal: DealSnapshot, mode: Mode = Mode.STANDARD, limits: DealLimits = NO_LIMITS) -> DealTerms:
    """Inputs by their canonical names, the stated maturity, and the rated classes in order of seniority.

    Raises InputError CLO-4051 for an input that is no number or no date, CLO-4057 for a class without balance.
    """
    parameters = {item.name: item.value for item in stated_inputs(deal, mode, limits)}
    return DealTerms(
        deal=deal.name,
        as_of=deal.analysis_date,
        parameters=parameters,
        stated_maturity=_stated_maturity(deal, mode)[0],
        classes=tuple(
            _class_terms(row, deal, parameters.get("current_libor", deal.current_libor))
            for row in sorted(deal.tranches, key=lambda row: row.order)
            if not row.is_equity
        ),
    )


def stated_inputs(
    deal: DealSnapshot, mode: Mode = Mode.STANDARD, limits: DealLimits = NO_LIMITS
) -> tuple[StatedInput, ...]:
    """The quality inputs; in standard mode what tests beyond the legacy ones find elsewhere on the sheet; the document.

    Of a name that is stated twice the later one counts: the document goes before the sheet.
    """
    names = {_folded(label): name for label, name in LABELS.items()}
    found = {} if mode is Mode.LEGACY else {item.name: item for item in _inputs_elsewhere(deal)}
    for row in deal.quality_inputs:
        name = names.get(_folded(row.label))
        if name is not None and row.value is not None:
            found[name] = StatedInput(name, _number(row), str(beside(row.place, 1)))
    document = f"limits of {deal.name}"
    found |= {name: StatedInput(name, value, document) for name, value in limits.parameters.items()}
    return tuple(found.values())


def _inputs_elsewhere(deal: DealSnapshot) -> list[StatedInput]:
    """CCC limit, triggers, interest collected so far, and the rest of the collection period in years, Actual/360."""
    # The two triggers stand in the first rows whatever their labels (spec 06 section 5.2).
    rows = dict(zip(("interest_diversion_trigger", "event_of_default_trigger"), deal.clo_inputs, strict=False))
    rows |= {_CCC[_folded(row.label)]: row for row in deal.clo_inputs if _folded(row.label) in _CCC}
    found = [
        StatedInput(name, float(row.value), str(beside(row.place, 1)))
        for name, row in rows.items()
        if isinstance(row.value, int | float) and not isinstance(row.value, bool)
    ]
    account = collection_account(deal)
    if account is not None:
        found.append(StatedInput("interest_proceeds", account.interest, str(beside(account.place, _INTEREST))))
    begin, end = deal.analysis_date, deal.collection_end
    if end is not None and end > begin:
        years = year_fraction(begin, end, DayCount.ACTUAL_360)
        found.append(StatedInput("collection_period_years", years, f"{begin} to the collection end {end}, Actual/360"))
    return found


def input_sources(deal: DealSnapshot, mode: Mode, limits: DealLimits = NO_LIMITS) -> tuple[AssumptionSource, ...]:
    """Every input that tests read, with its value, and where it stands."""
    sheet = f"sheet '{deal.date_inputs.place.sheet}'"
    maturity, place = _stated_maturity(deal, mode)
    account = collection_account(deal)
    return (
        AssumptionSource(f"{len(deal.positions)} positions, {len(deal.tranches)} classes", sheet),
        *(
            [AssumptionSource(f"principal cash {account.principal:,.2f}", str(beside(account.place, _PRINCIPAL)))]
            if account is not None
            else []
        ),
        AssumptionSource(f"stated_maturity {maturity or 'unknown'}", place),
        *(
            AssumptionSource(f"{item.name} {item.value:.10g}", item.source)
            for item in stated_inputs(deal, mode, limits)
        ),
        *(
            AssumptionSource(f"{name} of {_told(facts)}", f"limits of {deal.name}")
            for name, facts in limits.asset_facts.items()
        ),
    )


def _told(facts: Mapping[str, float]) -> str:
    return "every asset" if EVERY_OTHER in facts else f"{len(facts)} asset{'' if len(facts) == 1 else 's'}"


def unread_inputs(deal: DealSnapshot) -> tuple[LabelledValue, ...]:
    """Quality inputs that no test knows by their label."""
    known = {_folded(label) for label in (*LABELS, STATED_MATURITY_LABEL)}
    return tuple(row for row in deal.quality_inputs if _folded(row.label) not in known)


def collection_account(deal: DealSnapshot) -> AccountRow | None:
    """The account whose cash tests see; None where the deal has none."""
    return next((row for row in deal.accounts if row.number == AccountNumber.COLLECTION), None)


def beside(place: Place, columns: int) -> Place:
    """The cell some columns to the right."""
    found = parse_address(place.cell)
    return place if found is None else Place(place.sheet, address(found[0], found[1] + columns))


def _stated_maturity(deal: DealSnapshot, mode: Mode) -> tuple[date | None, str]:
    """The date and where it stands: an input of its own, or in standard mode the deal's maturity date."""
    for row in deal.quality_inputs:
        if _folded(row.label) == _folded(STATED_MATURITY_LABEL) and row.value is not None:
            return _day(row), str(beside(row.place, 1))
    dates = deal.date_inputs
    return (dates.maturity if mode is Mode.STANDARD else None), f"sheet '{dates.place.sheet}', deal dates"


def _folded(label: str) -> str:
    return " ".join(label.split()).casefold()


def _number(row: LabelledValue) -> float:
    if isinstance(row.value, bool) or not isinstance(row.value, int | float):
        raise _unreadable(row, "a number")
    return float(row.value)


def _day(row: LabelledValue) -> date:
    if not isinstance(row.value, date):
        raise _unreadable(row, "a date")
    return row.value


def _unreadable(row: LabelledValue, wanted: str) -> InputError:
    return InputError(
        "CLO-4051",
        f"The quality input '{row.label}' is {row.value!r}, not {wanted}",
        where=str(beside(row.place, 1)),
        remedy="Correct the cell and import the workbook again.",
    )


def _class_terms(row: TrancheRow, deal: DealSnapshot, index: float | None) -> ClassTerms:
    if row.current_balance is None:
        raise InputError(
            "CLO-4057",
            f"{row.name} has no current balance",
            where=str(row.place),
            remedy="Enter it and import the workbook again.",
        )
    return ClassTerms(
        name=row.name,
        balance=row.current_balance,
        deferred_balance=row.deferred_balance or 0.0,
        interest_due=_interest_due(row, deal, index),
        oc_trigger=row.oc_trigger,
        ic_trigger=row.ic_trigger,
    )


def _interest_due(row: TrancheRow, deal: DealSnapshot, index: float | None) -> float:
    """Interest of the current period on balance and deferred balance; 0 where dates or rates are missing."""
    begin = deal.last_payment_date or deal.date_inputs.closing
    is_fixed = row.coupon_type.strip().upper() == "FIXED"
    if begin is None or deal.next_payment_date is None or row.spread is None or not (is_fixed or index is not None):
        return 0.0
    with located(str(row.place)):
        years = year_fraction(begin, deal.next_payment_date, parse_day_count(row.day_count))
    coupon = row.spread if is_fixed else row.spread + (index or 0.0)
    return ((row.current_balance or 0.0) + (row.deferred_balance or 0.0)) * coupon * years
