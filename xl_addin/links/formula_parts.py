"""The formulas in the parts of a workbook package, changed as text so that every other byte stays (spec 08 §11)."""

import re
from collections.abc import Callable, Iterator
from html import unescape

_PARTS = re.compile(
    r"xl/(?:workbook\.xml|(?:worksheets|macrosheets|chartsheets|charts|tables)/[^/]+\.xml)", re.IGNORECASE
)
_ELEMENTS = "f|formula|formula1|formula2|definedName|calculatedColumnFormula|totalsRowFormula"
_FORMULA = re.compile(rf"<((?:\w+:)?(?:{_ELEMENTS}))((?:\s[^<>]*)?)(?<!/)>([^<]*)</\1>")


def holds_formulas(part: str) -> bool:
    """Whether a part of this name may hold formulas: sheets, charts, tables, and the workbook with its names."""
    return _PARTS.fullmatch(part) is not None


def formulas(xml: str) -> Iterator[str]:
    """The formulas of a part: of cells (shared and array ones too), names, conditional formats, validations."""
    for element in _FORMULA.finditer(xml):
        yield unescape(element[3])


def with_formulas(xml: str, change: Callable[[str], str]) -> str:
    """A part with changed formulas; a formula that stays keeps its bytes."""

    def changed(element: re.Match[str]) -> str:
        before = unescape(element[3])
        after = change(before)
        if after == before:
            return element[0]
        return f"<{element[1]}{element[2]}>{_escaped(after)}</{element[1]}>"

    return _FORMULA.sub(changed, xml)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
