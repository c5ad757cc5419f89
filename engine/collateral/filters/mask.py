"""Which assets meet a filter, over arrays."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.collateral.asset import Asset
from engine.collateral.filters.domains import key_of
from engine.collateral.filters.fields import BLANK_READ_AS, FilterField, Reading
from engine.collateral.filters.syntax import And, Comparison, Expression, Key, Not, OneOf, Operator

Mask = npt.NDArray[np.bool_]
_Column = npt.NDArray[np.float64] | npt.NDArray[np.str_]


class AssetColumns:
    """Assets as columns of keys, each built when a filter first asks for it."""

    def __init__(self, assets: Sequence[Asset]) -> None:
        self._assets = tuple(assets)
        self._columns: dict[tuple[str, Reading], _Column] = {}

    def __len__(self) -> int:
        return len(self._assets)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids in the order of the assets."""
        return tuple(asset.blkrock_id for asset in self._assets)

    def keys(self, field: FilterField, reading: Reading) -> _Column:
        """(A,) keys of a field in a domain of comparison: texts, or float64 with NaN for missing."""
        asked_for = field.name, reading
        if asked_for not in self._columns:
            blank = BLANK_READ_AS.get(field.name, "")
            keys = [key_of(reading, getattr(asset, field.name), blank) for asset in self._assets]
            self._columns[asked_for] = np.array(keys, np.str_) if reading.is_text else np.array(keys, np.float64)
        return self._columns[asked_for]


def mask(expression: Expression, assets: AssetColumns) -> Mask:
    """(A,) whether each asset meets the filter.

    A missing value - blank number or date, rating that is not on its scale - is unequal to every value and compares
    false otherwise; a blank text is the empty text.
    """
    if isinstance(expression, Comparison):
        keys = assets.keys(expression.field, expression.reading)
        return _compared(keys, expression.operator, expression.value.key)
    if isinstance(expression, OneOf):
        keys = assets.keys(expression.field, expression.reading)
        return np.isin(keys, [value.key for value in expression.values])
    if isinstance(expression, Not):
        return ~mask(expression.operand, assets)
    parts = [mask(part, assets) for part in expression.parts]
    if isinstance(expression, And):
        return np.logical_and.reduce(parts, axis=0) if parts else np.ones(len(assets), np.bool_)
    return np.logical_or.reduce(parts, axis=0) if parts else np.zeros(len(assets), np.bool_)


def selected_ids(expression: Expression, assets: AssetColumns) -> tuple[str, ...]:
    """Ids of the assets that meet the filter, in their order."""
    return tuple(np.array(assets.ids, dtype=object)[mask(expression, assets)])


def _compared(keys: _Column, operator: Operator, key: Key) -> Mask:
    compared = {
        Operator.EQUAL: np.equal,
        Operator.UNEQUAL: np.not_equal,
        Operator.LESS: np.less,
        Operator.AT_MOST: np.less_equal,
        Operator.GREATER: np.greater,
        Operator.AT_LEAST: np.greater_equal,
    }[operator](keys, key)
    return np.asarray(compared, np.bool_)
