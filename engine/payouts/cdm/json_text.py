"""JSON text as a tree, its findings and its content key (spec 07 §5.3).

Nothing in here raises over what a document holds. Whatever is wrong becomes a finding with the RFC 6901 pointer of the
place, and the value there reads as missing.
"""

import hashlib
import json
import math
from datetime import date
from typing import Any

from engine.payouts.enums import FindingSeverity
from engine.payouts.findings import FindingCode, PayoutFinding

MAX_BYTES = 16 * 1024 * 1024
"""A trade takes some 20 kB; what is larger by three orders is no trade, and reading it would only take memory."""

MAX_DEPTH = 100
"""Levels of nesting; CDM documents have about 20. Keeps recursion over the tree within Python's stack."""


class Findings:
    """The findings of one reading, in the order in which they were made, each place and kind once."""

    def __init__(self) -> None:
        self._by_place: dict[tuple[FindingCode, str, FindingSeverity], PayoutFinding] = {}

    def add(self, severity: FindingSeverity, code: FindingCode, pointer: str, message: str) -> None:
        """Note one finding; a second one of the same kind at the same place is the first again."""
        self._by_place.setdefault((code, pointer, severity), PayoutFinding(severity, code, pointer, message))

    def error(self, code: FindingCode, pointer: str, message: str) -> None:
        """What refuses the record."""
        self.add(FindingSeverity.ERROR, code, pointer, message)

    def warning(self, code: FindingCode, pointer: str, message: str) -> None:
        """What is stored and needs attention."""
        self.add(FindingSeverity.WARNING, code, pointer, message)

    def info(self, code: FindingCode, pointer: str, message: str) -> None:
        """What is worth knowing."""
        self.add(FindingSeverity.INFO, code, pointer, message)

    def all(self) -> tuple[PayoutFinding, ...]:
        """All of them so far."""
        return tuple(self._by_place.values())


def escaped(key: str) -> str:
    """A key as a segment of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


class _Parser:
    """The hooks of `json.loads`; keeps which objects had a key twice, by identity of the object made of them."""

    def __init__(self) -> None:
        self.repeated: dict[int, str] = {}

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            names = [name for name, _ in pairs]
            self.repeated[id(made)] = next(name for name in names if names.count(name) > 1)
        return made

    @staticmethod
    def integer(text: str) -> float | int:
        # Python refuses integers of more than 4300 digits with an exception; as floats they become infinite.
        return int(text) if len(text) <= 20 else float(text)


def parse_text(text: str | bytes, findings: Findings) -> object | None:
    """The tree of a JSON text, or None with an ERROR finding. NaN, infinities, repeated keys, lone surrogates and NUL
    characters are errors too, each at its place."""
    if len(text) > MAX_BYTES:
        findings.error(FindingCode.NOT_JSON, "", f"The document has {len(text):,} bytes, more than {MAX_BYTES:,}")
        return None
    parser = _Parser()
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        tree: object = json.loads(
            text.removeprefix("\ufeff"), object_pairs_hook=parser.pairs, parse_int=parser.integer, parse_constant=float
        )
    except RecursionError:
        findings.error(FindingCode.NOT_JSON, "", f"The document is nested more than {MAX_DEPTH} levels deep")
        return None
    except ValueError as error:
        findings.error(FindingCode.NOT_JSON, "", f"The document is no JSON: {error}")
        return None
    if tree is None:
        findings.error(FindingCode.NOT_JSON, "", "The document is empty")
        return None
    return tree if _is_sound(tree, parser, findings) else None


def _is_sound(tree: object, parser: _Parser, findings: Findings) -> bool:
    """Look at every value once, without recursion; False where the tree is too deep to be walked."""
    stack: list[tuple[object, str, int]] = [(tree, "", 0)]
    while stack:
        value, pointer, depth = stack.pop()
        if depth > MAX_DEPTH:
            findings.error(FindingCode.NOT_JSON, "", f"The document is nested more than {MAX_DEPTH} levels deep")
            return False
        if isinstance(value, dict):
            if id(value) in parser.repeated:
                name = parser.repeated[id(value)]
                findings.error(FindingCode.NOT_JSON, f"{pointer}/{escaped(name)}", f"The key {name!r} stands twice")
            for key, child in value.items():
                if not _is_storable(key):
                    findings.error(FindingCode.NOT_JSON, pointer, "A key has characters that cannot be stored")
                stack.append((child, f"{pointer}/{escaped(key)}", depth + 1))
        elif isinstance(value, list):
            stack.extend((child, f"{pointer}/{i}", depth + 1) for i, child in enumerate(value))
        elif isinstance(value, float) and not math.isfinite(value):
            findings.error(FindingCode.NOT_A_NUMBER, pointer, f"{value} is no number that can be kept")
        elif isinstance(value, str) and not _is_storable(value):
            findings.error(FindingCode.NOT_JSON, pointer, "The text has characters that cannot be stored")
    return True


def _is_storable(text: str) -> bool:
    return "\x00" not in text and (text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text))


def canonical_json(tree: object) -> str:
    """A tree as JSON with sorted keys, no insignificant white space, numbers as shortest decimals, without `@key*`."""
    return json.dumps(_without_keys(tree), sort_keys=True, separators=(",", ":"))


def _without_keys(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_keys(child) for key, child in value.items() if not key.startswith("@key")}
    if isinstance(value, list):
        return [_without_keys(child) for child in value]
    # 100.0 and 100 are one number: the shortest decimal is the integer.
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


def content_key(tree: object) -> str:
    """First 32 hexadecimal digits of SHA-256 over the canonical JSON (spec 07 §5.3)."""
    return hashlib.sha256(canonical_json(tree).encode()).hexdigest()[:32]


def date_from_hash(key: str) -> date | None:
    """The date whose CDM global key this is, None where it is none (spec 07 §5.3).

    The key of y-m-d is (y & 0xFFFFF800) ^ ((y << 11) + (m << 6) + d); y is below 2048, so the first term is zero.
    """
    try:
        number = int(key, 16)
        return date(number >> 11, (number >> 6) & 0x1F, number & 0x3F) if 1900 <= number >> 11 < 2048 else None
    except ValueError:
        return None
