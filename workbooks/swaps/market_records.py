"""Market data of swaps as a file states them: instruments by any of their names, each row with its place.

Dividends and corporate actions are the engine's own records; their instruments are still what the file calls them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Generic, TypeVar

from engine.payouts.enums import ConfidenceLevel
from engine.snapshot import Finding, Severity

R = TypeVar("R")


class MarketKind(StrEnum):
    """What a sheet holds, by the sheet's name."""

    PRICES = "PRICES"
    FX = "FX"
    RATES = "RATES"
    DIVIDENDS = "DIVIDENDS"
    CORPORATE_ACTIONS = "CORPORATE_ACTIONS"
    IMPLIED = "IMPLIED"
    EXTERNAL = "EXTERNAL"
    HOLIDAYS = "HOLIDAYS"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """The close of an instrument, per unit in its currency."""

    instrument: str
    date: date
    price: float
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FxRow:
    """Units of currency2 per unit of currency1."""

    currency1: str
    currency2: str
    date: date
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """A published rate, decimal, or the level of a compounded index; tenor as 3M, empty for overnight rates."""

    index: str
    tenor: str = ""
    date: date
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpliedRow:
    """Implied volatility (correlation) of a leg to its end, decimal, and the discount factor to its payment."""

    contract: str
    leg: int
    date: date
    volatility: float
    discount_factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalRow:
    """What a leg is worth as somebody else states it, signed for the reporting party."""

    contract: str
    leg: int
    date: date
    value: float
    currency: str
    source: str
    confidence: ConfidenceLevel = ConfidenceLevel.MEDIUM


@dataclass(frozen=True, slots=True, kw_only=True)
class HolidayRow:
    """A day on which a business center is closed."""

    center: str
    date: date
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Placed(Generic[R]):
    """A record with its sheet and, by the header of each column, its cells."""

    record: R
    sheet: str
    cells: Mapping[str, str]


def has_errors(findings: tuple[Finding, ...] | list[Finding]) -> bool:
    """Whether any of them keeps the file out."""
    return any(finding.severity is Severity.ERROR for finding in findings)
