"""Link repair: every spelling there and back, nothing else touched."""

import io
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from engine.errors import WorkbookError
from xl_addin.links.repair import repair_links
from xl_addin.links.spelling import Spelling, respelled

_LINK = (
    '<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><externalBook '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:id="rId1"/></externalLink>'
)
_RELATION = (
    '<Relationship Id="{id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{type}" '
    'Target="{target}"{mode}/>'
)
_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_LINK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml"


@pytest.mark.parametrize(
    ("formula", "plain"),
    [
        ("CLO_X(1)", "CLO_X(1)"),
        ("[2]!CLO_X(1)", "CLO_X(1)"),
        ("[9]!CLO_X(1)", "CLO_X(1)"),
        (r"'C:\Users\it''s me\clo.xlam'!CLO_X(1)", "CLO_X(1)"),
        ("'https://host/My%20Files/CLO.XLAM'!PAY_X(1)", "PAY_X(1)"),
        ("clo.xlam!CLO_X(1)", "CLO_X(1)"),
        ("_xldudf_CLO_X(1)", "CLO_X(1)"),
        ("[1]!_xldudf_CLO_X(1)", "CLO_X(1)"),
        ("_xll.CLO_X(1)", "CLO_X(1)"),
        ("IFERROR(_xldudf_CLO_X([2]!CLO_Y(A1),_xll.PAY_Z()),0)", "IFERROR(CLO_X(CLO_Y(A1),PAY_Z()),0)"),
        ('_xldudf_CLO_X("[2]!CLO_X(""_xldudf_CLO_X("")")', 'CLO_X("[2]!CLO_X(""_xldudf_CLO_X("")")'),
        ("'[2]!CLO_X('!A1+_xldudf_CLO_X(1)", "'[2]!CLO_X('!A1+CLO_X(1)"),
        ("SUM(T[[#This Row],[CLO_X(]])+_xll.CLO_X(1)", "SUM(T[[#This Row],[CLO_X(]])+CLO_X(1)"),
        ("[1]!CLO_X(1)", "[1]!CLO_X(1)"),
        ("[1]Sheet1!A1", "[1]Sheet1!A1"),
        (r"'C:\other.xlam'!CLO_X(1)", r"'C:\other.xlam'!CLO_X(1)"),
        ("MY_CLO_X(1)+_xldudf_OTHER_X(1)+CLO_RATE", "MY_CLO_X(1)+_xldudf_OTHER_X(1)+CLO_RATE"),
    ],
)
def test_every_spelling_becomes_plain_and_nothing_else(formula: str, plain: str) -> None:
    """Links, paths and dialects before our names go; texts, sheets, columns and functions of others stay."""
    assert respelled(formula, Spelling.PLAIN, link=2, foreign={1}).text == plain


@pytest.mark.parametrize(
    ("to", "spelled"),
    [(Spelling.OFFICEJS, "_xldudf_CLO_X(_xldudf_CLO_Y())"), (Spelling.XLAM, "[2]!CLO_X([2]!CLO_Y())")],
)
def test_a_plain_call_is_spelled_for_the_other_clients(to: Spelling, spelled: str) -> None:
    """Each client's own prefix stands before every call, nested ones too."""
    assert respelled("CLO_X(CLO_Y())", to, link=2, foreign={1}).text == spelled


def _workbook(path: Path, prefix: str, links: list[str]) -> Path:
    """A workbook with a call in every place that holds formulas, and external links to the given files."""
    book = xlsxwriter.Workbook(str(path))
    book.set_properties({"created": datetime(2020, 1, 1)})  # noqa: DTZ001 (no zone in the file)
    sheet = book.add_worksheet("Deal & Co")
    sheet.write_formula("A1", f'={prefix}CLO_X("<&>",1)&"CLO_X("', value=1)
    sheet.write_array_formula("B1:B3", f"{{={prefix}CLO_Y(A1:A3)}}")
    sheet.write_formula("C1", "=[1]Other!A1" if links else "=1")
    sheet.conditional_format("A1:A9", {"type": "formula", "criteria": f"={prefix}CLO_X(A1)>1"})
    sheet.data_validation("D1", {"validate": "custom", "value": f"={prefix}CLO_X(D1)"})
    book.define_name("Rate", f"={prefix}CLO_RATE(1)")
    sheet.write_string("E1", "=CLO_X( is a text")
    book.close()
    return _with_links(_with_shared(path, prefix), links)


def _with_shared(path: Path, prefix: str) -> Path:
    """The workbook with a shared formula of two cells in row 20."""
    cells = (
        f'<row r="20"><c r="A20"><f t="shared" ref="A20:A21" si="0">{prefix}CLO_X(B20)</f><v>1</v></c></row>'
        '<row r="21"><c r="A21"><f t="shared" si="0"/><v>1</v></c></row></sheetData>'
    )
    parts = _read(path)
    sheet = parts["xl/worksheets/sheet1.xml"].decode().replace("</sheetData>", cells)
    return _save(path, {**parts, "xl/worksheets/sheet1.xml": sheet.encode()})


