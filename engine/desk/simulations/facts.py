"""What a simulation was run on, line by line, so that it can be explained and run again (spec 04 R5, R7)."""

import numpy as np

from engine.desk.engine_version import engine_version
from engine.desk.simulations.build import BuiltSimulation
from engine.desk.simulations.request import CorrelationSource
from engine.rating_migration.dependence import FactorLoadings
from engine.rating_migration.draws import GENERATOR, Draws, Method
from engine.rating_migration.theory import pair_defaults
from engine.rating_migration.transition import Step
from workbooks.simulation.record import Fact

IMPLIED_YEARS = 5
_B = 14
"""0-based state of a B."""

_SOURCES = {
    CorrelationSource.FACTORS: "factor model",
    CorrelationSource.RULE: "rule of issuer, industry and notches",
    CorrelationSource.STORED: "stored matrix",
}


def facts_of(built: BuiltSimulation) -> tuple[Fact, ...]:
    """Everything that identifies the numbers."""
    inputs, request, plan = built.inputs, built.inputs.request, built.job.plan
    embedding = built.findings.embedding
    lines = [
        ("Deals in one joint simulation", ", ".join(pool.name for pool in built.job.pools)),
        ("Analysis date", inputs.as_of.isoformat()),
        ("Simulations", f"{plan.draws.n_simulations:,}"),
        ("Seed", str(plan.draws.seed)),
        ("Generator", GENERATOR),
        ("Draws", _draws(plan.draws)),
        ("Steps", f"{plan.n_periods} {_step(request.step)}"),
        ("Assets", f"{plan.n_assets:,}"),
        ("Transition matrix", f"{inputs.book.source_file.name}, by generator"),
        ("Largest PD error", f"{1e4 * embedding.default_error.max():.2f} bp a year of a rating"),
        ("Correlation", _SOURCES[request.correlation]),
        *_correlation(built),
        ("Issuers", "loans of an issuer default together" if request.defaults_by_issuer else "every loan by itself"),
        ("Cash flows", f"waterfall along every path, {inputs.chosen.name}" if request.has_cash_flows else "none"),
        ("Scenario", inputs.shock.name),
        ("Recovery", _recovery(built)),
    ]
    if request.default_scale != 1.0:
        lines.append(("Default probabilities", f"times {request.default_scale:g}"))
    if request.unrated_as:
        lines.append(("Unrated assets", f"count as {request.unrated_as}"))
    lines += [("Mode", request.mode.value), ("Engine", engine_version())]
    return tuple(Fact(label, text) for label, text in lines)


def _draws(draws: Draws) -> str:
    return {
        Method.PSEUDO: "pseudo-random",
        Method.ANTITHETIC: "antithetic pairs",
        Method.SOBOL: f"Sobol points on the factors, {draws.scrambles} scrambles",
    }[draws.method]


def _step(step: Step) -> str:
    return {Step.ANNUAL: "years", Step.SEMI_ANNUAL: "half-years", Step.QUARTERLY: "quarters"}.get(step, "months")


def _correlation(built: BuiltSimulation) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    factors, repair, version = built.findings.factors, built.findings.repair, built.inputs.correlation_version
    if factors is not None:
        lines += [
            ("Market, industry, issuer", f"{factors.market:g}, {factors.industry:g}, {factors.issuer:g}"),
            ("Persistence of the factors", f"{factors.persistence:g}"),
        ]
        lines += _implied(built, factors.market)
    if version is not None:
        lines.append(("Correlation matrix", f"{len(version.ids)} assets, {version.content_hash[:12]}"))
    if repair is not None:
        lines.append(("Repair of the matrix", _repair(built)))
    return lines


def _repair(built: BuiltSimulation) -> str:
    repair = built.findings.repair
    if repair is None or repair.method.value == "none":
        return "none needed"
    return (
        f"{repair.method.value}: least eigenvalue {repair.smallest_before:.2e} before, largest change of an entry"
        f" {repair.largest_change:.2e}, {repair.iterations} iterations"
    )


def _implied(built: BuiltSimulation, correlation: float) -> list[tuple[str, str]]:
    """What the step length makes of the correlation for two B names in different industries (spec 04 §11.2, R7)."""
    plan = built.job.plan
    if not isinstance(plan.dependence, FactorLoadings) or not 0.0 < correlation < 1.0:
        return []
    annual = built.inputs.transition.matrix
    horizon = float(np.linalg.matrix_power(annual, IMPLIED_YEARS)[_B, -1])
    if not 0.0 < horizon < 1.0:
        return []
    steps = max(1, round(IMPLIED_YEARS / float(plan.grid.years[0])))
    pair = pair_defaults(horizon, correlation, steps, plan.dependence.persistence)
    implied = f"{pair.correlation:.3f} between two B names over {IMPLIED_YEARS} years"
    return [("Implied default correlation", implied)]


def _recovery(built: BuiltSimulation) -> str:
    request = built.inputs.request
    if built.job.recovery is None:
        return "severity and lag as assumed"
    return (
        f"Beta around 1 - severity, standard deviation {request.recovery_deviation:g},"
        f" correlation {request.recovery_correlation:g} with the market factor"
    )
