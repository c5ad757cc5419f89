"""A CDM document as a tree with its references, and a cursor to read it with (spec 07 §5.1 to §5.3).

A `Node` reads a value as what it should be. A value of another type is an ERROR finding at its place and reads as
missing, so that readers need no care for broken documents.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from engine.errors import InputError
from engine.payouts.cdm.codes import CURRENCIES, MINOR_UNITS
from engine.payouts.cdm.json_text import Findings, escaped
from engine.payouts.enums import parse
from engine.payouts.findings import FindingCode

M = TypeVar("M", bound=StrEnum)

KEYS = ("@key:external", "@key:scoped", "@key")
REFERENCES = ("@ref:external", "@ref:scoped", "@ref")
LARGEST = 1e18
"""Stored quantities and amounts have 18 digits before the point (spec 07 §0.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceCounts:
    """How many references a document holds, how many find no target, and how many keys stand more than once."""

    external_total: int = 0
    external_dangling: int = 0
    scoped_total: int = 0
    scoped_dangling: int = 0
    global_total: int = 0
    global_dangling: int = 0
    external_duplicate_keys: int = 0
    scoped_duplicate_keys: int = 0


@dataclass(slots=True)
class Document:
    """A tree in form 1 with all its keys and references, and the findings of its reading.

    root_pointer: where the tree lies in the text that was received.
    """

    tree: object
    findings: Findings
    root_pointer: str = ""
    targets: dict[str, dict[str, list[tuple[object, str]]]] = field(default_factory=dict)
    references: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    counts: ReferenceCounts = field(default_factory=ReferenceCounts)

    @property
    def root(self) -> "Node":
        """The whole tree."""
        return Node(self, self.tree, self.root_pointer)

    def targets_of(self, reference: dict[str, Any]) -> list["Node"]:
        """All that a reference may mean, in document order: by external key, else by scoped, else by hash."""
        for kind, key_kind in zip(REFERENCES, KEYS, strict=True):
            name = reference.get(kind)
            if isinstance(name, str) and name in self.targets[key_kind]:
                return [Node(self, value, pointer) for value, pointer in self.targets[key_kind][name]]
        return []


def index_document(tree: object, findings: Findings, root_pointer: str = "") -> Document:
    """Gather keys and references of a tree; every reference without target and every repeated key is a finding."""
    targets: dict[str, dict[str, list[tuple[object, str]]]] = {kind: defaultdict(list) for kind in KEYS}
    references: list[tuple[str, dict[str, str]]] = []
    stack: list[tuple[object, str]] = [(tree, root_pointer)]
    while stack:
        value, pointer = stack.pop()
        if isinstance(value, dict):
            for kind in KEYS:
                if isinstance(value.get(kind), str):
                    targets[kind][value[kind]].append((value, pointer))
            names = {kind: value[kind] for kind in REFERENCES if isinstance(value.get(kind), str)}
            if names:
                references.append((pointer, names))
            # Reversed, so that the stack gives the children back in document order.
            stack.extend((child, f"{pointer}/{escaped(key)}") for key, child in reversed(value.items()))
        elif isinstance(value, list):
            stack.extend((value[i], f"{pointer}/{i}") for i in reversed(range(len(value))))
    document = Document(tree, findings, root_pointer, {kind: dict(found) for kind, found in targets.items()})
    document.references = references
    document.counts = _counted(document)
    return document


def _counted(document: Document) -> ReferenceCounts:
    totals = dict.fromkeys(REFERENCES, 0)
    dangling = dict.fromkeys(REFERENCES, 0)
    for pointer, names in document.references:
        is_hash_alone = list(names) == ["@ref"]
        for kind, key_kind in zip(REFERENCES, KEYS, strict=True):
            name = names.get(kind)
            if name is None:
                continue
            totals[kind] += 1
            if name not in document.targets[key_kind]:
                dangling[kind] += 1
                # A hash beside another reference is a second word for the same thing.
                if kind != "@ref" or is_hash_alone:
                    document.findings.warning(
                        FindingCode.DANGLING_REFERENCE, pointer, f"Nothing has the {key_kind[1:]} {name!r}"
                    )
    duplicates = dict.fromkeys(KEYS, 0)
    for kind in KEYS[:2]:
        for name, found in document.targets[kind].items():
            if len(found) > 1:
                duplicates[kind] += 1
                message = f"The {kind[1:]} {name!r} stands {len(found)} times"
                document.findings.warning(FindingCode.DUPLICATE_KEY, found[1][1], message)
    return ReferenceCounts(
        external_total=totals["@ref:external"],
        external_dangling=dangling["@ref:external"],
        scoped_total=totals["@ref:scoped"],
        scoped_dangling=dangling["@ref:scoped"],
        global_total=totals["@ref"],
        global_dangling=dangling["@ref"],
        external_duplicate_keys=duplicates["@key:external"],
        scoped_duplicate_keys=duplicates["@key:scoped"],
    )


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a document and its place; value is None where the document has nothing."""

    document: Document
    value: object
    pointer: str

    @property
    def is_there(self) -> bool:
        """Whether the document says anything here."""
        return self.value is not None

    @property
    def findings(self) -> Findings:
        """Where to note what is odd here."""
        return self.document.findings

    @property
    def fields(self) -> dict[str, Any]:
        """The object here, `@data` unwrapped; empty where there is none. Another type is an ERROR finding."""
        value = self.value
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._wrong("an object")
            return {}
        inner = value.get("@data")
        while isinstance(inner, dict):
            value, inner = {**value, **inner, "@data": inner.get("@data")}, inner.get("@data")
        return value

    @property
    def type_name(self) -> str:
        """The last part of the innermost `@type`, "" where there is none."""
        value, found = self.value, ""
        while isinstance(value, dict):
            if isinstance(value.get("@type"), str):
                found = value["@type"].rpartition(".")[2]
            value = value.get("@data")
        return found

    def at(self, *keys: str) -> "Node":
        """What lies under the keys, one after the other. A reference on the way is not followed."""
        node = self
        for key in keys:
            node = Node(self.document, node.fields.get(key), f"{node.pointer}/{escaped(key)}")
        return node

    def each(self, *keys: str) -> list["Node"]:
        """The members of a list under the keys; a single value counts as a list of one."""
        node = self.at(*keys)
        value = node.value
        if value is None:
            return []
        if isinstance(value, list):
            found = [Node(self.document, value[i], f"{node.pointer}/{i}") for i in range(len(value))]
            return [member for member in found if member.is_there]
        return [node]

    def follow(self) -> list["Node"]:
        """The targets of the reference here in document order; what stands here itself where it is no reference."""
        if isinstance(self.value, dict) and any(kind in self.value for kind in REFERENCES):
            return self.document.targets_of(self.value)
        return [self] if self.is_there else []

    @property
    def reference_name(self) -> str | None:
        """The key that the reference here names: external, else scoped, else the hash."""
        if isinstance(self.value, dict):
            for kind in REFERENCES:
                if isinstance(self.value.get(kind), str):
                    return str(self.value[kind])
        return None

    @property
    def external_key(self) -> str | None:
        """The external key of the object here."""
        key = self.value.get("@key:external") if isinstance(self.value, dict) else None
        return key if isinstance(key, str) else None

    def _scalar(self) -> object:
        value = self.value
        while isinstance(value, dict) and "@data" in value:
            value = value["@data"]
        if isinstance(value, dict) and value and all(key.startswith("@") for key in value):
            return None
        return value

    def _wrong(self, wanted: str) -> None:
        shown = repr(self._scalar())[:60] if not isinstance(self.value, dict | list) else type(self.value).__name__
        self.findings.error(FindingCode.UNKNOWN_VALUE, self.pointer, f"Expected {wanted}, found {shown}")

    def text(self, *keys: str) -> str | None:
        """A text without surrounding blanks; None where there is none or an empty one."""
        node = self.at(*keys)
        value = node._scalar()
        if value is None:
            return None
        if not isinstance(value, str):
            node._wrong("a text")
            return None
        return value.strip() or None

    def flag(self, *keys: str) -> bool | None:
        """true or false."""
        node = self.at(*keys)
        value = node._scalar()
        if value is None or isinstance(value, bool):
            return value
        node._wrong("true or false")
        return None

    def number(self, *keys: str) -> float | None:
        """A number within the range that can be stored."""
        node = self.at(*keys)
        value = node._scalar()
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            node.findings.error(FindingCode.NOT_A_NUMBER, node.pointer, f"Expected a number, found {value!r:.60}")
            return None
        if not abs(value) < LARGEST:
            node.findings.error(FindingCode.NOT_A_NUMBER, node.pointer, f"{value!r:.60} is too large to be kept")
            return None
        return float(value)

    def integer(self, *keys: str) -> int | None:
        """A whole number of at most five digits: periods, offsets, day counts."""
        node = self.at(*keys)
        value = node.number()
        if value is None:
            return None
        if not value.is_integer() or abs(value) > 99_999:
            node.findings.error(FindingCode.NOT_A_NUMBER, node.pointer, f"Expected a small whole number, found {value}")
            return None
        return int(value)

    def day(self, *keys: str) -> date | None:
        """A date between 1900 and 2199; a time or `Z` behind it is cut off."""
        node = self.at(*keys)
        value = node._scalar()
        if value is None:
            return None
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d(T.*|Z|[+-]\d\d:\d\d)?", value.strip(), re.ASCII):
            try:
                found = date.fromisoformat(value.strip()[:10])
            except ValueError:
                found = None
            if found is not None and 1900 <= found.year < 2200:
                return found
        node.findings.error(FindingCode.NOT_A_DATE, node.pointer, f"Expected a date, found {value!r:.60}")
        return None

    def choice(self, kind: type[M], *keys: str, read: Callable[[str], str] = str) -> M | None:
        """A member of an enumeration; `read` turns the document's spelling into one that the enumeration knows."""
        node = self.at(*keys)
        text = node.text()
        if text is None:
            return None
        try:
            return parse(kind, read(text))
        except InputError as error:
            node.findings.error(FindingCode.UNKNOWN_VALUE, node.pointer, f"{error.problem}. {error.remedy}")
            return None

    def currency(self, *keys: str) -> str | None:
        """An ISO 4217 code. Codes of minor units (GBX) are refused here; a price reads them with `price_currency`."""
        node = self.at(*keys)
        text = node.text()
        if text is None or text in CURRENCIES:
            return text
        major = MINOR_UNITS.get(text)
        advice = f"; {text} is a unit of {major[0]}" if major else ""
        node.findings.error(FindingCode.UNKNOWN_CURRENCY, node.pointer, f"{text!r:.20} is no ISO 4217 code{advice}")
        return None

    def walk(self) -> Iterator["Node"]:
        """This node and all below it."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            if isinstance(node.value, dict):
                stack.extend(
                    Node(self.document, v, f"{node.pointer}/{escaped(k)}") for k, v in reversed(node.value.items())
                )
            elif isinstance(node.value, list):
                stack.extend(
                    Node(self.document, node.value[i], f"{node.pointer}/{i}") for i in reversed(range(len(node.value)))
                )
