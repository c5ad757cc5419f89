"""Cross-record rules of what deals hold: positions, their assets and what a run needs of them (spec 01 §1.5)."""

from collections import Counter
from collections.abc import Iterator

from engine.snapshot import Place
from engine.validation.accepted_texts import CURRENCIES
from engine.validation.rules import Fault, Records, Rule, Scope, asset_fault

DAYS_A_YEAR = 365.25
WAL_TOLERANCE_YEARS = 0.1
"""Lives are given with two decimals and from another day than the analysis date."""


def unknown_assets(records: Records) -> Iterator[Fault]:
    """Positions and current trades whose id the asset master does not have."""
    known = {row.asset.blkrock_id for row in records.assets}
    spelling = {blkrock_id.casefold(): blkrock_id for blkrock_id in known}

    def check(blkrock_id: str, place: Place, what: str) -> Iterator[Fault]:
        if not blkrock_id or blkrock_id in known:
            return
        other = spelling.get(blkrock_id.casefold())
        remark = f"; it has {other}, which differs in case only" if other else ""
        text = f"{what} {blkrock_id} is not in All Assets{remark}"
        yield Fault(text=text, key=blkrock_id, place=place, found=blkrock_id)

    for deal in records.deals:
        for position in deal.positions:
            yield from check(position.blkrock_id, position.place, "position")
    for trade in records.trades:
        if trade.scope == "current":
            yield from check(trade.blkrock_id, trade.place, "asset of a trade")


def repeated_assets(records: Records) -> Iterator[Fault]:
    """Rows of the asset master whose id stands further up already."""
    seen: set[str] = set()
    for row in records.assets:
        if row.asset.blkrock_id in seen:
            yield asset_fault(row, "is repeated; its first row is kept", row.asset.blkrock_id)
        seen.add(row.asset.blkrock_id)


def repeated_positions(records: Records) -> Iterator[Fault]:
    """Positions of a deal whose id stands further up already."""
    for deal in records.deals:
        seen: set[str] = set()
        for position in deal.positions:
            if position.blkrock_id in seen:
                yield Fault(
                    text=f"position {position.blkrock_id} is repeated; its par is added",
                    key=f"{deal.name} {position.blkrock_id}",
                    place=position.place,
                    found=position.par,
                )
            seen.add(position.blkrock_id)


def unprojectable_assets(records: Records) -> Iterator[Fault]:
    """Held assets that lack what their cash flows are made of."""
    for row in records.held_once():
        asset = row.asset
        needed = {
            "Maturity": asset.maturity,
            "Payment Frequency": asset.payment_freq,
            "First Payment Date": asset.first_payment_date,
            "Dated Date": asset.dated_date or asset.issue_date,
            "Day Count": asset.day_count.strip() or None,
        }
        missing = [name for name, value in needed.items() if value is None]
        if missing:
            yield asset_fault(row, f"is held and has no {', '.join(missing)}")


def unpriced_assets(records: Records) -> Iterator[Fault]:
    """Held assets without market value."""
    for row in records.held_once():
        if not row.asset.market_value:
            yield asset_fault(row, "is held and has no Market Value", _shown(row.asset.market_value))


def matured_assets(records: Records) -> Iterator[Fault]:
    """Positions in assets that have matured."""
    for deal, row in records.held():
        maturity = row.asset.maturity
        if maturity is not None and maturity <= deal.analysis_date:
            yield asset_fault(row, f"is held by {deal.name} and matured by {deal.analysis_date}", maturity)


def overlong_lives(records: Records) -> Iterator[Fault]:
    """Average lives that go beyond maturity."""
    if records.as_of is None:
        return
    for row in records.assets:
        maturity, wal = row.asset.maturity, row.asset.wal
        if maturity is None or wal is None or maturity <= records.as_of:
            continue
        longest = (maturity - records.as_of).days / DAYS_A_YEAR
        if wal > longest + WAL_TOLERANCE_YEARS:
            yield asset_fault(row, f"WAL exceeds the {longest:.2f} years to maturity", wal)


def mixed_currencies(records: Records) -> Iterator[Fault]:
    """Deals that hold more than one currency."""
    currencies: dict[str, Counter[str]] = {}
    for deal, row in records.held():
        code = row.asset.currency.strip()
        if code in CURRENCIES:
            currencies.setdefault(deal.name, Counter())[code] += 1
    for deal in records.deals:
        found = currencies.get(deal.name, Counter())
        if len(found) > 1:
            told = ", ".join(f"{code} {count}" for code, count in found.most_common())
            place = deal.positions[0].place if deal.positions else None
            text = f"{deal.name} holds assets of several currencies, which are added up at par"
            yield Fault(text=text, key=deal.name, place=place, found=told)


def _shown(value: object) -> object:
    return "" if value is None else value


KNOWN_ASSETS = Rule(
    "W-ASSET",
    Scope.CROSS,
    "position",
    "Every position and every trade names an asset of the asset master.",
    "Add the asset to All Assets or correct the id; the deal does not run in standard mode until then.",
    "spec 06 §4.4; spec 01 LQ-05",
    unknown_assets,
)
HOLDING_RULES: tuple[Rule, ...] = (
    KNOWN_ASSETS,
    Rule(
        "W-DUPASSET",
        Scope.CROSS,
        "asset",
        "An id stands once in the asset master.",
        "Remove the row that is wrong.",
        "spec 06 §4.4; spec 01 LQ-04",
        repeated_assets,
    ),
    Rule(
        "W-DUPPOS",
        Scope.CROSS,
        "position",
        "A deal has one position in an asset.",
        "Put the par of both rows into one.",
        "spec 06 §4.4; spec 01 LQ-57",
        repeated_positions,
    ),
    Rule(
        "W-MISSING",
        Scope.CROSS,
        "asset",
        "A held asset has maturity, payment frequency, first payment date, dated or issue date and day count.",
        "Fill them in; the deal does not run in standard mode until then.",
        "spec 01 LQ-08, LQ-10",
        unprojectable_assets,
    ),
    Rule(
        "W-MARKET",
        Scope.CROSS,
        "asset",
        "A held asset has a market value.",
        "Give the price in percent of par; without one a default recovers nothing by price and sales have none.",
        "spec 01 LQ-03",
        unpriced_assets,
    ),
    Rule(
        "W-MATURED",
        Scope.CROSS,
        "asset",
        "A held asset matures after the analysis date.",
        "Take the position out, or correct the maturity; it pays nothing in a run.",
        "spec 01 §3, LQ-09",
        matured_assets,
    ),
    Rule(
        "W-WAL",
        Scope.CROSS,
        "asset",
        "An average life does not go beyond maturity.",
        "Correct the WAL, which is in years.",
        "spec 01 §1.1 row 40; spec 03 §7.11",
        overlong_lives,
    ),
    Rule(
        "W-FX",
        Scope.CROSS,
        "deal",
        "All assets of a deal are of one currency.",
        "There is no conversion: bring par to the currency of the deal, or keep such assets out.",
        "spec 01 §1.1 row 39 (no FX)",
        mixed_currencies,
    ),
)
