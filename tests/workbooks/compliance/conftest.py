"""Compliance of the demo deal on three days, in records, without a database."""

from dataclasses import replace
from datetime import date

import pytest

from engine.compliance.definition import Unit
from engine.compliance.evaluation import evaluate
from engine.compliance.metrics import PeriodCollections, pool_metrics
from engine.compliance.objective import objective
from engine.compliance.results import Baseline, ComplianceResult, PastResult, results_of
from engine.desk.compliance_inputs import compliance_inputs
from workbooks.compliance import ComplianceRecord, ComplianceReport, Position
from workbooks.demo import demo_snapshot
from workbooks.results import AssumptionSource

AS_OF = date(2016, 3, 31)
DAYS = (date(2016, 1, 29), date(2016, 2, 29), AS_OF)


def past(result: ComplianceResult, day: date, shift: float) -> PastResult:
    return PastResult(
        run_id=day.month,
        as_of=day,
        test_id=result.test_id,
        name=result.name,
        label=result.label,
        unit=result.unit,
        direction=result.direction,
        value=result.value * shift,
        threshold=result.threshold,
        cushion=result.cushion,
        is_passed=result.is_passed,
        is_applicable=result.is_applicable,
        is_maintained=result.is_maintained,
        ranked_name=result.ranked_name,
    )


@pytest.fixture(scope="session")
def record() -> ComplianceRecord:
    """Forty loans: some tests broken, one with nothing to test, one with a baseline accepted by a person."""
    book = demo_snapshot(n_assets=40)
    baseline = Baseline(value=0.4321, as_of=DAYS[0], accepted_by="pm")
    inputs = compliance_inputs(book.deals[0], (row.asset for row in book.assets), accepted={29: baseline})
    evaluation = evaluate(inputs.plan(), inputs.holdings)
    results = results_of(evaluation, inputs.baselines, inputs.places)
    report = ComplianceReport(
        deal="Demo 1",
        as_of=AS_OF,
        mode="standard",
        run_id="12",
        engine_version="0.1.0+abc",
        input_hash="d0c4b7a9e1f25836",
        source_file="Demo 1.xlsx",
        objective=objective(evaluation, inputs.weights),
        weights=tuple(inputs.weights.items()),
        inputs=(AssumptionSource("current_libor 0.0063", "'Demo 1 Inputs'!S3"),),
        remarks=("Without market value: 1 held asset (X)", "Something long " * 40),
        results=results,
    )
    assert {result.unit for result in results} >= {Unit.SHARE, Unit.NUMBER, Unit.YEARS}
    return ComplianceRecord(
        report=report,
        metrics=pool_metrics(inputs.portfolio, inputs.holdings, inputs.terms),
        collections=tuple(
            PeriodCollections(
                period=n, collection_end=date(2016 + n // 4, 1 + n % 4 * 3, 8), interest=5e6, principal=2e7
            )
            for n in range(1, 13)
        ),
        positions=tuple(
            Position(asset, float(par)) for asset, par in zip(inputs.portfolio.assets, inputs.holdings.par, strict=True)
        ),
        history=tuple(past(result, day, 0.9 + 0.05 * n) for n, day in enumerate(DAYS) for result in results),
    )


@pytest.fixture
def hostile(record: ComplianceRecord) -> ComplianceRecord:
    """The same with texts from outside that look like formulas, in every place a text can stand."""
    text = '=HYPERLINK("http://x")'
    results = tuple(replace(one, label=text, ranked_name=text, place=text) for one in record.report.results)
    report = replace(record.report, deal=text, remarks=(text,), source_file=text, results=results)
    positions = tuple(
        replace(item, asset=replace(item.asset, issue_name=text, country=text)) for item in record.positions
    )
    groups = tuple(replace(item, name=text, label=text) for item in record.metrics.sp_industries)
    history = tuple(replace(item, label=text) for item in record.history)
    metrics = replace(record.metrics, sp_industries=groups, countries=groups)
    return replace(record, report=report, positions=positions, metrics=metrics, history=history)
