"""A stored run of a deal as tables for cells: periods, collateral, classes, fees, steps (spec 06 §11.3)."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from engine.deal.results import (
    DEAL_COLUMNS,
    FEE_COLUMNS,
    IC_COLUMNS,
    INCENTIVE_COLUMNS,
    OC_COLUMNS,
    POOL_COLUMNS,
    DealResult,
    Floats,
)
from engine.waterfall.codes import SectionCode
from engine.waterfall.program import EQUITY, STANDARD_FEES
from xl_addin.registry.results import Table

WATERFALL_COLUMNS = (
    "period",
    "payment_date",
    "collection_begin",
    "collection_end",
    "interest_proceeds",
    "principal_proceeds",
    "principal_payments",
    "reinvested",
    "index_rate",
)
STEP_COLUMNS = ("period", "section", "step", "payee", "due", "paid", "remaining")
FEE_TABLE_COLUMNS = ("period", "basis", "beg_unpaid", "accrued", "paid", "end_unpaid")
TRANCHE_TABLE_COLUMNS = (
    "period",
    "payment_date",
    "coupon",
    "beg_balance",
    "interest_accrued",
    "interest_paid",
    "principal_paid",
    "end_balance",
    "deferred_begin",
    "deferred_accrued",
    "deferred_interest_paid",
    "deferred_principal_paid",
    "deferred_end",
)
TRIGGER_COLUMNS = (
    "period",
    "test_name",
    "kind",
    "numerator",
    "denominator",
    "result",
    "threshold",
    "pass",
    "cure_interest",
    "cure_principal",
)
OC, IC, DIVERSION, DEFAULT = "oc", "ic", "interest_diversion", "event_of_default"
_KIND_BY_NAME = {"Interest Diversion Test": DIVERSION, "Event of Default": DEFAULT}
_HALF_A_CENT = 0.005
_FEES = {fee.code: fee.name for fee in STANDARD_FEES}
_PAYEES = {
    "CURE": "notes, to cure a test",
    "DIVERT": "principal proceeds",
    "REINVEST": "new collateral",
    "NOTES": "note payment sequence",
    "EQUITY": "Sub Notes and incentive fee",
    "SWEEP": "swept cash",
    "RESERVE": "reserve account",
    "ESCROW": "escrow",
}


def cells(values: Iterable[float]) -> list[float | None]:
    """Numbers of an array, missing ones as empty cells."""
    return [None if number != number else number for number in map(float, values)]


def periods(result: DealResult) -> range:
    """Numbers of the reported periods."""
    return range(1, len(result.dates.payment) + 1)


def waterfall_table(result: DealResult) -> Table:
    """Dates, proceeds and index by period."""
    dates = result.dates
    days = [column.astype(object) for column in (dates.payment, dates.collection_begin, dates.collection_end)]
    rows = zip(periods(result), *days, result.deal[:, : len(DEAL_COLUMNS)], strict=True)
    return Table(WATERFALL_COLUMNS, [[*head, *cells(amounts)] for *head, amounts in rows])


def pool_table(pool: Floats) -> Table:
    """Collateral by period."""
    return Table(("period", *POOL_COLUMNS), [[period, *cells(row)] for period, row in enumerate(pool, start=1)])


def tranche_table(result: DealResult, place: int) -> Table:
    """Cash flow of a class up to its last period with a balance."""
    n = int(result.last_calculated[place])
    rows = zip(periods(result), result.dates.payment[:n].astype(object), result.tranches[:n, place], strict=False)
    return Table(TRANCHE_TABLE_COLUMNS, [[period, day, *cells(amounts)] for period, day, amounts in rows])


def fee_table(result: DealResult, place: int) -> Table:
    """One fee by period."""
    amounts = result.fees[:, place, : len(FEE_COLUMNS)]
    return Table(FEE_TABLE_COLUMNS, [[period, *cells(row)] for period, row in enumerate(amounts, start=1)])


def incentive_table(result: DealResult) -> Table:
    """Incentive fee by period."""
    columns = ("period", *INCENTIVE_COLUMNS)
    return Table(columns, [[period, *cells(row)] for period, row in enumerate(result.incentive, start=1)])


def step_table(result: DealResult) -> Table:
    """Every step that was executed, as the waterfall's text has it.

    What a step was due is known where it left cash: then it was paid in full. A run keeps no more than that.
    """
    rows = []
    for row in result.trace:
        section, step = int(row["section"]), int(row["step"])
        text = result.step_texts.get((section, step), "")
        paid, remaining = float(row["paid"]), float(row["cash_after"])
        due = paid if remaining > _HALF_A_CENT else None
        rows.append((int(row["period"]), SectionCode(section).name, text, payee(text), due, paid, remaining))
    return Table(STEP_COLUMNS, rows)


def payee(step: str) -> str:
    """Who a step of a waterfall pays, in an analyst's words."""
    action, *operands = [word for word in step.split() if not word.startswith("?")] or [""]
    if action == "FEE" and operands:
        return _FEES.get(operands[0], operands[0])
    if action in ("INT", "PIK", "PRN", "SCHED"):
        # A group is `{B-1 B-2}`, and a mark for how it shares the cash may follow it.
        names = [word.lstrip("{").split("}")[0] for word in operands]
        return ", ".join("Sub Notes" if name == EQUITY else f"Class {name}" for name in names)
    return _PAYEES.get(action, "")


