"""What a deal owes: its tranches, one a column, and its fees, one a row (spec 06 §5.2, from column AK on)."""

from engine.snapshot import FeeRow, TrancheRow
from workbooks.legacy.cells import Block, column_number
from workbooks.legacy.findings import Code
from workbooks.legacy.ranges import Anchor, list_rows, locate
from workbooks.legacy.values import NOT_APPLICABLE, CellReader, flag_of_raw, shown, trimmed

FIRST_TRANCHE_COLUMN = column_number("AK")
MOST_TRANCHES = 40
TRANCHE_ROWS = 13
FEE_COLUMNS = 8
LAST_FEE_ROW = 40


def tranche_rows(cells: CellReader, ranges: dict[str, str]) -> tuple[TrancheRow, ...]:
    """Tranches from the most senior to the equity, as many columns as carry a number in row 3 and a name in row 4."""
    liability = Anchor("Liability", 4, FIRST_TRANCHE_COLUMN, _n_tranches(cells), 16, is_list=False)
    located = locate(cells, liability)
    tranches = tuple(
        _tranche(cells, located.top, located.left + offset, offset + 1) for offset in range(liability.width)
    )
    last_column = located.left + max(liability.width, 1) - 1
    block = Block(located.top, located.left, located.top + TRANCHE_ROWS - 1, last_column)
    ranges[liability.name] = str(block)
    return tranches


def _n_tranches(cells: CellReader) -> int:
    n_tranches = 0
    while n_tranches < MOST_TRANCHES:
        number = cells.raw(3, FIRST_TRANCHE_COLUMN + n_tranches)
        name = cells.raw(4, FIRST_TRANCHE_COLUMN + n_tranches)
        is_number = isinstance(number, float | int) and not isinstance(number, bool) and float(number).is_integer()
        if not is_number or not isinstance(name, str) or not trimmed(name):
            break
        n_tranches += 1
    return n_tranches


def _tranche(cells: CellReader, top: int, column: int, order: int) -> TrancheRow:
    name = cells.key(top, column, "class name")
    return TrancheRow(
        order=order,
        name=name,
        original_balance=cells.number(top + 1, column, f"original balance of {name}", required=True),
        price=cells.number(top + 2, column, f"price of {name}", words=NOT_APPLICABLE),
        current_balance=cells.number(top + 3, column, f"current balance of {name}", required=True),
        deferred_balance=cells.number(top + 4, column, f"deferred balance of {name}", words=NOT_APPLICABLE),
        spread=cells.rate(top + 5, column, f"spread of {name}", words=NOT_APPLICABLE),
        discount_margin=cells.rate(top + 6, column, f"discount margin of {name}", words=NOT_APPLICABLE),
        is_deferrable=_is_deferrable(cells, top + 7, column, name),
        oc_trigger=_trigger(cells, top + 8, column, f"OC trigger of {name}"),
        ic_trigger=_trigger(cells, top + 9, column, f"IC trigger of {name}"),
        day_count=cells.key(top + 10, column, "day count"),
        is_equity=cells.flag(top + 11, column, f"equity flag of {name}"),
        coupon_type=cells.key(top + 12, column, "coupon type"),
        place=cells.place(top, column),
    )


def _is_deferrable(cells: CellReader, row: int, column: int, name: str) -> bool:
    """0 or 1; the legacy model stops at a text, which is read as no with W-FLAG."""
    raw = cells.needed(row, column, what=f"deferrable flag of {name}")
    found = flag_of_raw(raw)
    if (isinstance(raw, str) and trimmed(raw)) or found is None:
        remark = f"deferrable flag of {name} is a text, at which the legacy model stops"
        cells.report(Code.FLAG, row, column, remark, found=shown(raw), used="yes" if found else "no")
    return bool(found)


def _trigger(cells: CellReader, row: int, column: int, what: str) -> float | None:
    """A ratio, or None for `NA`. A blank is missing too, where the legacy model makes a test of level 0 (W-TRIGGER)."""
    if cells.is_blank(row, column):
        cells.report(Code.TRIGGER, row, column, f"{what} is blank, read as missing; the legacy model tests against 0")
        return None
    return cells.number(row, column, what, words=NOT_APPLICABLE)


def fee_rows(cells: CellReader, column: int, ranges: dict[str, str]) -> tuple[FeeRow, ...]:
    """Fees in the order of the sheet, in the eight columns right of the last tranche."""
    located = locate(cells, Anchor("Fees", 4, column, FEE_COLUMNS, LAST_FEE_ROW))
    left, last_row = located.left, located.top
    fees: list[FeeRow] = []
    for row in list_rows(cells, located):
        last_row = row
        name = cells.key(row, left, "fee name")
        fees.append(
            FeeRow(
                name=name,
                basis=cells.key(row, left + 1, "fee type"),
                unpaid_balance=cells.number(row, left + 2, f"unpaid balance of {name}"),
                fixed_amount=cells.number(row, left + 3, f"fixed amount of {name}"),
                day_count=cells.key(row, left + 4, "day count"),
                percentage=cells.rate(row, left + 5, f"percentage of {name}"),
                has_interest_on_unpaid=cells.flag(row, left + 6, f"interest on unpaid {name}"),
                interest_spread=cells.rate(row, left + 7, f"spread on unpaid {name}"),
                place=cells.place(row, left),
            )
        )
    ranges[located.anchor.name] = str(Block(located.top, left, last_row, left + FEE_COLUMNS - 1))
    return tuple(fees)
