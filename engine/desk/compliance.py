"""Compliance of a deal: tested once for an input, answered from the cache or the store until something changes.

The last accepted results are baselines for maintain-or-improve; only `accept` moves them, except in legacy mode, where
every run does (03 Q18).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import orjson

from db.cache import Cache, CacheKind, cache_key
from db.compliance import COMPLIANCE
from db.runs import RunHeader
from db.snapshots import StoredDeal
from db.store import Store, UnitOfWork
from engine.compliance.catalogue import BY_NAME, unknown_test
from engine.compliance.definition import Definition
from engine.compliance.evaluation import Evaluation, accepted, evaluate
from engine.compliance.metrics import PeriodCollections, PoolMetrics, pool_metrics
from engine.compliance.objective import objective
from engine.compliance.remarks import pool_remarks, result_remarks
from engine.compliance.results import Baseline, PastResult, results_of
from engine.desk.compliance_inputs import ComplianceInputs, compliance_inputs
from engine.desk.compliance_text import METRICS, REPORT, from_texts, to_texts
from engine.desk.deal_limits import DealLimits, limits_from_content, limits_from_json, limits_to_content
from engine.desk.deal_terms import input_sources, unread_inputs
from engine.desk.records import ComplianceOutcome, Progress
from engine.desk.runs import engine_version
from engine.errors import InputError, located
from engine.modes import Mode, Quirk
from workbooks.compliance.record import ComplianceRecord, ComplianceReport, Position

_KINDS = {REPORT: CacheKind.OC_IC_RESULTS, METRICS: CacheKind.PORTFOLIO_METRICS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything that the tests of a deal depend on, and the hash of it all.

    own_tests: those that the deal defines itself, under their ids.
    """

    stored: StoredDeal
    limits: DealLimits
    own_tests: tuple[Definition, ...]
    baselines: Mapping[int, Baseline]
    mode: Mode
    engine: str
    key: str

    @property
    def as_of(self) -> date:
        """The day that is tested."""
        return self.stored.deal.analysis_date

    def cache_key(self, name: str) -> str:
        """Key of one text of the run."""
        return cache_key(_KINDS[name], self.stored.deal_id, self.as_of, content=self.key)


def check(
    store: Store, cache: Cache, deal: str, as_of: date | None, mode: Mode, *, is_stored: bool, progress: Progress
) -> ComplianceOutcome:
    """Test a deal, or answer from the cache or the store when nothing that the tests depend on has changed."""
    progress("Loading the deal", 0.0)
    with store.read() as work:
        request = request_of(work, deal, as_of, mode)
        found = _answered(work, cache, request)
        if found is not None:
            return found
        inputs = inputs_of(work, request)
        collections = work.compliance.collections(request.stored.deal_id, request.as_of)
    progress("Testing (first time: compiling)", 0.3)
    evaluation = evaluate(inputs.plan(), inputs.holdings)
    report = _report(request, inputs, evaluation)
    metrics = pool_metrics(inputs.portfolio, inputs.holdings, inputs.terms)
    moved = _moved_baselines(evaluation)
    run_id = None
    if is_stored:
        progress("Storing", 0.8)
        texts = to_texts(report, metrics)
        run = store.save_compliance(
            _header(request), request.stored.deal.name, report.results, metrics, texts, accepted=moved
        )
        run_id = run.run_id
        _keep(cache, request, texts)
    progress("Done", 1.0)
    return _outcome(report, metrics, run_id, "computed", collections)


def request_of(work: UnitOfWork, deal: str, as_of: date | None, mode: Mode) -> Request:
    """What the tests of a deal depend on, from the database."""
    stored = work.snapshots.deal(deal, as_of)
    where = f"limits of {stored.deal.name}"
    limits = limits_from_content(work.compliance.limits(stored.deal_id), where)
    return _request(work, stored, limits, limits.own_tests(where), mode)