class Trigger(NamedTuple):
    """One coverage test in every period, (N,) each; pass is 0 or 1, ratios decimals, amounts in currency."""

    name: str
    kind: str
    threshold: float
    numerator: Floats
    denominator: Floats
    ratio: Floats
    is_passed: Floats
    interest_cure: Floats | None
    principal_cure: Floats | None

    def row(self, period: int) -> list[Any]:
        """The row of TRIGGER_COLUMNS of a period; the result is empty where nothing is left to cover."""
        at = period - 1
        has_ratio = self.denominator[at] > 0.0
        return [
            period,
            self.name,
            self.kind,
            float(self.numerator[at]),
            float(self.denominator[at]),
            float(self.ratio[at]) if has_ratio else None,
            self.threshold,
            bool(self.is_passed[at]),
            None if self.interest_cure is None else float(self.interest_cure[at]),
            None if self.principal_cure is None else float(self.principal_cure[at]),
        ]


def triggers(result: DealResult) -> list[Trigger]:
    """Every coverage test of a run, OC tests first, in the order of the program."""
    found = []
    for place, (name, threshold) in enumerate(zip(result.oc_names, result.oc_triggers, strict=True)):
        column = {known: result.oc[:, place, at] for at, known in enumerate(OC_COLUMNS)}
        cures = column["interest_cure"], column["principal_cure"]
        found.append(_trigger(name, _KIND_BY_NAME.get(name, OC), threshold, column, *cures))
    for place, (name, threshold) in enumerate(zip(result.ic_names, result.ic_triggers, strict=True)):
        column = {known: result.ic[:, place, at] for at, known in enumerate(IC_COLUMNS)}
        found.append(_trigger(name, IC, threshold, column, column["cure"], None))
    return found


def _trigger(
    name: str,
    kind: str,
    threshold: float,
    column: dict[str, Floats],
    interest_cure: Floats,
    principal_cure: Floats | None,
) -> Trigger:
    return Trigger(
        name=name,
        kind=kind,
        threshold=float(threshold),
        numerator=column["numerator"],
        denominator=column["denominator"],
        ratio=column["ratio"],
        is_passed=column["is_passed"],
        interest_cure=interest_cure,
        principal_cure=principal_cure,
    )


def trigger_table(result: DealResult, kind: str | None = None, period: int | None = None) -> Table:
    """Coverage tests by period, without the periods in which nothing is left to cover."""
    wanted = [one for one in triggers(result) if kind in (None, one.kind)]
    chosen = periods(result) if period is None else [period]
    return Table(
        TRIGGER_COLUMNS, [one.row(number) for number in chosen for one in wanted if one.denominator[number - 1] > 0.0]
    )


def total_pool(result: DealResult) -> Floats:
    """Original and reinvested collateral together, (N, 11)."""
    return np.asarray(result.original_pool + result.reinvested_pool)
