"""The kinds of documents that are read, and where in them the trade lies (spec 07 §5.1)."""

from dataclasses import dataclass

from engine.payouts.cdm.document import Document, Node, index_document
from engine.payouts.cdm.json_text import Findings, parse_text
from engine.payouts.cdm.legacy import is_legacy, modernised
from engine.payouts.findings import FindingCode

ROOTS = ("TradeState", "Trade", "BusinessEvent", "WorkflowStep")


@dataclass(frozen=True, slots=True)
class TradePlace:
    """A trade in its document: kind of the root, the trade state (a bare trade stands for itself), the trade."""

    root: str
    state: Node
    trade: Node


def parsed(text: str | bytes, findings: Findings) -> object | None:
    """The tree of a document in form 1; None with an ERROR finding where there is none."""
    tree = parse_text(text, findings)
    if tree is None:
        return None
    if not isinstance(tree, dict):
        findings.error(FindingCode.UNSUPPORTED_ROOT, "", f"The document is a {type(tree).__name__}, not an object")
        return None
    return modernised(tree) if is_legacy(tree) else tree


def root_kind(tree: dict[str, object]) -> str:
    """Which of the accepted roots a tree is, by its type, else by what it has; "" where it is none of them."""
    named = tree.get("@type")
    if isinstance(named, str):
        kind = named.rpartition(".")[2]
        return kind if kind in ROOTS else ""
    if "trade" in tree:
        return "TradeState"
    if "tradeDate" in tree or "tradeLot" in tree:
        return "Trade"
    if "businessEvent" in tree:
        return "WorkflowStep"
    return "BusinessEvent" if "instruction" in tree or "after" in tree else ""


def business_event(root: Node, kind: str) -> Node:
    """The event of a workflow step, or the event itself."""
    if kind == "WorkflowStep":
        inner = root.at("businessEvent")
        return inner if inner.is_there else root.at("proposedEvent")
    return root


def find_trade(tree: object, findings: Findings) -> TradePlace | None:
    """The trade of a document: of an event the first state after it, else the state before its first instruction.

    References are looked up within the state, since an event repeats the keys of its states.
    """
    if not isinstance(tree, dict):
        return None
    kind = root_kind(tree)
    if not kind:
        message = f"The root is {str(tree.get('@type', 'without type'))[:60]!r}; it has to be one of {', '.join(ROOTS)}"
        findings.error(FindingCode.UNSUPPORTED_ROOT, "", message)
        return None
    state = Node(Document(tree, findings), tree, "")
    if kind in ("BusinessEvent", "WorkflowStep"):
        event = business_event(state, kind)
        states = event.each("after") or [part.at("before") for part in event.each("instruction")]
        states = [place for place in states if place.is_there]
        if not states:
            findings.error(FindingCode.MISSING, event.pointer, "The event has no trade")
            return None
        state = states[0]
    return place_of(kind, state, findings)


def place_of(kind: str, state: Node, findings: Findings) -> TradePlace | None:
    """A trade state as a document of its own."""
    document = index_document(state.value, findings, state.pointer)
    root = document.root
    trade = root if kind == "Trade" else root.at("trade")
    if not isinstance(trade.value, dict):
        findings.error(FindingCode.UNSUPPORTED_ROOT, trade.pointer, "There is no trade")
        return None
    return TradePlace(kind, root, trade)
