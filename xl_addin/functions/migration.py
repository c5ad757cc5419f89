"""Rating transitions and asset correlations in cells (spec 06 §11.4)."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from engine.desk.reading.rating_data import Source, correlations, transition_matrix
from engine.modes import Mode
from engine.rating_migration.transition import Step
from xl_addin.registry.arguments import AsOf, AssetId, Names, RunMode
from xl_addin.registry.batches import each
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import CellError, unavailable, wrong
from xl_addin.registry.results import Table

CATEGORY = "CLO Migration"
MOST_ASSETS = 447
"""Assets of one matrix: with its headers it stays below the 200,000 cells of a table."""

Frequency = Annotated[Literal["annual", "semi_annual", "quarterly"], "Length of the period; annual by default."]
CorrelationSource = Annotated[
    Literal["user", "system"], "user (default): the stored matrix; system: by issuer, industry and rating."
]


@udf(
    "CLO_TRANSITION_MATRIX",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_TRANSITION_MATRIX("quarterly")'],
)
def clo_transition_matrix(
    frequency: Frequency = "annual",
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Probabilities of moving from the rating of a row to that of a column within a period, decimals."""
    found = transition_matrix(ctx.views, Step[frequency.upper()], as_of, mode)
    rows = [
        [rating, *probabilities] for rating, probabilities in zip(found.ratings, found.matrix.tolist(), strict=True)
    ]
    return Table(("from_rating", *found.ratings), rows)


def _correl_cells(calls: Sequence[tuple[Any, ...]], ctx: CallContext) -> list[Any]:
    views = ctx.views

    def answer(asset_1: str, asset_2: str, source: Source, as_of: Any) -> float:
        _, matrix = correlations(views, (asset_1, asset_2), source, as_of)
        return _known(matrix[0][1])

    return each(calls, answer)


@udf(
    "CLO_CORREL",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_CORREL("DMORKTBCX","DMOF532MR","system")'],
    batch=_correl_cells,
)
def clo_correl(
    asset_1: AssetId, asset_2: AssetId, source: CorrelationSource = "user", as_of: AsOf = None, *, ctx: CallContext
) -> float:
    """Correlation of the rating moves of two assets, between -1 and 1."""
    _, matrix = correlations(ctx.views, (asset_1, asset_2), source, as_of)
    return _known(matrix[0][1])


@udf(
    "CLO_CORREL_MATRIX",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_CORREL_MATRIX("DMORKTBCX,DMOF532MR","system")'],
)
def clo_correl_matrix(
    assets: Annotated[Names, "Asset ids in a one-column range, at most 447."],
    source: CorrelationSource = "user",
    as_of: AsOf = None,
    *,
    ctx: CallContext,
) -> Table:
    """Correlations of the rating moves of each pair of assets; the first column has the ids."""
    if len(assets) > MOST_ASSETS:
        raise wrong("CLO-2150", f"{len(assets)} assets are too many", remedy=f"Give at most {MOST_ASSETS}.")
    found, matrix = correlations(ctx.views, assets, source, as_of)
    rows = [
        [asset.blkrock_id, *(_UNKNOWN if value is None else value for value in row)]
        for asset, row in zip(found, matrix, strict=True)
    ]
    return Table(("blkrock_id", *(asset.blkrock_id for asset in found)), rows)


_UNKNOWN = unavailable(
    "CLO-2151",
    "An asset that is not rated or in default has no correlation by rule",
    remedy="Leave it out, or use the stored matrix.",
)


def _known(value: float | None) -> float:
    if value is None:
        raise CellError(_UNKNOWN.code, _UNKNOWN.number, _UNKNOWN.problem, remedy=_UNKNOWN.remedy)
    return value
