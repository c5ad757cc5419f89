"""The legacy reading: truth tables of spec 05 §3.2, ordinals, texts and errors of Q13 to Q16."""

import re
from itertools import product

import numpy as np
import pytest

from engine.collateral.asset import Asset
from engine.collateral.filters.mask import AssetColumns, mask, selected_ids
from engine.collateral.filters.parser import parse_filter
from engine.collateral.filters.readings import compare_readings
from engine.collateral.filters.text import FilterError
from engine.modes import Mode, Quirk

LEGACY = Mode.LEGACY.quirks
PREMISES = {"A": "Cov-Lite=True", "B": "Country=USA", "C": "Market Value<90", "D": "Facility Size>5"}
EVERY_CASE = AssetColumns(
    [
        Asset(
            blkrock_id="".join(name for name, holds in zip("ABCD", case, strict=True) if holds) or "-",
            cov_lite=case[0],
            country="USA" if case[1] else "FRANCE",
            market_value=80.0 if case[2] else 100.0,
            facility_size=10.0 if case[3] else 1.0,
        )
        for case in product((True, False), repeat=4)
    ]
)

# expression, legacy reading with brackets, cases in which it differs from AND before OR
TRUTH_TABLE = [
    ("A and B or C", "(A and B) or C", 0),
    ("A or B and C", "(A or B) and C", 4),
    ("A and B or C and D", "((A and B) or C) and D", 2),
    ("A or B or C and D", "(A or B or C) and D", 6),
    ("A or B and C or D", "A or (B and C) or D", 0),
    ("A AND B AND C OR D", "(A and B and C) or D", 0),
    ("A and (B or C and D)", "A and ((B or C) and D)", 2),
]


def written(expression: str) -> str:
    return re.sub(r"\b[A-D]\b", lambda match: PREMISES[match[0]], expression)


@pytest.mark.parametrize(("expression", "legacy", "n_differing"), TRUTH_TABLE)
def test_the_legacy_model_folds_from_the_left(expression: str, legacy: str, n_differing: int) -> None:
    """In every case the legacy reading is the bracketed one, and standard mode has AND before OR."""
    found = compare_readings(written(expression), EVERY_CASE)

    assert found.legacy is not None
    assert np.array_equal(found.legacy, mask(parse_filter(written(legacy)), EVERY_CASE))
    assert len(found.differing_ids) == n_differing


def test_two_of_eight_cases_differ() -> None:
    """`A or B and C` differs where A holds and C does not (spec 05 §3.2); D doubles the count of the table above."""
    found = compare_readings(written("A or B and C"), EVERY_CASE)

    assert found.differing_ids == ("ABD", "AB", "AD", "A")
    assert found.warning == ("The legacy model read this filter differently: 4 of 16 assets (ABD, AB, AD, A).")


@pytest.mark.parametrize(
    "text",
    ["A not B", "A and not B", "A or not B", " not A", "A not and B", "(A) not or B", "A and (B or not B)"],
)
def test_not_is_always_false(text: str) -> None:
    """An operator with NOT chooses nothing."""
    premises = text.replace("A", "Country=USA").replace("B", "S&P Rating=B")

    assert not mask(parse_filter(premises, LEGACY), EVERY_CASE).any()


def test_what_follows_a_not_still_counts() -> None:
    """The False of a NOT is folded on like any other value."""
    chosen = mask(parse_filter("Country=USA not Country=USA or Market Value<90", LEGACY), EVERY_CASE)

    assert np.array_equal(chosen, mask(parse_filter("Market Value<90"), EVERY_CASE))


RATED = AssetColumns(
    [
        Asset(blkrock_id="AA", sp_rating="AA", mdy_rating="AA2", wal=10.2),
        Asset(blkrock_id="A+", sp_rating="A+", mdy_rating="A1", wal=5.0),
        Asset(blkrock_id="B", sp_rating="B", mdy_rating="B2", wal=5.35),
        Asset(blkrock_id="CC", sp_rating="CC", mdy_rating="CA", wal=0.5),
        Asset(blkrock_id="-"),
    ]
)

