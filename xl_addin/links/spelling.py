"""How a call of ours is spelled in a formula, and spelling it for another client (spec 08 §11)."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum

ADD_IN_FILE = "clo.xlam"


class Spelling(Enum):
    """PLAIN `CLO_X(`, XLAM `[n]!CLO_X(` or with the path of the add-in, OFFICEJS `_xldudf_CLO_X(`."""

    PLAIN = "plain"
    XLAM = "xlam"
    OFFICEJS = "officejs"


_TOKENS = re.compile(
    r"""
    "(?:[^"]|"")*"                                        # a text
    | (?P<call>
        (?: '(?P<path>(?:[^']|'')+)'! | \[(?P<index>\d+)\]! | (?P<bare>[\w.\-]+\.xlam)! )?
        (?P<dialect>_xldudf_|_xll\.)?
        (?P<name>(?:CLO|PAY)_[A-Z0-9_]+) \(
      )
    | '(?:[^']|'')*'                                      # a quoted sheet
    | \[(?:[^\[\]']|'.)*\]                                # a column of a table, or a link
    | [\w.\\?]+                                           # any other name
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Respelled:
    """A formula in the wanted spelling, and how its calls were spelled before, by description."""

    text: str
    found: Counter[str]
    names: frozenset[str]


def respelled(formula: str, to: Spelling, *, link: int, foreign: Collection[int]) -> Respelled:
    """A formula with every call of ours spelled for one client; everything else stays as it is.

    link: number of the external link that XLAM calls go through; foreign: numbers of the links to other files. A call
    through one of those is that file's own function; one through a link that is gone was ours.
    """
    found: Counter[str] = Counter()
    names: set[str] = set()

    def spell(token: re.Match[str]) -> str:
        if token["call"] is None or not _is_ours(token, foreign):
            return token[0]
        found[_form(token)] += 1
        names.add(token["name"])
        return f"{_prefix(to, link)}{token['name']}("

    return Respelled(_TOKENS.sub(spell, formula), found, frozenset(names))


def renumbered(formula: str, number_by_number: dict[int, int]) -> str:
    """A formula with the numbers of its external links replaced, in references, names and quoted sheets alike."""

    def renumber(token: re.Match[str]) -> str:
        if token[0].startswith('"'):
            return token[0]
        return re.sub(r"\[(\d+)\]", lambda link: f"[{number_by_number.get(int(link[1]), int(link[1]))}]", token[0])

    return _TOKENS.sub(renumber, formula)


def links_in(formula: str) -> set[int]:
    """Numbers of the external links that a formula uses."""
    return {
        int(number)
        for token in _TOKENS.finditer(formula)
        if not token[0].startswith('"')
        for number in re.findall(r"\[(\d+)\]", token[0])
    }


def _is_ours(token: re.Match[str], foreign: Collection[int]) -> bool:
    if token["dialect"]:
        return True
    if token["index"] is not None:
        return int(token["index"]) not in foreign
    place = token["path"] or token["bare"]
    return place is None or is_add_in(place)


def is_add_in(place: str) -> bool:
    """Whether a path or address is that of the add-in."""
    return re.split(r"[\\/]", place.replace("%20", " "))[-1].lower() == ADD_IN_FILE


def _form(token: re.Match[str]) -> str:
    link = "link" if token["index"] else "path" if token["path"] or token["bare"] else ""
    dialect = {"_xldudf_": "officejs", "_xll.": "xll"}.get((token["dialect"] or "").lower(), "")
    if link and dialect:
        return "damaged"
    return {"link": Spelling.XLAM.value, "path": "path"}.get(link) or dialect or Spelling.PLAIN.value


def _prefix(to: Spelling, link: int) -> str:
    return {Spelling.PLAIN: "", Spelling.OFFICEJS: "_xldudf_", Spelling.XLAM: f"[{link}]!"}[to]
