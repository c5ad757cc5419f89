"""Tests that a deal defines itself: the share of the collateral that meets a filter (spec 03 §15, 05 §3)."""

from engine.collateral.filters.formatting import format_filter
from engine.collateral.filters.mask import AssetColumns, mask
from engine.collateral.filters.parser import parse_filter
from engine.collateral.filters.syntax import EVERYTHING, Expression
from engine.collateral.filters.text import FilterError
from engine.compliance.definition import Definition, TestFunction, share_limit
from engine.compliance.forms import Form, share
from engine.compliance.portfolio import Portfolio
from engine.compliance.terms import DealTerms, Direction
from engine.errors import InputError

NO_ID = 0
"""Id of a test whose name has none yet."""
SOURCE = "filter of the deal"


def filter_test(name: str, label: str, text: str, direction: Direction, where: str) -> Definition:
    """The test of a filter text, without an id; label: what reports call it, the filter itself where empty.

    The filter is read in standard mode in both modes: the legacy model had no such tests. Raises FilterError with line
    and column behind `where`, InputError CLO-1519 for a filter that selects everything.
    """
    try:
        expression = parse_filter(text)
    except FilterError as error:
        within = f"{where}, {error.place}"
        raise FilterError(error.number, error.problem, place=error.place, remedy=error.remedy, where=within) from error
    if expression == EVERYTHING:
        raise InputError(
            "CLO-1519",
            f"The filter of test {name} is empty",
            where=where,
            remedy="Say which assets count, for example: S&P Rating > B AND Cov-Lite = true.",
        )
    normalised = format_filter(expression)
    return share_limit(
        id=NO_ID,
        name=name,
        label=label or normalised,
        numerator=normalised,
        source=SOURCE,
        function=_share_of(expression),
        direction=direction,
    )


def _share_of(expression: Expression) -> TestFunction:
    def test(portfolio: Portfolio, terms: DealTerms) -> Form:
        return share(portfolio, portfolio.performing & mask(expression, AssetColumns(portfolio.assets)))

    return test
