"""Opening a workbook file as a container of parts, refusing what is not one or is made to harm (spec 06 §4.1).

Nothing is parsed here but the container: the parts come out as bytes. Macros are a part that nobody asks for.
"""

import hashlib
import io
import re
import struct
import zipfile
import zlib
from pathlib import Path

from engine.errors import WorkbookError

MOST_BYTES = 64 * 2**20
MOST_PARTS = 2_000
MOST_PART_BYTES = 160 * 2**20
MOST_TOTAL_BYTES = 480 * 2**20
MOST_INFLATION = 200
INFLATION_FREE_BYTES = 4 * 2**20
"""A part below this size may inflate as it likes; above it, beyond MOST_INFLATION it is taken for a bomb."""

_OLE_MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_SAVE_AS = "Open it in Excel and save it as .xlsx or .xlsm."
_READ_BY_NAME = re.compile(r"^(xl/.*|\[Content_Types\]|_rels/.*)\.(xml|rels)$", re.IGNORECASE)


class Package:
    """The parts of one workbook file, already checked. sha256 and size describe the file as it lies on disk."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.content = content
        self.size = len(content)
        self.sha256 = hashlib.sha256(content).hexdigest()
        self._zip = _open_zip(name, content)
        self._parts: dict[str, bytes] = {}
        _refuse_bombs(name, self._zip)
        self._parts_by_name = {info.filename: info for info in self._zip.infolist()}
        if "xl/workbook.xml" not in self._parts_by_name:
            raise WorkbookError(
                "CLO-2007", "The file is a container without an Excel workbook", where=name, remedy=_SAVE_AS
            )

    def has(self, part: str) -> bool:
        return part in self._parts_by_name

    def part(self, name: str) -> bytes:
        """Bytes of one part; raises WorkbookError CLO-2006 where they are damaged, CLO-2009 where they declare a type.

        Document types and entities have no place in a workbook, so none is ever expanded.
        """
        if name not in self._parts:
            self._parts[name] = self._read(name)
        return self._parts[name]

    def forget(self, name: str) -> None:
        """Give the memory of a part back."""
        self._parts.pop(name, None)

    def check_readable_parts(self) -> None:
        """Read every part a cell reader may touch once, so that it never meets a damaged or hostile one."""
        for name in self._parts_by_name:
            if _READ_BY_NAME.match(name):
                self.part(name)
                self.forget(name)

    def _read(self, name: str) -> bytes:
        data = _inflated(self.content, self._parts_by_name[name])
        if data is None:
            raise WorkbookError(
                "CLO-2006",
                "The file is damaged or cut off",
                where=f"{self.name}, part {name}",
                remedy="Get a fresh copy; nothing was imported.",
            )
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data or not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            raise WorkbookError(
                "CLO-2009",
                "A part of the file declares a document type or is not plain UTF-8 XML, which no Excel workbook does",
                where=f"{self.name}, part {name}",
                remedy=_SAVE_AS,
            )
        return data


def open_package(path: Path) -> Package:
    """The checked parts of a workbook file.

    Raises WorkbookError: CLO-2001 not there, CLO-2002 empty, CLO-2003 password-protected, CLO-2004 an Excel format
    other than .xlsx and .xlsm, CLO-2005 no Excel file, CLO-2006 damaged, CLO-2007 another kind of container,
    CLO-2008 too large or inflating too much, CLO-2009 hostile XML.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise _too_large(
                str(path), f"The file has {size:,} bytes, more than the {MOST_BYTES:,} a workbook may have"
            )
        content = path.read_bytes()
    except OSError as error:
        raise WorkbookError(
            "CLO-2001", f"The file cannot be read: {error.strerror}", where=str(path), remedy="Check name and access."
        ) from error
    _recognise(path.name, content)
    package = Package(path.name, content)
    package.check_readable_parts()
    return package


def _recognise(name: str, content: bytes) -> None:
    if not content:
        raise WorkbookError("CLO-2002", "The file is empty", where=name, remedy="Get a fresh copy.")
    if content.startswith(_OLE_MAGIC):
        if _ENCRYPTED in content:
            raise WorkbookError(
                "CLO-2003",
                "The workbook is protected by a password",
                where=name,
                remedy="Remove the password in Excel (File, Info, Protect Workbook) and save.",
            )
        raise _binary(name, ".xls format")
    if not content.startswith(b"PK"):
        raise WorkbookError("CLO-2005", "The file is not an Excel workbook", where=name, remedy=_SAVE_AS)


def _open_zip(name: str, content: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise WorkbookError(
            "CLO-2006",
            "The file is damaged or cut off",
            where=name,
            remedy="Get a fresh copy; nothing was imported.",
        ) from error
    if any(info.filename.lower() == "xl/workbook.bin" for info in archive.infolist()):
        raise _binary(name, ".xlsb format")
    return archive


def _inflated(content: bytes, info: zipfile.ZipInfo) -> bytes | None:
    """The bytes of a part; None unless the stream ends exactly where the directory says and its checksum holds.

    `zipfile` itself stops at the declared size and would not notice a longer stream behind it.
    """
    header = content[info.header_offset : info.header_offset + _LOCAL_HEADER.size]
    if len(header) < _LOCAL_HEADER.size:
        return None
    signature, name_length, extra_length = _LOCAL_HEADER.unpack(header)
    begin = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length
    packed = content[begin : begin + info.compress_size]
    if signature != b"PK\x03\x04" or len(packed) != info.compress_size or info.flag_bits & 1:
        return None
    if info.compress_type == zipfile.ZIP_STORED:
        data = packed
    elif info.compress_type == zipfile.ZIP_DEFLATED:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            data = stream.decompress(packed, info.file_size + 1)
            data += stream.decompress(stream.unconsumed_tail, 1)
        except zlib.error:
            return None
        if not stream.eof:
            return None
    else:
        return None
    return data if len(data) == info.file_size and zlib.crc32(data) == info.CRC else None


def _refuse_bombs(name: str, archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    problem = ""
    if len(infos) > MOST_PARTS:
        problem = f"The file has {len(infos):,} parts, more than {MOST_PARTS:,}"
    elif len({info.filename.lower() for info in infos}) < len(infos):
        problem = "The file holds two parts of the same name"
    elif sum(info.file_size for info in infos) > MOST_TOTAL_BYTES:
        problem = f"The file unpacks to more than {MOST_TOTAL_BYTES:,} bytes"
    for info in infos:
        inflation = info.file_size / max(info.compress_size, 1)
        if info.file_size > MOST_PART_BYTES or (info.file_size > INFLATION_FREE_BYTES and inflation > MOST_INFLATION):
            problem = f"Part {info.filename} unpacks to {info.file_size:,} bytes, {inflation:,.0f} times its size"
            break
    if problem:
        raise _too_large(name, problem)


def _too_large(where: str, problem: str) -> WorkbookError:
    return WorkbookError(
        "CLO-2008", problem, where=where, remedy="Remove what does not belong to the model and save it in Excel."
    )


def _binary(name: str, kind: str) -> WorkbookError:
    return WorkbookError("CLO-2004", f"The workbook has the binary {kind}", where=name, remedy=_SAVE_AS)
