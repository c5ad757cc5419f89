"""Dividends per unit, and which dividend belongs to which holding, on flat arrays (spec 07 §8, §9).

Dividends lie by instrument: those of instrument i are rows first[i] up to first[i + 1]. Days that are not known are
NO_DAY.
"""

from math import isnan
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.numerics import kernel
from engine.payouts.codes import DIVIDEND_PART, ESTIMATED, FX_PART, MISSING_FX, N_PARTS, OK
from engine.payouts.kernels_dates import NO_DAY, GoodDays, add_good_days

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Records = npt.NDArray[np.void]

ESTIMATED_PAY_DELAY = 30
"""Calendar days from the ex-date to the pay date where it is not known."""

# Positions in DividendType.
_ORDINARY, _STOCK = 0, 2

EX_DAY, RECORD_DAY, PAY_DAY = 0, 1, 2
"""Which day of a dividend a rule looks at."""

NO_PAIR, UNKNOWN_PAIR = -1, -2
"""In place of a currency pair: none is needed; the book does not know the one that is."""


class DividendArrays(NamedTuple):
    """All dividends of a market.

    first : (I + 1,) int64; ex_day, record_day, pay_day : (E,) int64; kind : (E,) int64, position in DividendType
    amount, non_cash : (E,) float64, cash and cash equivalent of the non-cash part per unit, NaN where there is none
    is_convertible : (E,) uint8, 1 where the dividend is in the currency in which the instrument is priced
    """

    first: Ints
    ex_day: Ints
    record_day: Ints
    pay_day: Ints
    kind: Ints
    amount: Floats
    non_cash: Floats
    is_convertible: npt.NDArray[np.uint8]


@kernel
def passed_amount(
    kind: int, amount: float, non_cash: float, cash_ratio: float, non_cash_ratio: float, passes_special: int
) -> float:
    """What is passed on of a dividend per unit (spec 07 §9.2); NaN where nothing is: not announced, or not passed on.

    A stock dividend is its cash equivalent; a non-cash part adds to cash. Special dividends and returns of capital pass
    only where agreed.
    """
    if kind == _STOCK:
        return non_cash * non_cash_ratio if non_cash_ratio > 0.0 else np.nan
    if kind != _ORDINARY and passes_special == 0:
        return np.nan
    if non_cash_ratio > 0.0 and not isnan(non_cash):
        return amount * cash_ratio + non_cash * non_cash_ratio
    return amount * cash_ratio


@kernel
def known_day(dividends: DividendArrays, row: int, which: int) -> tuple[int, int]:
    """A day of a dividend and whether it is known (OK) or counted from the ex-date (ESTIMATED).

    An unknown record day is taken as the ex-date, an unknown pay day as 30 days after it.
    """
    ex_day = dividends.ex_day[row]
    if which == RECORD_DAY:
        day = dividends.record_day[row]
        return (ex_day, ESTIMATED) if day == NO_DAY else (day, OK)
    if which == PAY_DAY:
        day = dividends.pay_day[row]
        return (ex_day + ESTIMATED_PAY_DELAY, ESTIMATED) if day == NO_DAY else (day, OK)
    return ex_day, OK


class Matches(NamedTuple):
    """Dividends to which holdings are entitled, (M,) each, in the order of the holdings.

    holding, dividend, window : int64 rows; units : float64 on the ex-date; amount : float64 passed on per unit
    base_day : int64, the day of the dividend from which its payment counts; fx_day : int64, that of its FX
    status : int8, ESTIMATED where an unconfirmed dividend or a day counted from the ex-date is in it
    """

    holding: Ints
    dividend: Ints
    window: Ints
    units: Floats
    amount: Floats
    base_day: Ints
    fx_day: Ints
    status: npt.NDArray[np.int8]


@kernel
def window_of(windows: Records, first: int, last: int, day: int) -> int:
    """The row of windows[first:last] that holds `day`, -1 where none does."""
    for w in range(first, last):
        if windows[w]["first_day"] <= day <= windows[w]["last_day"]:
            return w
    return -1


@kernel
def is_entitled(holding: np.void, dividends: DividendArrays, row: int) -> bool:
    """Whether a holding was there at the close before the ex-date, or at that of the record date (spec 07 §9.1)."""
    after, to = holding["after_day"], holding["to_day"]
    if holding["is_on_record"] == 1 and dividends.record_day[row] != NO_DAY:
        return bool(after <= dividends.record_day[row] < to)
    return bool(after < dividends.ex_day[row] <= to)


