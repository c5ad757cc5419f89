"""The remarks of the importer: their codes and the log that collects them (spec 06 §4.4)."""

from collections import Counter
from enum import StrEnum

from engine.snapshot import Finding, Severity

MOST_PER_CODE_AND_SHEET = 400
"""Findings of one code on one sheet beyond this number are counted, not listed."""


class Code(StrEnum):
    """Every code a finding may carry. The first letter is the severity: E keeps the file out, W and I do not.

    E-NOVALUE, W-LABEL, W-ORDER, W-RATING and W-VECTOR stand beside the codes of spec 06 §4.4: a file whose formulas
    were never calculated, a label that only trimming makes readable, curve months out of order, a rating the
    agency of its column does not give, and an assumption that names an unknown vector.
    """

    LAYOUT = "E-LAYOUT"
    HEADER = "E-HEADER"
    KEY_VALUE = "E-CELLTYPE"
    DUPLICATE_TEST = "E-DUPTEST"
    DUPLICATE_LABEL = "E-DUPLABEL"
    DUPLICATE_MONTH = "E-DUPCURVE"
    NEVER_CALCULATED = "E-NOVALUE"
    CELL_TYPE = "W-CELLTYPE"
    CELL_ERROR = "W-CELLERR"
    NO_VALUE = "W-NOVALUE"
    ANCHOR = "W-ANCHOR"
    GAP = "W-GAP"
    UNIT = "W-UNIT"
    FLAG = "W-FLAG"
    ASSET = "W-ASSET"
    DUPLICATE_ASSET = "W-DUPASSET"
    DUPLICATE_POSITION = "W-DUPPOS"
    TRIGGER = "W-TRIGGER"
    WEIGHTS = "W-WEIGHTS"
    DEAL_LIST = "W-DEALLIST"
    CALENDAR = "W-CALENDAR"
    MATRIX = "W-MATRIX"
    CONTROL = "W-CONTROL"
    LABEL = "W-LABEL"
    ORDER = "W-ORDER"
    RATING = "W-RATING"
    VECTOR = "W-VECTOR"
    UNKNOWN_SECTION = "I-UNKNOWNSECTION"
    SKIPPED = "I-SKIPPED"


class FindingLog:
    """Collects findings in the order they are met; one log serves one file."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._seen: Counter[tuple[Code, str]] = Counter()
        self._without_value: dict[str, list[str]] = {}

    def add(self, code: Code, sheet: str, cell: str, text: str, *, found: object = "", used: object = "") -> None:
        """Note one finding. found: the value in the file; used: what was taken instead."""
        self._seen[code, sheet] += 1
        if self._seen[code, sheet] <= MOST_PER_CODE_AND_SHEET:
            self._findings.append(
                Finding(
                    code=code.value, sheet=sheet, cell=cell, text=text, value_found=str(found), value_used=str(used)
                )
            )

    def add_formula_without_value(self, sheet: str, cell: str) -> None:
        """Note a formula that was needed and has no stored value; a sheet gets one finding for all of them."""
        self._without_value.setdefault(sheet, []).append(cell)

    @property
    def has_formulas_without_value(self) -> bool:
        return bool(self._without_value)

    @property
    def has_errors(self) -> bool:
        """Whether the file must not be imported."""
        return any(code.value[0] == Severity.ERROR.value for code, _ in self._seen)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, those that were only counted summed up at the end."""
        uncalculated = [
            Finding(
                code=Code.NO_VALUE.value,
                sheet=sheet,
                cell=cells[0],
                text=f"{len(cells)} formulas needed on this sheet have no stored value; the first is here",
            )
            for sheet, cells in self._without_value.items()
        ]
        more = [
            Finding(code=code.value, sheet=sheet, cell="", text=f"{n - MOST_PER_CODE_AND_SHEET} more like it")
            for (code, sheet), n in self._seen.items()
            if n > MOST_PER_CODE_AND_SHEET
        ]
        return (*self._findings, *uncalculated, *more)
