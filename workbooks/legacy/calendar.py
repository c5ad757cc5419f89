"""When a deal pays: payment dates with their determination and collection dates, payments to the sub notes (§5.2)."""

from datetime import date

from engine.liabilities.terms import SubNotePayment
from engine.snapshot import CalendarRow
from workbooks.legacy.cells import Block, column_number
from workbooks.legacy.findings import Code
from workbooks.legacy.ranges import Anchor, list_rows, locate
from workbooks.legacy.values import CellReader

PAYMENT_DATES = Anchor("PMT_Dates", 4, column_number("AF"), 1, 185)
SUB_NOTE_PAYMENTS = Anchor("PaySubNotes", 4, column_number("Z"), 2, 55, is_list=False)


def calendar_rows(cells: CellReader, ranges: dict[str, str]) -> tuple[CalendarRow, ...]:
    """The stored calendar up to its first blank payment date."""
    located = locate(cells, PAYMENT_DATES)
    column, last_row = located.left, located.top
    rows: list[CalendarRow] = []
    for row in list_rows(cells, located):
        payment = cells.day(row, column, "payment date")
        if payment is None:
            break
        last_row = row
        rows.append(
            CalendarRow(
                payment=payment,
                interest_determination=cells.day(row, column + 1, "interest determination date"),
                collection_begin=cells.day(row, column + 2, "begin of the collection period"),
                collection_end=cells.day(row, column + 3, "end of the collection period"),
            )
        )
    ranges[located.anchor.name] = str(Block(located.top, column, last_row, column + 3))
    return tuple(rows)


def sub_note_payments(cells: CellReader) -> tuple[SubNotePayment, ...]:
    """Amounts paid to (+) and by (-) the sub notes; dates without an amount are not payments."""
    located = locate(cells, SUB_NOTE_PAYMENTS)
    payments: list[SubNotePayment] = []
    for row in located.block.rows:
        amount = cells.number(row, located.left + 1, "payment to the sub notes")
        if not amount:
            continue
        on: date | None = cells.day(row, located.left, "date of a payment to the sub notes")
        if on is None:
            remark = "a payment to the sub notes without a date is left out"
            cells.report(Code.SKIPPED, row, located.left, remark, found=amount)
            continue
        payments.append(SubNotePayment(on, amount))
    return tuple(payments)
