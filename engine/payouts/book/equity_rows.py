"""How equity flows are laid out: a flow has segments, a segment has slices (spec 07 §8, §10, §11).

A segment is what one lot holds between two closes of one composition; a slice is one instrument of it. Segments of a
lot follow each other: amounts in units add up, returns on a notional multiply.
"""

from typing import Annotated, NamedTuple

from engine.payouts.book.tables import CurrencyRow, InstrumentRow, PairRow, table


class Equity(NamedTuple):
    """One equity flow: codes of its notional and FX mode, and its segments.

    in_price_currency: the notional of the lots is in the currency of the prices and is converted at the period start.
    """

    flow: Annotated[int, "flows"]
    mode: int
    fx_mode: int
    in_price_currency: int
    segment_first: Annotated[int, "equity_segments"]
    segment_last: Annotated[int, "equity_segments"]


class EquitySegment(NamedTuple):
    """What a lot holds from one close to another.

    is_first: the lot's first segment in the flow. counts: 0 where it only grows the notional of later ones.
    is_weighted: quantities are weights of the running notional. notional: of the lot, that of the trade. agreed_start,
    agreed_end: value in settlement currency agreed for the whole lot, NaN where closes count. FX is that of the FX
    days.
    """

    is_first: int
    counts: int
    is_weighted: int
    notional: float
    start_day: int
    end_day: int
    start_fx_day: int
    end_fx_day: int
    agreed_start: float
    agreed_end: float
    slice_first: Annotated[int, "equity_slices"]
    slice_last: Annotated[int, "equity_slices"]


class EquitySlice(NamedTuple):
    """One instrument of a segment, priced in currency.

    pair is NO_ROW where price and settlement currency are the same. quantity is on the basis of basis_day. start_price,
    end_price (on that basis too), start_fx, end_fx: agreed, NaN where closes count. fixed_rate, fixed_day: X for life,
    or the day that fixes it. is_taking_over: it has no start and holds from start_day itself; is_replaced: it has no
    end on end_day. Ratios above zero reinvest dividends after reinvest_after.
    """

    instrument: InstrumentRow
    currency: CurrencyRow
    pair: PairRow
    may_be_negative: int
    quantity: float
    basis_day: int
    start_day: int
    end_day: int
    is_taking_over: int
    is_replaced: int
    start_price: float
    end_price: float
    start_fx: float
    end_fx: float
    fixed_rate: float
    fixed_day: int
    cash_ratio: float
    non_cash_ratio: float
    passes_special: int
    at_pay_day: int
    reinvest_after: int


EQUITIES = table("equities", Equity)
SEGMENTS = table("equity_segments", EquitySegment)
SLICES = table("equity_slices", EquitySlice)
