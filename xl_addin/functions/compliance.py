"""Compliance in cells: the tests of a deal as it stands, and its objective (spec 06 §11.4)."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from engine.closest import did_you_mean
from engine.compliance.catalogue import BY_ID
from engine.compliance.results import ComplianceResult
from engine.desk.reading.trade_views import tested_deal
from engine.desk.records import ComplianceOutcome
from engine.modes import Mode
from xl_addin.functions.weights import WEIGHTS, weight_by_test
from xl_addin.registry.arguments import AsOf, DealName, RunMode, ScenarioName, TestKey
from xl_addin.registry.batches import each, once, only
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import no_denominator, unavailable
from xl_addin.registry.kinds import choice
from xl_addin.registry.results import Table

CATEGORY = "CLO Compliance"
COLUMNS = (
    "test_number",
    "test_name",
    "direction",
    "numerator",
    "denominator",
    "result",
    "threshold",
    "cushion",
    "pass",
    "maintained",
    "comment",
)


def compliance_table(results: Sequence[ComplianceResult]) -> Table:
    """Tests in the order of the deal."""
    return Table(COLUMNS, [_row(result) for result in results])


def _row(result: ComplianceResult) -> list[Any]:
    return [
        result.test_id,
        result.label,
        result.direction.value,
        result.numerator,
        result.denominator if result.denominator else None,
        result.value,
        result.threshold,
        result.cushion,
        result.is_passed,
        result.is_maintained,
        result.comment,
    ]


@udf(
    "CLO_COMPLIANCE",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_COMPLIANCE("Demo 1")'],
)
def clo_compliance(
    deal: DealName,
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Every compliance test of a deal: result and threshold in the unit of the test, shares as decimals, numerator,
    denominator and cushion in currency.

    The tests are of what the deal holds on the date and are the same in every scenario.
    """
    ctx.views.scenario(scenario)
    return compliance_table(ctx.views.compliance(deal, as_of, mode).report.results)


class _Tests:
    """The tests of a deal by everything that they are called."""

    def __init__(self, outcome: ComplianceOutcome) -> None:
        self._deal = outcome.report.deal
        self._by_id = {result.test_id: result for result in outcome.report.results}
        self._row_by_id: dict[int, list[Any]] = {}
        self._labels = [result.label for result in outcome.report.results]
        self._by_name: dict[str, ComplianceResult] = {}
        for result in outcome.report.results:
            known = BY_ID.get(result.test_id)
            names = (known.legacy_label, known.legacy_member) if known else ()
            for name in (result.name, result.label, *names):
                self._by_name.setdefault(_plain(name), result)

    def value(self, test: int | str, field: str) -> Any:
        """One column of CLO_COMPLIANCE of a test."""
        result = self.find(test)
        row = self._row_by_id.get(result.test_id)
        if row is None:
            row = self._row_by_id[result.test_id] = _row(result)
        return row[COLUMNS.index(field)]

    def find(self, test: int | str) -> ComplianceResult:
        """A test by number, label or short name; raises CellError CLO-2181 with the closest labels."""
        found = self._by_id.get(test) if isinstance(test, int) else self._by_name.get(_plain(test))
        if found is None:
            numbers = ", ".join(map(str, self._by_id))
            remedy = did_you_mean(str(test), self._labels, f"Its tests are {numbers}.")
            raise unavailable("CLO-2181", f"{self._deal} has no test {test}", remedy=remedy)
        return found


def _plain(name: str) -> str:
    return "".join(letter for letter in name.upper() if letter.isalnum())


def _test_results(calls: Sequence[tuple[Any, ...]], ctx: CallContext) -> list[Any]:
    load = once(lambda *what: _Tests(ctx.views.compliance(*what)))
    known = once(ctx.views.scenario)

    def answer(deal: str, test: int | str, field: str, as_of: date | None, scenario: str, mode: Mode) -> Any:
        known(scenario)
        return load(deal, as_of, mode).value(test, field)

    return each(calls, answer)


@udf(
    "CLO_TEST_RESULT",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_TEST_RESULT("Demo 1",1)', '=CLO_TEST_RESULT("Demo 1",36,"threshold")'],
    batch=_test_results,
)
def clo_test_result(
    deal: DealName,
    test: TestKey,
    field: Annotated[str, choice(*COLUMNS), "A column of CLO_COMPLIANCE, result by default."] = "result",
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float | bool | str | None:
    """One figure of one compliance test: the result in the unit of the test, shares as decimals, or another column of
    CLO_COMPLIANCE."""
    found: float | bool | str | None = only(_test_results([(deal, test, field, as_of, scenario, mode)], ctx))
    return found


@udf(
    "CLO_OBJECTIVE",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_OBJECTIVE("Demo 1")'],
)
def clo_objective(
    deal: DealName,
    weights: WEIGHTS = None,
    as_of: AsOf = None,
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> float:
    """Objective of a deal: 100 times the weighted sum of how far its tests are from their thresholds, 0 where a limit
    is broken."""
    tested = tested_deal(ctx.views, deal, as_of, mode)
    chosen = tested.weights if not weights else weight_by_test(weights, tested.evaluation.plan)
    if not any(chosen.values()):
        raise no_denominator(
            "CLO-2182", "No test has a weight", remedy="Give weights, or enter them on the deal's sheet."
        )
    return tested.objective(chosen)


@udf(
    "CLO_OBJECTIVE_WEIGHTS",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_OBJECTIVE_WEIGHTS("Demo 1")'],
)
def clo_objective_weights(deal: DealName, as_of: AsOf = None, *, ctx: CallContext) -> Table:
    """Tests that a deal's objective weighs, with result, weight and contribution; the contributions add up to the
    objective of a deal that breaks no limit."""
    rows = [
        (one.test_id, one.label, one.value, one.weight, one.contribution)
        for one in tested_deal(ctx.views, deal, as_of, Mode.STANDARD).contributions()
    ]
    return Table(("test_number", "test_name", "result", "weight", "contribution"), rows)
