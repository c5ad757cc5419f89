"""From what a simulation reads to the job that runs it: states, dates, dependence, positions, deals."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssetAssumptions, Rate
from engine.collateral.holding import Holding
from engine.collateral.ratings import sp_state
from engine.deal.base_balances import positions_of
from engine.deal.resolve import ResolvedDeal, resolve
from engine.deal.simulation import DealSimulation
from engine.deal.simulation_job import SimulatedPool, SimulationJob
from engine.desk.calendars import calendar_of
from engine.desk.engine_version import engine_version
from engine.desk.simulations.inputs import SimulatedDealInput, SimulationInputs, assumptions_text
from engine.desk.simulations.request import CorrelationSource
from engine.errors import InputError, ReferenceDataError
from engine.rating_migration.correlation import CorrelationRules, Relationship
from engine.rating_migration.correlation_checks import correlations_of
from engine.rating_migration.dependence import CholeskyFactor, Dependence
from engine.rating_migration.draws import Draws
from engine.rating_migration.factor_model import FactorModel
from engine.rating_migration.fields import DEFAULTED
from engine.rating_migration.grid import DateGrid, regular_grid
from engine.rating_migration.nearest_correlation import RepairReport, repaired_correlation
from engine.rating_migration.plan import SimulatedAsset, SimulationPlan, plan_by_issuer, plan_simulation
from engine.rating_migration.recovery import RecoveryModel, recovery_model
from engine.rating_migration.transition import EmbeddingReport, checked_matrix, rating_transitions, scaled_defaults
from engine.waterfall.compiler import program_hash

Floats = npt.NDArray[np.float64]
_N_RULES = 3
_FEW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was done to the inputs: to the matrix on its way to a generator, to correlations on theirs to a factor."""

    embedding: EmbeddingReport
    factors: FactorModel | None
    repair: RepairReport | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltSimulation:
    """A job that can run, the resolved deals of its pools (None without cash flows), and what was found on the way."""

    inputs: SimulationInputs
    job: SimulationJob
    resolved: tuple[ResolvedDeal | None, ...]
    findings: Findings


def build(inputs: SimulationInputs, seed: int) -> BuiltSimulation:
    """The job of a request with its seed.

    Raises InputError and ModelError for a matrix, correlations, draws or dates that cannot be used, and
    ReferenceDataError CLO-4187 for an asset without maturity or with a rating that is none.
    """
    request, ratings = inputs.request, inputs.transition.ratings
    assets = simulated_assets(inputs.assets, inputs.as_of)
    grid = regular_grid(inputs.as_of, max(asset.maturity for asset in assets), request.step)
    transitions = rating_transitions(
        ratings,
        scaled_defaults(checked_matrix(inputs.transition.matrix, ratings), request.default_scale),
        accepts_error=request.accepts_matrix_error,
    )
    draws = Draws(seed=seed, n_simulations=request.n_simulations, method=request.method, scrambles=request.scrambles)
    dependence, factors, repair = _dependence(inputs)
    plan: SimulationPlan
    if request.defaults_by_issuer:
        issuers = _issuers(inputs.assets)
        plan = plan_by_issuer(assets, issuers, grid, transitions, dependence, draws)
    else:
        plan = plan_simulation(assets, grid, transitions, dependence, draws)
    place = {name: i for i, name in enumerate(plan.asset_ids)}
    resolved = tuple(resolved_deal(item, inputs) for item in inputs.deals)
    job = SimulationJob(
        key=job_key(inputs, seed),
        label=f"Simulating {_shown([item.stored.deal.name for item in inputs.deals])}",
        plan=plan,
        pools=tuple(_pool(item, deal, inputs, grid, place) for item, deal in zip(inputs.deals, resolved, strict=True)),
        recovery=_recovery(inputs),
    )
    findings = Findings(embedding=transitions.report, factors=factors, repair=repair)
    return BuiltSimulation(inputs=inputs, job=job, resolved=resolved, findings=findings)


def _shown(names: Sequence[str]) -> str:
    """Names for a line that has little room."""
    return ", ".join(names) if len(names) <= _FEW else f"{names[0]} and {len(names) - 1} more"


