"""The integer codes that kernels see: positions in the enums of `enums`, named (spec 07 §22)."""

EQUITY, DIVIDEND, FUNDING, MOMENT, FIXED, BORROW = 0, 1, 2, 3, 4, 5
"""Kinds of flows: which subject values them."""

BY_THE_DAY = (FUNDING, BORROW)
"""Kinds that accrue over [start, end), each day to its end; others are marked at the close of the day."""

OK, MISSING_PRICE, MISSING_FX, MISSING_RATE, INCOMPLETE, ESTIMATED = 0, 1, 2, 3, 4, 5
"""How a value came about. The first and the last have one; ESTIMATED carries a last known fixing forward or uses a date
that is not confirmed."""

RESET, FIXED_NOTIONAL, CUMULATIVE = 0, 1, 2
"""Notional modes, positions in NotionalMode."""

NO_FX, COMPOSITE, QUANTO, CROSS_CURRENCY = 0, 1, 2, 3
"""How the underlier's currency meets the settlement currency."""

PRICE_PART, DIVIDEND_PART, INTEREST_PART, FX_PART, OTHER_PART = 0, 1, 2, 3, 4
N_PARTS = 5
"""The components of a value (spec 07 §16.2), in the order of the columns of the P&L table."""
