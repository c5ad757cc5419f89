"""The cash flow of one asset as a person reads it: named columns by payment date (spec 01 §3.2, §3.10 to §3.12)."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.collateral import kernels
from engine.collateral.kernels import Floats
from engine.collateral.layout import PoolLayout
from engine.collateral.schedule import coupons
from engine.market.curve import IndexCurve


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowTotals:
    """Totals of a cash flow between two dates in currency.

    Cash by payment date; defaults by the begin of their accrual period, default_first_period with everything before
    the window as well (spec 01 §3.11).
    """

    interest: float
    scheduled: float
    unscheduled: float
    recoveries: float
    net_loss: float
    default: float
    default_first_period: float
    default_value: float

    @property
    def principal(self) -> float:
        """Scheduled and unscheduled principal and recoveries."""
        return self.scheduled + self.unscheduled + self.recoveries


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AssetCashflow:
    """Cash flow of an asset after the analysis date; R rows, none once it has matured.

    payment_date, accrual_begin: (R,) datetime64[D]. Other columns: (R,) currency. default_value is the market value of
    the period's defaults; default_balance and default_value_balance are what is in default after the row. coupon is
    the rate a year of each row, next_coupon the one after the last row.
    """

    payment_date: npt.NDArray[np.datetime64]
    accrual_begin: npt.NDArray[np.datetime64]
    balance_begin: Floats
    default: Floats
    default_value: Floats
    interest: Floats
    scheduled: Floats
    unscheduled: Floats
    recoveries: Floats
    net_loss: Floats
    total: Floats
    balance_end: Floats
    default_balance: Floats
    default_value_balance: Floats
    coupon: Floats
    next_coupon: float

    @classmethod
    def of_lane(
        cls, layout: PoolLayout, lane: int, curve: IndexCurve | None, flows: Floats, balances: Floats
    ) -> "AssetCashflow":
        """Rows of one lane of a projection with balances, up to the one after which nothing is left."""
        rows, place = layout.rows[lane], layout.plan.places[lane]
        begin = balances[kernels.BALANCE_BEGIN, place, lane]
        in_default = balances[kernels.DEFAULT_BALANCE, place, lane]
        opening = layout.grid.opening_default[lane]
        is_alive = (begin >= 1.0) | (np.concatenate(([opening], in_default[:-1])) >= 1.0)
        n = int(np.flatnonzero(is_alive)[-1]) + 1 if is_alive.any() else 0
        kept = place[:n]
        coupon = coupons(layout.holdings[lane], rows, curve, layout.quirks)
        return cls(
            payment_date=rows.payment[:n].view("datetime64[D]"),
            accrual_begin=rows.accrual_begin[:n].view("datetime64[D]"),
            balance_begin=begin[:n],
            default=flows[kernels.DEFAULT, kept, lane],
            default_value=flows[kernels.DEFAULT_VALUE, kept, lane],
            interest=flows[kernels.INTEREST, kept, lane],
            scheduled=flows[kernels.SCHEDULED, kept, lane],
            unscheduled=flows[kernels.UNSCHEDULED, kept, lane],
            recoveries=flows[kernels.RECOVERIES, kept, lane],
            net_loss=flows[kernels.NET_LOSS, kept, lane],
            total=balances[kernels.TOTAL, kept, lane],
            balance_end=balances[kernels.BALANCE_END, kept, lane],
            default_balance=in_default[:n],
            default_value_balance=balances[kernels.DEFAULT_VALUE_BALANCE, kept, lane],
            coupon=coupon[:n],
            next_coupon=float(coupon[n]),
        )

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return int(self.payment_date.shape[0])

    def totals(self, begin: date, end: date) -> WindowTotals:
        """Totals after `begin` up to and including `end`."""
        first, last = np.datetime64(begin, "D"), np.datetime64(end, "D")
        is_paid = (self.payment_date > first) & (self.payment_date <= last)
        defaults_up_to_end = self.accrual_begin <= last
        defaults = defaults_up_to_end & (self.accrual_begin > first)
        return WindowTotals(
            interest=float(self.interest[is_paid].sum()),
            scheduled=float(self.scheduled[is_paid].sum()),
            unscheduled=float(self.unscheduled[is_paid].sum()),
            recoveries=float(self.recoveries[is_paid].sum()),
            net_loss=float(self.net_loss[is_paid].sum()),
            default=float(self.default[defaults].sum()),
            default_first_period=float(self.default[defaults_up_to_end].sum()),
            default_value=float(self.default_value[defaults].sum()),
        )

    def balance_at(self, on: date) -> float:
        """Performing balance after the payments up to and including `on`, in currency."""
        day = np.datetime64(on, "D")
        if self.n_rows == 0 or day > self.payment_date[-1]:
            return 0.0
        row = int(np.searchsorted(self.payment_date, day))
        if self.payment_date[row] == day:
            return float(self.balance_begin[row] - self.default[row] - self.scheduled[row] - self.unscheduled[row])
        return float(self.balance_begin[row])

    def ended_at(self, end: date) -> "AssetCashflow":
        """The cash flow cut at a date: later rows remain only while at least one unit is in default (spec 01 §3.4)."""
        last = np.datetime64(end, "D")
        before = np.concatenate(([0.0], self.default_balance[:-1]))
        is_over = (self.payment_date > last) & (before < 1.0)
        if not is_over.any():
            return self
        return self._first(int(np.argmax(is_over)))

    def _first(self, n: int) -> "AssetCashflow":
        arrays = {item.name: getattr(self, item.name)[:n].copy() for item in fields(self) if item.name != "next_coupon"}
        if n and arrays["default_balance"][-1] > 0.0:
            arrays["net_loss"][-1] += arrays["default_balance"][-1]
            arrays["default_balance"][-1] = 0.0
            arrays["default_value_balance"][-1] = 0.0
        return replace(self, **arrays, next_coupon=float(self.coupon[n]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PaymentTotals:
    """Cash of several assets by payment date; columns (P,), currency (spec 01 §4.9)."""

    payment_date: npt.NDArray[np.datetime64]
    interest: Floats
    scheduled: Floats
    unscheduled: Floats
    recoveries: Floats
    net_loss: Floats
    total: Floats

    def totals(self, begin: date, end: date) -> WindowTotals:
        """Cash after `begin` up to and including `end`; there are no defaults here, they stay zero."""
        first, last = np.datetime64(begin, "D"), np.datetime64(end, "D")
        is_paid = (self.payment_date > first) & (self.payment_date <= last)
        return WindowTotals(
            interest=float(self.interest[is_paid].sum()),
            scheduled=float(self.scheduled[is_paid].sum()),
            unscheduled=float(self.unscheduled[is_paid].sum()),
            recoveries=float(self.recoveries[is_paid].sum()),
            net_loss=float(self.net_loss[is_paid].sum()),
            default=0.0,
            default_first_period=0.0,
            default_value=0.0,
        )


def by_payment_date(cashflows: Iterable[AssetCashflow]) -> PaymentTotals:
    """Add up cash flows by payment date, in their order."""
    listed = tuple(cashflows)
    dates = np.concatenate([item.payment_date for item in listed]) if listed else np.empty(0, dtype="datetime64[D]")
    payment_date, group = np.unique(dates, return_inverse=True)

    def added(name: str) -> Floats:
        values = np.concatenate([getattr(item, name) for item in listed]) if listed else np.empty(0)
        return np.bincount(group, weights=values, minlength=payment_date.shape[0]).astype(np.float64)

    return PaymentTotals(
        payment_date=payment_date,
        interest=added("interest"),
        scheduled=added("scheduled"),
        unscheduled=added("unscheduled"),
        recoveries=added("recoveries"),
        net_loss=added("net_loss"),
        total=added("total"),
    )