def job_key(inputs: SimulationInputs, seed: int) -> str:
    """Hash of everything the numbers depend on, the engine's version included."""
    parts = [
        engine_version(),
        repr(replace(inputs.request, seed=seed, deals=(), as_of=inputs.as_of)),
        assumptions_text(inputs),
        repr(inputs.shock),
        inputs.book.source_file.sha256,
        "" if inputs.correlation_version is None else inputs.correlation_version.content_hash,
    ]
    for item in inputs.deals:
        parts.append(item.stored.content_hash)
        if item.to_run is not None:
            parts += [program_hash(item.to_run.program), repr(item.to_run.configuration)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def simulated_assets(assets: Sequence[Asset], as_of: date) -> tuple[SimulatedAsset, ...]:
    """Assets with the states they start in; ReferenceDataError CLO-4187 for one without maturity or known rating."""
    found = []
    for asset in assets:
        state = sp_state(asset.sp_rating)
        if asset.maturity is None or not state:
            problem = "no maturity" if asset.maturity is None else f"the S&P rating '{asset.sp_rating}', which is none"
            raise ReferenceDataError(
                "CLO-4187",
                f"Asset {asset.blkrock_id} has {problem}",
                where="All Assets",
                remedy="Correct it and import again.",
            )
        start = DEFAULTED if asset.default_asset else state - 1
        # What is in default is worked out whenever its papers said it was due.
        maturity = max(asset.maturity, as_of) if start == DEFAULTED else asset.maturity
        found.append(SimulatedAsset(blkrock_id=asset.blkrock_id, state=start, maturity=maturity))
    return tuple(found)


def _dependence(inputs: SimulationInputs) -> tuple[Dependence, FactorModel | None, RepairReport | None]:
    request, assets = inputs.request, inputs.assets
    if request.correlation is CorrelationSource.FACTORS:
        factors = request.factors or _factors_of_rules(inputs)
        issuers, industries = _issuers(assets), [asset.sp_industry for asset in assets]
        if request.defaults_by_issuer:
            first = {issuer: i for i, issuer in reversed(list(enumerate(issuers)))}
            order = list(dict.fromkeys(issuers))
            issuers, industries = order, [industries[first[issuer]] for issuer in order]
        return factors.loadings(issuers, industries, folds_single_groups=True), factors, None
    performing = [asset for asset in assets if not asset.default_asset]
    if request.correlation is CorrelationSource.RULE:
        matrix = correlation_rules(inputs).rule_matrix(performing).matrix
    else:
        matrix = _stored_correlations(inputs, performing)
    repaired = repaired_correlation(matrix, request.repair)
    # What is in default does not move any more; it keeps its place among the assets with a shock of its own.
    lower = np.eye(len(assets))
    rows = np.flatnonzero([not asset.default_asset for asset in assets])
    lower[np.ix_(rows, rows)] = repaired.factor.lower
    return CholeskyFactor(lower=lower), None, repaired.report


def _stored_correlations(inputs: SimulationInputs, assets: Sequence[Asset]) -> Floats:
    if inputs.correlation is None:
        raise _no_rules(inputs, "CLO-4091", "correlation matrix")
    return correlations_of(inputs.correlation.ids, inputs.correlation.matrix, [asset.blkrock_id for asset in assets])


def _issuers(assets: Sequence[Asset]) -> list[str]:
    """Issuer of each asset; one without an issuer is its own."""
    return [asset.issuer_id.strip() or asset.issuer_name.strip() or asset.blkrock_id for asset in assets]


def correlation_rules(inputs: SimulationInputs) -> CorrelationRules:
    """The rules of the workbook; ReferenceDataError CLO-4188 where it has not all three."""
    rows = [Relationship(row.correlation, row.reduction_per_notch) for row in inputs.book.correlation_rules]
    if len(rows) < _N_RULES:
        raise _no_rules(inputs, "CLO-4188", "complete set of correlation rules")
    return CorrelationRules(*rows[:_N_RULES])


def _factors_of_rules(inputs: SimulationInputs) -> FactorModel:
    """The base correlations of the workbook's rules as factors: what notches take off has no exact factor form."""
    rules = correlation_rules(inputs)
    return FactorModel(market=rules.other.base, industry=rules.same_industry.base, issuer=rules.same_issuer.base)


def _no_rules(inputs: SimulationInputs, number: str, what: str) -> ReferenceDataError:
    return ReferenceDataError(
        number,
        f"The workbook {inputs.book.source_file.name} has no {what}",
        remedy="Give the correlations of the factor model: market, industry, issuer.",
    )


def resolved_deal(item: SimulatedDealInput, inputs: SimulationInputs) -> ResolvedDeal | None:
    """A deal ready for its paths; None in a simulation without cash flows."""
    if item.to_run is None:
        return None
    return resolve(
        item.to_run.deal,
        item.to_run.program,
        item.to_run.market.calendar,
        (item.to_run.market.curve,),
        inputs.as_of,
        inputs.request.mode.quirks,
        item.to_run.configuration,
    )


def _pool(
    item: SimulatedDealInput,
    resolved: ResolvedDeal | None,
    inputs: SimulationInputs,
    grid: DateGrid,
    place: dict[str, int],
) -> SimulatedPool:
    curve = None if item.to_run is None else item.to_run.market.curve
    positions = positions_of(item.holdings, grid.days, place, inputs.as_of, calendar_of(inputs.book), curve)
    # The deal was assembled under the scenario: its terms hold the shocks already.
    deal = None if resolved is None else DealSimulation.of(resolved, grid.days, place)
    return SimulatedPool(name=item.stored.deal.name, positions=positions, deal=deal)


def _recovery(inputs: SimulationInputs) -> RecoveryModel | None:
    """Recoveries that scatter around 1 - severity; None where the request wants them as assumed."""
    request = inputs.request
    if not request.recovery_deviation or not request.has_cash_flows:
        return None
    by_id: dict[str, Holding] = {
        holding.asset.blkrock_id: holding for item in inputs.deals for holding in item.holdings
    }
    means = np.array([1.0 - _severity(by_id[asset.blkrock_id].assumptions) for asset in inputs.assets])
    return recovery_model(
        means,
        np.full(len(means), request.recovery_deviation),
        request.recovery_correlation,
        ids=[asset.blkrock_id for asset in inputs.assets],
    )


def _severity(assumptions: AssetAssumptions) -> float:
    severity: Rate = assumptions.severity
    if isinstance(severity, tuple):
        if len(set(severity)) > 1:
            raise InputError(
                "CLO-4189",
                "Recoveries cannot scatter around a severity that changes with time",
                where="assumption set",
                remedy="Assume one severity for each asset, or no scatter.",
            )
        return severity[0]
    return severity
