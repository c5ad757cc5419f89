"""Market data and calendars of swaps into the store: files of fixings, packages of holidays (spec 07 §6.1, §7).

A file is stored whole or not at all. What a day has already is replaced by a revision; readers of an earlier time of
knowledge keep the old one.
"""

import importlib.metadata
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from db.payouts.fixings import FxFixing, PriceFixing, RateFixing
from db.payouts.instrument_names import InstrumentName, InstrumentNames
from db.payouts.market_events import ExternalValue, ImpliedInput
from db.payouts.work import PayoutWork
from db.store import Store, UnitOfWork
from engine.desk.records import Progress
from engine.payouts.dates.calendars import DEFAULT_CENTERS, CenterCalendars
from engine.payouts.dates.sources import KNOWN_CENTERS, center_holidays, exchange_sessions
from engine.snapshot import Finding
from workbooks.swaps.market_cells import Code
from workbooks.swaps.market_records import MarketKind, Placed, has_errors
from workbooks.swaps.market_sheets import FindingList, read_market

SOURCE = "file"
"""Under which fixings of a file are stored: the next file corrects them, feeds with a name of their own stay apart."""

EXCHANGES = (
    "XNYS", "XNAS", "XTSE", "XLON", "XPAR", "XAMS", "XBRU", "XFRA", "XMIL", "XMAD", "XSWX", "XSTO", "XOSL", "XCSE",
    "XTKS", "XHKG", "XKRX", "XASX", "XSES",
)  # fmt: skip
"""Exchanges whose sessions are loaded, by market identifier code."""

_EXCHANGE_PACKAGE = "exchange_calendars"
_INSTRUMENT_FIELDS = {"instrument": "instrument", "instrument_reference": "instrument", "child_reference": "child",
                      "successor_reference": "successor"}  # fmt: skip
"""Fields of records that name an instrument, and their columns."""

Rows = Mapping[MarketKind, Sequence[Placed[Any]]]


@dataclass(frozen=True, slots=True)
class KindCount:
    """Rows of a kind in the file, and how many of them were new or different."""

    kind: MarketKind
    n_rows: int
    n_changed: int


@dataclass(frozen=True, slots=True)
class MarketLoad:
    """What loading a file did, or with a dry run would do; with an error among the findings nothing is stored."""

    file: str
    counts: tuple[KindCount, ...]
    findings: tuple[Finding, ...]
    is_stored: bool

    @property
    def has_errors(self) -> bool:
        """Whether the file was kept out."""
        return has_errors(self.findings)


class _DryRunError(Exception):
    """Ends a transaction that is not to be kept."""


def load_market(store: Store, path: Path, *, dry_run: bool = False) -> MarketLoad:
    """Read a file of market data and store it, all or nothing.

    Raises WorkbookError CLO-2080 for a file that is no market data; what is wrong inside is findings with their cells.
    """
    sheets = read_market(path)
    with store.read() as work:
        rows, unknown = _resolved(InstrumentNames(work.driver), sheets.rows)
    findings = (*sheets.findings, *unknown)
    read = tuple(KindCount(kind, len(found), 0) for kind, found in sheets.rows.items())
    if has_errors(findings):
        return MarketLoad(path.name, read, findings, False)
    counts: list[KindCount] = []
    try:
        with store.begin() as unit:
            for kind, found in rows.items():
                counts.append(KindCount(kind, len(found), _STORES[kind](unit, [row.record for row in found])))
            if dry_run:
                raise _DryRunError
    except _DryRunError:
        return MarketLoad(path.name, tuple(counts), findings, False)
    return MarketLoad(path.name, tuple(counts), findings, True)


