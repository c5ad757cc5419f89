"""A compact workbook in the legacy layout, made of plain cells, that a test bends and writes."""

import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest

from engine.collateral.asset import WORKBOOK_FIELDS
from workbooks.legacy import ImportReading, read_workbook
from workbooks.legacy.cells import address, column_number

EPOCH = date(1899, 12, 30)
NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
STYLES = (
    f'<styleSheet xmlns="{NAMESPACE}"><numFmts count="1"><numFmt numFmtId="164" formatCode="0.0000%"/></numFmts>'
    '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>'
)
MARK = "Table of Contents"


@dataclass(frozen=True)
class Formula:
    """A formula and the result stored with it; without a result it was never calculated."""

    text: str
    result: float | str | None = None


@dataclass(frozen=True)
class ErrorValue:
    text: str


@dataclass(frozen=True)
class Styled:
    """A number under one of the styles: 1 a date, 2 a percentage."""

    number: float
    style: int


Cell = str | float | int | bool | date | Formula | ErrorValue | Styled


@dataclass
class Workbook:
    """Sheets as cells by address, and defined names: `name` for the workbook, `sheet!name` for a sheet."""

    sheets: dict[str, dict[str, Cell]]
    names: dict[str, str] = field(default_factory=dict)

    def put(self, sheet: str, start: str, *rows: list[Cell | None]) -> None:
        """Write rows of values from a cell on; None leaves a cell alone."""
        column_text = re.sub(r"\d", "", start)
        top, left = int(start.removeprefix(column_text)), column_number(column_text)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                if value is not None:
                    self.sheets.setdefault(sheet, {})[address(top + i, left + j)] = value

    def formula(self, text: str, result: float | str | None = None) -> Formula:
        """A formula with its stored result; without one it was never calculated."""
        return Formula(text, result)

    def error(self, text: str) -> ErrorValue:
        """An Excel error value such as `#N/A`."""
        return ErrorValue(text)

    def as_date(self, number: float) -> Styled:
        """A number that its format shows as a date."""
        return Styled(number, 1)

    def as_percentage(self, number: float) -> Styled:
        """A number under the format 0.0000%."""
        return Styled(number, 2)

    def asset_cell(self, row: int, field_name: str) -> str:
        """Address of a field of the asset in a row of All Assets."""
        return asset_cell(row, field_name)

    def write(self, path: Path) -> Path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in self._parts():
                archive.writestr(name, text)
        return path

    def _parts(self) -> Iterator[tuple[str, str]]:
        order = list(self.sheets)
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/sheet{i}.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for i, _ in enumerate(order, start=1)
        )
        yield "[Content_Types].xml", f'<Types xmlns="{PACKAGE}/content-types">{overrides}</Types>'
        yield (
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r" '
            f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        listed = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{i}" r:id="r{i}"/>' for i, name in enumerate(order, start=1)
        )
        defined = "".join(self._defined(order))
        yield (
            "xl/workbook.xml",
            f'<workbook xmlns="{NAMESPACE}" xmlns:r="{RELATIONS}"><workbookPr/><sheets>{listed}</sheets>'
            f"<definedNames>{defined}</definedNames></workbook>",
        )
        relations = "".join(
            f'<Relationship Id="r{i}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{i}.xml"/>'
            for i, _ in enumerate(order, start=1)
        )
        yield (
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}/relationships">{relations}</Relationships>',
        )
        yield "xl/styles.xml", STYLES
        for i, name in enumerate(order, start=1):
            yield f"xl/worksheets/sheet{i}.xml", sheet_xml(self.sheets[name])

    def _defined(self, order: list[str]) -> Iterator[str]:
        for name, reference in self.names.items():
            sheet, _, local = name.rpartition("!")
            scope = f' localSheetId="{order.index(sheet)}"' if sheet else ""
            yield f"<definedName name={quoteattr(local)}{scope}>{escape(reference)}</definedName>"