@kernel
def match_dividends(
    holdings: Records,
    windows: Records,
    dividends: DividendArrays,
    is_confirmed: npt.NDArray[np.uint8],
    factors: Floats,
    first_day: int,
) -> Matches:
    """All dividends of holdings, one row each; holdings and windows are rows of `engine.payouts.book.dividend_rows`.

    is_confirmed : (E,) uint8; factors : (I, D) adjustment factors by day from first_day
    """
    n = 0
    for h in range(holdings.shape[0]):
        i = holdings[h]["instrument"]
        n += dividends.first[i + 1] - dividends.first[i]
    found = Matches(
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.float64),
        np.empty(n, np.float64),
        np.empty(n, np.int64),
        np.empty(n, np.int64),
        np.empty(n, np.int8),
    )
    m = 0
    last = factors.shape[1] - 1
    for h in range(holdings.shape[0]):
        holding = holdings[h]
        i = holding["instrument"]
        for row in range(dividends.first[i], dividends.first[i + 1]):
            amount = passed_amount(
                dividends.kind[row],
                dividends.amount[row],
                dividends.non_cash[row],
                holding["cash_ratio"],
                holding["non_cash_ratio"],
                holding["passes_special"],
            )
            if isnan(amount) or not is_entitled(holding, dividends, row):
                continue
            counted, counted_status = known_day(dividends, row, holding["amount_day"])
            window = window_of(windows, holding["window_first"], holding["window_last"], counted)
            if window < 0:
                continue
            base, base_status = known_day(dividends, row, holding["payment_base"])
            fx_day, fx_status = known_day(dividends, row, PAY_DAY if holding["is_fx_on_pay_day"] else EX_DAY)
            unknown_record = holding["is_on_record"] == 1 and dividends.record_day[row] == NO_DAY
            is_sure = counted_status == OK and base_status == OK and fx_status == OK and not unknown_record
            basis = factors[i, min(max(holding["basis_day"] - first_day, 0), last)]
            on_ex_day = factors[i, min(max(dividends.ex_day[row] - first_day, 0), last)]
            found.holding[m], found.dividend[m], found.window[m] = h, row, window
            found.units[m], found.amount[m] = holding["quantity"] * basis / on_ex_day, amount
            found.base_day[m], found.fx_day[m] = base, fx_day
            found.status[m] = OK if is_sure and is_confirmed[row] == 1 else ESTIMATED
            m += 1
    return Matches(
        found.holding[:m],
        found.dividend[:m],
        found.window[:m],
        found.units[:m],
        found.amount[:m],
        found.base_day[:m],
        found.fx_day[:m],
        found.status[:m],
    )


@kernel
def shifted(days: Ints, offsets: Ints, calendar: GoodDays) -> Ints:
    """Each day made good FOLLOWING, or the offset-th good day after it; NO_DAY outside the calendar."""
    moved = np.empty_like(days)
    for i in range(days.shape[0]):
        moved[i] = add_good_days(days[i], offsets[i], calendar)
    return moved


@kernel
def next_listed(days: Ints, lists_first: Ints, lists_last: Ints, is_inclusive: Ints, listed: Ints) -> Ints:
    """For each day the first of its own list listed[first:last] after it (or on it, where inclusive), else NO_DAY."""
    found = np.full_like(days, NO_DAY)
    for i in range(days.shape[0]):
        for k in range(lists_first[i], lists_last[i]):
            if listed[k] > days[i] or (is_inclusive[i] == 1 and listed[k] == days[i]):
                found[i] = listed[k]
                break
    return found


@kernel
def value_dividend_flows(
    rows: Records,
    signs: Ints,
    fx: Floats,
    first_day: int,
    day: int,
    active: npt.NDArray[np.uint8],
    parts: Floats,
    rate_or_price: Floats,
    status: npt.NDArray[np.int8],
    missing_row: Ints,
    missing_day: Ints,
) -> None:
    """Value every active dividend flow at the close of `day`: all of it from the ex-date on (spec 07 §9.2, §16.2).

    rows : of `engine.payouts.book.dividend_rows.DIVIDENDS`; signs (F,) of the flows; fx (P, D). parts (5, F),
    rate_or_price, status, missing_row and missing_day (F,) are written for the flows of `rows` alone. The dividend
    component is at the FX of the ex-date. Where FX is that of the pay date, the fx component follows it until then,
    ESTIMATED; an amount that is fixed at the ex-date bears no FX any more.
    """
    for r in range(rows.shape[0]):
        row = rows[r]
        flow = row["flow"]
        if active[flow] == 0 or day < row["ex_day"]:
            continue
        due = row["units"] * row["amount"] * signs[flow]
        rate_or_price[flow] = row["gross"]
        status[flow] = row["status"]
        if row["pair"] == NO_PAIR or not isnan(row["fixed_rate"]):
            parts[DIVIDEND_PART, flow] = due if row["pair"] == NO_PAIR else due * row["fixed_rate"]
            continue
        is_fixed = row["fixed_day"] != NO_DAY
        now = row["fixed_day"] if is_fixed else min(day, row["fx_day"])
        at_start = row["fixed_day"] if is_fixed else row["ex_day"]
        fx_start = _fx(fx, row["pair"], at_start, first_day)
        fx_now = _fx(fx, row["pair"], now, first_day)
        if isnan(fx_start) or isnan(fx_now):
            for p in range(N_PARTS):
                parts[p, flow] = np.nan
            status[flow], missing_row[flow] = MISSING_FX, row["pair"]
            missing_day[flow] = at_start if isnan(fx_start) else now
            continue
        if not is_fixed and day < row["fx_day"]:
            status[flow] = ESTIMATED
        parts[DIVIDEND_PART, flow] = due * fx_start
        parts[FX_PART, flow] = due * (fx_now - fx_start)


@kernel
def _fx(fx: Floats, pair: int, day: int, first_day: int) -> float:
    """A positive rate of a day exactly, else NaN; so for a pair that the book does not know."""
    column = day - first_day
    if pair < 0 or column < 0 or column >= fx.shape[1]:
        return np.nan
    rate = fx[pair, column]
    return rate if rate > 0.0 else np.nan
