"""The reconstructed workbook in other guises reads the same; with a fault in it, it is kept out (spec 06 §16, 4-5).

The variants are made by editing the parts of the file as text, so that no number passes through a writer.
"""

import csv
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from engine.snapshot import WorkbookSnapshot
from workbooks.legacy import ImportReading, read_workbook, summarise
from workbooks.legacy.cells import address, parse_block

WORKBOOK, RELATIONS, TYPES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
SHEET_OF_MAG_17, SHEET_OF_ASSETS = "xl/worksheets/sheet11.xml", "xl/worksheets/sheet12.xml"
INLINE = re.compile(r'<c r="([A-Z]+\d+)"((?: s="\d+")?) t="inlineStr"><is><t([^>]*)>(.*?)</t></is></c>', re.DOTALL)

Parts = dict[str, str]


def parts_of(path: Path) -> Parts:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


@pytest.fixture(scope="module")
def source(reference) -> Path:
    return reference / "data" / "legacy" / "legacy_workbook.xlsx"


@pytest.fixture(scope="module")
def original(source) -> ImportReading:
    return read_workbook(source)


@pytest.fixture
def variant(source, tmp_path) -> Callable[[Callable[[Parts], None]], ImportReading]:
    """Edit the parts of the reference file, write them as another file, and read it."""

    def read(edit: Callable[[Parts], None]) -> ImportReading:
        parts = parts_of(source)
        edit(parts)
        path = tmp_path / "variant.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, text in parts.items():
                archive.writestr(name, text)
        return read_workbook(path)

    return read


def content(snapshot: WorkbookSnapshot) -> dict[str, object]:
    """Everything of a snapshot but the file it came from, arrays as lists."""
    found: dict[str, object] = {}
    for item in fields(snapshot):
        value = getattr(snapshot, item.name)
        if item.name == "source_file":
            continue
        matrix = getattr(value, "matrix", None)
        found[item.name] = value if matrix is None else (value.__class__.__name__, matrix.tolist())
    return found


def delete_names(parts: Parts) -> None:
    parts[WORKBOOK] = re.sub(r"<definedNames>.*</definedNames>", "", parts[WORKBOOK], flags=re.DOTALL)


def names_as_formulas(parts: Parts) -> None:
    def formula(match: re.Match[str]) -> str:
        return f"{match[1]}OFFSET({match[2]},0,0)</definedName>"

    parts[WORKBOOK] = re.sub(r"(<definedName [^>]*>)(.*?)</definedName>", formula, parts[WORKBOOK])


def reverse_sheets(parts: Parts) -> None:
    text = parts[WORKBOOK]
    sheets = re.findall(r"<sheet [^>]*/>", text)
    text = text.replace("".join(sheets), "".join(reversed(sheets)))
    last = len(sheets) - 1
    parts[WORKBOOK] = re.sub(r'localSheetId="(\d+)"', lambda match: f'localSheetId="{last - int(match[1])}"', text)


