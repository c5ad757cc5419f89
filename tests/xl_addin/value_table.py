"""The values and errors of spec 08 §4.1 to §4.3 as one table, which every face runs through its own client.

The functions in it need no database. An answer is what goes over the wire; `m` of an error is the number its text
begins with, empty where the error came in with an argument. A date cell is written {"d": serial}.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Case:
    """One call. arguments: raw values, None for an omitted one and "" for a blank cell.

    calc: the answer of LibreOffice where it differs by design: a blank scalar comes as 0 and an error argument keeps
    the function from being called.
    """

    id: str
    name: str
    arguments: tuple[Any, ...]
    answer: dict[str, Any]
    calc: dict[str, Any] | None = None


def _value(value: Any) -> dict[str, Any]:
    return {"v": value}


def _error(code: str, number: str) -> dict[str, Any]:
    return {"e": code, "m": number}


def _wrong(number: str) -> dict[str, Any]:
    return _error("#VALUE!", number)


# A year of 30/360, over which CLO_PERIOD_RATE gives back the annual rate.
_FROM, _TO = 42370, 42736
_MARCH, _JUNE = 42452, 42542
_YEAR_LATER = 42817
_MOODYS = "Moody's"


def _rate(which: str, raw: Any, answer: dict[str, Any], calc: dict[str, Any] | None = None) -> Case:
    return Case(f"number-{which}", "CLO_PERIOD_RATE", (raw, _FROM, _TO), answer, calc)


def _rank(which: str, raw: Any, answer: dict[str, Any], calc: dict[str, Any] | None = None) -> Case:
    return Case(f"whole-{which}", "CLO_RATING_FROM_RANK", (raw, _MOODYS), answer, calc)


def _choice(which: str, raw: Any, answer: dict[str, Any], calc: dict[str, Any] | None = None) -> Case:
    return Case(f"choice-{which}", "CLO_RATING_FROM_RANK", (11, raw), answer, calc)


def _text(which: str, raw: Any, answer: dict[str, Any], calc: dict[str, Any] | None = None) -> Case:
    return Case(f"text-{which}", "CLO_RATING_RANK", (raw,), answer, calc)


def _day(which: str, raw: Any, answer: dict[str, Any], calc: dict[str, Any] | None = None) -> Case:
    return Case(f"date-{which}", "CLO_DAYS", (raw, _JUNE), answer, calc)


def _life(which: str, dates: Any, principal: Any, answer: dict[str, Any], calc: dict[str, Any] | None = None) -> Case:
    return Case(f"range-{which}", "CLO_WAL", (dates, principal, _MARCH), answer, calc)


# Calc does not call a function for a range with an error in it, nor with more arguments than it has.
_REFUSED_BY_CALC = {"e": "Err:504", "m": ""}
_PASSED_ON = {"e": "#DIV/0!", "m": ""}

CASES: tuple[Case, ...] = (
    _rate("float", 0.25, _value(0.25)),
    _rate("integer", 1, _value(1.0)),
    _rate("true", True, _value(1.0)),
    _rate("blank", "", _value(0.0)),
    _rate("text", "0.25", _value(0.25)),
    _rate("text-with-sign-and-blanks", " +0.25 ", _value(0.25)),
    _rate("text-with-exponent", "2.5e-1", _value(0.25)),
    _rate("text-percent", "25%", _value(0.25)),
    _rate("text-decimal-comma", "0,25", _wrong("CLO-2104")),
    _rate("text-thousands", "1,000.5", _wrong("CLO-2104")),
    _rate("text-formula", "=0.25", _wrong("CLO-2104")),
    _rate("text-word", "a quarter", _wrong("CLO-2104")),
    _rate("huge-text", "1e400", _wrong("CLO-2105")),
    _rate("huge", 1.7e308, _wrong("CLO-2105")),
    _rate("range-of-one", [[0.25]], _value(0.25)),
    _rate("range-of-two", [[0.25], [0.5]], _wrong("CLO-2102")),
    _rate("error", {"e": "#DIV/0!", "m": ""}, _PASSED_ON),
    _rate("error-not-available", {"e": "#N/A", "m": ""}, {"e": "#N/A", "m": ""}),
    _rate("omitted", None, _wrong("CLO-2101")),
    _rank("number", 11, _value("Ba1")),
    _rank("nearly-whole", 11.0000000001, _value("Ba1")),
    _rank("fraction", 11.5, _wrong("CLO-2106")),
    _rank("text", "11", _value("Ba1")),
    _rank("true", True, _value("Aaa")),
    _rank("blank", "", _wrong("CLO-2160")),
    _rank("out-of-scale", 23, _wrong("CLO-2160")),
    _rank("huge", 1e300, _wrong("CLO-2106")),
    _choice("exact", "Moody's", _value("Ba1")),
    _choice("other-case-and-punctuation", " MOODYS ", _value("Ba1")),
    _choice("blanks-inside", "S & P", _value("BB+")),
    _choice("unknown", "DBRS", _wrong("CLO-2110")),
    _choice("blank", "", _wrong("CLO-2101"), _wrong("CLO-2110")),
    _choice("number", 1, _wrong("CLO-2110")),
    Case("choice-mode", "CLO_RATING_RANK", ("A+", "S&P", "Legacy"), _value(2)),
    Case("choice-mode-default", "CLO_RATING_RANK", ("A+", "S&P", "default"), _value(5)),
    Case("choice-mode-omitted", "CLO_RATING_RANK", ("A+",), _value(5)),
    Case("choice-mode-unknown", "CLO_RATING_RANK", ("A+", "S&P", "old"), _wrong("CLO-2110")),
    _text("exact", "Ba1", _value(11)),
    _text("other-case", " ba1 ", _value(11)),
    _text("blank", "", _error("#N/A", "CLO-2161"), _wrong("CLO-2162")),
    _text("number", 11, _wrong("CLO-2162")),
    _text("true", True, _wrong("CLO-2162")),
    _text("omitted", None, _wrong("CLO-2101")),
    _text("error", {"e": "#DIV/0!", "m": ""}, _PASSED_ON),
    _day("serial", _MARCH, _value(90)),
    _day("cell", {"d": _MARCH}, _value(90)),
    _day("with-time", _MARCH + 0.75, _value(90)),
    _day("iso-text", "2016-03-23", _value(90)),
    _day("german-text", "23.03.2016", _wrong("CLO-2109")),
    _day("american-text", "03/23/2016", _wrong("CLO-2109")),
    _day("no-such-day", "2016-02-30", _wrong("CLO-2109")),
    _day("zero", 0, _wrong("CLO-2101")),
    _day("blank", "", _wrong("CLO-2101")),
    _day("before-march-1900", 59, _wrong("CLO-2109")),
    _day("first", 60, _value(42482)),
    _day("past-the-end", 2_958_466, _wrong("CLO-2109")),
    _day("true", True, _wrong("CLO-2109")),
    Case("day-count-omitted", "CLO_YEAR_FRACTION", (_MARCH, _JUNE), _value(0.25)),
    Case("day-count-blank", "CLO_YEAR_FRACTION", (_MARCH, _JUNE, ""), _value(0.25), _wrong("CLO-1001")),
    Case("day-count-other-case", "CLO_YEAR_FRACTION", (_MARCH, _JUNE, " actual/360 "), _value(0.25)),
    Case("day-count-unknown", "CLO_YEAR_FRACTION", (_MARCH, _JUNE, "ACTUAL/361"), _wrong("CLO-1001")),
    _life("columns", [[_MARCH], [_YEAR_LATER]], [[0], [100]], _value(1.0)),
    _life("rows", [[_MARCH, _YEAR_LATER]], [[0, 100]], _value(1.0)),
    _life("single-cells", _YEAR_LATER, 100, _value(1.0)),
    _life("blanks-at-the-end", [[_YEAR_LATER], [""], [""]], [[100], [""], [""]], _value(1.0)),
    _life("blank-number-inside", [[_MARCH], [_YEAR_LATER]], [[""], [100]], _value(1.0)),
    _life("blank-date-inside", [[_MARCH], [""], [_YEAR_LATER]], [[0], [0], [100]], _wrong("CLO-2113")),
    _life("text-inside", [[_MARCH], [_YEAR_LATER]], [["none"], [100]], _wrong("CLO-2104")),
    _life("error-inside", [[_YEAR_LATER]], [[{"e": "#N/A", "m": ""}]], {"e": "#N/A", "m": ""}),
    _life(
        "error-among-others", [[_MARCH], [_YEAR_LATER]], [[{"e": "#N/A", "m": ""}], [100]], _wrong("CLO-2112"),
        _REFUSED_BY_CALC,
    ),
    _life("unequal-length", [[_MARCH], [_YEAR_LATER]], [[100]], _wrong("CLO-1032")),
    _life("nothing-paid", [[_YEAR_LATER]], [[0]], _error("#DIV/0!", "CLO-2164")),
    Case("impossible", "CLO_DISCOUNT_FACTOR", (-5, _MARCH, _YEAR_LATER), _error("#NUM!", "CLO-2165")),
    Case("no-solution", "CLO_YIELD", ([[_YEAR_LATER]], [[-1]], _MARCH, 1), _error("#NUM!", "CLO-2166")),
    Case("too-many-arguments", "CLO_DAYS", (_MARCH, _JUNE, "30/360", 1), _wrong("CLO-2120"), _REFUSED_BY_CALC),
    Case("too-few-arguments", "CLO_DAYS", (_MARCH,), _wrong("CLO-2101")),
)  # fmt: skip
