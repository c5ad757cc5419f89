"""Saving a workbook of openpyxl: equal content gives equal bytes, and numbers read back exactly (spec 06 §14)."""

import re
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from engine.errors import WorkbookError
from workbooks.xlsx import CREATED

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


def save(book: Workbook, path: Path) -> None:
    """Write a workbook; an existing file is replaced. Raises WorkbookError CLO-2062 where that is not possible."""
    content = package(book)
    try:
        path.write_bytes(content)
    except OSError as error:
        raise WorkbookError(
            "CLO-2062",
            "The workbook cannot be written",
            where=str(path),
            remedy="Close it in Excel, or choose another place.",
        ) from error


def package(book: Workbook) -> bytes:
    """The file of a workbook: parts by name, no clock, every number in the shortest text that reads back exactly."""
    book.properties.created = CREATED
    stream = BytesIO()
    book.save(stream)
    exact = {f"xl/worksheets/sheet{number}.xml": _exact_texts(sheet) for number, sheet in enumerate(book.worksheets, 1)}
    written = BytesIO()
    with ZipFile(stream) as source, ZipFile(written, "w", ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "docProps/core.xml":
                content = _MODIFIED.sub(rb"\g<1>" + CREATED.isoformat().encode() + b"Z", content)
            for cell, text in exact.get(name, {}).items():
                content = re.sub(rb'(<c r="%b"[^>]*><v>)[^<]*' % cell.encode(), rb"\g<1>" + text.encode(), content)
            part = ZipInfo(name, _FIRST_DAY)
            part.compress_type, part.external_attr = ZIP_DEFLATED, 0o600 << 16
            target.writestr(part, content)
    return written.getvalue()


def _exact_texts(sheet: Worksheet) -> dict[str, str]:
    """The texts of those numbers that openpyxl's 16 digits would move."""
    return {
        cell.coordinate: repr(cell.value)
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, float) and float(f"{cell.value:.16g}") != cell.value
    }
