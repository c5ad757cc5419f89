"""The hidden sheet of drop-down lists, and the scale of every table that fills a declared range."""

from collections.abc import Mapping, Sequence

from openpyxl import Workbook

from engine.collateral.filters.fields import ANALYSTS_NAMES
from engine.collateral.ratings import LOWEST_RANK, Agency, rating_of_rank
from workbooks.templates import looks
from workbooks.templates.content import ControlContent
from workbooks.templates.formulas import call
from workbooks.templates.page import Area, Page

SHEET = "Lists"
N_DEALS = 30
_FIRST_ROW = 4
_LEGACY_LISTS = {
    "fields": "Filter Fields",
    "sp_ratings": "S&P Rating",
    "mdy_ratings": "Moody's Rating",
    "operators": "Numerical Operator",
    "opinions": "Analyst Opinnion",
    "countries": "Country Fields",
    "sp_industries": "S&P Industry",
    "mdy_industries": "Moody Industry",
}
"""Ours by the name of the drop-down list of the legacy Filter Sheet."""


def _usual() -> Mapping[str, Sequence[str]]:
    """The lists where no workbook was imported."""
    ranks = range(1, LOWEST_RANK + 1)
    return {
        "fields": tuple(ANALYSTS_NAMES),
        "sp_ratings": tuple(rating_of_rank(rank, Agency.SP) for rank in ranks),
        "mdy_ratings": tuple(rating_of_rank(rank, Agency.MOODYS) for rank in ranks),
        "operators": ("=", "<", "<=", ">", ">=", "!="),
        "opinions": ("Buy", "Hold", "Sale"),
        "countries": ("United States",),
        "sp_industries": ("",),
        "mdy_industries": ("",),
    }


def write_lists(book: Workbook, content: ControlContent) -> dict[str, str]:
    """Write the sheet; the range of each list as formula text, by its name."""
    page = Page(book, SHEET, looks.MUTED)
    page.sheet.sheet_state = "hidden"
    page.text("A1", "Lists behind the drop-down cells", looks.SECTION)
    page.widths([26] * (len(_LEGACY_LISTS) + 4))
    entries: dict[str, Sequence[str]] = {"deals": [_nth_deal(number) for number in range(1, N_DEALS + 1)]}
    usual = _usual()
    for name, legacy in _LEGACY_LISTS.items():
        entries[name] = tuple(content.lists.get(legacy, ())) or usual[name]
    entries["scenarios"] = tuple(scenario.name for scenario in content.scenarios)
    return {name: _write(page, column, name, words) for column, (name, words) in enumerate(entries.items(), start=1)}


def _nth_deal(number: int) -> str:
    return f'=IFERROR(INDEX({call("CLO_DEALS", headers="FALSE")},{number},1),"")'


def _write(page: Page, column: int, name: str, words: Sequence[str]) -> str:
    header = Area(SHEET, _FIRST_ROW - 1, column, len(words) + 1, 1)
    page.text(header.cell(0, 0), name, looks.HEADER_LEFT)
    for offset, word in enumerate(words, start=1):
        if name == "deals":
            page.put(header.cell(offset, 0), word, looks.TEXT)
        else:
            page.text(header.cell(offset, 0), word)
    page.table(f"tbl_list_{name}", header)
    return Area(SHEET, _FIRST_ROW, column, len(words), 1).reference
