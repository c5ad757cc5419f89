"""The head of a run: what it rests on, in the records of the results workbook, and its text form for the store."""

from pydantic import TypeAdapter

from engine.deal.contract import Deal
from engine.deal.results import POOL_COLUMNS, DealResult
from workbooks.results import RunSummary, Total, TrancheInput, Unit

_ADAPTER: TypeAdapter[RunSummary] = TypeAdapter(RunSummary)


def to_text(summary: RunSummary) -> bytes:
    """JSON form of a summary."""
    return _ADAPTER.dump_json(summary)


def from_text(text: bytes) -> RunSummary:
    """The summary that `to_text` wrote."""
    return _ADAPTER.validate_json(text)


def tranche_inputs(deal: Deal) -> tuple[TrancheInput, ...]:
    """What the deal says of its classes."""
    return tuple(
        TrancheInput(
            name=tranche.name,
            original_balance=tranche.original_balance,
            current_balance=tranche.current_balance,
            price=tranche.price,
            spread=tranche.spread,
            discount_margin=tranche.discount_margin,
            is_equity=tranche.is_equity,
        )
        for tranche in deal.tranches
    )


def totals(result: DealResult) -> tuple[Total, ...]:
    """Figures of the whole run."""

    def pool(name: str) -> float:
        column = POOL_COLUMNS.index(name)
        return float(result.original_pool[:, column].sum() + result.reinvested_pool[:, column].sum())

    opening = float(result.original_pool[0, :2].sum()) if result.original_pool.size else 0.0
    return (
        Total("Collateral at the start", opening, Unit.MONEY),
        Total("Defaults", pool("default"), Unit.MONEY),
        Total("Recoveries", pool("recoveries"), Unit.MONEY),
        Total("Net loss", pool("net_loss"), Unit.MONEY),
        Total("Collateral interest", pool("interest"), Unit.MONEY),
        Total("Sub notes: distributions", float(result.tranches[:, -1, 3:5].sum()), Unit.MONEY),
        Total("Periods", float(result.deal.shape[0]), Unit.COUNT),
    )
