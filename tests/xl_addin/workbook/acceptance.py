"""The acceptance workbook: every function of the catalogue, and MAG 17 in hundreds of cells (spec 08 §16, item 5).

It is made anew for each test from the catalogue and the reference folder; what a cell must show comes from the
reference files or straight from the desk, never from the function that the cell calls.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet

from engine.deal.results import TRANCHE_COLUMNS
from engine.desk.desk import Desk
from tests.golden.mag17_extract import extract_rows
from tests.xl_addin.workbook.conftest import MAG17
from tests.xl_addin.workbook.formula_calls import calls, formulas
from tests.xl_addin.workbook.test_examples import ANSWER, ANSWER_AREA, BOND, EXAMPLES, HANDLE
from xl_addin.registry.values import serial

DEAL = f'"{MAG17}"'
ASSET_FIELDS = ("par", "issue_name", "cpn_spread", "maturity", "market_value")
TRANCHE_FIELDS = ("original_balance", "current_balance", "price", "spread", "discount_margin", "oc_trigger")
N_PERIODS = 20


@dataclass(frozen=True, slots=True)
class Expected:
    """What a cell shows: a number (to so many decimals, or to the last digits), a text, an error code, "" for blank."""

    value: float | str | bool
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The workbook, and what its cells must show, by sheet and address."""

    book: Workbook
    expected: dict[tuple[str, str], Expected] = field(default_factory=dict)

    def put(self, sheet: Worksheet, cell: str, formula: str, value: Any = None, decimals: int | None = None) -> None:
        """A formula and what it must show, None for no expectation of its own."""
        sheet[cell] = formula
        if value is not None:
            self.expected[sheet.title, cell] = Expected(value, decimals)

    @property
    def n_function_cells(self) -> int:
        """Cells whose formula calls a function of ours; an array formula counts once."""
        return sum(any(calls(formula)) for _, _, formula in formulas(self.book))


def acceptance(reference: Path, desk: Desk) -> Acceptance:
    """The workbook for a desk that knows the demo deal and MAG 17, both run."""
    made = Acceptance(Workbook())
    made.book.remove(made.book.active)
    _write_assets(made, reference)
    _write_deal(made, reference)
    _write_tests(made, reference)
    _write_flows(made, desk)
    _write_dates(made)
    _write_mistakes(made)
    _write_examples(made)
    return made


def _write_assets(made: Acceptance, reference: Path) -> None:
    """Every position, five fields each, ids and fields in cells."""
    sheet = made.book.create_sheet("Assets")
    for column, name in enumerate(ASSET_FIELDS, start=2):
        sheet.cell(1, column).value = name
    for line, row in enumerate(extract_rows(reference), start=2):
        sheet[f"A{line}"] = row["BLKRockID"]
        values = (
            float(row["MAG17_Par_Amount"]),
            row["Issue Name"],
            float(row["Coupon Spread"]) if row["Coupon Spread"] else "",
            serial(date.fromisoformat(row["Maturity"])),
            float(row["Market Value"]),
        )
        for column, value in enumerate(values, start=2):
            letter = get_column_letter(column)
            made.put(sheet, f"{letter}{line}", f"=CLO_ASSET({DEAL},$A{line},{letter}$1)", value)


def _write_deal(made: Acceptance, reference: Path) -> None:
    """Classes, par and cash, the deal's name in a cell and in several spellings."""
    sheet = made.book.create_sheet("Deal")
    folder = reference / "data" / "mag17"
    sheet["A1"] = "mag17"
    classes = json.loads((folder / "tranches.json").read_text(encoding="utf-8"))
    for line, one in enumerate(classes, start=3):
        sheet[f"A{line}"] = one["class_name"]
        for column, name in enumerate(TRANCHE_FIELDS, start=2):
            cell = f"{get_column_letter(column)}{line}"
            made.put(sheet, cell, f'=CLO_TRANCHE($A$1,$A{line},"{name}")', "" if one[name] is None else one[name])
    inputs = json.loads((folder / "compliance_expected.json").read_text(encoding="utf-8"))["inputs"]
    for line, (formula, value) in enumerate(
        (
            ("=CLO_DEAL_PAR(A1)", inputs["collateral_par"]),
            ('=CLO_DEAL_PAR(" mag  17 ",,)', inputs["collateral_par"]),
            ("=SUM(Assets!B2:B196)", inputs["collateral_par"]),
            ("=CLO_DEAL_CASH(A1)", inputs["principal_proceeds"]),
            ('=CLO_DEAL_CASH(A1,"Collection","interest")', inputs["interest_proceeds"]),
            ('=CLO_DEAL_CASH(A1,,"total")', inputs["principal_proceeds"] + inputs["interest_proceeds"]),
            ('=CLO_DEAL(A1,"current_libor")', inputs["current_libor"]),
            ('=CLO_DEAL(A1,"jr_oc_denominator")', inputs["jr_oc_denominator"]),
            ('=CLO_DEAL(A1,"maturity_date")', serial(date.fromisoformat(inputs["stated_maturity"]))),
            ('=IFERROR(CLO_DEAL_PAR("Mag 99"),-1)', -1),
            ('=ROWS(CLO_TRANCHES(A1,,FALSE))', len(classes)),
            ('=ROWS(CLO_ASSETS(A1))-1', inputs["number_of_assets"]),
            ('=INDEX(CLO_TRANCHES(A1),2,2)', classes[0]["class_name"]),
        ),
        start=20,
    ):  # fmt: skip
        made.put(sheet, f"B{line}", formula, value)


