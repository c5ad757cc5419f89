"""The tables of ours that the templates show: function, its columns in order, how each is labelled and looks.

A test compares the columns with what the functions return.
"""

from dataclasses import dataclass

from workbooks.templates.looks import (
    AMOUNT,
    DATE,
    FLAG,
    MIXED,
    MONEY,
    NUMBER,
    PERCENT,
    PRICE,
    RATE,
    SHARE_OR_AMOUNT,
    TEXT,
    WHOLE,
    YEARS,
    Look,
    value,
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name in the contract, label on the sheet, look of its cells."""

    name: str
    label: str
    look: Look


@dataclass(frozen=True, slots=True)
class Spilled:
    """A table function and its columns."""

    function: str
    columns: tuple[Column, ...]

    def offset(self, name: str) -> int:
        """Place of a column, counted from 0."""
        return next(place for place, column in enumerate(self.columns) if column.name == name)


def _columns(*columns: tuple[str, str, str]) -> tuple[Column, ...]:
    """Columns from name, label and number format; no format is a text."""
    return tuple(Column(name, label, value(form) if form else TEXT) for name, label, form in columns)


TRANCHES = Spilled(
    "CLO_TRANCHES",
    _columns(
        ("order", "No.", WHOLE),
        ("class_name", "Class", ""),
        ("original_balance", "Original balance", AMOUNT),
        ("current_balance", "Current balance", AMOUNT),
        ("deferred_balance", "Deferred balance", AMOUNT),
        ("price", "Price", PRICE),
        ("coupon_type", "Coupon", ""),
        ("spread", "Spread", RATE),
        ("discount_margin", "Discount margin", RATE),
        ("day_count", "Day count", ""),
        ("deferrable", "Deferrable", FLAG),
        ("oc_trigger", "OC trigger", PERCENT),
        ("ic_trigger", "IC trigger", PERCENT),
        ("is_equity", "Equity", FLAG),
    ),
)
ACCOUNTS = Spilled(
    "CLO_ACCOUNTS",
    _columns(
        ("account_number", "No.", WHOLE),
        ("account_name", "Account", ""),
        ("interest", "Interest cash", MONEY),
        ("principal", "Principal cash", MONEY),
    ),
)
FEES = Spilled(
    "CLO_FEES",
    _columns(
        ("fee_name", "Fee", ""),
        ("fee_type", "Basis", ""),
        ("unpaid_balance", "Unpaid", MONEY),
        ("fixed_amount", "Fixed amount", MONEY),
        ("day_count", "Day count", ""),
        ("percentage", "Rate", RATE),
        ("interest_on_unpaid", "On unpaid", FLAG),
        ("interest_spread", "Its spread", RATE),
    ),
)
PAYMENT_DATES = Spilled(
    "CLO_PAYMENT_DATES",
    _columns(
        ("period", "Period", WHOLE),
        ("payment_date", "Paid on", DATE),
        ("interest_determination_date", "Rate fixed on", DATE),
        ("collection_begin", "Collected from", DATE),
        ("collection_end", "to", DATE),
    ),
)
COMPLIANCE = Spilled(
    "CLO_COMPLIANCE",
    _columns(
        ("test_number", "No.", WHOLE),
        ("test_name", "Test", ""),
        ("direction", "Limit is", ""),
        ("numerator", "Numerator", AMOUNT),
        ("denominator", "Denominator", AMOUNT),
        ("result", "Result", MIXED),
        ("threshold", "Limit", MIXED),
        ("cushion", "Cushion", SHARE_OR_AMOUNT),
        ("pass", "Passes", FLAG),
        ("maintained", "Maintained", FLAG),
        ("comment", "Comment", ""),
    ),
)
ASSETS = Spilled(
    "CLO_ASSETS",
    _columns(
        ("blkrock_id", "Asset", ""),
        ("issue_name", "Issue", ""),
        ("par", "Par", AMOUNT),
        ("market_value", "Market value", NUMBER),
        ("mdy_rating", "Moody's", ""),
        ("sp_rating", "S&P", ""),
        ("coupon", "Coupon", RATE),
        ("spread", "Spread", RATE),
        ("libor_floor", "Floor", RATE),
        ("wal", "WAL", YEARS),
        ("mdy_recovery_rate", "Recovery rate", PERCENT),
        ("analyst_opinion", "Opinion", ""),
    ),
)
TRIGGERS = Spilled(
    "CLO_TRIGGERS",
    _columns(
        ("period", "Period", WHOLE),
        ("test_name", "Test", ""),
        ("kind", "Kind", ""),
        ("numerator", "Numerator", AMOUNT),
        ("denominator", "Denominator", AMOUNT),
        ("result", "Result", PERCENT),
        ("threshold", "Trigger", PERCENT),
        ("pass", "Passes", FLAG),
        ("cure_interest", "Cure, interest", AMOUNT),
        ("cure_principal", "Cure, principal", AMOUNT),
    ),
)
TRANCHE_CASHFLOW = Spilled(
    "CLO_TRANCHE_CASHFLOW",
    _columns(
        ("period", "Period", WHOLE),
        ("payment_date", "Payment date", DATE),
        ("coupon", "Coupon", RATE),
        ("beg_balance", "Balance, begin", AMOUNT),
        ("interest_accrued", "Interest accrued", AMOUNT),
        ("interest_paid", "Interest paid", AMOUNT),
        ("principal_paid", "Principal paid", AMOUNT),
        ("end_balance", "Balance, end", AMOUNT),
        ("deferred_begin", "Deferred, begin", AMOUNT),
        ("deferred_accrued", "Deferred accrued", AMOUNT),
        ("deferred_interest_paid", "Interest on deferred", AMOUNT),
        ("deferred_principal_paid", "Deferred paid", AMOUNT),
        ("deferred_end", "Deferred, end", AMOUNT),
    ),
)
HYPO = Spilled(
    "CLO_HYPO",
    _columns(
        ("test_number", "No.", WHOLE),
        ("test_name", "Test", ""),
        ("threshold_before", "Limit before", MIXED),
        ("threshold_after", "Limit after", MIXED),
        ("before", "Before", MIXED),
        ("before_pass", "Passes before", FLAG),
        ("after", "After", MIXED),
        ("after_pass", "Passes after", FLAG),
        ("difference", "Difference", MIXED),
        ("comment", "Comment", ""),
    ),
)
WATERFALL_TEXT = Spilled("CLO_WATERFALL_TEXT", _columns(("line", "Line", WHOLE), ("text", "Stored program", "")))
WATERFALL_PROBLEMS = Spilled(
    "CLO_WATERFALL_PROBLEMS", _columns(("line", "Line", WHOLE), ("problem", "Problem", ""), ("remedy", "Remedy", ""))
)
ALL = (TRANCHES, ACCOUNTS, FEES, PAYMENT_DATES, COMPLIANCE, ASSETS, TRIGGERS, TRANCHE_CASHFLOW, HYPO, WATERFALL_TEXT,
       WATERFALL_PROBLEMS)  # fmt: skip