def sheet_xml(cells: dict[str, Cell]) -> str:
    rows: dict[int, dict[int, str]] = {}
    for cell, value in cells.items():
        letters = re.sub(r"\d", "", cell)
        rows.setdefault(int(cell.removeprefix(letters)), {})[column_number(letters)] = cell_xml(cell, value)
    body = "".join(
        f'<row r="{row}">{"".join(xml for _, xml in sorted(rows[row].items()))}</row>' for row in sorted(rows)
    )
    return f'<worksheet xmlns="{NAMESPACE}"><sheetData>{body}</sheetData></worksheet>'


def cell_xml(cell: str, value: Cell) -> str:
    if isinstance(value, bool):
        return f'<c r="{cell}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return f'<c r="{cell}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'
    if isinstance(value, date):
        return f'<c r="{cell}" s="1"><v>{(value - EPOCH).days}</v></c>'
    if isinstance(value, Styled):
        return f'<c r="{cell}" s="{value.style}"><v>{value.number!r}</v></c>'
    if isinstance(value, ErrorValue):
        return f'<c r="{cell}" t="e"><v>{value.text}</v></c>'
    if isinstance(value, Formula):
        kind = ' t="str"' if isinstance(value.result, str) else ""
        stored = "" if value.result is None else f"<v>{value.result}</v>"
        return f'<c r="{cell}"{kind}><f>{escape(value.text)}</f>{stored}</c>'
    return f'<c r="{cell}"><v>{value!r}</v></c>'


DEAL = "Mag 1 Inputs"
ASSETS = "All Assets"
REFERENCE = "Reference Table"
PANEL = "Run Model"

ASSET_DEFAULTS: dict[str, Cell] = {
    "maturity": date(2022, 6, 30),
    "coupon_type": "FLOAT",
    "payment_freq": 4,
    "cpn_spread": 0.0375,
    "libor_floor": 0.01,
    "coupon": 0.0475,
    "default_asset": "No",
    "mdy_rating": "B1",
    "sp_facility_rating": "B+",
    "market_value": 99.5,
    "dated_date": date(2015, 12, 31),
    "first_payment_date": date(2016, 3, 31),
    "day_count": "ACTUAL/360",
    "eom_flag": True,
}


def asset_cell(row: int, field_name: str) -> str:
    """Address of a field of the asset in a row of All Assets."""
    return address(row, next(item.column for item in WORKBOOK_FIELDS if item.name == field_name))


def legacy_workbook() -> Workbook:
    """A clean workbook of one deal: three positions, two tranches and equity, four payment dates, no finding."""
    book = Workbook(
        sheets={PANEL: {}, DEAL: {}, ASSETS: {}, "Asset Correlation": {}, REFERENCE: {}, "Filter Sheet": {}}
    )
    _panel(book)
    _deal(book)
    _assets(book)
    _reference_table(book)
    book.put("Asset Correlation", "A1", [None, "BRSA", "BRSB"], ["BRSA", 1, 0.3], ["BRSB", 0.3, 1])
    book.put("Filter Sheet", "A1", ["S&P Rating", "Moody's Rating"], ["AAA", "Aaa"], ["AA+", "Aa1"])
    book.names |= {"DealAnalysisDate": "'Run Model'!$C$8", "AllAssets": "'All Assets'!$A$2:$BR$40"}
    return book


def _panel(book: Workbook) -> None:
    book.put(PANEL, "C8", [date(2016, 3, 23)], ["Mag 1"], [6_000_000.0], [250_000.0], [10_000.0])
    book.put(PANEL, "E8", [750_000.0], [True], ["Buy"])
    book.put(PANEL, "D15", ["", "(", "S&P Rating", ">=", "B-", ")"])
    book.put(PANEL, "H31", [32, 0.6], [33, 0.4])
    book.put(PANEL, "J11", ["Mag 1", "BRSA", "Buy", 1_000_000.0, 97.5])
    book.names |= {
        "BuyFilter": "'Run Model'!$D$15:$I$20",
        "SaleFilter": "'Run Model'!$D$23:$I$28",
        "HypoAssets": "'Run Model'!$J$11:$N$39",
    }