def _write_tests(made: Acceptance, reference: Path) -> None:
    """Recorded results in legacy mode and, to the recorded digits, in standard mode; verdicts; limits."""
    sheet = made.book.create_sheet("Tests")
    text = (reference / "data" / "mag17" / "compliance_expected.json").read_text(encoding="utf-8")
    expected = json.loads(text)
    limits = {
        row["test_id"]: row["threshold"] for row in expected["configured_tests"] if row["threshold_rule"] == "fixed"
    }
    for line, row in enumerate(expected["expected_results"], start=2):
        sheet[f"A{line}"] = row["test_id"]
        result = f"CLO_TEST_RESULT({DEAL},$A{line}"
        made.put(sheet, f"B{line}", f'={result},,,,"legacy")', row["reproduced"]["value"])
        made.put(sheet, f"C{line}", f"={result})", row["recorded_value"], row["recorded_decimals"])
        made.put(sheet, f"D{line}", f'={result},"pass")', row["recorded_pass"])
        if row["test_id"] in limits:
            made.put(sheet, f"E{line}", f'={result},"threshold")', limits[row["test_id"]])
        made.put(sheet, f"F{line}", f'=IF({result},"pass"),"ok","broken")', "ok")
    sheet["H1"] = ArrayFormula("H1:R40", f"=CLO_COMPLIANCE({DEAL})")
    made.expected["Tests", "H1"] = Expected("test_number")


def _write_flows(made: Acceptance, desk: Desk) -> None:
    """The stored run: cash flows of a class as an array, totals of every class, native functions over them."""
    sheet = made.book.create_sheet("Flows")
    result = desk.latest_run(MAG17, "BASE").result
    names = list(result.tranche_names)
    sheet["A1"] = ArrayFormula(f"A1:M{N_PERIODS + 1}", f'=CLO_TRANCHE_CASHFLOW({DEAL},"{names[1]}")')
    headers = ("period", "payment_date", "coupon", "beg_balance", "interest_accrued", "interest_paid", "principal_paid")
    for column, header in enumerate(headers, start=1):
        made.expected["Flows", f"{get_column_letter(column)}1"] = Expected(header)
    for period in range(N_PERIODS):
        made.expected["Flows", f"A{period + 2}"] = Expected(float(period + 1))
        day = result.dates.payment[period].astype(object)
        made.expected["Flows", f"B{period + 2}"] = Expected(float(serial(day)))
        for column, theirs in (("D", "balance_begin"), ("F", "interest_paid"), ("G", "principal_paid")):
            amount = float(result.tranches[period, 1, TRANCHE_COLUMNS.index(theirs)])
            made.expected["Flows", f"{column}{period + 2}"] = Expected(amount)
    for line, name in enumerate(names, start=30):
        sheet[f"A{line}"] = name
        for column, metric, theirs in (
            ("B", "total_interest", ("interest_paid", "deferred_interest_paid", "deferred_principal_paid")),
            ("C", "total_principal", ("principal_paid",)),
        ):
            columns = [TRANCHE_COLUMNS.index(name) for name in theirs]
            total = float(np.nansum(result.tranches[:, line - 30, columns]))
            made.put(sheet, f"{column}{line}", f'=CLO_TRANCHE_METRIC({DEAL},A{line},"{metric}")', total, 2)
        made.put(sheet, f"D{line}", f'=IFERROR(CLO_TRANCHE_METRIC({DEAL},A{line},"wal",,,"STRESS"),"none")')
        made.put(sheet, f"E{line}", f'=IFNA(CLO_TRANCHE_METRIC({DEAL},A{line},"wal",,,"NO_SUCH"),"none")', "none")
    made.put(sheet, "G30", "=SUM(F2:F21)", sum(float(made.expected["Flows", f"F{n}"].value) for n in range(2, 22)), 2)


