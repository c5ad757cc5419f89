"""Market data of a book as dense arrays by day: prices, FX, rates, dividends, corporate actions (spec 07 §7).

Records are what the database holds; `MarketArrays` is what kernels read. A day without a fixing is NaN; nothing is
filled forward here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.payouts.enums import CorporateActionType, DividendStatus, DividendType, SpinOffMethod

Floats = npt.NDArray[np.float64]
Days = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class DividendEvent:
    """A dividend of an instrument; gross_amount per unit in `currency`, None where it is not announced yet."""

    instrument_reference: str
    ex_date: date
    currency: str
    gross_amount: float | None
    dividend_type: DividendType = DividendType.ORDINARY
    sequence: int = 1
    declared_date: date | None = None
    record_date: date | None = None
    pay_date: date | None = None
    cash_equivalent_amount: float | None = None
    status: DividendStatus = DividendStatus.CONFIRMED

    @property
    def reference(self) -> str:
        """What tells it from all others: instrument, ex-date, type and sequence."""
        return f"{self.instrument_reference}|{self.ex_date.isoformat()}|{self.dividend_type.value}|{self.sequence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CorporateAction:
    """A corporate action. adjustment_factor multiplies prices before the ex-date; units are divided by it (§19.3)."""

    instrument_reference: str
    action_type: CorporateActionType
    ex_date: date
    announcement_date: date | None = None
    record_date: date | None = None
    pay_date: date | None = None
    ratio_new: float | None = None
    ratio_old: float | None = None
    subscription_price: float | None = None
    child_reference: str | None = None
    child_ratio: float | None = None
    child_price: float | None = None
    cash_amount: float | None = None
    currency: str | None = None
    adjustment_factor: float | None = None
    method: SpinOffMethod | None = None
    successor_reference: str | None = None
    status: str = "CONFIRMED"


@dataclass(frozen=True, slots=True, eq=False)
class MarketArrays:
    """Everything that valuing a book reads, rows in the order of the book's names, columns days from `first_day`.

    prices: (I, D) closes as observed. factors: (I, D) product of the adjustment factors with an ex-date up to and
    including the day: prices[i, d] / factors[i, d] is on one basis over all days. fx: (P, D) units of the second
    currency of a pair per unit of the first; a pair of one currency with itself is 1 everywhere. rates: (R, D)
    decimals as published for the day. good: (C, D) 1 on good days of a calendar.

    Dividends lie by instrument: those of instrument i are dividend_first[i] up to dividend_first[i + 1], by ex-date.
    dividend_amount is gross per unit as announced (NaN: not announced), dividend_cash_equivalent its non-cash part.
    dividend_currency holds texts; dividend_reference names the event. Days that are not known are NO_DAY.
    """

    first_day: int
    prices: Floats
    factors: Floats
    fx: Floats
    rates: Floats
    good: Flags
    dividend_first: Days
    dividend_ex_day: Days
    dividend_record_day: Days
    dividend_pay_day: Days
    dividend_amount: Floats
    dividend_cash_equivalent: Floats
    dividend_type: npt.NDArray[np.int64]
    dividend_is_confirmed: Flags
    dividend_currency: tuple[str, ...] = ()
    dividend_reference: tuple[str, ...] = ()
    implied: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Implied volatility (correlation) to the end, decimal, and discount factor by `contract_reference/leg_number`."""

    @property
    def n_days(self) -> int:
        """Number of days covered."""
        return int(self.prices.shape[1])
