"""How the columns of result tables are headed, shown and how wide they are, by their names in the catalogue."""

from collections.abc import Mapping

from engine.compliance.definition import Unit
from xl_addin.commands.patch import Style

_NAMES: Mapping[Style, str] = {
    Style.MONEY: """
        interest_proceeds principal_proceeds principal_payments reinvested beg_balance end_balance interest_accrued
        interest_paid principal_paid deferred_begin deferred_accrued deferred_interest_paid deferred_principal_paid
        deferred_end basis beg_unpaid accrued paid end_unpaid due remaining defaults mv_defaults interest
        scheduled_principal unscheduled_principal recoveries cash_total loss default_balance mv_default_balance
        numerator denominator cushion cure_interest cure_principal proceeds fee_paid total_interest total_principal
        performing_balance net_loss sold balance par_difference""",
    Style.AMOUNT: "par filled_par max_par original_balance current_balance deferred_balance largest_par",
    Style.PERCENT: """
        coupon spread libor_floor z_spread coupon_spread index_rate yield dm discount_margin irr mdy_recovery_rate
        curve_shift severity_shift""",
    Style.RATIO: "result_ratio use_of_limit use_before use_after share threshold_ratio lowest_cushion",
    Style.PRICE: "market_value price score delta_objective objective_function",
    Style.NUMBER: """
        wal macaulay modified objective weight contribution objective_before objective_after
        shadow_price gain cpr_multiplier cdr_multiplier""",
    Style.WHOLE: "test_number period failing tests positions run_id periods",
    Style.DATE: """
        payment_date interest_determination_date collection_begin collection_end accrual_begin accrual_end as_of
        maturity maturity_date closing_date snapshot_date""",
}
_STYLES = {name: style for style, names in _NAMES.items() for name in names.split()}
_WIDTHS: Mapping[Style, float] = {
    Style.MONEY: 16.0,
    Style.AMOUNT: 14.0,
    Style.PERCENT: 10.5,
    Style.RATIO: 10.5,
    Style.PRICE: 10.5,
    Style.NUMBER: 11.0,
    Style.WHOLE: 9.0,
    Style.DATE: 12.0,
}
_WIDE = {
    "test_name": 38.0,
    "trade": 38.0,
    "attribute": 38.0,
    "assumption": 38.0,
    "direction": 10.0,
    "pass": 9.0,
    "maintained": 11.0,
    "issue_name": 34.0,
    "comment": 30.0,
    "step": 52.0,
    "reason": 40.0,
    "text": 90.0,
    "where": 30.0,
}
_WORDS = {
    "mdy": "Moody's", "sp": "S&P", "wal": "WAL", "oc": "OC", "ic": "IC", "irr": "IRR", "dm": "DM", "mv": "MV",
    "libor": "LIBOR", "id": "ID", "blkrock": "BlackRock", "beg": "Begin",
}  # fmt: skip
STYLE_BY_UNIT: Mapping[Unit, Style] = {
    Unit.SHARE: Style.PERCENT,
    Unit.MONEY: Style.MONEY,
}
"""How a value of a test looks; a unit that is not named is a plain number."""


def heading(name: str) -> str:
    """The words of a column name: `blkrock_id` -> `BlackRock ID`."""
    words = [_WORDS.get(word, word) for word in name.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def style_of(name: str) -> Style:
    """How a column looks."""
    return _STYLES.get(name, Style.TEXT)


def width_of(name: str) -> float:
    """How wide a column is, in characters."""
    return _WIDE.get(name, _WIDTHS.get(style_of(name), max(14.0, len(heading(name)) * 1.0)))
