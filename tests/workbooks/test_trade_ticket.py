"""Trade tickets: what is written is read back, what cannot be read is told line by line."""

from pathlib import Path

import pytest

from engine.errors import WorkbookError
from engine.trading.trades import Side, Trade
from workbooks.trading import read_ticket, write_ticket
from workbooks.xlsx import ExactWorkbook

_TRADES = (
    Trade(deal="Mag 17", blkrock_id="BRS1", side=Side.BUY, par=1_500_000.25, price=98.5),
    Trade(deal="Mag 16", blkrock_id="=BRS2", side=Side.SALE, par=750_000.0, price=None),
)


def _bare(trades: tuple[Trade, ...]) -> list[tuple[object, ...]]:
    return [(trade.deal, trade.blkrock_id, trade.side, trade.par, trade.price) for trade in trades]


@pytest.mark.parametrize("name", ["ticket.csv", "ticket.xlsx"])
def test_a_ticket_comes_back_as_it_was_written(tmp_path: Path, name: str) -> None:
    """Deal, asset, side, par and price, a blank price for the market, and where each line stands."""
    write_ticket(tmp_path / name, _TRADES)

    found = read_ticket(tmp_path / name)

    assert _bare(found) == _bare(_TRADES)
    sheet = name if name.endswith(".csv") else "Trades"
    assert [trade.place for trade in found] == [f"'{sheet}'!A2", f"'{sheet}'!A3"]


def test_columns_stand_in_any_order_and_a_deal_may_be_given(tmp_path: Path) -> None:
    """Headers are found without regard to case; blank lines are passed over; numbers may have separators."""
    path = tmp_path / "t.csv"
    path.write_text('par,ASSET,side,note\n"1,500,000",BRS1,sell,x\n,,,\n2e6,BRS2,Buy,\n')

    found = read_ticket(path, "Mag 17")

    assert _bare(found) == [
        ("Mag 17", "BRS1", Side.SALE, 1_500_000.0, None),
        ("Mag 17", "BRS2", Side.BUY, 2_000_000.0, None),
    ]


def test_every_bad_line_is_told(tmp_path: Path) -> None:
    """Side, par, price, asset and deal that cannot be read, each with its cell; nothing is taken."""
    path = tmp_path / "t.csv"
    path.write_text("Deal,Asset,Side,Par,Price\n,BRS1,Hold,abc,\nMag 17,,Buy,1,nan\nMag 17,BRS1,Buy,1,99\n")

    with pytest.raises(WorkbookError, match="CLO-2071: 5 lines of the ticket cannot be read") as caught:
        read_ticket(path)

    for said in (
        "'t.csv'!A2: no deal",
        "'t.csv'!A2: side 'Hold' is neither Buy nor Sale",
        "'t.csv'!A2: par 'abc' is not a number",
        "'t.csv'!A3: no asset",
        "'t.csv'!A3: price 'nan' is not a number",
    ):
        assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"", "is empty"),
        ("t.csv", b"Asset,Par\nX,1\n", "has no column Side"),
        ("t.csv", b"Asset,Side,Par\n\xff\xfe,Buy,1\n", "cannot be read as CSV"),
        ("t.csv", b"x" * (5 << 20), "is larger than 4 MiB"),
        ("t.txt", b"Asset,Side,Par\n", "is neither .csv nor a workbook"),
    ],
)
def test_a_file_that_is_no_ticket_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """By what it lacks, with what to do."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(WorkbookError, match="CLO-2070: The ticket t.* " + said) as caught:
        read_ticket(tmp_path / name)

    assert "Give a .csv or .xlsx file with the columns Deal, Asset, Side, Par, Price" in str(caught.value)


def test_a_missing_file_and_one_that_only_looks_like_a_workbook_are_refused(tmp_path: Path) -> None:
    """With the importer's own words for files from outside."""
    (tmp_path / "t.xlsx").write_bytes(b"no workbook")

    with pytest.raises(WorkbookError, match="CLO-2070"):
        read_ticket(tmp_path / "missing.csv")
    with pytest.raises(WorkbookError, match="CLO-20"):
        read_ticket(tmp_path / "t.xlsx")


def test_a_formula_that_was_never_calculated_is_refused(tmp_path: Path) -> None:
    """Its value is not known, so the line would be another trade."""
    book = ExactWorkbook(tmp_path / "t.xlsx")
    sheet = book.add_worksheet("Trades")
    for column, text in enumerate(("Asset", "Side", "Par")):
        sheet.write_string(0, column, text)
    sheet.write_string(1, 0, "BRS1")
    sheet.write_string(1, 1, "Buy")
    sheet.write_formula(1, 2, "=1+1", None, "")
    book.close()

    with pytest.raises(WorkbookError, match=r"CLO-2070: .*formula without a value at 'Trades'!C2"):
        read_ticket(tmp_path / "t.xlsx", "Mag 17")
