"""Classes of notes in cells: cash flows and measures of a deal's last stored run (spec 06 §11.3)."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from engine.desk.reading.run_views import measures_of_last_run
from engine.desk.reading.tranche_measures import TrancheMeasures
from engine.modes import Mode
from xl_addin.functions.run_tables import cells, tranche_table
from xl_addin.registry.arguments import AsOf, ClassName, DealName, RunMode, ScenarioName
from xl_addin.registry.batches import each, once, only
from xl_addin.registry.class_names import find_class
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import impossible, no_denominator, unavailable, wrong
from xl_addin.registry.results import Table

CATEGORY = "CLO Cash Flows"
METRICS = ("yield", "dm", "price", "wal", "macaulay", "modified", "total_interest", "total_principal", "irr")
_STORED = {
    "yield": "yield_at_price",
    "dm": "discount_margin_at_price",
    "price": "price_at_discount_margin",
    "wal": "wal",
    "macaulay": "macaulay_duration",
    "modified": "modified_duration",
}
_AT_MARGIN = ("price",)
_AT_NOTHING = ("wal", "total_interest", "total_principal")


@udf(
    "CLO_TRANCHE_CASHFLOW",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_TRANCHE_CASHFLOW("Demo 1","Class A-1")', '=CLO_TRANCHE_CASHFLOW("Demo 1","Equity",,"STRESS")'],
)
def clo_tranche_cashflow(
    deal: DealName,
    class_name: ClassName,
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Cash flow of a class by period up to its last with a balance, in currency, coupon as decimal, from the last
    stored run."""
    outcome = ctx.views.run(deal, as_of, scenario, mode)
    equity = next((item.name for item in outcome.summary.tranche_inputs if item.is_equity), "")
    return tranche_table(outcome.result, find_class(class_name, outcome.result.tranche_names, equity))


def metrics_table(measures: TrancheMeasures) -> Table:
    """All metrics of every class of a run, senior first."""
    rows = [
        [name, *cells(_metric(measures, place, metric) for metric in METRICS)]
        for place, name in enumerate(measures.result.tranche_names)
    ]
    return Table(("class_name", *METRICS), rows)


def _metric(measures: TrancheMeasures, place: int, metric: str) -> float:
    """A metric at the price and the margin of the deal's sheet; NaN where there is none."""
    if metric in _STORED:
        return measures.stored(place, _STORED[metric])
    if metric == "irr":
        price = measures.inputs[place].price
        return float("nan") if price is None else measures.return_at(place, price)
    return measures.total_interest(place) if metric == "total_interest" else measures.total_principal(place)


def _metric_at(measures: TrancheMeasures, place: int, metric: str, value: float) -> float:
    """A metric at another price, of the price at another margin."""
    if metric in _AT_NOTHING:
        raise wrong(
            "CLO-2176",
            f"{metric} depends on no price and no margin",
            remedy="Leave input_value out; give it with yield, dm, price, macaulay, modified or irr.",
        )
    if metric in ("macaulay", "modified"):
        return measures.durations_at(place, value)[metric == "modified"]
    found = {
        "yield": measures.yield_at,
        "dm": measures.margin_at,
        "price": measures.price_at,
        "irr": measures.return_at,
    }
    return found[metric](place, value)


def _checked(measures: TrancheMeasures, place: int, metric: str, input_value: float | None) -> float:
    """A metric as a number; what keeps it from being one is an error that says so."""
    one = measures.inputs[place]
    failure = measures.result.failure
    if failure is not None:
        raise unavailable(
            "CLO-2177",
            f"The run stopped in period {failure.period}, {failure.step}, and has no measures",
            remedy="CLO_RUNS shows the run; correct the deal and run it again.",
        )
    if metric not in ("total_interest", "total_principal") and not one.current_balance > 0.0:
        raise no_denominator(
            "CLO-2178", f"{one.name} has no balance left", remedy="Totals and cash flows can still be asked for."
        )
    is_margin = metric in _AT_MARGIN
    if input_value is None and metric not in _AT_NOTHING and (one.discount_margin if is_margin else one.price) is None:
        raise unavailable(
            "CLO-2179",
            f"The deal's sheet gives no {'discount margin' if is_margin else 'price'} of {one.name}",
            remedy="Give it as input_value, as a decimal such as 0.02 for a margin or 0.985 for a price.",
        )
    found = (
        _metric(measures, place, metric) if input_value is None else _metric_at(measures, place, metric, input_value)
    )
    if found != found:
        raise impossible(
            "CLO-2180",
            f"There is no {metric} of {one.name} on these flows"
            + ("" if input_value is None else f" at {input_value:g}"),
            remedy="Give a price that the cash flows can be worth, as a fraction of par.",
        )
    return found


def _tranche_metrics(calls: Sequence[tuple[Any, ...]], ctx: CallContext) -> list[Any]:
    load = once(lambda *what: measures_of_last_run(ctx.views, *what))

    def answer(
        deal: str,
        class_name: str,
        metric: str,
        input_value: float | None,
        as_of: date | None,
        scenario: str,
        mode: Mode,
    ) -> float:
        measures = load(deal, as_of, scenario, mode)
        equity = next((item.name for item in measures.inputs if item.is_equity), "")
        place = find_class(class_name, measures.result.tranche_names, equity)
        return _checked(measures, place, metric, input_value)

    return each(calls, answer)


@udf(
    "CLO_TRANCHE_METRIC",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_TRANCHE_METRIC("Demo 1","Class B","yield")', '=CLO_TRANCHE_METRIC("Demo 1","Class B","dm",0.985)'],
    batch=_tranche_metrics,
)
def clo_tranche_metric(
    deal: DealName,
    class_name: ClassName,
    metric: Annotated[
        Literal["yield", "dm", "price", "wal", "macaulay", "modified", "total_interest", "total_principal", "irr"],
        "yield, dm, price, wal, macaulay, modified, total_interest, total_principal or irr.",
    ],
    input_value: Annotated[
        float | None,
        "Price as a fraction of par (0.985) instead of the stored one; with metric price a discount margin (0.02).",
    ] = None,
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float:
    """One measure of a class on the flows of the last stored run: rates as decimals, price as a fraction of par, years,
    or currency; at the stored price or margin, or at input_value.

    yield is compounded quarterly, irr a year; dm is over the zero curve of the run's assumption set. total_interest
    counts repaid deferred interest.
    """
    return float(only(_tranche_metrics([(deal, class_name, metric, input_value, as_of, scenario, mode)], ctx)))


@udf(
    "CLO_TRANCHE_METRICS",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_TRANCHE_METRICS("Demo 1")'],
)
def clo_tranche_metrics(
    deal: DealName,
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Measures of every class of a deal, senior first, from its last stored run: rates as decimals, prices as fractions
    of par, average life and durations in years, totals in currency."""
    return metrics_table(measures_of_last_run(ctx.views, deal, as_of, scenario, mode))
