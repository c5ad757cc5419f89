"""A workbook file opened for reading: its sheets by name, its defined names, its pure references (spec 06 §4.1)."""

import io
import re
from pathlib import Path
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook

from engine.errors import WorkbookError
from engine.snapshot import SourceFile
from workbooks.legacy.cells import Block, parse_block
from workbooks.legacy.grid import Grid, Raw, refuse_sprawl
from workbooks.legacy.package import Package, open_package

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_RELATION_IDS = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)
_QUALIFIED = re.compile(r"\A(?:'((?:[^']|'')+)'|([^'!\[\]]+))!(.+)\Z")
_DEEPEST_REFERENCE = 5


class Book:
    """Sheets and names of one file. A sheet is read when first asked for and can be given back with `forget`."""

    def __init__(self, package: Package) -> None:
        self.package = package
        root = _parsed(package, "xl/workbook.xml")
        self._space = _STRICT if root.tag.startswith(_STRICT) else _MAIN
        self._refuse_1904(root)
        self._parts = self._sheet_parts(root)
        self.sheet_names = tuple(self._parts)
        self._names = self._defined_names(root)
        self._grids: dict[str, Grid] = {}
        try:
            self._calamine = CalamineWorkbook.from_filelike(io.BytesIO(package.content))
        except CalamineError as error:
            raise _unreadable(package.name, str(error)) from error

    def source_file(self, layout: str) -> SourceFile:
        return SourceFile(
            name=self.package.name,
            sha256=self.package.sha256,
            size=self.package.size,
            sheets=self.sheet_names,
            layout=layout,
        )

    def grid(self, sheet: str) -> Grid:
        """Values of a sheet; raises WorkbookError CLO-2010 where it sprawls, CLO-2012 where it cannot be read."""
        if sheet not in self._grids:
            part = self._parts[sheet]
            refuse_sprawl(sheet, self.package.part(part))
            try:
                rows: list[list[Raw]] = self._calamine.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
            except CalamineError as error:
                raise _unreadable(f"'{sheet}'", str(error)) from error
            self._grids[sheet] = Grid(sheet, rows, lambda: self.package.part(part))
        return self._grids[sheet]

    def forget(self, sheet: str) -> None:
        """Give the memory of a sheet back."""
        self._grids.pop(sheet, None)
        self.package.forget(self._parts[sheet])

    def sheet_xml(self, sheet: str) -> bytes:
        return self.package.part(self._parts[sheet])

    def name_text(self, name: str, sheet: str | None = None) -> str | None:
        """What a defined name refers to: the sheet's own name first, then the workbook's; None where neither exists."""
        return self._names.get((sheet, name.casefold()), self._names.get((None, name.casefold())))

    def reference(self, text: str, sheet: str | None = None) -> tuple[str, Block] | None:
        """Sheet and rectangle of a plain reference such as `'All Assets'!$A$2:$BR$1004`; None for a formula."""
        match = _QUALIFIED.match(text.strip())
        if match:
            sheet = match[1].replace("''", "'") if match[1] else match[2]
            text = match[3]
        block = parse_block(text)
        return (sheet, block) if block and sheet in self._parts else None

    def follow(self, sheet: str, formula: str, depth: int = 0) -> Raw | None:
        """Value of the cell a pure reference (`DealAnalysisDate`, `AE6`) names; None for any other formula."""
        if depth > _DEEPEST_REFERENCE:
            return None
        text = formula.strip().removeprefix("=")
        target = self.reference(self.name_text(text, sheet) or text, sheet)
        if target is None or (target[1].top, target[1].left) != (target[1].bottom, target[1].right):
            return None
        grid = self.grid(target[0])
        cell = (target[1].top, target[1].left)
        if cell in grid.uncalculated:
            return self.follow(target[0], grid.uncalculated[cell], depth + 1)
        return grid.raw(*cell)

    def _refuse_1904(self, root: ElementTree.Element) -> None:
        properties = root.find(f"{self._space}workbookPr")
        if properties is not None and properties.get("date1904") in {"1", "true"}:
            raise WorkbookError(
                "CLO-2011",
                "The workbook counts its dates from 1904",
                where=self.package.name,
                remedy="Switch the 1904 date system off in Excel's options and check the dates.",
            )

    def _sheet_parts(self, root: ElementTree.Element) -> dict[str, str]:
        relations = _parsed(self.package, "xl/_rels/workbook.xml.rels")
        targets = {item.get("Id"): item.get("Target", "") for item in relations}
        parts = {}
        for item in root.iterfind(f"{self._space}sheets/{self._space}sheet"):
            relation = next((item.get(key) for key in _RELATION_IDS if item.get(key)), None)
            target = targets.get(relation, "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if "worksheets/" in part and self.package.has(part):
                parts[item.get("name", "")] = part
        return parts

    def _defined_names(self, root: ElementTree.Element) -> dict[tuple[str | None, str], str]:
        order = [item.get("name", "") for item in root.iterfind(f"{self._space}sheets/{self._space}sheet")]
        names: dict[tuple[str | None, str], str] = {}
        for item in root.iterfind(f"{self._space}definedNames/{self._space}definedName"):
            position = item.get("localSheetId")
            scope = None
            if position is not None:
                if not position.isdecimal() or int(position) >= len(order):
                    continue
                scope = order[int(position)]
            names[scope, item.get("name", "").casefold()] = (item.text or "").strip()
        return names


def open_book(path: Path) -> Book:
    """A workbook file ready for reading; raises WorkbookError as `open_package` does, CLO-2011, CLO-2012."""
    return Book(open_package(path))


def _parsed(package: Package, part: str) -> ElementTree.Element:
    if not package.has(part):
        raise _unreadable(package.name, f"part {part} is missing")
    try:
        return ElementTree.fromstring(package.part(part))  # noqa: S314 - the package refuses document types and entities
    except ElementTree.ParseError as error:
        raise _unreadable(f"{package.name}, part {part}", str(error)) from error


def _unreadable(where: str, reason: str) -> WorkbookError:
    return WorkbookError(
        "CLO-2012",
        f"The workbook cannot be read ({reason})",
        where=where,
        remedy="Open it in Excel, let it repair the file and save.",
    )
