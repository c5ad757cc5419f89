"""Formulas as people write and store them: arrays, omitted arguments, spellings of other programs."""

from pathlib import Path

from openpyxl import Workbook
from openpyxl.worksheet.formula import ArrayFormula

from tests.xl_addin.calc.conftest import Sheet
from xl_addin.calc.harness import Office


def test_a_matrix_formula_shows_every_kind_of_value(sheet: Sheet) -> None:
    """Numbers, texts, logical values, dates, blanks and errors arrive in the cells they belong to."""
    sheet.write({"A1:D2": "=CLO_TRIAL_GRID()"})

    assert sheet.values() == {
        "A1": 1.5,
        "B1": "text",
        "C1": 1.0,
        "D1": 42452.0,
        "B2": {"e": "#N/A"},
        "C2": {"e": "#NUM!"},
        "D2": -2.0,
    }


def test_native_functions_work_on_results(sheet: Sheet) -> None:
    """IFERROR, ISNA, INDEX and SUM take our results and errors as they take Calc's own."""
    sheet.write(
        {
            "A1": "=INDEX(CLO_TRIAL_GRID();2;4)",
            "A2": "=ISNA(INDEX(CLO_TRIAL_GRID();2;2))",
            "A3": "=IFERROR(CLO_DAYS(1);-1)",
            "A4": "=SUM(INDEX(CLO_TRIAL_GRID();1;0))",
            "A5": "=IFNA(INDEX(CLO_TRIAL_GRID();2;3);-1)",
        }
    )

    assert sheet.values() == {"A1": -2.0, "A2": 1.0, "A3": -1.0, "A4": 42454.5, "A5": {"e": "#NUM!"}}


def test_omitted_arguments_take_their_defaults(sheet: Sheet) -> None:
    """An argument left out at the end, in the middle or at the start is the same as one never written."""
    sheet.write(
        {
            "A1": "=CLO_TRIAL_DIGITS()",
            "A2": "=CLO_TRIAL_DIGITS(1)",
            "A3": "=CLO_TRIAL_DIGITS(1;;3)",
            "A4": "=CLO_TRIAL_DIGITS(;2)",
            "A5": "=CLO_TRIAL_DIGITS(1;2;)",
        }
    )

    assert list(sheet.values().values()) == [789.0, 189.0, 183.0, 729.0, 129.0]


def test_any_number_of_arguments(sheet: Sheet) -> None:
    """A function of any number of arguments takes none, one and many."""
    sheet.write({f"A{n}": f'=CLO_TRIAL_JOIN("n"{"".join(f";{i}" for i in range(n))})' for n in range(1, 20, 9)})

    assert [len(text.split()) for text in sheet.values().values()] == [2, 11, 20]


def test_the_text_of_an_error_is_reachable(sheet: Sheet) -> None:
    """CLO_ERROR takes the address of a failed cell as text, and says nothing of a cell that is well."""
    sheet.write(
        {
            "B1": '=CLO_RATING_FACTOR("Zzz")',
            "B2": '=CLO_DAYS("23.03.2016";1)',
            "B3": "=CLO_TRIAL_DIGITS(1;2;3)",
            "A1": '=CLO_ERROR(CELL("address";B1))',
            "A2": '=CLO_ERROR("Sheet1.B2")',
            "A3": '=CLO_ERROR("$B$3")',
            "A4": '=CLO_ERROR("Sheet1!B1")',
        }
    )
    found = sheet.values()

    assert found["A1"].startswith("CLO-2162: ")
    assert found["A2"].startswith("CLO-2109: '23.03.2016' is not a date, at CLO_DAYS, argument start_date.")
    assert "A3" not in found
    assert found["A4"] == found["A1"]


def test_a_workbook_of_any_client_calculates(office: Office, tmp_path: Path) -> None:
    """Formulas stored by openpyxl, Excel with add-in or Office.js, and an XLL give the same value; texts stay texts."""
    book = Workbook()
    cells = book.active
    assert cells is not None
    cells.title = "All forms"
    for row, start in enumerate(("", "_xldudf_", "[1]!", "[1]!_xldudf_", "_xll.", r"'C:\Add-ins\clo.xlam'!"), start=1):
        cells.cell(row, 1, f"={start}CLO_TRIAL_DIGITS(1,2,3)+{row}")
    cells["A7"] = '=IF(_xldudf_CLO_TRIAL_DIGITS(1,2,A8)>0,"[1]!CLO_TRIAL_DIGITS(","_xldudf_CLO_")'
    cells["A8"] = "=A1*2"
    cells["B1"] = ArrayFormula("B1:E2", "=_xldudf_CLO_TRIAL_GRID()")
    book.save(tmp_path / "forms.xlsx")
    copies = [tmp_path / name for name in ("copy.xlsx", "copy.ods", "copy.pdf")]

    found = office.evaluate(tmp_path / "forms.xlsx", save_as=copies)

    assert list(found) == ["All forms"]
    values = found["All forms"]
    assert [values[f"A{row}"] for row in range(1, 7)] == [124.0, 125.0, 126.0, 127.0, 128.0, 129.0]
    assert (values["A7"], values["A8"]) == ("[1]!CLO_TRIAL_DIGITS(", 248.0)
    assert (values["E1"], values["C2"]) == (42452.0, {"e": "#N/A"})
    assert all(copy.stat().st_size > 1000 for copy in copies)
    assert copies[2].read_bytes().startswith(b"%PDF")
