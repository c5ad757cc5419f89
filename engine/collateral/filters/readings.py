"""Whether the legacy model would have chosen other assets by the same filter (spec 05 section 3.3)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.collateral.filters.mask import AssetColumns, Mask, mask
from engine.collateral.filters.parser import parse_filter
from engine.collateral.filters.rows import FilterCells, parse_rows
from engine.collateral.filters.syntax import Expression
from engine.collateral.filters.text import FilterError
from engine.modes import Mode, Quirks

MOST_NAMED = 5
"""Ids that a warning names."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadingComparison:
    """Both readings of one filter over the same assets.

    standard, legacy: (A,) whether each asset is chosen; legacy is None where the legacy model stopped with
    legacy_error. differing_ids: assets that only one of the readings chooses, in their order.
    """

    standard: Mask
    legacy: Mask | None
    differing_ids: tuple[str, ...]
    legacy_error: FilterError | None = None

    @property
    def warning(self) -> str:
        """What to tell the analyst; empty where the readings agree."""
        if self.legacy_error is not None:
            return f"The legacy model could not read this filter. {self.legacy_error.problem}."
        if not self.differing_ids:
            return ""
        named = ", ".join(self.differing_ids[:MOST_NAMED])
        more = ", ..." if len(self.differing_ids) > MOST_NAMED else ""
        return (
            f"The legacy model read this filter differently: {len(self.differing_ids)} of {len(self.standard)} assets"
            f" ({named}{more})."
        )


def compare_readings(text: str, assets: AssetColumns) -> ReadingComparison:
    """Standard and legacy reading of a text; raises FilterError where the standard one fails."""
    return _compared(lambda quirks: parse_filter(text, quirks), assets)


def compare_row_readings(rows: Sequence[FilterCells], assets: AssetColumns) -> ReadingComparison:
    """Standard and legacy reading of the rows of one block; raises FilterError where the standard one fails."""
    return _compared(lambda quirks: parse_rows(rows, quirks), assets)


def _compared(parse: Callable[[Quirks], Expression], assets: AssetColumns) -> ReadingComparison:
    standard = mask(parse(Mode.STANDARD.quirks), assets)
    try:
        legacy = mask(parse(Mode.LEGACY.quirks), assets)
    except FilterError as error:
        return ReadingComparison(standard, None, (), error)
    ids = assets.ids
    return ReadingComparison(standard, legacy, tuple(ids[index] for index in np.flatnonzero(standard != legacy)))
