"""Assets as cells ask for them: those of a deal with their par, or the whole universe (spec 06 §11.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from engine.closest import did_you_mean
from engine.collateral.asset import ASSET_FIELDS, Asset
from engine.collateral.filters.fields import ANALYSTS_NAMES, FIELDS, field_of
from engine.collateral.filters.mask import AssetColumns, selected_ids
from engine.collateral.filters.syntax import EVERYTHING, Expression
from engine.desk.reading.views import BookView, Views
from engine.errors import InputError, ReferenceDataError

PAR = "par"
"""The position's par, beside the fields of the asset master."""

ALL_FIELDS: tuple[str, ...] = (*(item.name for item in ASSET_FIELDS), PAR)
_ALIASES = {"spread": "cpn_spread"}
_BY_HEADER = {item.label.casefold(): item.name for item in ASSET_FIELDS}


@dataclass(frozen=True)
class AssetList:
    """Assets with ratings derived where they are blank: the positions of a deal in their order, or the universe."""

    source: BookView
    par_by_id: Mapping[str, float] | None

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Ids in order; positions without an asset record are left out."""
        known = self.source.rated_by_id
        return tuple(known) if self.par_by_id is None else tuple(name for name in self.par_by_id if name in known)

    @cached_property
    def _columns(self) -> AssetColumns:
        return AssetColumns([self.source.rated_by_id[name] for name in self.ids])

    def asset(self, blkrock_id: str) -> Asset:
        """An asset of the universe by its id, in any case; ReferenceDataError CLO-4080 with the closest ids."""
        found = self.source.id_of(blkrock_id)
        if found is None:
            raise ReferenceDataError(
                "CLO-4080",
                f"There is no asset '{blkrock_id[:60]}'",
                remedy=did_you_mean(blkrock_id, self.source.asset_by_id, 'CLO_ASSETS("") lists them.'),
            )
        return self.source.rated_by_id[found]

    def value(self, asset: Asset, field: str) -> Any:
        """The value of a field by its own name; None for the par of an asset that is not held."""
        if field == PAR:
            return None if self.par_by_id is None else self.par_by_id.get(asset.blkrock_id)
        return getattr(asset, field)

    def chosen(self, expression: Expression) -> tuple[str, ...]:
        """Ids of the assets that meet a filter, in order."""
        return self.ids if expression == EVERYTHING else selected_ids(expression, self._columns)

    def par_of(self, ids: Sequence[str]) -> float:
        """Par of positions added up in their order, currency."""
        held = self.par_by_id or {}
        return float(sum(held.get(name, 0.0) for name in ids))


def assets_of(views: Views, deal: str, as_of: date | None) -> AssetList:
    """The positions of a deal at a date, or with a blank deal the assets of the newest workbook."""
    if not deal:
        source = views.newest_book(as_of)
        return views.kept("universe", source.source_file_id, deal=None, load=lambda: AssetList(source, None))
    view = views.deal(deal, as_of)
    return views.kept(
        "positions", view.deal.name, view.as_of, deal=deal, load=lambda: AssetList(view.source, view.par_by_id)
    )


def field_named(spelling: str) -> str:
    """A field by its own name, a workbook header or an analyst's name; InputError CLO-4082 for an unknown one."""
    folded = spelling.strip().casefold()
    if folded in _OWN_NAMES:
        return folded
    known = field_of(spelling)
    found = _ALIASES.get(folded) or _BY_HEADER.get(folded) or (known.name if known else None)
    if found is None:
        names = (*ALL_FIELDS, *_ALIASES, *_BY_HEADER, *ANALYSTS_NAMES)
        raise InputError(
            "CLO-4082",
            f"There is no asset field '{spelling[:60]}'",
            remedy=did_you_mean(spelling, names, "CLO_ASSET(deal, id) shows all fields."),
        )
    return found


_OWN_NAMES = frozenset((*FIELDS, PAR))
