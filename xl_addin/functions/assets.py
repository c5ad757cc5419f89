"""Assets in cells: fields of one, lists of many, sink schedules, filters (spec 06 §11.1)."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from engine.collateral.filters.formatting import format_filter
from engine.desk.reading.asset_filters import expression_of
from engine.desk.reading.asset_lists import ALL_FIELDS, AssetList, assets_of, field_named
from engine.desk.reading.sinks import sink_schedule
from xl_addin.registry.arguments import AsOf, AssetId, DealOrUniverse, Filter, Rows
from xl_addin.registry.batches import each, once
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import wrong
from xl_addin.registry.fields import ALL, Fields, one_or_row
from xl_addin.registry.kinds import TEXT_OR_ROWS
from xl_addin.registry.results import Table

CATEGORY = "CLO Data"

_DEFAULT_COLUMNS = (
    "blkrock_id",
    "issue_name",
    "par",
    "market_value",
    "mdy_rating",
    "sp_rating",
    "coupon",
    "spread",
    "libor_floor",
    "wal",
    "mdy_recovery_rate",
    "analyst_opinion",
)


def _asset_cells(calls: Sequence[tuple[Any, ...]], ctx: CallContext) -> list[Any]:
    views = ctx.views
    held = once(lambda deal, as_of: assets_of(views, deal, as_of))
    named = once(_named)

    def answer(deal: str, blkrock_id: str, field: tuple[str, ...], as_of: date | None) -> Any:
        return _asset_cell(held(deal, as_of), blkrock_id, field, named(field))

    return each(calls, answer)


def _named(field: tuple[str, ...]) -> tuple[str, ...]:
    return ALL_FIELDS if field in ((), ALL) else tuple(field_named(name) for name in field)


def _asset_cell(held: AssetList, blkrock_id: str, field: tuple[str, ...], names: tuple[str, ...]) -> Any:
    asset = held.asset(blkrock_id)
    if not field:
        return Table(("field", "value"), [(name, held.value(asset, name)) for name in names])
    return one_or_row(field, names, lambda name: held.value(asset, name))


@udf(
    "CLO_ASSET",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_ASSET("Demo 1","DMORKTBCX","sp_rating")', '=CLO_ASSET("","DMORKTBCX")'],
    batch=_asset_cells,
)
def clo_asset(
    deal: DealOrUniverse, blkrock_id: AssetId, field: Fields = (), as_of: AsOf = None, *, ctx: CallContext
) -> Any:
    """Field of an asset: par in currency, market value in points (100 = par), rates as decimals.

    Without a field a table of all. A field is named as in CLO_ASSETS or as a column of All Assets; par is that of the
    deal's position. Blank ratings are derived.
    """
    return _asset_cell(assets_of(ctx.views, deal, as_of), blkrock_id, field, _named(field))


@udf(
    "CLO_ASSETS",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_ASSETS("Demo 1")', '=CLO_ASSETS("","issue_name,sp_rating","Market Value < 90",20)'],
)
def clo_assets(
    deal: DealOrUniverse,
    fields: Annotated[Fields, 'Columns in a range or as "a,b", "*" for all; twelve usual ones by default.'] = (),
    filter: Filter = None,  # noqa: A002  (the name of the argument in every function)
    top_n: Annotated[int | None, "Most rows wanted; all by default and for 0."] = None,
    as_of: AsOf = None,
    *,
    ctx: CallContext,
) -> Table:
    """List of a deal's positions or of all assets: market value in points (100 = par), rates as decimals."""
    if top_n is not None and top_n < 0:
        raise wrong("CLO-2168", f"{top_n} rows are wanted", remedy="Give 1 or more, or leave top_n out.")
    columns = ALL_FIELDS if fields == ALL else fields or _DEFAULT_COLUMNS
    names = tuple(field_named(name) for name in columns)
    shown = tuple(map(_header, columns, names))
    held = assets_of(ctx.views, deal, as_of)
    ids = held.chosen(expression_of(filter, held.source.book))[: top_n or None]
    return Table(shown, [[held.value(held.asset(one), name) for name in names] for one in ids])


def _header(asked: str, name: str) -> str:
    """The header of a column: its field, or the short name by which it was asked for."""
    return "spread" if asked.casefold() == "spread" else name


@udf(
    "CLO_SINK_SCHEDULE",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_SINK_SCHEDULE("DMORKTBCX")'],
)
def clo_sink_schedule(blkrock_id: AssetId, as_of: AsOf = None, *, ctx: CallContext) -> Table:
    """List of an asset's scheduled repayments: date, amount in currency, fraction of what is then left to repay."""
    return Table(("date", "amount", "fraction"), sink_schedule(ctx.views, blkrock_id, as_of))


@udf(
    "CLO_FILTER_CHECK",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_FILTER_CHECK("S&P Rating <= B+ and Market Value < 90")'],
)
def clo_filter_check(
    filter: Annotated[  # noqa: A002  (the name of the argument in every function)
        str | Rows, TEXT_OR_ROWS, "Filter as text, as a range in the legacy layout, or @name."
    ],
    *,
    ctx: CallContext,
) -> str:
    """Filter in its full form, or the error that keeps it from being read."""
    is_plain = isinstance(filter, str) and not filter.startswith("@")
    book = None if is_plain else ctx.views.newest_book().book
    return format_filter(expression_of(filter, book))
