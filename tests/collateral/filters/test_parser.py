"""Reading filter texts: what is accepted, what is refused in which words, and there and back."""

# ruff: noqa: E501 - error texts stand on one line, as a user sees them

from time import perf_counter

import pytest
from hypothesis import given, settings

from engine.collateral.asset import ASSET_FIELDS
from engine.collateral.filters.fields import ANALYSTS_NAMES, FIELDS
from engine.collateral.filters.formatting import format_filter
from engine.collateral.filters.parser import MOST_NESTED, parse_filter
from engine.collateral.filters.syntax import EVERYTHING, Expression, fields_of
from engine.collateral.filters.text import FilterError
from engine.errors import InputError
from engine.modes import Mode
from tests.collateral.filters.strategies import expressions

MOST_SECONDS = 2.0
MOST_CHARACTERS = 400

# text, normalised text
ACCEPTED = [
    ("", ""),
    ("  \n ", ""),
    ("S&P Rating<=B+", "S&P Rating <= B+"),
    ("sp_rating <= b+", "S&P Rating <= B+"),
    ('"s&p  rating" <= "B+"', "S&P Rating <= B+"),
    ("moody\u2019s   rating warf > baa1", "Moody's Rating WARF > Baa1"),
    ("'Moody''s Rating DPR' = 'B2'", "Moody's Rating DPR = B2"),
    ("(S&P Rating<=B+ or Market Value<90) and Cov-Lite=False", "(S&P Rating <= B+ OR Market Value < 90) AND Cov-Lite = false"),
    ("wal > 5 or wal < 2 and country = USA", 'WAL > 5 OR (WAL < 2 AND Country = "USA")'),
    ("((wal > 5) and (wal < 7)) and not (not wal = 6)", "WAL > 5 AND WAL < 7 AND NOT NOT WAL = 6"),
    ("NOT(wal>5 OR wal<2)", "NOT (WAL > 5 OR WAL < 2)"),
    ("country <> United Kingdom and wal>5", 'Country != "United Kingdom" AND WAL > 5'),
    ("country in (USA, United Kingdom,'Cote, d''Ivoire')", 'Country IN ("USA", "United Kingdom", "Cote, d\'Ivoire")'),
    ("mdy_rating IN (B1,B2)", "Moody's Rating IN (B1, B2)"),
    ("market_value between 90 and 95 or wal > 5", "(Market Value >= 90 AND Market Value <= 95) OR WAL > 5"),
    ("mdy_industry = Beverage, Food, & Tobacco", 'Moody\'s Industry = "Beverage, Food, & Tobacco"'),
    ("mdy_industry = 'Banking, Finance, Insurance and Real Estate'", 'Moody\'s Industry = "Banking, Finance, Insurance and Real Estate"'),
    ('issue_name = "the ""A"" (loan)"', 'issue_name = "the ""A"" (loan)"'),
    ("issuer_name = ''", 'issuer_name = ""'),
    ("issuer_name = Yahoo! Inc and wal!=5", 'issuer_name = "Yahoo! Inc" AND WAL != 5'),
    ("issuer_name = O'Neil", 'issuer_name = "O\'Neil"'),
    ("maturity >= 2020-06-30", "maturity >= 2020-06-30"),
    ("cpn_spread > 4.75%", "cpn_spread > 4.75%"),
    ("cov_lite = YES", "Cov-Lite = true"),
    ("S&P Rating\n  != D\n  AND country = USA", 'S&P Rating != D AND Country = "USA"'),
    ("S&P Rating = B+ *-", "S&P Rating = B+"),
]  # fmt: skip

