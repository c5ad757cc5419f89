"""Effective and termination date of a contract, concrete, with what the document said kept beside (spec 07 §5.4)."""

from dataclasses import dataclass, field
from datetime import date

from engine.payouts.cdm.dates import Dates, convention_of, expression, meaning
from engine.payouts.cdm.document import Node
from engine.payouts.cdm.performance import first_observation
from engine.payouts.findings import FindingCode

DEDUCED = "DEDUCED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDates:
    """The dates of a contract; `funding_start` is the day from which the funding leg runs.

    metadata: `effective_date_expression` where the document's date is relative, with `_relative_to` and `_convention`,
    and `_origin` DEDUCED where it has none; the same of the termination date.
    """

    trade_date: date
    effective_date: date
    termination_date: date | None
    funding_start: date
    metadata: dict[str, str] = field(default_factory=dict)


def read_contract_dates(economic: Node, dates: Dates, trade_date: date) -> ContractDates:
    """Both dates. One that is missing or cannot be resolved is deduced, with a finding."""
    payouts = economic.each("payout")
    metadata: dict[str, str] = {}
    effective = _stated(economic.at("effectiveDate"), "effective_date", dates, metadata)
    termination = _stated(economic.at("terminationDate"), "termination_date", dates, metadata)
    if effective is None:
        observed = [dates.day(first_observation(payout)) for payout in payouts]
        effective = next((found for found in observed if found is not None), trade_date)
        _note(economic.at("effectiveDate"), effective, metadata, "effective_date")
    if termination is None:
        termination = _last_date(payouts, dates)
        _note(economic.at("terminationDate"), termination, metadata, "termination_date")
    is_deduced = "effective_date_origin" in metadata or "termination_date_origin" in metadata
    if termination is not None and termination < effective and is_deduced:
        message = f"The last date {termination} is before {effective}; the contract is left without a termination date"
        economic.findings.warning(FindingCode.DATES_INCONSISTENT, f"{economic.pointer}/terminationDate", message)
        termination = None
        metadata["termination_date_origin"] = DEDUCED
    _check(economic, trade_date, effective, termination, payouts, dates)
    funding = [payout for payout in payouts if payout.type_name == "InterestRatePayout"]
    starts = [dates.day(payout.at("calculationPeriodDates", "effectiveDate")) for payout in funding]
    return ContractDates(
        trade_date=trade_date,
        effective_date=effective,
        termination_date=termination,
        funding_start=next((start for start in starts if start is not None), effective),
        metadata=metadata,
    )


def _stated(node: Node, name: str, dates: Dates, metadata: dict[str, str]) -> date | None:
    if not node.is_there:
        return None
    relative = node.at("relativeDate")
    text = expression(node)
    if relative.is_there and text is not None:
        metadata[f"{name}_expression"] = text
        if relative.at("dateRelativeTo").follow():
            metadata[f"{name}_relative_to"] = meaning(relative.at("dateRelativeTo")) or ""
    adjustments = relative if relative.is_there else node.at("adjustableDate", "dateAdjustments")
    if adjustments.is_there:
        metadata[f"{name}_convention"] = convention_of(adjustments).value
    if relative.is_there:
        return dates.day(node)
    # A contract keeps the date as agreed; adjusting it is the schedules' business.
    return date.fromisoformat(text) if text is not None else dates.day(node)


def _note(node: Node, found: date | None, metadata: dict[str, str], name: str) -> None:
    metadata[f"{name}_origin"] = DEDUCED
    what = name.replace("_", " ")
    message = f"The {what} is not given; {found} is taken" if found else f"The {what} is not given"
    node.findings.warning(FindingCode.MISSING, node.pointer, message)


def _last_date(payouts: list[Node], dates: Dates) -> date | None:
    """The last final valuation date, else the end of the last dividend period."""
    finals = [dates.day(payout.at("valuationDates", "finalValuationDate", "valuationDate")) for payout in payouts]
    found = [day for day in finals if day is not None]
    if not found:
        for payout in payouts:
            for period in payout.each("returnTerms", "dividendReturnTerms", "dividendPeriod"):
                day = dates.day(period.at("endDate", "dividendDate"))
                found += [day] if day is not None else []
    return max(found, default=None)


def _check(
    economic: Node, trade_date: date, effective: date, termination: date | None, payouts: list[Node], dates: Dates
) -> None:
    findings = economic.findings
    if effective < trade_date:
        message = f"The contract is effective on {effective}, before it was traded on {trade_date}"
        findings.info(FindingCode.DATES_INCONSISTENT, f"{economic.pointer}/effectiveDate", message)
    if termination is None:
        return
    if termination < effective:
        message = f"The contract terminates on {termination}, before it is effective on {effective}"
        findings.error(FindingCode.DATES_INCONSISTENT, f"{economic.pointer}/terminationDate", message)
    for payout in payouts:
        place = payout.at("valuationDates", "finalValuationDate", "valuationDate")
        final = dates.day(place)
        if final is not None and final > termination:
            message = f"The final valuation on {final} is after the termination on {termination}"
            findings.warning(FindingCode.DATES_INCONSISTENT, place.pointer, message)
