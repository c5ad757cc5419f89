"""Testing holdings: values, thresholds, verdicts and cushions of every configured test (spec 03 §4)."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.compliance import kernels_groups, kernels_measures
from engine.compliance.catalogue import CATALOGUE
from engine.compliance.forms import Form, RankedGroups, Ratio
from engine.compliance.plan import NO_DECIMALS, Plan, recovery_is_known
from engine.compliance.portfolio import Floats, Mask
from engine.compliance.terms import TestSetting
from engine.errors import InputError
from engine.modes import Quirk

TOLERANCE = 1e-9
"""A result this close to its threshold passes: money is exact to the cent, its ratios are not (spec 03 §14.4)."""
_BASELINE_DECIMALS = 4


@dataclass(frozen=True)
class Holdings:
    """What a deal holds of a portfolio: par (n,) and principal cash of the collection account, in currency."""

    par: Floats
    cash: float


@dataclass(frozen=True)
class Evaluation:
    """Results of all tests of a plan, each (tests,).

    value; numerator and denominator in currency (both 0 for a score); threshold; is_applicable: False where there is
    nothing to divide by; is_passed; is_maintained: passed only because the result is no worse than the baseline;
    top: code of the ranked group, -1 for none; recovery: weighted average Moody's recovery rate of the pool.
    """

    plan: Plan
    holdings: Holdings
    value: Floats
    numerator: Floats
    denominator: Floats
    threshold: Floats
    is_applicable: Mask
    is_passed: Mask
    is_maintained: Mask
    top: npt.NDArray[np.int64]
    recovery: float

    def of(self, test_id: int) -> int:
        """Row of a test."""
        return self.plan.place_of[test_id]


def evaluate(plan: Plan, holdings: Holdings) -> Evaluation:
    """Every test of the plan for these holdings.

    Raises InputError CLO-1508 in legacy mode where the legacy model stops: a rank that no group holds (03 Q34).
    """
    par, cash = holdings.par, holdings.cash
    numerator = plan.numerators.at(par, cash)
    denominator = plan.denominators.at(par, cash)[plan.denominator_of]
    top = np.full(len(plan), kernels_groups.NO_GROUP, np.int64)
    ranked = plan.ranked
    if ranked.forms:
        sums, groups = np.empty(len(ranked.forms)), np.empty(len(ranked.forms), np.int64)
        kernels_groups.ranked(
            ranked.codes, ranked.n_groups, ranked.ranks, ranked.counts, ranked.is_by_name, par, sums, groups
        )
        numerator[ranked.place], top[ranked.place] = sums, groups
        _require_ranks(plan, groups)
    scores = np.full(len(plan), np.nan)
    for place, form in plan.measures:
        found = kernels_measures.measure(form.kind, par, cash, form.reals, form.codes, form.settings)
        if form.denominator is None:
            scores[place] = found
        else:
            numerator[place] = found
    value, is_applicable = _quotients(numerator, denominator, plan.decimals)
    recovery = float(value[-1])
    has_parts = np.isnan(scores)
    value = np.where(has_parts, value[:-1], scores)
    threshold = thresholds_at(plan, np.array([recovery]))[0]
    is_applicable = is_applicable[:-1] | ~has_parts
    is_passed, is_maintained = verdicts(plan, value, threshold, is_applicable)
    return Evaluation(
        plan=plan,
        holdings=holdings,
        value=value,
        numerator=_reported(plan, par, numerator[:-1]),
        denominator=np.where(has_parts, denominator[:-1], 0.0),
        threshold=threshold,
        is_applicable=is_applicable,
        is_passed=is_passed,
        is_maintained=is_maintained,
        top=top,
        recovery=recovery,
    )


def _quotients(numerator: Floats, denominator: Floats, decimals: npt.NDArray[np.int64]) -> tuple[Floats, Mask]:
    """Values along the last axis of tests, 0 where nothing is divided by, and where there is something."""
    is_applicable = denominator > 0.0
    value = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=is_applicable)
    for test in np.flatnonzero(decimals != NO_DECIMALS):
        value[..., test] = np.round(value[..., test], int(decimals[test]))
    return value, is_applicable


def thresholds_at(plan: Plan, recovery: Floats) -> Floats:
    """Thresholds in force for pools of these recovery rates (pools,), as (pools, tests)."""
    lowest, highest = plan.stops
    known = np.where(recovery_is_known(plan), recovery[:, None], 0.0)
    level: Floats = plan.levels + plan.slopes * np.clip(known, lowest, highest)
    return level


def verdicts(plan: Plan, value: Floats, threshold: Floats, is_applicable: Mask) -> tuple[Mask, Mask]:
    """Which results pass, and which of them only by maintaining or improving on the baseline; any leading axes."""
    is_max = plan.is_max
    keeps = np.where(is_max, value <= threshold + TOLERANCE, value >= threshold - TOLERANCE)
    if Quirk.NO_COUPON_IS_ZERO_COUPON not in plan.portfolio.quirks:
        keeps |= ~is_applicable
    before, now = plan.baselines, value
    tolerance = TOLERANCE
    if Quirk.MOVING_BASELINE in plan.portfolio.quirks:
        before, now, tolerance = np.round(before, _BASELINE_DECIMALS), np.round(value, _BASELINE_DECIMALS), 0.0
    no_worse = np.where(is_max, now <= before + tolerance, now >= before - tolerance)
    is_maintained = ~keeps & (plan.baselines > 0.0) & no_worse
    return keeps | is_maintained, is_maintained


def _require_ranks(plan: Plan, groups: npt.NDArray[np.int64]) -> None:
    for form, place, group in zip(plan.ranked.forms, plan.ranked.place, groups, strict=True):
        if form.must_exist and group == kernels_groups.NO_GROUP:
            raise InputError(
                "CLO-1508",
                f"The legacy model stops at test {plan.settings[place].test_id}: the pool has no group of that rank",
                where=plan.terms.deal,
                remedy="Test in standard mode, where a rank that does not exist counts 0.",
            )


def _reported(plan: Plan, par: Floats, numerator: Floats) -> Floats:
    """Numerators as reported, which under 03 Q22 are not those that were divided."""
    for form, place in zip(plan.ranked.forms, plan.ranked.place, strict=True):
        if form.reported_rank:
            shown = replace(form, rank=form.reported_rank)
            numerator[place] = _group_sum(shown, par)
    return numerator


def _group_sum(form: RankedGroups, par: Floats) -> float:
    sums, group = np.empty(1), np.empty(1, np.int64)
    one = np.ones(1, np.int64)
    kernels_groups.ranked(
        form.codes[None, :], one * len(form.names), one * form.rank, one * form.count, one * 0, par, sums, group
    )
    return float(sums[0])


def ranked_name(evaluation: Evaluation, place: int) -> str:
    """The obligor, country or industry behind a ranked test, empty for other tests and where there is none."""
    form = evaluation.plan.forms[place]
    group = int(evaluation.top[place])
    return form.names[group] if isinstance(form, RankedGroups) and group >= 0 else ""


def cushions(evaluation: Evaluation) -> Floats:
    """How much par could move against each test before it fails, in currency, (tests,).

    Of a share and a ranked group: par that could be added to what it counts, bought at par; of a coverage ratio: par
    that could be lost; of an average: par that could be bought, at par, of the held asset that is worst for it.
    Negative where the test fails already; infinite where no held asset is against it; NaN for a score.
    """
    return np.array([_cushion(evaluation, place) for place in range(len(evaluation.plan))])


def _cushion(evaluation: Evaluation, place: int) -> float:
    plan, form = evaluation.plan, evaluation.plan.forms[place]
    sign = 1.0 if plan.is_max[place] else -1.0
    limit = float(evaluation.threshold[place])
    if not evaluation.is_applicable[place]:
        return np.inf
    slack = sign * (limit * evaluation.denominator[place] - evaluation.value[place] * evaluation.denominator[place])
    if isinstance(form, RankedGroups):
        return float(slack)
    if not isinstance(form, Ratio):
        return float(slack) if form.denominator is not None else np.nan
    top, bottom = form.numerator, form.denominator
    if not bottom.per_par.any():
        return float(slack)
    per_unit = sign * ((top.per_par - limit * bottom.per_par) - (top.per_cash - limit * bottom.per_cash))
    if evaluation.holdings.par.any():
        per_unit = per_unit[evaluation.holdings.par != 0.0]
    worst = float(per_unit.max(initial=0.0))
    return float(slack / worst) if worst > TOLERANCE else np.inf


def drivers(evaluation: Evaluation, test_id: int, most: int = 10) -> list[tuple[str, float]]:
    """The positions behind a result, the strongest first: (asset id, what it adds).

    Of a share or a group: its par in the numerator; of an average: par times its distance from the threshold, against
    the test positive. A score has none.
    """
    place = evaluation.of(test_id)
    weight = _driver_weights(evaluation, place, evaluation.plan.forms[place])
    order = np.lexsort((np.arange(len(weight)), -weight))[:most]
    ids = evaluation.plan.portfolio.ids
    return [(ids[row], float(weight[row])) for row in order if weight[row] > 0.0]


def _driver_weights(evaluation: Evaluation, place: int, form: Form) -> Floats:
    par = evaluation.holdings.par
    if isinstance(form, RankedGroups):
        return np.where(form.codes == evaluation.top[place], par, 0.0) if evaluation.top[place] >= 0 else par * 0.0
    if not isinstance(form, Ratio):
        return par * 0.0
    sign = 1.0 if evaluation.plan.is_max[place] else -1.0
    is_share = bool(form.denominator.per_cash) and sign > 0.0
    against = (
        form.numerator.per_par
        if is_share
        else form.numerator.per_par - evaluation.threshold[place] * form.denominator.per_par
    )
    weights: Floats = par * against * sign
    return weights


def accepted(evaluation: Evaluation) -> tuple[TestSetting, ...]:
    """The settings with these results as the new baselines.

    Raises InputError CLO-1511 in legacy mode where a test is configured without the others that its routine answers for
    (03 Q20).
    """
    _require_followers(evaluation.plan)
    return tuple(
        replace(setting, baseline=float(value))
        for setting, value in zip(evaluation.plan.settings, evaluation.value, strict=True)
    )


def _require_followers(plan: Plan) -> None:
    if Quirk.FOLLOWER_TESTS not in plan.portfolio.quirks:
        return
    for definition in CATALOGUE:
        if definition.leader in plan.place_of and definition.id not in plan.place_of:
            raise InputError(
                "CLO-1511",
                f"The legacy model stops: test {definition.leader} is configured without test {definition.id}",
                where=plan.terms.deal,
                remedy="Configure both, or test in standard mode.",
            )
