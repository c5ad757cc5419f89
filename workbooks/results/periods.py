"""The sheets by period: tranches, collateral, tests, fees and the waterfall trace."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine.deal.results import (
    FEE_COLUMNS,
    IC_COLUMNS,
    INCENTIVE_COLUMNS,
    OC_COLUMNS,
    POOL_COLUMNS,
    TRANCHE_COLUMNS,
    DealResult,
    Floats,
)
from workbooks.results.looks import Block, Column, Look, Page, days, numbers, verdicts, width_of
from workbooks.xlsx import Scalar

TITLE_ROWS = 2
BLOCK_GAP = 2
SECTION_TITLES = ("Interest proceeds", "Principal proceeds", "Note payments", "Event of default", "Predicates")
SHORT_HEADERS = {
    "is_passed": "Result",
    "irr": "IRR",
    "prior_cure": "Prior cure",
}
RATE_COLUMNS = frozenset({"coupon", "irr", "index_rate"})
PAID_COLUMNS = ("interest_paid", "principal_paid", "deferred_interest_paid", "deferred_principal_paid")
TOTAL_PAID = "Total paid"


class CoverageTable(NamedTuple):
    """Where one coverage test was written, with its ratios by period and its trigger."""

    label: str
    block: Block
    ratios: Floats
    trigger: float


def heading(name: str) -> str:
    """The words of a column name: `balance_begin` -> `Balance begin`."""
    return SHORT_HEADERS.get(name, name.replace("_", " ").capitalize())


def period_columns(result: DealResult) -> list[Column]:
    """Period number and payment date of every reported row."""
    count: list[Scalar] = list(range(1, len(result.dates.payment) + 1))
    return [Column("Period", Look.COUNT, count), Column("Payment date", Look.DATE, days(result.dates.payment))]


def _value_columns(names: Sequence[str], values: Floats) -> list[Column]:
    columns = []
    for position, name in enumerate(names):
        column = values[:, position]
        if name == "is_passed":
            columns.append(Column(heading(name), Look.VERDICT, verdicts(column)))
        else:
            look = Look.RATE if name in RATE_COLUMNS else Look.RATIO if name == "ratio" else Look.MONEY
            columns.append(Column(heading(name), look, numbers(column)))
    return columns


def _blocks(page: Page, title: str, blocks: Sequence[tuple[str, str, list[Column]]]) -> list[Block]:
    """Tables one below the other, each with its title and on a page of its own. blocks: title, table name, columns."""
    page.title(title)
    row, written, breaks = TITLE_ROWS, [], []
    for position, (name, table_name, columns) in enumerate(blocks):
        if position:
            breaks.append(row)
        page.text(row, 0, name, Look.BLOCK)
        written.append(page.table(row + 1, columns, name=table_name))
        row = written[-1].last_row + 1 + BLOCK_GAP
    page.sheet.freeze_panes(TITLE_ROWS, 2)
    if blocks:
        widest = max((columns for _, _, columns in blocks), key=len)
        page.widths(widest)
        page.print_blocks(title, sum(width_of(column) for column in widest), len(widest[0].cells), breaks)
    return written


def write_tranches(page: Page, result: DealResult, title: str, prefix: str) -> list[Block]:
    """One table a class: its cash flows and the total paid."""
    blocks = []
    paid = [TRANCHE_COLUMNS.index(name) for name in PAID_COLUMNS]
    for number, name in enumerate(result.tranche_names):
        flows = result.tranches[:, number, :]
        is_missing = np.isnan(flows[:, paid]).all(axis=1)
        amounts = np.where(is_missing, np.nan, np.nansum(flows[:, paid], axis=1))
        total = Column(TOTAL_PAID, Look.MONEY, numbers(amounts))
        columns = [*period_columns(result), *_value_columns(TRANCHE_COLUMNS, flows), total]
        blocks.append((class_label(name), f"{prefix}tranche_{number + 1}", columns))
    return _blocks(page, title, blocks)


def class_label(name: str) -> str:
    """The label of a class: `A-1` -> `Class A-1`; names with a blank (`Sub Notes`) stay."""
    if name.upper() == "SUB":
        return "Sub Notes"
    return name if " " in name else f"Class {name}"


def write_collateral(page: Page, result: DealResult, title: str, prefix: str) -> list[Block]:
    """Proceeds of the deal, then the original and the reinvested pool."""
    dates = result.dates
    deal = [
        *period_columns(result),
        Column("Collection begin", Look.DATE, days(dates.collection_begin)),
        Column("Collection end", Look.DATE, days(dates.collection_end)),
        Column("Interest proceeds", Look.MONEY, numbers(result.deal[:, 0])),
        Column("Principal proceeds", Look.MONEY, numbers(result.deal[:, 1])),
        Column("Payment of principal", Look.MONEY, numbers(result.deal[:, 2])),
        Column("Proceeds reinvested", Look.MONEY, numbers(result.deal[:, 3])),
        Column("Index", Look.RATE, numbers(result.deal[:, 4])),
    ]
    pools = (("Original pool", result.original_pool), ("Reinvested pool", result.reinvested_pool))
    blocks = [("Proceeds", f"{prefix}proceeds", deal)]
    for number, (name, flows) in enumerate(pools, start=1):
        columns = [*period_columns(result), *_value_columns(POOL_COLUMNS, flows)]
        blocks.append((name, f"{prefix}pool_{number}", columns))
    return _blocks(page, title, blocks)


def write_tests(page: Page, result: DealResult, title: str, prefix: str) -> list[CoverageTable]:
    """One table for every overcollateralisation and interest coverage test; returns those of the former."""
    kinds = (
        ("OC", result.oc_names, result.oc_triggers, OC_COLUMNS, result.oc),
        ("IC", result.ic_names, result.ic_triggers, IC_COLUMNS, result.ic),
    )
    blocks, n_oc = [], len(result.oc_names)
    for kind, names, triggers, column_names, values in kinds:
        for number, (name, trigger) in enumerate(zip(names, triggers, strict=True)):
            columns = [*period_columns(result), *_value_columns(column_names, values[:, number, :])]
            at = 3 + column_names.index("ratio")
            ratios = ratios_in_force(values[:, number, :], column_names)
            columns[2 + column_names.index("ratio")] = Column(heading("ratio"), Look.RATIO, numbers(ratios))
            columns.insert(at, Column("Trigger", Look.RATIO, [trigger] * len(ratios)))
            columns.insert(at + 1, Column("Cushion", Look.RATIO, numbers(ratios - trigger)))
            blocks.append((label_of_test(name, kind), f"{prefix}{kind.lower()}_{number + 1}", columns))
    written = _blocks(page, title, blocks)
    in_force = [ratios_in_force(result.oc[:, number, :], OC_COLUMNS) for number in range(n_oc)]
    return [
        CoverageTable(name, block, values, trigger)
        for (name, _, _), block, values, trigger in zip(blocks, written, in_force, result.oc_triggers, strict=False)
    ]


def ratios_in_force(values: Floats, column_names: Sequence[str]) -> Floats:
    """Ratios of one test by period, (N,), NaN where nothing is left to cover (spec 02 §17: no row for it)."""
    is_covering = values[:, column_names.index("denominator")] > 0.0
    ratios: Floats = np.where(is_covering, values[:, column_names.index("ratio")], np.nan)
    return ratios


def label_of_test(name: str, kind: str) -> str:
    """The label of a test: `B`, `OC` -> `Class B OC`; ID and EOD by their meaning; names of several words stay."""
    if " " in name:
        return name
    words = {"ID": "Interest diversion", "EOD": "Event of default"}
    return f"{words.get(name.upper(), class_label(name))} {kind}"


def write_fees(page: Page, result: DealResult, title: str, prefix: str) -> list[Block]:
    """One table a fee, then the incentive fee."""
    blocks = []
    for number, name in enumerate(result.fee_names):
        columns = [*period_columns(result), *_value_columns(FEE_COLUMNS, result.fees[:, number, :])]
        blocks.append((name, f"{prefix}fee_{number + 1}", columns))
    incentive = [*period_columns(result), *_value_columns(INCENTIVE_COLUMNS, result.incentive)]
    blocks.append(("Incentive Fee", f"{prefix}incentive", incentive))
    return _blocks(page, title, blocks)


def write_waterfall(page: Page, result: DealResult, title: str, prefix: str) -> Block | None:
    """The trace: what every executed step had, paid and left; None where the run kept no trace."""
    page.title(title)
    page.print_landscape(title, header_row=TITLE_ROWS)
    trace = result.trace
    if len(trace) == 0:
        page.text(TITLE_ROWS, 0, "This run kept no trace of its steps.", Look.SUBTITLE)
        return None
    sections: list[int] = trace["section"].tolist()
    steps: list[int] = trace["step"].tolist()
    payment = result.dates.payment
    columns = [
        Column("Period", Look.COUNT, trace["period"].tolist()),
        Column("Payment date", Look.DATE, days(payment[trace["period"] - 1])),
        Column("Section", Look.TEXT, [SECTION_TITLES[section] for section in sections]),
        Column("Step", Look.COUNT, [step + 1 for step in steps]),
        Column("Text", Look.TEXT, [result.step_texts.get(key, "") for key in zip(sections, steps, strict=True)]),
        Column("Cash before", Look.MONEY, trace["cash_before"].tolist()),
        Column("Paid", Look.MONEY, trace["paid"].tolist()),
        Column("Cash after", Look.MONEY, trace["cash_after"].tolist()),
    ]
    block = page.table(TITLE_ROWS, columns, name=f"{prefix}trace")
    page.widths(columns)
    page.sheet.set_column(4, 4, 46)
    page.sheet.freeze_panes(TITLE_ROWS + 1, 2)
    return block
