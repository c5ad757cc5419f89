"""Files that are no workbook, or are made to harm: each refused with its own number and a text that helps."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from engine.errors import WorkbookError
from workbooks.legacy import read_loader, read_workbook

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
DEAL = "Mag 1 Inputs"


def refused(path: Path) -> WorkbookError:
    with pytest.raises(WorkbookError) as caught:
        read_workbook(path)
    return caught.value


def rewritten(source: Path, target: Path, changes: dict[str, bytes]) -> Path:
    """The file with some parts replaced or added."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        parts = {info.filename: old.read(info) for info in old.infolist()} | changes
        for name, data in parts.items():
            new.writestr(name, data)
    return target


@pytest.fixture
def model(book, tmp_path):
    return book.write(tmp_path / "model.xlsx")


def part_of(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


@pytest.mark.parametrize(
    ("content", "number", "words"),
    [
        (b"", "CLO-2002", "empty"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "CLO-2003", "password"),
        (OLE + "Workbook".encode("utf-16-le"), "CLO-2004", ".xls format"),
        (b"BLKRockID,Par\nBRSA,1\n", "CLO-2005", "not an Excel workbook"),
        (b"PK\x03\x04 and then nothing", "CLO-2006", "damaged or cut off"),
    ],
)
def test_what_is_no_workbook_is_refused(tmp_path, content, number, words):
    """Empty, encrypted, old binary, other and cut-off files each have their text."""
    path = tmp_path / "model.xlsx"
    path.write_bytes(content)

    error = refused(path)

    assert error.number == number
    assert words in str(error)
    assert "model.xlsx" in str(error)


def test_the_loader_refuses_the_same_files(tmp_path):
    """Both readers open files through one door."""
    path = tmp_path / "CF_Loader.xlsm"
    path.write_bytes(b"")

    with pytest.raises(WorkbookError, match="CLO-2002"):
        read_loader(path)


@pytest.mark.parametrize("name", ["absent.xlsx", "."])
def test_a_path_that_cannot_be_read_is_refused(tmp_path, name):
    """A file that is not there, and a folder."""
    assert refused(tmp_path / name).number == "CLO-2001"


def test_another_zip_file_is_refused(tmp_path):
    """A container without a workbook, and one in the binary format."""
    other, binary = tmp_path / "other.xlsx", tmp_path / "binary.xlsb"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with zipfile.ZipFile(binary, "w") as archive:
        archive.writestr("xl/workbook.bin", b"\x00")

    assert refused(other).number == "CLO-2007"
    assert refused(binary).number == "CLO-2004"


@pytest.mark.parametrize("fraction", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_workbook_is_refused(model, fraction):
    """Wherever the file is cut off."""
    content = model.read_bytes()
    model.write_bytes(content[: int(len(content) * fraction)])

    assert refused(model).number == "CLO-2006"


def test_a_flipped_byte_in_a_part_is_noticed(model):
    """The checksum of every part is held against its content."""
    content = bytearray(model.read_bytes())
    with zipfile.ZipFile(model) as archive:
        info = archive.getinfo("xl/worksheets/sheet2.xml")
    content[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 0xFF
    model.write_bytes(bytes(content))

    assert refused(model).number == "CLO-2006"


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        b'<!DOCTYPE worksheet SYSTEM "file:///etc/passwd">',
    ],
)
@pytest.mark.parametrize("part", ["xl/worksheets/sheet2.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_document_types_and_entities_are_refused(model, tmp_path, part, declaration):
    """Neither entity expansion nor an outside entity gets as far as a parser."""
    hostile = rewritten(model, tmp_path / "hostile.xlsx", {part: declaration + part_of(model, part)})

    assert refused(hostile).number == "CLO-2009"


def test_xml_in_another_encoding_is_refused(model, tmp_path):
    """UTF-16 could carry a document type past the check."""
    part = "xl/worksheets/sheet2.xml"
    text = part_of(model, part).decode().encode("utf-16")
    hostile = rewritten(model, tmp_path / "hostile.xlsx", {part: text})

    assert refused(hostile).number == "CLO-2009"


def test_a_part_that_inflates_too_much_is_refused_before_it_does(model, tmp_path):
    """A zip bomb: 50 MB of blanks in 50 kB."""
    bomb = b"<worksheet>" + b" " * 50_000_000
    hostile = rewritten(model, tmp_path / "hostile.xlsx", {"xl/worksheets/sheet2.xml": bomb})

    assert refused(hostile).number == "CLO-2008"


def test_a_part_longer_than_its_directory_entry_says_is_refused(model):
    """A directory that declares the first bytes only, with their checksum, hides what follows."""
    content = bytearray(model.read_bytes())
    name = b"xl/worksheets/sheet2.xml"
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        shown = archive.read(name.decode())[:100]
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(name))
    struct.pack_into("<I", content, entry + 16, zlib.crc32(shown))
    struct.pack_into("<I", content, entry + 24, len(shown))
    model.write_bytes(bytes(content))

    assert refused(model).number == "CLO-2006"


def test_too_many_parts_and_repeated_parts_are_refused(model, tmp_path):
    """Containers that no spreadsheet program writes."""
    many = rewritten(model, tmp_path / "many.xlsx", {f"xl/media/{i}.png": b"" for i in range(2_100)})
    twice = tmp_path / "twice.xlsx"
    rewritten(model, twice, {"XL/workbook.xml": b"<workbook/>"})

    assert refused(many).number == "CLO-2008"
    assert refused(twice).number == "CLO-2008"


@pytest.mark.parametrize(
    "row",
    [
        b'<row><c r="XFD1048576"><v>1</v></c></row>',
        b'<row><c r="A1048576"><v>1</v></c><c r="XFD2"><v>1</v></c></row>',
        b'<row><c\nr="XFD1048576"><v>1</v></c></row>',
        b"<row><c r='XFD1048576'><v>1</v></c></row>",
        b'<row><c r="B999999999992"><v>1</v></c></row>',
        b'<row><c r="ZZZZZZZ1"><v>1</v></c></row>',
        b'<row r="999999999"><c><v>1</v></c></row>',
    ],
)
def test_a_sheet_that_sprawls_is_refused(model, tmp_path, row):
    """A lone cell far away would make a dense table of billions of cells."""
    part = "xl/worksheets/sheet2.xml"
    data = part_of(model, part).replace(b"</sheetData>", row + b"</sheetData>")
    hostile = rewritten(model, tmp_path / "hostile.xlsx", {part: data})

    error = refused(hostile)

    assert error.number == "CLO-2010"
    assert DEAL in str(error)


def test_cells_without_addresses_cannot_sprawl_either(model, tmp_path):
    """A row of 20,000 cells over 20,000 rows, none of which says where it stands."""
    part = "xl/worksheets/sheet2.xml"
    rows = b"<row>" + b"<c><v>1</v></c>" * 20_000 + b"</row>" + b"<row><c><v>1</v></c></row>" * 20_000
    data = b"<worksheet><sheetData>" + rows + b"</sheetData></worksheet>"
    hostile = rewritten(model, tmp_path / "hostile.xlsx", {part: data})

    assert refused(hostile).number == "CLO-2010"


def test_dates_counted_from_1904_are_refused(model, tmp_path):
    """All serial numbers would be four years off."""
    data = part_of(model, "xl/workbook.xml").replace(b"<workbookPr/>", b'<workbookPr date1904="1"/>')

    assert refused(rewritten(model, tmp_path / "mac.xlsx", {"xl/workbook.xml": data})).number == "CLO-2011"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet2.xml"])
def test_malformed_xml_is_refused(model, tmp_path, part):
    """XML that ends in the middle."""
    data = part_of(model, part)
    hostile = rewritten(model, tmp_path / "hostile.xlsx", {part: data[: len(data) // 2]})

    assert refused(hostile).number == "CLO-2012"


def test_macros_are_accepted_and_never_touched(model, tmp_path):
    """An .xlsm with any bytes as VBA project reads like the workbook without."""
    macros = rewritten(model, tmp_path / "model.xlsm", {"xl/vbaProject.bin": b"\xff not a VBA project"})

    reading = read_workbook(macros)

    assert reading.findings == ()
    assert reading.snapshot is not None


def test_protected_sheets_are_read_without_a_password(model, tmp_path):
    """Sheet and structure protection are no matter of reading."""
    part = "xl/worksheets/sheet2.xml"
    protection = b'</sheetData><sheetProtection sheet="1" password="CC1A" objects="1"/>'
    data = part_of(model, part).replace(b"</sheetData>", protection)

    assert read_workbook(rewritten(model, tmp_path / "protected.xlsx", {part: data})).findings == ()