def _resolved(names: InstrumentNames, rows: Rows) -> tuple[Rows, tuple[Finding, ...]]:
    """The rows with instruments by their references; findings for what nobody knows."""
    spoken = {
        value
        for found in rows.values()
        for row in found
        for field in _INSTRUMENT_FIELDS
        if (value := getattr(row.record, field, None)) is not None
    }
    known = names.resolve(spoken)
    legs = names.legs({row.record.contract for kind in _OF_LEGS for row in rows.get(kind, ())})
    log = FindingList()
    resolved = {kind: [_with_references(row, known, log) for row in found] for kind, found in rows.items()}
    for kind in _OF_LEGS:
        for row in rows.get(kind, ()):
            if (row.record.contract, row.record.leg) not in legs:
                text = f"There is no leg {row.record.leg} of a swap {row.record.contract}"
                log.add(Code.LEG, row.sheet, row.cells["contract"], text, row.record.contract)
    _refuse_repeated(resolved.get(MarketKind.PRICES, ()), log)
    return resolved, log.findings


def _with_references(
    row: Placed[Any], known: Mapping[str, tuple[InstrumentName, ...]], log: FindingList
) -> Placed[Any]:
    changes = {}
    on = getattr(row.record, "date", None) or getattr(row.record, "ex_date", None) or date.max
    for field, header in _INSTRUMENT_FIELDS.items():
        name = getattr(row.record, field, None)
        if name is None:
            continue
        meant = {item.reference for item in known.get(name, ()) if item.is_valid(on)}
        if len(meant) == 1:
            changes[field] = meant.pop()
            continue
        text = f"{name!r} means several instruments: {', '.join(sorted(meant))}; write the reference of one of them"
        if not meant:
            text = f"No swap follows an instrument {name!r} on {on}; import the swaps first, or leave the row out"
        log.add(Code.INSTRUMENT, row.sheet, row.cells[header], text, name)
    return replace(row, record=replace(row.record, **changes)) if changes else row


def _refuse_repeated(prices: Sequence[Placed[Any]], log: FindingList) -> None:
    """Two prices of one instrument and day under two of its names."""
    seen: dict[tuple[str, date], str] = {}
    for row in prices:
        key = (row.record.instrument, row.record.date)
        where = row.cells["instrument"]
        if seen.setdefault(key, where) != where:
            text = f"The same instrument and date stand at {seen[key]} under another name"
            log.add(Code.DUPLICATE, row.sheet, where, text, row.record.instrument)


def _put_prices(unit: UnitOfWork, rows: Sequence[Any]) -> int:
    prices = [PriceFixing(row.instrument, row.date, row.price, row.currency) for row in rows]
    return unit.payouts.fixings.put_prices(prices, SOURCE)


def _put_fx(unit: UnitOfWork, rows: Sequence[Any]) -> int:
    return unit.payouts.fixings.put_fx([FxFixing(r.currency1, r.currency2, r.date, r.rate) for r in rows], SOURCE)


def _put_rates(unit: UnitOfWork, rows: Sequence[Any]) -> int:
    return unit.payouts.fixings.put_rates([RateFixing(r.index, r.tenor, r.date, r.rate) for r in rows], SOURCE)


def _put_dividends(unit: UnitOfWork, rows: Sequence[Any]) -> int:
    return unit.payouts.market_events.put_dividends(rows)


def _put_corporate_actions(unit: UnitOfWork, rows: Sequence[Any]) -> int:
    return unit.payouts.market_events.put_corporate_actions(rows)


def _put_implied(unit: UnitOfWork, rows: Sequence[Any]) -> int:
    inputs = [
        ImpliedInput(
            contract_reference=row.contract,
            leg_number=row.leg,
            input_date=row.date,
            implied_volatility=row.volatility,
            discount_factor=row.discount_factor,
        )
        for row in rows
    ]
    return unit.payouts.market_events.put_implied(inputs, SOURCE)


def _put_external(unit: UnitOfWork, rows: Sequence[Any]) -> int:
    values = [
        ExternalValue(
            contract_reference=row.contract,
            leg_number=row.leg,
            value_date=row.date,
            value=row.value,
            currency=row.currency,
            source=row.source,
            confidence=row.confidence,
        )
        for row in rows
    ]
    return unit.payouts.market_events.put_external(values)