def _deal(book: Workbook) -> None:
    for column in ("B", "D", "F", "J", "L", "R", "T", "X", "Z", "AB", "AD", "AF", "AJ"):
        book.sheets[DEAL][f"{column}1"] = MARK
    book.put(DEAL, "C3", [Formula("DealAnalysisDate", 42452.0)], [date(2016, 4, 15)], [date(2016, 1, 5)])
    book.put(DEAL, "D4", ["BRSA", 1_000_000.0], ["BRSB", 2_000_000.0], ["BRSC", 3_000_000.0])
    book.put(DEAL, "F4", [1, "Payment ", 0, 0], [2, "Collection", 10_000.0, 250_000.0])
    book.put(DEAL, "K3", [0.006], [0.0062])
    book.put(
        DEAL, "L4", [1, "Limitation on Senior Secured Loans", "Min", 0.9], [35, "Weighted Average Life", "Max", 6.5]
    )
    book.put(DEAL, "L6", [32, "Minimum Floating Spread Test", "Min", "NA"], [33, "Recovery", "Min", 0.43])
    book.put(DEAL, "R3", ["Current LIBOR", 0.0062], ["Reinvestment Target Balance", 6e6], ["JR OC Denominator", 5e6])
    book.put(DEAL, "T4", ["Minimum Floating Spread Test", 0.04, 32, 0.6], ["Recovery", 0.43, 33, 0.4])
    book.put(DEAL, "X4", ["Liquidation Price", 0.95], ["CCC Liquidation Price", 0.7])
    book.put(DEAL, "Z4", [date(2016, 1, 5), -1_000_000.0], [date(2016, 4, 15)])
    book.put(DEAL, "AB4", ["Interest Diversion Test", 1.03], ["Event of Default Trigger", 1.025])
    book.put(DEAL, "AE3", [date(2016, 1, 4)], [date(2016, 1, 5)], [date(2016, 2, 1)], [date(2016, 4, 15)])
    book.put(
        DEAL, "AE7", [date(2018, 1, 5)], [date(2020, 1, 5)], [date(2017, 1, 17)], [15], [3], [2], [8], ["Following"]
    )
    for row, days in enumerate(CALENDAR, start=4):
        book.put(DEAL, f"AF{row}", list(days))
    book.put(DEAL, "AK3", [1, 2, 3], ["Class A", "Class B", "Sub Notes"], [4e6, 1e6, 1e6], [1, 0.99, 0.5])
    book.put(DEAL, "AK7", [4e6, 1e6, 1e6], [0, 0, 0], [0.015, 0.03, 0], [0.015, 0.031, 0.12], [0, 1, 0])
    book.put(DEAL, "AK12", [1.2, 1.1, "NA"], [1.15, "NA", "NA"], ["Actual/360"] * 3, [False, False, True])
    book.put(DEAL, "AK16", ["Floating", "Floating", "Equity"])
    book.put(DEAL, "AN4", ["Trustee Fee", "Beginning", 0, 0, "Actual/360", 0.0002, False, 0])
    book.names |= {f"{DEAL}!{name}": f"'{DEAL}'!{block}" for name, block in DEAL_NAMES.items()}


CALENDAR = (
    (date(2016, 4, 15), date(2016, 1, 5), date(2016, 1, 5), date(2016, 4, 5)),
    (date(2016, 7, 15), date(2016, 4, 13), date(2016, 4, 5), date(2016, 7, 5)),
    (date(2016, 10, 17), date(2016, 7, 13), date(2016, 7, 5), date(2016, 10, 5)),
    (date(2017, 1, 16), date(2016, 10, 13), date(2016, 10, 5), date(2017, 1, 4)),
)
"""Eight weekdays before the payment, two before the one before; the workbook below has no holiday in these years."""

