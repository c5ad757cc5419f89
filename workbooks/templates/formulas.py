"""Texts of formulas: calls of the add-in's functions by parameter name, and tables that fill a declared range.

This package may not see the catalogue; SIGNATURES repeats the parameters of the functions that the templates call, and
a test compares them.
"""

import re

from openpyxl.utils import get_column_letter

SIGNATURES: dict[str, tuple[str, ...]] = {
    "CLO_ACCOUNTS": ("deal", "as_of", "headers"),
    "CLO_ASSET": ("deal", "blkrock_id", "field", "as_of"),
    "CLO_ASSETS": ("deal", "fields", "filter", "top_n", "as_of", "headers"),
    "CLO_COMPLIANCE": ("deal", "as_of", "scenario", "mode", "headers"),
    "CLO_DEAL": ("deal", "field", "as_of"),
    "CLO_DEALS": ("headers",),
    "CLO_DEAL_CASH": ("deal", "account", "cash_type", "as_of"),
    "CLO_DEAL_PAR": ("deal", "filter", "as_of"),
    "CLO_FEES": ("deal", "as_of", "headers"),
    "CLO_HYPO": ("deal", "trades", "pool_mode", "as_of", "mode", "headers"),
    "CLO_HYPO_TRADES": ("deal", "trades", "as_of", "headers"),
    "CLO_OBJECTIVE": ("deal", "weights", "as_of", "mode"),
    "CLO_PAYMENT_DATES": ("deal", "from_date", "as_of", "mode", "headers"),
    "CLO_PING": (),
    "CLO_RUNS": ("deal", "kind", "top_n", "headers"),
    "CLO_TEST_RESULT": ("deal", "test", "field", "as_of", "scenario", "mode"),
    "CLO_TRANCHE": ("deal", "class_name", "field", "as_of"),
    "CLO_TRANCHES": ("deal", "as_of", "headers"),
    "CLO_TRANCHE_CASHFLOW": ("deal", "class_name", "as_of", "scenario", "mode", "headers"),
    "CLO_TRANCHE_METRIC": ("deal", "class_name", "metric", "input_value", "as_of", "scenario", "mode"),
    "CLO_TRANCHE_METRICS": ("deal", "as_of", "scenario", "mode", "headers"),
    "CLO_TRIGGERS": ("deal", "kind", "period", "as_of", "scenario", "mode", "headers"),
    "CLO_VERSION": ("headers",),
    "CLO_WATERFALL": ("deal", "block", "as_of", "scenario", "mode", "headers"),
    "CLO_WATERFALL_CHECK": ("program",),
    "CLO_WATERFALL_PROBLEMS": ("program", "headers"),
    "CLO_WATERFALL_TEXT": ("deal", "mode", "headers"),
}

BASIS = {"deal": "clo_deal", "as_of": "clo_asof", "scenario": "clo_scenario", "mode": "clo_mode"}
"""The named cells that stand for these parameters wherever a function has them."""

_IFNA = "_xlfn.IFNA"
"""IFNA is younger than the file format: Excel reads it under this name only."""

_SCALE = "(ROW(Lists!$A$1:$A${rows})<=ROWS({expression}))*COLUMN(Lists!$A$1:${last}$1)>0"
_FILLS = re.compile(r"=IFERROR\(IF\(.{0,200}?\(ROW\(Lists!\$A\$1:\$A\$\d+\)<=ROWS\(", re.DOTALL)


def call(function: str, **arguments: str) -> str:
    """A call of a function, its arguments by parameter name as formula text; deal, date, scenario and mode are those of
    the Control sheet unless given."""
    parameters = SIGNATURES[function]
    unknown = arguments.keys() - set(parameters)
    if unknown:
        raise ValueError(f"{function} has no parameter {', '.join(sorted(unknown))}")
    given = [arguments.get(name, BASIS.get(name, "")) for name in parameters]
    while given and not given[-1]:
        given.pop()
    return f"{function}({','.join(given)})"


def shown(expression: str, condition: str = 'clo_deal<>""', missing: str = '""') -> str:
    """A formula that stays empty until its condition holds, and where the value is not available.

    What is wrong, such as an unknown filter, shows as the error that it is.
    """
    return f'=IF({condition},{_IFNA}({expression},{missing}),"")'


def status(expression: str, text: str, condition: str = 'clo_deal<>""') -> str:
    """A formula that says a text where a table cannot be had, and nothing where it can."""
    return f'=IF({condition},IF(IFERROR(INDEX({expression},1,1),"")="",{quoted(text)},""),"")'


def filling(expression: str, n_rows: int, n_columns: int, condition: str = 'clo_deal<>""') -> str:
    """An array formula whose table fills a range of this size, empty texts beyond it.

    Without dynamic arrays a declared range shows #N/A where the table ends, and repeats a table of one row; the IF
    stretches the table to the range and says how many rows it has.
    What goes wrong leaves the range empty; `status` says so in one cell instead of in all of them.
    """
    scale = _SCALE.format(rows=n_rows, expression=expression, last=get_column_letter(n_columns))
    return f'=IFERROR(IF(({condition})*{scale},{expression},""),"")'


def column_of(expression: str, number: int) -> str:
    """One column of a table, counted from 1. For a table of one row Calc needs the row by its number."""
    return f"INDEX({expression},1*(ROWS({expression})=1),{number})"


def fills_its_range(formula: str) -> bool:
    """Whether a formula was made by `filling`."""
    return _FILLS.match(formula) is not None


def quoted(text: str) -> str:
    """A text as a formula writes it."""
    return '"' + text.replace('"', '""') + '"'
