"""The identifiers of a trade (spec 07 §5.4)."""

from dataclasses import dataclass, field

from engine.payouts.cdm.document import Node
from engine.payouts.findings import FindingCode
from engine.payouts.terms.parties import Party

UTI = "UniqueTransactionIdentifier"


@dataclass(frozen=True, slots=True)
class Identification:
    """The reference of a contract and all its identifiers, numbered from 1, as metadata:
    `trade_identifier_1`, `_1_scheme`, `_1_issuer`, `_1_type`, and `uti`."""

    reference: str
    metadata: dict[str, str] = field(default_factory=dict)


def read_identification(trade: Node, reporting_party: Party | None) -> Identification:
    """The reference is the first identifier issued by the reporting party, else the first there is."""
    metadata: dict[str, str] = {}
    own: str | None = None
    n = 0
    for node in trade.each("tradeIdentifier"):
        issuer = node.at("issuerReference").reference_name or node.text("issuer")
        kind = node.text("identifierType")
        for part in node.each("assignedIdentifier"):
            text = part.text("identifier")
            if text is None:
                continue
            n += 1
            scheme = part.at("identifier").fields.get("@scheme")
            metadata[f"trade_identifier_{n}"] = text
            for suffix, value in (("issuer", issuer), ("scheme", scheme), ("type", kind)):
                if isinstance(value, str):
                    metadata[f"trade_identifier_{n}_{suffix}"] = value
            if kind == UTI:
                metadata.setdefault("uti", text)
            elif own is None and reporting_party is not None and issuer == reporting_party.cdm_external_key:
                own = text
    reference = own or metadata.get("trade_identifier_1")
    if reference is None:
        trade.findings.error(FindingCode.MISSING, f"{trade.pointer}/tradeIdentifier", "The trade has no identifier")
    return Identification(reference or "?", metadata)