# text, the whole error
REFUSED = [
    ("Moodys Ratings = B1", "CLO-1182: Field 'Moodys Ratings' is not known, at line 1, column 1. Did you mean Moody's Rating or Moody's Rating DPR or Moody's Rating WARF? Put a value that contains AND, OR, a bracket or a sign in quotes."),
    ("wal > 5 AND\n  Country of Risk = USA", "CLO-1182: Field 'Country of Risk' is not known, at line 2, column 3. Did you mean Country? Put a value that contains AND, OR, a bracket or a sign in quotes."),
    ("mdy_industry = Banking, Finance, Insurance and Real Estate", "CLO-1182: Field 'Real Estate' is not known, at line 1, column 48. Use a field of the asset master. Put a value that contains AND, OR, a bracket or a sign in quotes."),
    ("S&P Rating <= B1", "CLO-1184: 'B1' is not a rating of S&P, as S&P Rating needs it, at line 1, column 15. S&P calls this rank B+."),
    ("wal > 5 or Moody's Rating<=B+", "CLO-1184: 'B+' is not a rating of Moody's, as Moody's Rating needs it, at line 1, column 28. Moody's calls this rank B1."),
    ("mdy_rating IN (B1, Baa4)", "CLO-1184: 'Baa4' is not a rating of Moody's, as Moody's Rating needs it, at line 1, column 20. Did you mean Baa3?"),
    ("sp_rating = NR", "CLO-1184: 'NR' is not a rating of S&P, as S&P Rating needs it, at line 1, column 13. Use AAA, AA+, ... to C, or D."),
    ("wal > long", "CLO-1183: 'long' is not a value of WAL, which holds a number, at line 1, column 7. Write it as 95.5, without separators of thousands."),
    ("facility_size > 1,000,000", "CLO-1183: '1,000,000' is not a value of Facility Size, which holds a number, at line 1, column 17. Write it as 95.5, without separators of thousands."),
    ("market_value > 90%", "CLO-1183: '90%' is not a value of Market Value, which holds a number, at line 1, column 16. Write it as 95.5, without separators of thousands."),
    ("coupon > inf", "CLO-1183: 'inf' is not a value of coupon, which holds a number, at line 1, column 10. Write it as 0.0475 or 4.75%."),
    ("maturity > 2020-02-30", "CLO-1183: '2020-02-30' is not a value of maturity, which holds a date, at line 1, column 12. Write dates as 2027-01-20."),
    ("cov_lite = maybe", "CLO-1183: 'maybe' is not a value of Cov-Lite, which holds true or false, at line 1, column 12. Use true or false."),
    ("country > USA", "CLO-1185: Country cannot be compared with >, at line 1, column 9. Use =, != or IN."),
    ("cov_lite between no and yes", "CLO-1185: Cov-Lite cannot be compared with >=, at line 1, column 10. Use =, != or IN."),
    ("country = 'USA", "CLO-1186: The text in quotes that begins with 'USA does not end, at line 1, column 11. Close it with ', and double a ' that belongs to the text."),
    ("country = USA not wal > 5", "CLO-1181: Found '>' where AND, OR or the end is expected, at line 1, column 23. Put a value that contains AND, OR, a bracket or a sign in quotes."),
    ("country = USA (domestic)", "CLO-1181: Found '(' where AND, OR or the end is expected, at line 1, column 15. Put a value that contains AND, OR, a bracket or a sign in quotes."),
    ("(wal > 5", "CLO-1181: Found the end of the filter where AND, OR or ')' is expected, at line 1, column 9. Close the bracket. Put a value that contains AND, OR, a bracket or a sign in quotes."),
    ("wal 5", "CLO-1181: Found '5' where a comparison is expected, at line 1, column 5. Follow WAL by =, !=, <, <=, >, >=, IN or BETWEEN."),
    ("wal > 5)", "CLO-1181: Found ')' where AND, OR or the end is expected, at line 1, column 8. Put a value that contains AND, OR, a bracket or a sign in quotes."),
    ("WAL", "CLO-1181: Found the end of the filter where a comparison is expected, at line 1, column 4. Follow WAL by =, !=, <, <=, >, >=, IN or BETWEEN."),
    ("S&P RATING=B AND", "CLO-1181: Found the end of the filter where a field is expected, at line 1, column 17. Begin with a field, NOT or '('."),
    ("wal > and country = USA", "CLO-1181: Found 'and' where a value of WAL is expected, at line 1, column 7. Put a value that contains AND, OR, a bracket or a sign in quotes."),
    ("country in USA", "CLO-1181: Found 'USA' where '(' is expected, at line 1, column 12. IN takes a list: IN (A, B)."),
    ("country in (USA", "CLO-1181: Found the end of the filter where ',' or ')' is expected, at line 1, column 16. Part the values by commas and close the list. Put a value that contains AND, OR, a bracket or a sign in quotes."),
    ("country in (USA,)", "CLO-1181: Found ')' where a value of Country is expected, at line 1, column 17. Put a value that contains AND, OR, a bracket or a sign in quotes."),
    ("wal between 5 or 6", "CLO-1181: Found 'or' where AND is expected, at line 1, column 15. BETWEEN takes two values: BETWEEN 90 AND 95."),
    ("country = \0", "CLO-1181: The filter contains a character that is no text, at line 1, column 11. Type the filter again."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "normalised"), ACCEPTED)
