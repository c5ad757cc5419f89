"""Sink schedules of the newest workbook as cells show them (spec 06 §11.1)."""

from datetime import date

from engine.collateral.schedule import fractions_of_rest
from engine.desk.reading.asset_lists import assets_of
from engine.desk.reading.views import Views
from engine.errors import located


def sink_schedule(views: Views, blkrock_id: str, as_of: date | None) -> tuple[tuple[date, float, float], ...]:
    """Date, amount in currency and fraction of what is then left to repay, by date; nothing for a bullet.

    Raises as `AssetList.asset` does for an id that neither a schedule nor an asset has.
    """
    universe = assets_of(views, "", as_of)
    known = blkrock_id.strip().upper()
    amounts: dict[date, float] = {}
    for row in universe.source.book.sink_schedule:
        if row.blkrock_id.strip().upper() == known:
            amounts[row.on] = amounts.get(row.on, 0.0) + row.amount
    if not amounts:
        universe.asset(blkrock_id)
    ordered = dict(sorted(amounts.items()))
    with located(f"sink schedule of {known}"):
        fractions = fractions_of_rest(ordered)
    return tuple((on, amount, fractions[on]) for on, amount in ordered.items())