def _put_holidays(unit: UnitOfWork, rows: Sequence[Any]) -> int:
    by_center: dict[str, list[tuple[date, str]]] = {}
    for row in rows:
        by_center.setdefault(row.center, []).append((row.date, row.name))
    return sum(
        unit.payouts.calendars.add(center, sorted(days), source=SOURCE, version=SOURCE)
        for center, days in by_center.items()
    )


_OF_LEGS = (MarketKind.IMPLIED, MarketKind.EXTERNAL)
_STORES: Mapping[MarketKind, Callable[[UnitOfWork, Sequence[Any]], int]] = {
    MarketKind.PRICES: _put_prices,
    MarketKind.FX: _put_fx,
    MarketKind.RATES: _put_rates,
    MarketKind.DIVIDENDS: _put_dividends,
    MarketKind.CORPORATE_ACTIONS: _put_corporate_actions,
    MarketKind.IMPLIED: _put_implied,
    MarketKind.EXTERNAL: _put_external,
    MarketKind.HOLIDAYS: _put_holidays,
}


@dataclass(frozen=True, slots=True)
class CalendarLoad:
    """Holidays by center and sessions by exchange, and what could not be loaded, in a sentence each."""

    days: Mapping[str, int]
    notes: tuple[str, ...]


def load_calendars(
    store: Store,
    first_year: int,
    last_year: int,
    *,
    exchanges: Sequence[str] = EXCHANGES,
    progress: Progress | None = None,
) -> CalendarLoad:
    """Load holidays of the known centers and sessions of exchanges for whole years, in place of those loaded before.

    Each keeps the version of the package that it came from. Without the package of the exchanges their sessions are
    left out with a note: swaps then count their days in business centers alone.
    """
    days: dict[str, int] = {}
    notes = []
    wanted: Sequence[str] = exchanges
    if importlib.util.find_spec(_EXCHANGE_PACKAGE) is None:
        wanted = ()
        notes.append("Sessions of exchanges were not loaded: run pip install 'clodesk[calendars]' and repeat.")
    total = len(KNOWN_CENTERS) + len(wanted)
    with store.begin() as unit:
        work = unit.payouts
        for code in KNOWN_CENTERS:
            _tell(progress, code, len(days), total)
            found = center_holidays(code, first_year, last_year)
            days[code] = work.calendars.put(code, found, source="holidays", version=_version("holidays"))
        for mic in wanted:
            _tell(progress, mic, len(days), total)
            days[mic] = _load_sessions(work, mic, first_year, last_year)
    return CalendarLoad(days, tuple(notes))


def _load_sessions(work: PayoutWork, mic: str, first_year: int, last_year: int) -> int:
    sessions = exchange_sessions(mic, date(first_year, 1, 1), date(last_year, 12, 31))
    if sessions:
        work.calendars.put_sessions(mic, [item.session_date for item in sessions], version=_version(_EXCHANGE_PACKAGE))
    return len(sessions)


def _version(package: str) -> str:
    return importlib.metadata.version(package)


def _tell(progress: Progress | None, code: str, n_done: int, total: int) -> None:
    if progress is not None:
        progress(f"Calendar {code}", n_done / total)


def business_days(store: Store, first: date, last: date, currency: str = "USD") -> tuple[date, ...]:
    """Good days of a currency's centers from first to last, both included, on the calendars that are loaded.

    A center that is not loaded counts as open on Monday to Friday.
    """
    with store.read() as work:
        calendars = CenterCalendars(work.payouts.calendars.calendars())
    joint = calendars.joint(code for code in DEFAULT_CENTERS.get(currency, ()) if code in calendars)
    every = (date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1))
    return tuple(on for on in every if joint.is_good(on))