def _request(
    work: UnitOfWork, stored: StoredDeal, limits: DealLimits, own_tests: tuple[Definition, ...], mode: Mode
) -> Request:
    ids = work.compliance.own_test_ids() if own_tests else {}
    baselines = work.compliance.baselines(stored.deal_id, mode.value, stored.deal.analysis_date)
    engine = engine_version()
    parts = (
        COMPLIANCE,
        stored.content_hash,
        stored.source_sha256,
        orjson.dumps(limits_to_content(limits), option=orjson.OPT_SORT_KEYS).decode(),
        repr(sorted(baselines.items())),
        mode.value,
        engine,
    )
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return Request(
        stored=stored,
        limits=limits,
        own_tests=tuple(replace(one, id=ids[one.name]) for one in own_tests),
        baselines=baselines,
        mode=mode,
        engine=engine,
        key=key,
    )


def inputs_of(work: UnitOfWork, request: Request, *, is_universe: bool = False) -> ComplianceInputs:
    """What the tests read, with the assets of the deal's newest file: those it holds, or all that it could hold."""
    return compliance_inputs(
        request.stored.deal,
        (row.asset for row in work.snapshots.assets(request.stored.source_file_id)),
        request.mode,
        limits=request.limits,
        own_tests=request.own_tests,
        accepted=request.baselines,
        is_universe=is_universe,
    )


def accept(store: Store, outcome: ComplianceOutcome, tests: Sequence[int] = ()) -> dict[int, Baseline]:
    """Take results of a stored run as the levels to maintain or improve on; tests with nothing to test keep theirs.

    Raises InputError CLO-4059 for an outcome that was not stored.
    """
    if outcome.run_id is None:
        raise InputError("CLO-4059", "Results that are not stored cannot be accepted", remedy="Store the run first.")
    values = {
        result.test_id: result.value
        for result in outcome.report.results
        if result.is_applicable and (not tests or result.test_id in tests)
    }
    with store.begin() as work:
        return work.compliance.accept(work.runs.get(outcome.run_id), values)


def set_limits(store: Store, deal: str, text: str | None, where: str) -> None:
    """Store the limits that a deal has beyond its sheet in place of earlier ones; None takes them away.

    They are tried on the newest snapshot first: what would stop the tests is an error, and nothing is stored. Raises
    InputError CLO-3022 for a test that another deal defines by another filter.
    """
    limits = limits_from_content(None, where) if text is None else limits_from_json(text, where)
    own_tests = limits.own_tests(where)
    # In one transaction, so that a test of refused limits leaves no id behind.
    with store.begin() as work:
        stored = work.snapshots.deal(deal)
        with located(where):
            work.compliance.keep_own_tests(own_tests)
        inputs = inputs_of(work, _request(work, stored, limits, own_tests, Mode.STANDARD))
        evaluate(inputs.plan(), inputs.holdings)
        work.compliance.save_limits(stored.deal_id, None if text is None else limits_to_content(limits))


def history(work: UnitOfWork, deal: str, test: int | str | None, mode: Mode) -> tuple[PastResult, ...]:
    """Tests of a deal through time. Raises ReferenceDataError for an unknown deal, CLO-1503 for an unknown test."""
    stored = work.snapshots.deal(deal)
    wanted = None if test is None else id_of_test(work, test)
    return work.compliance.history(stored.deal_id, mode.value, wanted)


def id_of_test(work: UnitOfWork, test: int | str, where: str = "list of tests") -> int:
    """Id of a test by its id or name, of the catalogue or defined by any deal; CLO-1503 for an unknown one."""
    ids = {name: definition.id for name, definition in BY_NAME.items()} | work.compliance.own_test_ids()
    found = ids.get(test) if isinstance(test, str) else test
    if found is None or found not in ids.values():
        raise unknown_test(test, where, ids)
    return found