DEAL_NAMES = {
    "AnalysisDate": "$C$3",
    "DealCollateral": "$D$4:$E$20",
    "Accounts": "$F$4:$I$12",
    "TestThresholds": "$L$4:$Q$7",
    "QualityTestInputs": "$R$3:$S$5",
    "ObjWeights": "$V$4:$W$5",
    "CFInputs": "$X$4:$Y$5",
    "PaySubNotes": "$Z$4:$AA$55",
    "CLOInputs": "$AB$4:$AC$5",
    "DateInputs": "$AE$3:$AE$14",
    "PMT_Dates": "$AF$4:$AF$7",
    "Liability": "$AK$4:$AM$16",
    "Fees": "$AN$4:$AU$4",
}


def _assets(book: Workbook) -> None:
    book.put(ASSETS, "A1", [item.header for item in WORKBOOK_FIELDS])
    for row, blkrock_id in enumerate(("BRSA", "BRSB", "BRSC"), start=2):
        book.sheets[ASSETS][f"A{row}"] = blkrock_id
        for name, value in ASSET_DEFAULTS.items():
            book.sheets[ASSETS][asset_cell(row, name)] = value


RATINGS = (
    *("AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-"),
    *("BB+", "BB", "BB-", "B+", "B", "B-", "CCC", "D"),
)


def _reference_table(book: Workbook) -> None:
    book.put(REFERENCE, "B4", [date(2002, 1, 1)], [date(2002, 7, 4)])
    book.put(
        REFERENCE, "D4", [Formula("E4&F4", "423823 MONTH LIBOR"), date(2016, 1, 13), "3 MONTH LIBOR", 0.622, "REUT"]
    )
    book.put(REFERENCE, "I3", ["Period", "CPR_1", "CDR_1"], [1, 0.2, 0.02], [2, 0.21, None])
    book.put(REFERENCE, "R4", ["BRSA", date(2017, 6, 30), 100_000.0], ["BRSA", date(2018, 6, 30), 900_000.0])
    book.put(REFERENCE, "U3", ["From/to", *RATINGS])
    for i, rating in enumerate(RATINGS):
        book.put(REFERENCE, f"U{4 + i}", [rating, *(1.0 if i == j else 0.0 for j in range(18))])
    book.put(REFERENCE, "AN4", [1, 0.0043], [3, 0.0062], [12, 0.0124])
    book.put(REFERENCE, "AP4", ["ALL", "CPR_1", 0.02, 0.3, 6])
    book.put(REFERENCE, "AU3", ["All"], ["Mag 1"])
    book.put(REFERENCE, "AV3", ["Relationship", "Base", "Notch"], ["Same Issuer", 0.8, 0.02], ["Other", 0.2, 0.01])
    book.names |= {
        "Holidays": "'Reference Table'!$B$4:$B$5",
        "LIBOR_Rates": "'Reference Table'!$D$4:$H$10",
        "CF_Vectors": "'Reference Table'!$I$3:$K$5",
        "Sink_Schedule": "'Reference Table'!$R$4:$T$10",
        "SpTransMat": "'Reference Table'!$V$4:$AM$21",
        "LIBORCurve": "'Reference Table'!$AN$4:$AO$6",
        "CFAssumptions": "'Reference Table'!$AP$4:$AT$4",
        "Deals": "'Reference Table'!$AU$3:$AU$4",
        "CorrData": "'Reference Table'!$AV$3:$AX$5",
    }


Import = Callable[[], ImportReading]


@pytest.fixture
def new_book() -> Callable[[], Workbook]:
    """Makes a clean workbook in the legacy layout."""
    return legacy_workbook


@pytest.fixture
def book() -> Workbook:
    """A clean workbook in the legacy layout."""
    return legacy_workbook()


@pytest.fixture
def imported(book: Workbook, tmp_path: Path) -> Import:
    """Write the workbook as it is by then, and read it."""
    return lambda: read_workbook(book.write(tmp_path / "model.xlsx"))
