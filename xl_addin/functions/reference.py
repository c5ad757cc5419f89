"""Reference data of the imported workbook in cells: vectors, fixings, holidays, saved results (spec 06 §11.1)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated

from engine.closest import did_you_mean
from engine.conventions.days import to_dates
from engine.desk.reading import market_data
from engine.snapshot import LegacyResult
from xl_addin.functions.days import CalendarName
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import unavailable
from xl_addin.registry.kinds import NAME

CATEGORY = "CLO Data"


@udf("CLO_CF_VECTOR", category=CATEGORY, cost="data", depends=("universe",), examples=['=CLO_CF_VECTOR("QTR_CPR_1")'])
def clo_cf_vector(
    vector_name: Annotated[str, NAME, "Name of a cash-flow vector of the Reference Table."], *, ctx: CallContext
) -> list[float]:
    """Column of a cash-flow vector: annual rate of each interest period, decimal."""
    return list(market_data.vector(ctx.views, vector_name))


@udf(
    "CLO_FIXING",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=["=CLO_FIXING(3,DATE(2014,12,16))"],
)
def clo_fixing(
    tenor_months: Annotated[int, "Tenor of the index in months."],
    on_date: Annotated[date, "Day of the fixing; there is no other day's rate in its place."],
    index_name: Annotated[str, NAME, "Index; LIBOR by default."] = "LIBOR",
    *,
    ctx: CallContext,
) -> float:
    """Fixing of an index on a day, decimal a year."""
    return market_data.fixing(ctx.views, tenor_months, on_date, index_name)


@udf("CLO_HOLIDAYS", category=CATEGORY, cost="data", depends=("universe",), examples=['=CLO_HOLIDAYS(,,"US")'])
def clo_holidays(
    from_date: Annotated[date | None, "First day; the first holiday known by default."] = None,
    to_date: Annotated[date | None, "Last day; the last holiday known by default."] = None,
    calendar: CalendarName = "",
    *,
    ctx: CallContext,
) -> list[date]:
    """Column of the holidays of a calendar between two days, weekends left out."""
    days = to_dates(market_data.named_calendar(ctx.views, calendar).holidays)
    return [on for on in days if (from_date is None or on >= from_date) and (to_date is None or on <= to_date)]


@udf(
    "CLO_LEGACY_RESULT",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_LEGACY_RESULT("Deal Assets-Mag 16","Deal Assets","BRSYGJK13","Par")'],
)
def clo_legacy_result(
    sheet: Annotated[str, NAME, "Output sheet of the legacy workbook, such as HYPO-Mag 17-Output."],
    block: Annotated[str, NAME, "Block of the sheet."],
    row_key: Annotated[str, NAME, "First cell of the row."],
    column: Annotated[str, NAME, "Header of the column."],
    source_file: Annotated[str, NAME, "File name of the imported workbook; the newest by default."] = "",
    *,
    ctx: CallContext,
) -> float | str:
    """Value that the legacy model saved on an output sheet, as it stands there, for reconciliation."""
    source = ctx.views.book_named(source_file) if source_file else ctx.views.newest_book()
    key = tuple(part.strip().casefold() for part in (sheet, block, row_key, column))
    found = source.legacy_results.get(key)
    if found is None:
        raise unavailable(
            "CLO-2169",
            f"The workbook {source.book.source_file.name} saved no such result",
            where=f"{sheet[:40]}, {block[:40]}, {row_key[:40]}, {column[:40]}",
            remedy=_nearest(source.legacy_results, key),
        )
    return found.text if found.number is None else found.number


def _nearest(results: Mapping[tuple[str, ...], LegacyResult], key: tuple[str, ...]) -> str:
    """Which part of a key does not fit, and what there is instead."""
    if not results:
        return "It was imported without output sheets."
    for n, part in enumerate(key):
        known = {row_key[n]: (row.sheet, row.block, row.row_key, row.column)[n] for row_key, row in results.items()}
        if part not in known:
            return did_you_mean(part, known.values(), f"There are: {', '.join(list(known.values())[:5])}.")
        results = {row_key: row for row_key, row in results.items() if row_key[n] == part}
    return "Check the names."