def test_filters_are_read_and_normalised(text: str, normalised: str) -> None:
    """A filter has one normal form, which reads as the same filter."""
    expression = parse_filter(text)

    assert format_filter(expression) == normalised
    assert parse_filter(normalised) == expression


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_mistakes_name_their_place_and_a_way_out(text: str, message: str) -> None:
    """Every mistake says what was found, where it stands, and what to do."""
    with pytest.raises(FilterError) as caught:
        parse_filter(text)

    assert str(caught.value) == message
    assert isinstance(caught.value, InputError)


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_a_written_filter_reads_as_the_same(expression: Expression) -> None:
    """Formatting and parsing are inverse to each other."""
    assert parse_filter(format_filter(expression)) == expression


@pytest.mark.parametrize("opening", ["(", "NOT "])
def test_endless_nesting_is_refused(opening: str) -> None:
    """A text of nothing but brackets is an error, not a crash."""
    with pytest.raises(FilterError, match="CLO-1187"):
        parse_filter(opening * 100_000 + "wal > 5")

    closing = ")" * MOST_NESTED if opening == "(" else ""
    assert fields_of(parse_filter(opening * MOST_NESTED + "wal > 5" + closing))


def test_every_catalogue_field_is_known() -> None:
    """All asset fields can be filtered, those of the control panel under both names."""
    assert set(FIELDS) == {item.name for item in ASSET_FIELDS}
    assert all(str(FIELDS[name]) == label for label, name in ANALYSTS_NAMES.items())
    for name in (*FIELDS, *ANALYSTS_NAMES):
        with pytest.raises(FilterError, match="a comparison is expected"):
            parse_filter(name.upper())


def test_the_fields_of_a_filter_come_in_its_order() -> None:
    """Outputs show the columns that the filter names, each once."""
    expression = parse_filter("wal > 5 and (country in (USA) or not wal < 9)")

    assert [field.name for field in fields_of(expression)] == ["wal", "country"]
    assert fields_of(EVERYTHING) == ()


def remark_on(text: str, mode: Mode) -> str:
    """What is wrong with a text, empty for a filter."""
    try:
        parse_filter(text, mode.quirks)
    except FilterError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "text",
    [
        "country = a" + " " * 50_000 + "b",
        "country" + " " * 50_000 + "x = 1",
        "x" + " " * 50_000 + "y = 1",
        "sp_rating = B" + " " * 50_000 + "x",
        "sp_rating = " + "(*" * 20_000,
        "country = '" + "''" * 50_000 + "'",
    ],
)
def test_a_text_that_makes_no_sense_is_answered_at_once(text: str) -> None:
    """Reading takes time in proportion to the text, and an error repeats only the beginning of it."""
    begin = perf_counter()
    remarks = [remark_on(text, mode) for mode in Mode]

    assert perf_counter() - begin < MOST_SECONDS
    assert max(map(len, remarks)) < MOST_CHARACTERS
