"""One deal sheet (`Mag 17 Inputs`): its sections in order, each read by its own rule (spec 06 §5.2)."""

from datetime import date

from engine.snapshot import DateInputs, DealSnapshot
from workbooks.legacy.calendar import calendar_rows, sub_note_payments
from workbooks.legacy.cells import address, column_number
from workbooks.legacy.findings import Code
from workbooks.legacy.labels import labelled_values
from workbooks.legacy.liabilities import fee_rows, tranche_rows
from workbooks.legacy.limits import objective_weights, tests
from workbooks.legacy.positions import accounts, positions
from workbooks.legacy.ranges import Anchor, locate
from workbooks.legacy.values import CellReader, folded, trimmed

SHEET_SUFFIX = " Inputs"
SECTION_MARK = "table of contents"
MARKED_COLUMNS = ("B", "D", "F", "J", "L", "R", "T", "X", "Z", "AB", "AD")
SOMETIMES_MARKED_COLUMNS = ("AF", "AJ")
"""Columns whose row-1 mark is known from most deal sheets, not all."""

LAGS = range(0, 367)
"""Business days that may lie between a determination and its payment."""

ACCOUNTS = Anchor("Accounts", 4, column_number("F"), 4, 12)
QUALITY_INPUTS = Anchor("QualityTestInputs", 3, column_number("R"), 2, 60)
CF_INPUTS = Anchor("CFInputs", 4, column_number("X"), 2, 60)
CLO_INPUTS = Anchor("CLOInputs", 4, column_number("AB"), 2, 60)
DATE_INPUTS = Anchor("DateInputs", 3, column_number("AE"), 1, 14, is_list=False)


def read_deal_sheet(cells: CellReader, analysis_date: date) -> DealSnapshot:
    """The deal of one sheet. analysis_date: of the workbook, for a sheet that does not state its own."""
    ranges: dict[str, str] = {}
    quality, cf_inputs, clo_inputs = (locate(cells, anchor) for anchor in (QUALITY_INPUTS, CF_INPUTS, CLO_INPUTS))
    tranches = tranche_rows(cells, ranges)
    fee_column = column_number("AK") + len(tranches)
    deal = DealSnapshot(
        name=cells.sheet.removesuffix(SHEET_SUFFIX),
        analysis_date=cells.day(3, 3, "analysis date") or analysis_date,
        next_payment_date=cells.day(4, 3, "next payment date", warns_zero=True),
        collection_begin=cells.day(5, 3, "begin of the collection period", warns_zero=True),
        collection_end=cells.day(6, 3, "end of the collection period", warns_zero=True),
        last_payment_date=cells.day(7, 3, "last payment date", warns_zero=True),
        original_libor=cells.rate(3, column_number("K"), "original LIBOR"),
        current_libor=cells.rate(4, column_number("K"), "current LIBOR"),
        date_inputs=_date_inputs(cells),
        positions=positions(cells, ranges),
        accounts=accounts(cells, locate(cells, ACCOUNTS)),
        tests=tests(cells, ranges),
        quality_inputs=labelled_values(cells, quality),
        weights=objective_weights(cells, ranges),
        cf_inputs=labelled_values(cells, cf_inputs),
        clo_inputs=labelled_values(cells, clo_inputs),
        sub_note_payments=sub_note_payments(cells),
        calendar=calendar_rows(cells, ranges),
        tranches=tranches,
        fees=fee_rows(cells, fee_column, ranges),
        ranges=ranges,
    )
    _check_sections(cells, fee_column)
    return deal


def _date_inputs(cells: CellReader) -> DateInputs:
    located = locate(cells, DATE_INPUTS)
    top, column = located.top, located.left
    return DateInputs(
        pricing=cells.day(top, column, "pricing date"),
        closing=cells.day(top + 1, column, "closing date", required=True),
        effective=cells.day(top + 2, column, "effective date"),
        first_payment=cells.day(top + 3, column, "first payment date"),
        no_call=cells.day(top + 4, column, "no-call date"),
        reinvestment_end=cells.day(top + 5, column, "reinvestment end date"),
        maturity=cells.day(top + 6, column, "maturity date", required=True),
        payment_day=_whole_within(cells, top + 7, column, "payment day", range(1, 32)),
        months_between_payments=_whole_within(cells, top + 8, column, "months between payments", range(1, 121)),
        interest_determination_days=_whole_within(cells, top + 9, column, "interest determination days", LAGS),
        determination_days=_whole_within(cells, top + 10, column, "determination days", LAGS),
        business_day_convention=cells.key(top + 11, column, "business-day convention"),
        place=cells.place(top, column),
    )


def _whole_within(cells: CellReader, row: int, column: int, what: str, allowed: range) -> int | None:
    """A whole number that a calendar can be counted with; None with W-CELLTYPE for any other."""
    value = cells.whole(row, column, what)
    if value is None or value in allowed:
        return value
    remark = f"{what} is not a number from {allowed.start} to {allowed.stop - 1}"
    cells.report(Code.CELL_TYPE, row, column, remark, found=value)
    return None


def _check_sections(cells: CellReader, fee_column: int) -> None:
    """W-ANCHOR for a section without its mark in row 1, I-UNKNOWNSECTION for a section that nothing reads."""
    expected = {column_number(letters) for letters in MARKED_COLUMNS}
    known = expected | {column_number(letters) for letters in SOMETIMES_MARKED_COLUMNS} | {fee_column}
    for column in sorted(expected):
        mark = cells.raw(1, column)
        if folded(str(mark)) != SECTION_MARK:
            cells.report(Code.ANCHOR, 1, column, "no section starts here, read as the layout has it", found=mark)
    for column in range(2, cells.grid.last_column + 1):
        if column in known:
            continue
        mark, title = str(cells.raw(1, column)), trimmed(str(cells.raw(2, column)))
        if folded(mark) == SECTION_MARK:
            cells.report(Code.UNKNOWN_SECTION, 1, column, "a section this version does not know", found=title)
        elif title and column >= fee_column + 8:
            remark = f"a section right of the fees ({address(2, fee_column)}) that this version does not know"
            cells.report(Code.UNKNOWN_SECTION, 2, column, remark, found=title)