def _write_dates(made: Acceptance) -> None:
    """Date arithmetic over rows of cells, nested in native functions."""
    sheet = made.book.create_sheet("Dates")
    start = date(2016, 3, 23)
    for line in range(1, 41):
        end = date.fromordinal(start.toordinal() + 17 * line)
        sheet[f"A{line}"], sheet[f"B{line}"] = start, end
        made.put(sheet, f"C{line}", f"=CLO_YEAR_FRACTION(A{line},B{line})", 17 * line / 360)
        made.put(sheet, f"D{line}", f'=CLO_DAYS(A{line},B{line},"ACTUAL/360")', float(17 * line))
        made.put(sheet, f"E{line}", f'=IF(CLO_DAYS(A{line},B{line})>300,"long","short")')
    for line, (rank, sp) in enumerate(((1, "AAA"), (11, "BB+"), (16, "B-"), (21, "C")), start=1):
        made.put(sheet, f"G{line}", f'=CLO_RATING_FROM_RANK({rank},"S&P")', sp)
        made.put(sheet, f"H{line}", f"=CLO_RATING_RANK(G{line})", float(rank))
        made.put(sheet, f"I{line}", f'=CLO_RATING_RANK(CLO_RATING_CONVERT(G{line},"Moody\'s"))', float(rank))


def _write_mistakes(made: Acceptance) -> None:
    """Errors on purpose, blank cells and omitted arguments."""
    sheet = made.book.create_sheet("Mistakes")
    for line, (formula, value) in enumerate(
        (
            ('=CLO_DEAL_PAR("Mag 99")', "#N/A"),
            (f'=CLO_TRANCHE({DEAL},"Class Z","price")', "#N/A"),
            (f"=CLO_TEST_RESULT({DEAL},9999)", "#N/A"),
            (f"=CLO_DEAL_PAR({DEAL},42)", "#VALUE!"),
            (f'=CLO_DEAL_PAR({DEAL},"this is no filter (")', "#VALUE!"),
            ('=CLO_YEAR_FRACTION("23.3.2016",42542)', "#VALUE!"),
            ("=CLO_RATING_FROM_RANK(11.5,1)", "#VALUE!"),
            ("=CLO_DAYS(42452)", "#VALUE!"),
            ("=CLO_DAYS(42452,42542,,1)", "#VALUE!"),
            ("=CLO_DISCOUNT_FACTOR(-5,42452,42817)", "#NUM!"),
            ("=CLO_DAYS(1/0,42542)", "#DIV/0!"),
            ("=CLO_RATING_RANK(NA())", "#N/A"),
            ('=IFERROR(CLO_DAYS(1/0,42542),"caught")', "caught"),
            ('=IFNA(CLO_RATING_RANK(""),"not rated")', "not rated"),
            ('=ISERROR(CLO_DAYS("x",1))', True),
            ("=CLO_PERIOD_RATE(Z99,42370,42736)", 0.0),
            ("=CLO_DAYS(42452,42542,)", 90.0),
            ('=CLO_RATING_RANK("A+",,"legacy")', 2.0),
            ("=CLO_PERIOD_RATE(TRUE,42370,42736)", 1.0),
            (f"=CLO_DEAL_PAR({DEAL},,42451)", "#N/A"),
        ),
        start=1,
    ):
        made.put(sheet, f"A{line}", formula, value)


def _write_examples(made: Acceptance) -> None:
    """Every example of the catalogue, of a table its upper left corner."""
    for key, example in EXAMPLES.items():
        sheet = made.book.create_sheet(key[:31])
        sheet["A1"] = HANDLE
        for row, (day, amount) in enumerate(BOND, start=2):
            sheet[f"A{row}"], sheet[f"B{row}"] = day, amount
        if example.value is None:
            sheet[ANSWER] = ArrayFormula(ANSWER_AREA, example.formula)
        else:
            sheet[ANSWER] = example.formula


def functions_of(made: Acceptance) -> set[str]:
    """Functions that the workbook calls."""
    return {called.function for _, _, formula in formulas(made.book) for called in calls(formula)}


def cells_of(made: Acceptance) -> Iterator[tuple[str, str]]:
    """Sheet and address of every formula."""
    for sheet, cell, _ in formulas(made.book):
        yield sheet, cell