# text, legacy choice, standard choice or what its error says
VALUES = [
    ("S&P Rating<=AA+", ["A+"], []),
    ("S&P Rating<AA", ["A+"], []),
    ("S&P Rating<=B1", ["AA", "A+", "B", "CC", "-"], "S&P calls this rank B\\+"),
    ("S&P Rating>=D", ["CC", "-"], []),
    ("Moody's Rating<=B+", ["-"], "Moody's calls this rank B1"),
    ("Moody's Rating<Aaa", ["-"], []),
    ("Moody's Rating>=B2", ["B", "CC"], ["B", "CC"]),
    ("WAL>5", ["B"], ["AA", "B"]),
    ("WAL>=10", ["AA", "A+", "B"], ["AA"]),
    ("WAL=0", ["-"], []),
    ("Market Value<90", ["AA", "A+", "B", "CC", "-"], []),
    ("Analyst Opinion=Hold", ["AA", "A+", "B", "CC", "-"], ["AA", "A+", "B", "CC", "-"]),
    ("Opinion=Hold", ["AA", "A+", "B", "CC", "-"], "Did you mean Analyst Opinion or"),
    ("Opinion!=Hold", [], "Did you mean Analyst Opinion or"),
    ("Cov-Lite=0", ["AA", "A+", "B", "CC", "-"], "Use true or false"),
    ("True", ["AA", "A+", "B", "CC", "-"], "'True'"),
]


@pytest.mark.parametrize(("text", "legacy", "standard"), VALUES)
def test_values_are_typed_in_standard_mode_only(text: str, legacy: list[str], standard: list[str] | str) -> None:
    """The legacy reading knows neither agencies nor missing values; standard mode compares or refuses."""
    assert list(selected_ids(parse_filter(text, LEGACY), RATED)) == legacy
    if isinstance(standard, str):
        with pytest.raises(FilterError, match=standard):
            parse_filter(text)
    else:
        assert list(selected_ids(parse_filter(text), RATED)) == standard


# text, where, what the error says
STOPS = [
    ("WAL", "line 1, column 1", "'WAL' is no comparison"),
    ("Country=USA and (WAL)", "line 1, column 18", "'WAL' is no comparison"),
    ("Moody's Industry=Banking, Finance and Real Estate", "line 1, column 39", "'Real Estate' is no comparison"),
    ("Country=Congo (Brazzaville)", "line 1, column 16", "'Brazzaville' is no comparison"),
    ("Country=USA(WAL>5)", "line 1, column 1", "a bracket stands inside a comparison"),
    ("(WAL>5)(WAL>6)", "line 1, column 1", "a bracket stands inside a comparison"),
    ("((WAL>5)", "line 1, column 1", "the bracket is not closed"),
    ("Cov-Lite=Yes", "line 1, column 1", "'Yes' is not True or False, as Cov-Lite needs it"),
    ("Facility Size>big", "line 1, column 1", "'big' is not a number, as Facility Size needs it"),
    (" and WAL>5", "line 1, column 1", "'' is no comparison"),
    ("WAL>5" + " " * 5_000, "line 1, column 1", "the filter has more than 5000 characters"),
    (" or ".join(["WAL>5"] * 102), "line 1, column 1", "the filter has more than 100 operators and brackets"),
]


@pytest.mark.parametrize(("text", "where", "problem"), STOPS)
def test_where_the_legacy_model_stopped_is_an_error(text: str, where: str, problem: str) -> None:
    """No run-time error of the legacy model becomes a choice of assets."""
    with pytest.raises(FilterError) as caught:
        parse_filter(text, LEGACY)

    assert caught.value.number == "CLO-1188"
    assert caught.value.where == where
    assert caught.value.problem == f"The legacy model stops here: {problem}"


def test_single_quirks_can_be_left_out() -> None:
    """Legacy without the text comparison compares WAL as a number, without LQ-38 A+ is itself."""
    numeric = parse_filter("WAL>5", LEGACY - {Quirk.WAL_TEXT_COMPARE})
    in_place = parse_filter("S&P Rating<=AA+", LEGACY - {Quirk.A_PLUS_IS_AA_PLUS})

    assert selected_ids(numeric, RATED) == ("AA", "B")
    assert selected_ids(in_place, RATED) == ()


def test_readings_that_agree_need_no_warning() -> None:
    """Nothing is said about a filter that both modes read alike."""
    found = compare_readings("(Country=USA or Market Value<90) and Cov-Lite=False", EVERY_CASE)

    assert found.warning == ""
    assert found.legacy is not None
    assert np.array_equal(found.standard, found.legacy)


def test_a_filter_that_only_standard_mode_reads_says_so() -> None:
    """Where the legacy model stopped there is no second choice, but a remark."""
    found = compare_readings("NOT (Country = 'Congo (Brazzaville)')", EVERY_CASE)

    assert found.legacy is None
    assert found.standard.all()
    assert found.warning == (
        "The legacy model could not read this filter. The legacy model stops here: 'Brazzaville' is no comparison."
    )
