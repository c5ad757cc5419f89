"""Coverage tests in cells: ratios, thresholds and cures of a deal's last stored run (spec 06 §11.3)."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Literal

from engine.modes import Mode
from xl_addin.functions import run_tables
from xl_addin.functions.run_tables import DEFAULT, DIVERSION, IC, OC, Trigger
from xl_addin.registry.arguments import AsOf, DealName, RunMode, ScenarioName
from xl_addin.registry.batches import each, once, only
from xl_addin.registry.class_names import find_test
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import no_denominator, unavailable
from xl_addin.registry.kinds import NAME, PLAIN_NAME
from xl_addin.registry.results import Table

CATEGORY = "CLO Cash Flows"

TriggerKind = Annotated[
    Literal["oc", "ic", "interest_diversion", "event_of_default"],
    "oc, ic, interest_diversion or event_of_default.",
]
TriggerField = Annotated[
    Literal["result", "numerator", "denominator", "threshold", "pass", "cure_interest", "cure_principal"],
    "result (default), numerator, denominator, threshold, pass, cure_interest or cure_principal.",
]
CoverageTest = Annotated[str, NAME, "Class such as Class B, Interest Diversion or Event of Default."]


@udf(
    "CLO_TRIGGERS",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_TRIGGERS("Demo 1")', '=CLO_TRIGGERS("Demo 1","oc",1)'],
)
def clo_triggers(
    deal: DealName,
    kind: Annotated[
        Literal["oc", "ic", "interest_diversion", "event_of_default"] | None,
        "oc, ic, interest_diversion or event_of_default; all by default.",
    ] = None,
    period: Annotated[int | None, "Number of a period, 1 for the next payment; all by default."] = None,
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Coverage tests of a deal by period with their ratios and cure amounts, from its last stored run.

    Ratios are decimals, 1.10 = 110 %, amounts in currency. Periods in which a test has nothing left to cover are left
    out. The one cure amount of an IC test stands under cure_interest.
    """
    result = ctx.views.run(deal, as_of, scenario, mode).result
    if period is not None:
        _require_period(period, len(result.dates.payment))
    return run_tables.trigger_table(result, kind, period)


Load = Callable[[str, date | None, str, Mode], Sequence[Trigger]]


def _loader(ctx: CallContext) -> Load:
    def load(deal: str, as_of: date | None, scenario: str, mode: Mode) -> Sequence[Trigger]:
        return run_tables.triggers(ctx.views.run(deal, as_of, scenario, mode).result)

    return once(load)


def _require_period(period: int, last: int) -> None:
    if not 1 <= period <= last:
        raise unavailable(
            "CLO-2173", f"The run has no period {period}", remedy=f"Its periods are numbered 1 to {last}."
        )


def _chosen(triggers: Sequence[Trigger], test: str, kind: str) -> Trigger:
    """The test of a class, or the only test of its kind."""
    own = [one for one in triggers if one.kind == kind]
    if kind in (DIVERSION, DEFAULT):
        if not own:
            raise unavailable(
                "CLO-2174", f"The deal's waterfall has no test {kind}", remedy="CLO_TRIGGERS lists those it has."
            )
        return own[0]
    return own[find_test(test, [one.name for one in own])]


def _value(one: Trigger, period: int, field: str) -> Any:
    _require_period(period, len(one.numerator))
    if field == "result" and not one.denominator[period - 1] > 0.0:
        raise no_denominator(
            "CLO-2175",
            f"{one.name} has nothing to cover in period {period}",
            remedy="The classes it protects are paid off; look at an earlier period.",
        )
    return one.row(period)[run_tables.TRIGGER_COLUMNS.index(field)]


def _trigger_values(calls: Sequence[tuple[Any, ...]], ctx: CallContext) -> list[Any]:
    load = _loader(ctx)

    def answer(
        deal: str, name: str, kind: str, period: int, field: str, as_of: date | None, scenario: str, mode: Mode
    ) -> Any:
        return _value(_chosen(load(deal, as_of, scenario, mode), name, kind), period, field)

    return each(calls, answer)


@udf(
    "CLO_TRIGGER",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_TRIGGER("Demo 1","Class B","oc")', '=CLO_TRIGGER("Demo 1","","event_of_default",1,"threshold")'],
    batch=_trigger_values,
)
def clo_trigger(
    deal: DealName,
    class_name: Annotated[
        str, PLAIN_NAME, "Class whose test it is, such as Class B; not needed for the two tests of the whole deal."
    ],
    kind: TriggerKind,
    period: Annotated[int, "Number of the period, 1 (default) for the next payment."] = 1,
    field: TriggerField = "result",
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float | bool | None:
    """One figure of a coverage test in one period, from the last stored run: a ratio as decimal, 1.10 = 110 %, an
    amount in currency, or whether it passes."""
    found: float | bool | None = only(
        _trigger_values([(deal, class_name, kind, period, field, as_of, scenario, mode)], ctx)
    )
    return found


def _ratios(calls: Sequence[tuple[Any, ...]], ctx: CallContext, kinds: tuple[str, ...]) -> list[Any]:
    load = _loader(ctx)

    def answer(deal: str, test: str, as_of: date | None, scenario: str, mode: Mode) -> Any:
        own = [one for one in load(deal, as_of, scenario, mode) if one.kind in kinds]
        return _value(own[find_test(test, [one.name for one in own])], 1, "result")

    return each(calls, answer)


def _oc_ratios(calls: Sequence[tuple[Any, ...]], ctx: CallContext) -> list[Any]:
    return _ratios(calls, ctx, (OC, DIVERSION, DEFAULT))


def _ic_ratios(calls: Sequence[tuple[Any, ...]], ctx: CallContext) -> list[Any]:
    return _ratios(calls, ctx, (IC,))


@udf(
    "CLO_OC_RATIO",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_OC_RATIO("Demo 1","Class B")', '=CLO_OC_RATIO("Demo 1","Interest Diversion")'],
    batch=_oc_ratios,
)
def clo_oc_ratio(
    deal: DealName,
    test: CoverageTest,
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float:
    """Overcollateralisation ratio of one test at the next payment, 1.10 = 110 %, from the last stored run."""
    return float(only(_oc_ratios([(deal, test, as_of, scenario, mode)], ctx)))


@udf(
    "CLO_IC_RATIO",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_IC_RATIO("Demo 1","Class B")'],
    batch=_ic_ratios,
)
def clo_ic_ratio(
    deal: DealName,
    test: Annotated[str, NAME, "Class such as Class B."],
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float:
    """Interest coverage ratio of one test at the next payment, 1.10 = 110 %, from the last stored run."""
    return float(only(_ic_ratios([(deal, test, as_of, scenario, mode)], ctx)))