def record_of(work: UnitOfWork, outcome: ComplianceOutcome) -> ComplianceRecord:
    """What the compliance workbook is written from: the outcome, the deal's positions and the history of its tests."""
    report = outcome.report
    request = request_of(work, report.deal, report.as_of, Mode(report.mode))
    inputs = inputs_of(work, request)
    return ComplianceRecord(
        report=report,
        metrics=outcome.metrics,
        collections=outcome.collections,
        positions=tuple(
            Position(asset, float(par))
            for asset, par in zip(inputs.portfolio.assets, inputs.holdings.par, strict=True)
            if par != 0.0
        ),
        history=work.compliance.history(request.stored.deal_id, report.mode),
        own_tests=request.own_tests,
    )


def _answered(work: UnitOfWork, cache: Cache, request: Request) -> ComplianceOutcome | None:
    """The answer of the last run, if it is of the same input; its texts from the cache if they are there.

    An earlier run of the same input does not answer: the history would go on showing what came after it.
    """
    run = work.runs.find(request.key)
    if run is None or run.run_id != work.compliance.newest(run.deal_id, run.as_of, run.mode):
        return None
    collections = work.compliance.collections(run.deal_id, run.as_of)
    texts = _cached(cache, request)
    source = "store" if texts is None else "cache"
    if texts is None:
        texts = work.compliance.texts(run)
        _keep(cache, request, texts)
    report, metrics = from_texts(texts)
    return _outcome(report, metrics, run.run_id, source, collections)


def _cached(cache: Cache, request: Request) -> dict[str, bytes] | None:
    found = {name: cache.array(request.cache_key(name)) for name in _KINDS}
    texts = {name: array.tobytes() for name, array in found.items() if array is not None}
    return texts if len(texts) == len(_KINDS) else None


def _keep(cache: Cache, request: Request, texts: Mapping[str, bytes]) -> None:
    for name, kind in _KINDS.items():
        cache.put_array(kind, request.cache_key(name), np.frombuffer(texts[name], np.uint8))


def _outcome(
    report: ComplianceReport,
    metrics: PoolMetrics,
    run_id: int | None,
    answered_from: str,
    collections: tuple[PeriodCollections, ...],
) -> ComplianceOutcome:
    return ComplianceOutcome(
        run_id=run_id,
        report=replace(report, run_id="" if run_id is None else str(run_id)),
        metrics=metrics,
        collections=collections,
        answered_from=answered_from,
    )


def _report(request: Request, inputs: ComplianceInputs, evaluation: Evaluation) -> ComplianceReport:
    """The tests with what they rest on; the number of the run is not known yet."""
    deal, results = request.stored.deal, results_of(evaluation, inputs.baselines, inputs.places)
    weighted = {test_id: weight for test_id, weight in inputs.weights.items() if weight}
    remarks = (
        *result_remarks(results),
        *pool_remarks(inputs.portfolio, inputs.holdings),
        *(f"No test reads the input '{row.label}' ({row.place})" for row in unread_inputs(deal)),
        *(f"Position {name} is not in the asset list and is left out" for name in inputs.left_out),
    )
    return ComplianceReport(
        deal=deal.name,
        as_of=request.as_of,
        mode=request.mode.value,
        run_id="",
        engine_version=request.engine,
        input_hash=request.key,
        source_file=request.stored.source_file,
        objective=objective(evaluation, inputs.weights) if weighted else None,
        weights=tuple(weighted.items()),
        inputs=input_sources(deal, request.mode, request.limits),
        remarks=remarks,
        results=results,
    )


def _moved_baselines(evaluation: Evaluation) -> dict[int, float]:
    """Results that are the baselines of the next run, in legacy mode."""
    if Quirk.MOVING_BASELINE not in evaluation.plan.portfolio.quirks:
        return {}
    return {setting.test_id: setting.baseline for setting in accepted(evaluation) if setting.baseline is not None}


def _header(request: Request) -> RunHeader:
    return RunHeader(
        deal_name=request.stored.deal.name,
        scenario="",
        as_of=request.as_of,
        mode=request.mode.value,
        input_hash=request.key,
        engine_version=request.engine,
        requested_by="",
        kind=COMPLIANCE,
    )
