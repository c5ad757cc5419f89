"""Parties of a trade and the roles they play (spec 07 §5.4)."""

from dataclasses import dataclass

from engine.payouts.cdm.codes import PARTY_ROLES
from engine.payouts.cdm.document import Node
from engine.payouts.cdm.identifiers import is_lei
from engine.payouts.enums import PartyType, Side
from engine.payouts.findings import FindingCode
from engine.payouts.terms.parties import ContractParty, Party

SIDES = {"Party1": Side.PARTY1, "Party2": Side.PARTY2}


@dataclass(frozen=True, slots=True)
class Parties:
    """The two counterparties, the others, and every party by the pointer at which the document describes it."""

    by_side: dict[Side, Party]
    others: tuple[ContractParty, ...]
    by_pointer: dict[str, Party]
    calculation_agent: str | None = None

    def named(self, reference: Node) -> Party | None:
        """The party that a reference means."""
        for target in reference.follow():
            if target.pointer in self.by_pointer:
                return self.by_pointer[target.pointer]
        return None


def read_parties(trade: Node) -> Parties:
    """All parties of a trade. A counterparty that is missing is PARTY_MISSING."""
    by_pointer = {node.pointer: party for node in trade.each("party") if (party := _party(node)) is not None}
    known = Parties({}, (), by_pointer)
    by_side: dict[Side, Party] = {}
    for node in trade.each("counterparty"):
        side = SIDES.get(node.text("role") or "")
        party = known.named(node.at("partyReference"))
        if side is None or party is None:
            message = f"The counterparty {node.text('role') or '?'} is no party of the trade"
            node.findings.error(FindingCode.PARTY_MISSING, node.pointer, message)
        elif side in by_side:
            node.findings.warning(FindingCode.CARDINALITY, node.pointer, f"{side} is named twice; the first counts")
        else:
            by_side[side] = party
    for side in Side:
        if side not in by_side:
            trade.findings.error(FindingCode.PARTY_MISSING, f"{trade.pointer}/counterparty", f"There is no {side}")
    if len(by_side) == 2 and by_side[Side.PARTY1].party_identifier == by_side[Side.PARTY2].party_identifier:
        message = f"Both counterparties are {by_side[Side.PARTY1].party_identifier}"
        trade.findings.error(FindingCode.PARTY_MISSING, f"{trade.pointer}/counterparty", message)
    others = _others(trade, known, by_side)
    agents = [other.party.party_identifier for other in others if other.role is PartyType.CALCULATION_AGENT]
    return Parties(by_side, others, by_pointer, agents[0] if agents else None)


def _party(node: Node) -> Party | None:
    """One party; its identifier is the first it has, else its name, else its key."""
    given: list[str] = []
    lei: str | None = None
    for part in node.each("partyId"):
        identifier = part.text("identifier")
        if identifier is None:
            continue
        given.append(identifier)
        scheme = part.at("identifier").fields.get("@scheme")
        if part.text("identifierType") == "LEI" or (isinstance(scheme, str) and "iso17442" in scheme):
            if is_lei(identifier):
                lei = lei or identifier
            else:
                message = f"The check digits of the LEI {identifier!r:.30} do not fit"
                node.findings.warning(FindingCode.IDENTIFIER_INVALID, part.pointer, message)
    name = node.text("name")
    identifier = next(iter(given), None) or name or node.external_key
    if identifier is None:
        node.findings.error(FindingCode.PARTY_MISSING, node.pointer, "The party has neither identifier nor name")
        return None
    global_key = node.fields.get("@key")
    return Party(
        party_identifier=identifier,
        party_name=name or identifier,
        legal_entity_identifier=lei,
        cdm_global_key=global_key if isinstance(global_key, str) else None,
        cdm_external_key=node.external_key,
    )


def _others(trade: Node, known: Parties, by_side: dict[Side, Party]) -> tuple[ContractParty, ...]:
    """Parties in a role, then those of the document that have none."""
    found: list[ContractParty] = []
    for node in (*trade.each("ancillaryParty"), *trade.each("partyRole")):
        role = PartyType(PARTY_ROLES.get(node.text("role") or "", "OTHER"))
        for reference in node.each("partyReference"):
            party = known.named(reference)
            if party is not None and ContractParty(party=party, role=role) not in found:
                found.append(ContractParty(party=party, role=role))
    mentioned = [other.party for other in found] + list(by_side.values())
    for party in known.by_pointer.values():
        if party not in mentioned:
            found.append(ContractParty(party=party, role=PartyType.OTHER))
            mentioned.append(party)
    return tuple(found)
