"""Every single value of a deal's sheet by a name: dates, rates, and the labelled inputs (spec 06 §11.1)."""

import re
from collections.abc import Mapping

from engine.closest import did_you_mean
from engine.errors import InputError
from engine.snapshot import AccountRow, CellValue, DealSnapshot

_DATES = {
    "pricing_date": "pricing",
    "closing_date": "closing",
    "effective_date": "effective",
    "first_payment_date": "first_payment",
    "no_call_date": "no_call",
    "reinvestment_end_date": "reinvestment_end",
    "maturity_date": "maturity",
}
_TERMS = (
    "payment_day",
    "months_between_payments",
    "interest_determination_days",
    "determination_days",
    "business_day_convention",
)
_PERIOD = (
    "name",
    "analysis_date",
    "next_payment_date",
    "collection_begin",
    "collection_end",
    "last_payment_date",
    "original_libor",
    "current_libor",
)
COLLECTION = "Collection"


def deal_facts(deal: DealSnapshot) -> Mapping[str, CellValue]:
    """Values by name in the order of the sheet; of a name that stands twice the first, None for a blank.

    Labelled inputs are named by their label: `JR OC Denominator` is jr_oc_denominator, `Post Reinvestment%` is
    post_reinvestment_pct.
    """
    facts: dict[str, CellValue] = {name: getattr(deal, name) for name in _PERIOD}
    facts |= {name: getattr(deal.date_inputs, part) for name, part in _DATES.items()}
    facts |= {name: getattr(deal.date_inputs, name) for name in _TERMS}
    for row in (*deal.quality_inputs, *deal.cf_inputs, *deal.clo_inputs):
        facts.setdefault(name_of_label(row.label), row.value)
    return facts


def name_of_label(label: str) -> str:
    """The name of a labelled input: small letters and underscores, `%` as pct."""
    return re.sub(r"[^a-z0-9]+", "_", label.replace("%", " pct ").lower()).strip("_")


def fact(deal: DealSnapshot, name: str) -> CellValue:
    """A value by name or label; InputError CLO-4083 for an unknown one."""
    facts = deal_facts(deal)
    found = name_of_label(name)
    if found not in facts:
        raise InputError(
            "CLO-4083",
            f"{deal.name} has no field '{name[:60]}'",
            remedy=did_you_mean(found, facts, f'CLO_DEAL("{deal.name}") shows all fields.'),
        )
    return facts[found]


def account(deal: DealSnapshot, wanted: str) -> AccountRow | None:
    """An account by its number or its name, in any case; None where the deal has none of it."""
    folded = wanted.strip().casefold()
    for row in deal.accounts:
        if folded in (str(row.number), row.name.strip().casefold()):
            return row
    return None