def _with_links(path: Path, targets: list[str]) -> Path:
    parts = {name: part.decode() for name, part in _read(path).items()}
    references = ""
    for number, target in enumerate(targets, start=1):
        part = f"xl/externalLinks/externalLink{number}.xml"
        parts[part] = _LINK
        mode = ' TargetMode="External"'
        own = _RELATION.format(id="rId1", type="externalLinkPath", target=target, mode=mode)
        parts[f"xl/externalLinks/_rels/externalLink{number}.xml.rels"] = _RELATIONS.format(own)
        link = _RELATION.format(id=f"rIdL{number}", type="externalLink", target=part.removeprefix("xl/"), mode="")
        _insert(parts, "xl/_rels/workbook.xml.rels", "</Relationships>", link)
        _insert(parts, "[Content_Types].xml", "</Types>", f'<Override PartName="/{part}" ContentType="{_LINK_TYPE}"/>')
        references += f'<externalReference r:id="rIdL{number}"/>'
    if references:
        parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(
            "</sheets>", f"</sheets><externalReferences>{references}</externalReferences>"
        )
    return _save(path, {name: part.encode() for name, part in parts.items()})


def _insert(parts: dict[str, str], name: str, before: str, text: str) -> None:
    parts[name] = parts[name].replace(before, text + before)


def _read(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _save(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return path


def test_repair_makes_a_workbook_of_the_add_in_plain(tmp_path: Path) -> None:
    """All places are repaired, the link to the add-in goes, that to another file takes its number, the rest stays."""
    targets = ["file:///C:\\Users\\x\\clo.xlam", "Other.xlsx"]
    path = _workbook(tmp_path / "deal.xlsx", "[1]!", targets)
    parts = _read(path)
    sheet = parts["xl/worksheets/sheet1.xml"].decode().replace("[1]Other", "[2]Other")
    before = _read(_save(path, {**parts, "xl/worksheets/sheet1.xml": sheet.encode()}))

    report = repair_links(path, to=Spelling.PLAIN)

    after = _read(path)
    assert report.n_calls == {"xlam": 6}
    assert report.n_formulas == 6
    assert report.removed == (targets[0],)
    text = after["xl/worksheets/sheet1.xml"].decode()
    assert text == sheet.replace("[1]!CLO", "CLO").replace("[2]Other", "[1]Other")
    assert '<f t="shared" ref="A20:A21" si="0">CLO_X(B20)</f>' in text
    assert ">CLO_RATE(1)</definedName>" in after["xl/workbook.xml"].decode()
    assert 'r:id="rIdL1"' not in after["xl/workbook.xml"].decode()
    gone = {"xl/externalLinks/externalLink1.xml", "xl/externalLinks/_rels/externalLink1.xml.rels"}
    assert before.keys() - after.keys() == gone
    kept = set(after) - {
        "xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels",
    }  # fmt: skip
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert openpyxl.load_workbook(path)["Deal & Co"]["A1"].value == '=CLO_X("<&>",1)&"CLO_X("'


@pytest.mark.parametrize("prefix", ["", "_xldudf_", "_xll."])
@pytest.mark.parametrize("over", list(Spelling))
def test_a_round_trip_over_every_client_ends_where_it_began(prefix: str, over: Spelling, tmp_path: Path) -> None:
    """Plain again after any client, with the parts of the plain workbook."""
    plain = _read(_workbook(tmp_path / "plain.xlsx", "", []))
    path = _workbook(tmp_path / "deal.xlsx", prefix, [])

    repair_links(path, to=over)
    repair_links(path, to=Spelling.PLAIN)

    assert _read(path) == plain


def test_a_workbook_for_the_add_in_calls_through_one_link(tmp_path: Path) -> None:
    """The link comes behind those that are there, names the functions, and every program still reads the file."""
    path = _workbook(tmp_path / "deal.xlsx", "_xldudf_", ["Other.xlsx"])

    report = repair_links(path, to=Spelling.XLAM)

    after = _read(path)
    assert report.n_calls == {"officejs": 6}
    assert "[2]!CLO_Y(A1:A3)" in after["xl/worksheets/sheet1.xml"].decode()
    assert '<definedName name="CLO_RATE"/>' in after["xl/externalLinks/externalLink2.xml"].decode()
    assert repair_links(path, to=Spelling.XLAM).is_clean
    assert openpyxl.load_workbook(path)["Deal & Co"]["C1"].value == "=[1]Other!A1"


def test_a_check_reports_and_writes_nothing(tmp_path: Path) -> None:
    """The same counts as a repair, and the bytes of the file as they were."""
    path = _workbook(tmp_path / "deal.xlsx", "_xldudf_", [])
    before = path.read_bytes()

    report = repair_links(path, to=Spelling.PLAIN, check_only=True)

    assert path.read_bytes() == before
    assert (report.n_formulas, report.is_clean) == (6, False)


def test_a_file_made_to_harm_is_refused(tmp_path: Path) -> None:
    """The limits of the importer hold: a bomb is not unpacked, a document type is not expanded."""
    path = _workbook(tmp_path / "deal.xlsx", "", [])
    parts = _read(path)
    bomb = _save(tmp_path / "bomb.xlsx", {**parts, "xl/media/image1.png": bytes(8 << 20)})
    entity = _save(
        tmp_path / "entity.xlsx", {**parts, "xl/tables/table1.xml": b"<!DOCTYPE t [<!ENTITY a 'b'>]><t>&a;</t>"}
    )

    with pytest.raises(WorkbookError, match="CLO-2008"):
        repair_links(bomb, to=Spelling.PLAIN)
    with pytest.raises(WorkbookError, match="CLO-2009"):
        repair_links(entity, to=Spelling.PLAIN)


def test_a_file_that_is_no_workbook_is_left_alone(tmp_path: Path) -> None:
    """The error names the file; its bytes stay."""
    path = tmp_path / "notes.xlsx"
    path.write_bytes(b"just text")

    with pytest.raises(WorkbookError, match="CLO-2005"):
        repair_links(path, to=Spelling.PLAIN)
    assert io.BytesIO(path.read_bytes()).read() == b"just text"
