"""What a deal holds: positions and account balances (spec 06 §5.2, columns D:E and F:I)."""

from dataclasses import replace

from engine.snapshot import AccountRow, PositionRow
from workbooks.legacy.assets import LONGEST_ID
from workbooks.legacy.cells import Block, column_number
from workbooks.legacy.findings import Code
from workbooks.legacy.ranges import Anchor, Located, list_rows, locate
from workbooks.legacy.values import CellReader

COLLATERAL = Anchor("DealCollateral", 4, column_number("D"), 2, 1003)
COLLECTION_ACCOUNT = 2
N_ACCOUNTS = 9
NOT_AVAILABLE = frozenset({"#N/A"})


def positions(cells: CellReader, ranges: dict[str, str]) -> tuple[PositionRow, ...]:
    """Positions in the order of the sheet, a repeated id added to its first row (W-DUPPOS)."""
    return position_rows(cells, locate(cells, COLLATERAL), ranges)


def position_rows(cells: CellReader, located: Located, ranges: dict[str, str]) -> tuple[PositionRow, ...]:
    """Positions of a block id, par. Rows whose id is #N/A are what the legacy load macro leaves behind."""
    found: dict[str, PositionRow] = {}
    last_row = located.top
    for row in list_rows(cells, located, skips=NOT_AVAILABLE):
        last_row = row
        blkrock_id = cells.key(row, located.left, "position id")
        if not blkrock_id:
            continue
        if len(blkrock_id) > LONGEST_ID:
            remark = f"an asset id has at most {LONGEST_ID} characters"
            cells.report(Code.KEY_VALUE, row, located.left, remark, found=blkrock_id)
            continue
        par = cells.number(row, located.left + 1, f"par of {blkrock_id}", required=True)
        if par is None:
            continue
        if blkrock_id in found:
            first = found[blkrock_id]
            found[blkrock_id] = replace(first, par=first.par + par)
            remark = f"position {blkrock_id} is repeated, first in {first.place.cell}; its par is added"
            cells.report(Code.DUPLICATE_POSITION, row, located.left, remark, found=par, used=first.par + par)
            continue
        found[blkrock_id] = PositionRow(blkrock_id=blkrock_id, par=par, place=cells.place(row, located.left))
    block = Block(located.top, located.left, last_row, located.left + 1)
    ranges[located.anchor.name] = str(block)
    return tuple(found.values())


def accounts(cells: CellReader, located: Located) -> tuple[AccountRow, ...]:
    """Balances of the deal's accounts; the number tells them apart, a blank balance is zero."""
    rows: list[AccountRow] = []
    for row in list_rows(cells, located):
        if len(rows) == N_ACCOUNTS:
            break
        number = cells.whole(row, located.left, "account number", required=True)
        name = cells.text(row, located.left + 1, "account name")
        interest = cells.number(row, located.left + 2, f"interest cash of {name!r}", required=True, blank=0.0)
        principal = cells.number(row, located.left + 3, f"principal cash of {name!r}", required=True, blank=0.0)
        if number is None or interest is None or principal is None:
            continue
        rows.append(
            AccountRow(
                number=number,
                name=name,
                interest=interest,
                principal=principal,
                place=cells.place(row, located.left),
            )
        )
    return tuple(rows)