def share_strings(parts: Parts) -> None:
    texts: dict[str, int] = {}

    def shared(match: re.Match[str]) -> str:
        item = f"<si><t{match[3]}>{match[4]}</t></si>"
        return f'<c r="{match[1]}"{match[2]} t="s"><v>{texts.setdefault(item, len(texts))}</v></c>'

    for name in list(parts):
        if name.startswith("xl/worksheets/"):
            parts[name] = INLINE.sub(shared, parts[name])
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{space}" count="{len(texts)}">{"".join(texts)}</sst>'
    parts[RELATIONS] = parts[RELATIONS].replace(
        "</Relationships>",
        '<Relationship Id="rIdShared" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    )
    parts[TYPES] = parts[TYPES].replace(
        "</Types>",
        '<Override PartName="/xl/sharedStrings.xml" ContentType='
        '"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
    )


def longer_position_range(parts: Parts) -> None:
    """One more row in the name than there are positions: it is blank."""
    assert "'Mag 17 Inputs'!$D$4:$E$198" in parts[WORKBOOK]
    parts[WORKBOOK] = parts[WORKBOOK].replace("'Mag 17 Inputs'!$D$4:$E$198", "'Mag 17 Inputs'!$D$4:$E$199")


def not_available_tail(parts: Parts) -> None:
    """What the legacy load macro leaves when its new list is shorter than the old one (quirk W-07)."""
    sheet = parts[SHEET_OF_MAG_17]
    for row in range(199, 220):
        tail = f'<c r="D{row}" t="e"><v>#N/A</v></c><c r="E{row}" t="e"><v>#N/A</v></c>'
        sheet, n_replaced = re.subn(rf'<row r="{row}"[^>]*>.*?</row>', f'<row r="{row}">{tail}</row>', sheet)
        assert n_replaced == 1
    parts[SHEET_OF_MAG_17] = sheet
    parts[WORKBOOK] = parts[WORKBOOK].replace("'Mag 17 Inputs'!$D$4:$E$198", "'Mag 17 Inputs'!$D$4:$E$219")


def test_without_names_the_anchors_give_the_same(variant, original):
    """All defined names deleted: every name is missed once, nothing else changes."""
    reading = variant(delete_names)

    assert content(reading.snapshot) == content(original.snapshot)
    assert {finding.code for finding in set(reading.findings) - set(original.findings)} == {"W-ANCHOR"}
    assert summarise(reading) == summarise(original)


@pytest.mark.parametrize(
    "edit",
    [names_as_formulas, share_strings, longer_position_range, not_available_tail],
    ids=lambda edit: edit.__name__,
)
def test_another_guise_gives_the_same_snapshot_and_findings(variant, original, edit):
    """Names as OFFSET formulas, shared strings, a blank row below the positions, #N/A rows after them."""
    reading = variant(edit)

    assert content(reading.snapshot) == content(original.snapshot)
    assert reading.findings == original.findings


def test_the_order_of_the_sheets_does_not_matter(variant, original):
    """Sheets are found by name; deals and saved results come in the order of the sheets."""
    reading = variant(reverse_sheets)

    assert reading.snapshot.source_file.sheets == tuple(reversed(original.snapshot.source_file.sheets))
    assert reading.snapshot.deals == tuple(reversed(original.snapshot.deals))
    assert reading.snapshot.assets == original.snapshot.assets
    assert set(reading.findings) == set(original.findings)
    assert np.array_equal(reading.snapshot.correlation.matrix, original.snapshot.correlation.matrix)


def reconstructed_labels(reference: Path) -> dict[str, set[str]]:
    """Cells by sheet whose wording is not known; where a single cell overlaps a block, the single cell rules."""
    smallest: dict[tuple[str, str], tuple[int, str]] = {}
    path = reference / "data" / "legacy" / "legacy_workbook_provenance.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            block = parse_block(row["range"])
            assert block is not None
            width = block.right - block.left + 1
            size = len(block.rows) * width
            if size > 5_000:
                continue
            for place in (address(r, c) for r in block.rows for c in range(block.left, block.right + 1)):
                known = smallest.get((row["sheet"], place))
                if known is None or size <= known[0]:
                    smallest[row["sheet"], place] = (size, row["class"])
    found: dict[str, set[str]] = {}
    for (sheet, place), (_, kind) in smallest.items():
        if kind == "reconstructed_label":
            found.setdefault(sheet, set()).add(place)
    return found


def test_labels_of_unknown_wording_may_say_anything(variant, original, reference):
    """All reconstructed labels and all section titles replaced: the same numbers arrive."""
    labels = reconstructed_labels(reference)

    def replace(parts: Parts) -> None:
        for number, sheet in enumerate(original.snapshot.source_file.sheets, start=1):
            name = f"xl/worksheets/sheet{number}.xml"
            cells = labels.get(sheet, set())

            def other(match: re.Match[str], sheet: str = sheet, cells: set[str] = cells) -> str:
                is_title = sheet.endswith(" Inputs") and re.fullmatch(r"[A-Z]+2", match[1])
                if match[1] not in cells and not is_title:
                    return match[0]
                return match[0].replace(f">{match[4]}</t>", f">wording {match[1]}</t>")

            parts[name] = INLINE.sub(other, parts[name])

    reading = variant(replace)

    assert sum(len(cells) for cells in labels.values()) > 100
    assert summarise(reading) == summarise(original)
    assert [deal.clo_inputs[0].value for deal in reading.snapshot.deals] == [
        deal.clo_inputs[0].value for deal in original.snapshot.deals
    ]


def rename_headers(parts: Parts) -> None:
    sheet = parts[SHEET_OF_ASSETS]
    for column in range(2, 12):
        cell = address(1, column)
        sheet = re.sub(rf'(<c r="{cell}"[^>]*><is><t[^>]*>)[^<]*', rf"\1Column {column}", sheet)
    parts[SHEET_OF_ASSETS] = sheet


def delete_sheet(parts: Parts) -> None:
    parts[WORKBOOK] = re.sub(r'<sheet [^>]*name="All Assets"[^>]*/>', "", parts[WORKBOOK])
    delete_names(parts)


def put_in_mag_17(cell: str, xml: str) -> Callable[[Parts], None]:
    def edit(parts: Parts) -> None:
        pattern = rf'<c r="{cell}"[^>]*?(?:/>|>.*?</c>)'
        assert re.search(pattern, parts[SHEET_OF_MAG_17])
        parts[SHEET_OF_MAG_17] = re.sub(pattern, xml, parts[SHEET_OF_MAG_17], count=1)

    return edit


@pytest.mark.parametrize(
    ("edit", "code", "sheet", "cell"),
    [
        (delete_sheet, "E-LAYOUT", "All Assets", ""),
        (rename_headers, "E-HEADER", "All Assets", "B1"),
        (
            put_in_mag_17("E7", '<c r="E7" t="inlineStr"><is><t>four million</t></is></c>'),
            "E-CELLTYPE",
            "Mag 17 Inputs",
            "E7",
        ),
        (put_in_mag_17("L6", '<c r="L6"><v>1</v></c>'), "E-DUPTEST", "Mag 17 Inputs", "L6"),
    ],
    ids=["missing sheet", "renamed headers", "text as par", "repeated test"],
)
def test_a_faulty_file_is_kept_out_with_its_code(variant, edit, code, sheet, cell):
    """The finding names sheet and cell, and there is no snapshot."""
    reading = variant(edit)

    assert reading.snapshot is None
    assert (code, sheet, cell) in {(finding.code, finding.sheet, finding.cell) for finding in reading.findings}


def test_a_repeated_position_is_accepted_and_added_up(variant, original):
    """The second row of Mag 17 under the id of the first: one position with both pars."""
    reading = variant(put_in_mag_17("D5", '<c r="D5" t="inlineStr"><is><t>BRSRB2YE7</t></is></c>'))

    deal = next(deal for deal in reading.snapshot.deals if deal.name == "Mag 17")
    assert deal.positions[0].par == 1_500_000.0 + 6_980_000.0
    assert len(deal.positions) == 194
    assert ("W-DUPPOS", "D5") in {(finding.code, finding.cell) for finding in reading.findings}


def test_the_control_list_is_that_of_the_reference(original, reference):
    """The variants are compared with a reading that is itself the expected one."""
    expected = json.loads((reference / "data" / "legacy" / "import_expected.json").read_text(encoding="utf-8"))

    assert summarise(original)["deals"] == expected["deals"]
