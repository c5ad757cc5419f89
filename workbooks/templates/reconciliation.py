"""The reconciliation workbook: values saved on legacy output sheets beside what our functions say (spec 06 §14).

Every new value is a formula in legacy mode, so that the comparison is alive; differences are taken at the digits that
the legacy sheet showed. A value without a counterpart among the functions says so.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font

from engine.snapshot import LegacyResult, TradeRow
from workbooks.palette import ACCENT, FONT, FONT_SIZE
from workbooks.templates import looks
from workbooks.templates.formulas import call, quoted
from workbooks.templates.package import save
from workbooks.templates.page import Area, Page
from workbooks.templates.tables import HYPO

RECONCILIATION_NAME = "clo_reconciliation.xlsx"
SHEET, TRADES, LISTS = "Reconciliation", "Trades", "Lists"
COLUMNS = ("sheet", "block", "row", "column", "cell", "legacy_value", "digits", "new_value", "difference", "verdict")
VERDICTS = ("equal", "differs", "not available", "no counterpart")
N_TESTS = 60
LEGACY = quoted("legacy")
_FIRST_ROW = 9
_DEAL = re.compile(r"(?:HYPO|Deal Assets|Compliance)-(.+?)(?:-Output)?")
_ASSET_FIELDS = {
    "issue name": "issue_name",
    "par": "par",
    "market value": "market_value",
    "moody's rating": "mdy_rating",
    "s&p's rating": "sp_rating",
    "coupon": "coupon",
    "was": "cpn_spread",
    "libor floor": "libor_floor",
    "wal": "wal",
    "moody's recovery rate": "mdy_recovery_rate",
    "analyst opinion": "analyst_opinion",
}
_TEST_FIELDS = {
    "threshold": "threshold",
    "results": "result",
    "pass/fail": "pass",
    "before results": "result",
    "before pass/fail": "pass",
}
_HYPO_FIELDS = {"hypo result": "after", "hypo pass/fail": "after_pass", "differences": "difference"}
_DEAL_ASSETS, _RANKINGS, _HYPO = "Deal Assets-", "Rankings", "HYPO-"


def write_reconciliation(
    path: Path, results: Sequence[LegacyResult], deal: str, trades: Sequence[TradeRow] = ()
) -> None:
    """Write the workbook; an existing file is replaced. deal: of the sheets that name none; trades: of its panel.

    Raises WorkbookError CLO-2062 where the file cannot be written.
    """
    save(reconciliation(results, deal, trades), path)


def reconciliation(results: Sequence[LegacyResult], deal: str, trades: Sequence[TradeRow] = ()) -> Workbook:
    """The workbook, not yet written."""
    book = Workbook()
    book.remove(book.worksheets[0])
    normal = Font(name=FONT, size=FONT_SIZE)
    # Column widths are counted in digits of this font.
    book._named_styles["Normal"].font = normal  # type: ignore[attr-defined]  # openpyxl has no public way
    page = Page(book, SHEET, ACCENT)
    hypo = _write_trades(book, deal, [one for one in trades if one.scope == "current" and one.deal == deal])
    _write_results(page, results, deal, hypo)
    Page(book, LISTS, looks.MUTED).sheet.sheet_state = "hidden"
    book.calculation.fullCalcOnLoad = True
    return book


def _write_trades(book: Workbook, deal: str, trades: Sequence[TradeRow]) -> Area:
    """The trades of the panel and the tests after them; the range of those."""
    page = Page(book, TRADES, looks.SERIES[2])
    page.widths([2, 13, 16, 13, 14, 10, 3, 7, 44, 12, 12, 12, 9, 12, 9, 12, 30])
    page.title("Trades", f"The hypothetical trades of the panel of {deal}, and the tests after them in legacy mode.")
    blotter = Area(TRADES, 6, 2, max(len(trades), 1), 5)
    page.headers("B5", ("Deal", "Asset", "Transaction", "Par", "Price"), n_left=3)
    for offset, one in enumerate(trades):
        cells = (one.deal, one.blkrock_id, one.transaction, one.par, one.price)
        for column, content in enumerate(cells):
            look = looks.value(looks.AMOUNT if column == 3 else looks.PRICE) if column > 2 else looks.TEXT
            page.put(blotter.cell(offset, column), content, look)
    return page.spill(
        "H5",
        HYPO,
        N_TESTS,
        "TRUE" if trades else "FALSE",
        deal=quoted(deal),
        trades=blotter.reference,
        pool_mode="TRUE",
        as_of="",
        mode=LEGACY,
    )


def _write_results(page: Page, results: Sequence[LegacyResult], deal: str, hypo: Area) -> None:
    page.widths([2, 24, 30, 16, 22, 8, 26, 8, 26, 16, 16, 2])
    page.title("Reconciliation", "Values saved by the legacy model beside those of our functions in legacy mode.")
    area = Area(SHEET, _FIRST_ROW, 2, len(results) + 1, len(COLUMNS))
    verdicts = f"{area.cell(1, 9)}:{area.cell(max(len(results), 1), 9)}"
    for place, verdict in enumerate(VERDICTS):
        column = "BCEI"[place]
        page.text(f"{column}5", verdict.capitalize(), looks.KEY_LABEL)
        page.put(f"{column}6", f"=COUNTIF({verdicts},{quoted(verdict)})", looks.key_figure("0"))
    page.section(f"B{_FIRST_ROW - 1}", "Values", len(COLUMNS))
    page.headers(area.cell(0, 0), COLUMNS, n_left=5)
    for offset, one in enumerate(results, start=1):
        _write_row(page, area, offset, one, new_value(one, deal, hypo))
    if results:
        page.table("tbl_reconciliation", area)
    page.mark(verdicts, f'{area.cell(1, 9)}="equal"', *looks.GOOD_MARK)
    page.mark(verdicts, f'{area.cell(1, 9)}="differs"', *looks.BAD_MARK)
    page.print_setup(f"A1:L{_FIRST_ROW + len(results)}", header_row=_FIRST_ROW)
    page.sheet.freeze_panes = f"A{_FIRST_ROW + 1}"


def _write_row(page: Page, area: Area, offset: int, one: LegacyResult, formula: str) -> None:
    for column, text in enumerate((one.sheet, one.block, one.row_key, one.column, one.place.cell)):
        page.text(area.cell(offset, column), text)
    legacy, digits, new, difference, verdict = (area.cell(offset, column) for column in range(5, 10))
    is_number = one.number is not None
    look = looks.value("General")
    if is_number:
        page.put(legacy, one.number, look)
        page.put(digits, digits_of(one), looks.value(looks.WHOLE))
    else:
        page.text(legacy, one.text, look)
    page.put(new, f"={formula}" if formula else None, look)
    apart = f"ROUND({new},{digits})-ROUND({legacy},{digits})"
    page.put(difference, f'=IF(ISNUMBER({new}),{apart},"")' if formula and is_number else None, look)
    same = f"{difference}=0" if is_number else f"{new}={legacy}"
    page.put(
        verdict,
        f'=IF(ISERROR({new}),"not available",IF({same},"equal","differs"))' if formula else "no counterpart",
        looks.VERDICT,
    )


def new_value(one: LegacyResult, deal: str, hypo: Area) -> str:
    """The expression that gives today's value of a legacy result, empty where no function does. hypo: the range of the
    tests after the panel's trades."""
    column = one.column.strip().lower()
    named = _DEAL.fullmatch(one.sheet)
    owner = quoted(named[1] if named else deal)
    if one.sheet.startswith((_DEAL_ASSETS, _RANKINGS)) and column in _ASSET_FIELDS:
        return _asset(one, column, owner)
    if not one.row_key.isdigit():
        return ""
    if column in _TEST_FIELDS:
        field = _TEST_FIELDS[column]
        found = call(
            "CLO_TEST_RESULT", deal=owner, test=one.row_key, field=quoted(field), as_of="", scenario="", mode=LEGACY
        )
        return f'IF({found},"TRUE","FALSE")' if field == "pass" else found
    if column in _HYPO_FIELDS and one.sheet.startswith(_HYPO) and owner == quoted(deal):
        field = _HYPO_FIELDS[column]
        found = f"VLOOKUP({one.row_key},{hypo.reference},{HYPO.offset(field) + 1},FALSE)"
        return f'IF({found},"TRUE","FALSE")' if field == "after_pass" else found
    return ""


def _asset(one: LegacyResult, column: str, owner: str) -> str:
    """A field of an asset; rankings show the asset of the universe, its price as a fraction, and the par traded."""
    is_ranking = one.sheet.startswith(_RANKINGS)
    if is_ranking and column == "par":
        return ""
    field = quoted(_ASSET_FIELDS[column])
    found = call("CLO_ASSET", deal='""' if is_ranking else owner, blkrock_id=quoted(one.row_key), field=field, as_of="")
    return f"{found}/100" if is_ranking and column == "market value" else found


def digits_of(one: LegacyResult) -> int:
    """Decimals that the legacy sheet showed: those of its number format, else those of the saved text."""
    form = re.fullmatch(r"[#,]*0(?:\.(0+))?(%?)", one.number_format)
    if form:
        return len(form[1] or "") + (2 if form[2] else 0)
    exponent = Decimal(one.text).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
