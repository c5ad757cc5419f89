"""Transition matrices and correlations of an imported workbook as cells ask for them (spec 06 §11.4)."""

from collections.abc import Sequence
from datetime import date
from typing import Literal

from engine.collateral.asset import Asset
from engine.desk.correlations import no_matrix, not_in_matrix
from engine.desk.reading.asset_lists import assets_of
from engine.desk.reading.views import Views
from engine.errors import ReferenceDataError
from engine.modes import Mode
from engine.rating_migration.correlation import CorrelationRules, Relationship
from engine.rating_migration.transition import Step, period_matrix
from engine.snapshot import Correlation, TransitionMatrix, WorkbookSnapshot

Source = Literal["user", "system"]
_N_RULES = 3


def transition_matrix(views: Views, step: Step, as_of: date | None, mode: Mode) -> TransitionMatrix:
    """Transition probabilities over a period of the newest workbook; ReferenceDataError CLO-4090 where it has none."""
    source = views.newest_book(as_of)

    def load() -> TransitionMatrix:
        stored = source.book.transition_matrix
        if stored is None:
            raise _missing("CLO-4090", "transition matrix", source.book)
        matrix = period_matrix(stored.matrix, step, mode, accepts_error=True)
        return TransitionMatrix(ratings=stored.ratings, matrix=matrix)

    return views.kept("transition", source.source_file_id, step, mode, deal=None, load=load)


def correlations(
    views: Views, ids: Sequence[str], source: Source, as_of: date | None
) -> tuple[tuple[Asset, ...], list[list[float | None]]]:
    """Assets in order and the correlation of each pair: of the stored matrix, or by the workbook's rules.

    None where the rule knows no correlation. Raises ReferenceDataError for an unknown id, CLO-4091 without a matrix,
    CLO-4093 without rules, CLO-4092 for an asset that is not in the matrix.
    """
    universe = assets_of(views, "", as_of)
    assets = tuple(universe.asset(name) for name in ids)
    if source == "system":
        return assets, _rules(universe.source.book).matrix(assets)
    stored = views.correlation(universe.source.source_file_id)
    if stored is None:
        raise no_matrix(as_of)
    place = views.kept(
        "correlation places",
        universe.source.source_file_id,
        deal=None,
        load=lambda: {name: i for i, name in reversed(list(enumerate(stored.ids)))},
    )
    rows = [_place(place, asset.blkrock_id) for asset in assets]
    return assets, _part(stored, rows)


def _part(stored: Correlation, rows: Sequence[int]) -> list[list[float | None]]:
    return [[float(stored.matrix[i, j]) for j in rows] for i in rows]


def _place(place: dict[str, int], name: str) -> int:
    if name not in place:
        raise not_in_matrix(name, place)
    return place[name]


def _rules(book: WorkbookSnapshot) -> CorrelationRules:
    """The rules of the first three rows: same issuer, same industry, any other (spec 06 §5.5)."""
    rows = [Relationship(row.correlation, row.reduction_per_notch) for row in book.correlation_rules]
    if len(rows) < _N_RULES:
        raise _missing("CLO-4093", "complete set of correlation rules", book)
    return CorrelationRules(*rows[:_N_RULES])


def _missing(number: str, what: str, book: WorkbookSnapshot) -> ReferenceDataError:
    return ReferenceDataError(
        number,
        f"The workbook {book.source_file.name} has no {what}",
        remedy="Import a workbook that has one, or choose another source.",
    )
