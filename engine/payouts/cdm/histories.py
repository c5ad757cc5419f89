"""What happened to a trade, as far as its document tells: resets and observed corporate actions (spec 07 §5.4)."""

from engine.payouts.cdm.document import Node
from engine.payouts.cdm.draft import ResetFact
from engine.payouts.enums import CorporateActionType
from engine.payouts.events.requests import Observation
from engine.payouts.findings import FindingCode


def read_resets(root: Node) -> tuple[ResetFact, ...]:
    """The reset history; a reset without date or value is left out with a finding."""
    found = []
    for node in root.each("resetHistory"):
        day, value = node.day("resetDate"), node.number("resetValue", "value")
        if day is None or value is None:
            message = "A reset needs a date and a value"
            node.findings.warning(FindingCode.MISSING, node.pointer, message)
            continue
        unit = node.text("resetValue", "unit", "currency")
        found.append(ResetFact(reset_date=day, value=value, unit=unit, record_date=node.day("rateRecordDate")))
    return tuple(found)


def read_observation(node: Node, instrument_reference: str | None) -> Observation | None:
    """A corporate action; None with a finding where it has no type or no ex-date."""
    kind = node.choice(CorporateActionType, "corporateActionType")
    ex_date = node.day("exDate") or node.day("effectiveDate")
    if kind is None or ex_date is None:
        message = "A corporate action needs a type and an ex-date"
        node.findings.error(FindingCode.MISSING, node.pointer, message)
        return None
    return Observation(
        action_type=kind,
        instrument_reference=instrument_reference,
        ex_date=ex_date,
        record_date=node.day("recordDate"),
        pay_date=node.day("payDate"),
        announcement_date=node.day("announcementDate"),
        bespoke_description=node.text("bespokeEventDescription"),
    )


def read_corporate_actions(root: Node, instrument_reference: str | None) -> tuple[Observation, ...]:
    """The corporate actions of the observation history."""
    found = []
    for node in root.each("observationHistory"):
        if node.at("corporateAction").is_there:
            action = read_observation(node.at("corporateAction"), instrument_reference)
            if action is not None:
                found.append(action)
    return tuple(found)
