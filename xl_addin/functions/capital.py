"""What a deal owes, in cells: its classes as the deal sheet states them (spec 06 §11.1)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from engine.desk.reading.views import DealView
from engine.snapshot import TrancheRow
from xl_addin.registry.arguments import AsOf, ClassName, DealName
from xl_addin.registry.batches import each, once
from xl_addin.registry.class_names import find_class
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.fields import Fields, fields_of, one_or_row
from xl_addin.registry.results import Table

CATEGORY = "CLO Data"

_ATTRIBUTES = {
    "order": "order",
    "class_name": "name",
    "original_balance": "original_balance",
    "current_balance": "current_balance",
    "deferred_balance": "deferred_balance",
    "price": "price",
    "coupon_type": "coupon_type",
    "spread": "spread",
    "discount_margin": "discount_margin",
    "day_count": "day_count",
    "deferrable": "is_deferrable",
    "oc_trigger": "oc_trigger",
    "ic_trigger": "ic_trigger",
    "is_equity": "is_equity",
}
"""Attribute of a class by the name of its column."""


@udf("CLO_TRANCHES", category=CATEGORY, cost="data", depends=("deal",), examples=['=CLO_TRANCHES("Demo 1")'])
def clo_tranches(deal: DealName, as_of: AsOf = None, *, ctx: CallContext) -> Table:
    """List of a deal's classes by seniority: balances in currency, price a fraction of par, rates decimals."""
    rows = ctx.views.deal(deal, as_of).deal.tranches
    return Table(tuple(_ATTRIBUTES), [[_value(row, name) for name in _ATTRIBUTES] for row in rows])


def _value(row: TrancheRow, field: str) -> Any:
    return getattr(row, _ATTRIBUTES[field])


def _tranche_cells(calls: Sequence[tuple[Any, ...]], ctx: CallContext) -> list[Any]:
    view = once(ctx.views.deal)

    def answer(deal: str, class_name: str, field: tuple[str, ...], as_of: date | None) -> Any:
        return _tranche_cell(view(deal, as_of), class_name, field)

    return each(calls, answer)


def _tranche_cell(view: DealView, class_name: str, field: tuple[str, ...]) -> Any:
    rows = view.deal.tranches
    equity = next((row.name for row in rows if row.is_equity), "")
    row = rows[find_class(class_name, [row.name for row in rows], equity)]
    return one_or_row(field, fields_of(field, tuple(_ATTRIBUTES)), lambda name: _value(row, name))


@udf(
    "CLO_TRANCHE",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_TRANCHE("Demo 1","Class B","current_balance")'],
    batch=_tranche_cells,
)
def clo_tranche(deal: DealName, class_name: ClassName, field: Fields, as_of: AsOf = None, *, ctx: CallContext) -> Any:
    """Value of a class by the name of a column of CLO_TRANCHES: balances in currency, price a fraction of par."""
    return _tranche_cell(ctx.views.deal(deal, as_of), class_name, field)
