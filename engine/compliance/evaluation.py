"""Testing holdings: values, thresholds, verdicts and cushions of every configured test (spec 03 §4)."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.compliance import kernels_groups, kernels_measures
from engine.compliance.catalogue import CATALOGUE
from engine.compliance.forms import RankedGroups
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
        found = kernels_measures.measure(int(form.kind), par, cash, form.reals, form.codes, form.settings)
        if form.denominator is None:
            scores[place] = found
        else:
            numerator[place] = found
    judgement = judge(plan, numerator, denominator, scores)
    return Evaluation(
        plan=plan,
        holdings=holdings,
        value=judgement.value,
        numerator=_reported(plan, par, numerator[:-1]),
        denominator=np.where(np.isnan(scores), denominator[:-1], 0.0),
        threshold=judgement.threshold,
        is_applicable=judgement.is_applicable,
        is_passed=judgement.is_passed,
        is_maintained=judgement.is_maintained,
        top=top,
        recovery=float(judgement.recovery),
    )


@dataclass(frozen=True)
class Judgement:
    """What the sums of one or many pools mean, each (..., tests); recovery (...) the average recovery of each pool."""

    value: Floats
    threshold: Floats
    is_applicable: Mask
    is_passed: Mask
    is_maintained: Mask
    recovery: Floats


def judge(plan: Plan, numerator: Floats, denominator: Floats, scores: Floats) -> Judgement:
    """Values, thresholds and verdicts of the pools that the leading axes run over.

    numerator, denominator (..., tests + 1), the last one of the recovery rate; scores (..., tests), NaN for every test
    that has parts.
    """
    value, is_applicable = _quotients(numerator, denominator, plan.decimals)
    recovery = value[..., -1]
    has_parts = np.isnan(scores)
    value = np.where(has_parts, value[..., :-1], scores)
    threshold = thresholds_at(plan, recovery)
    is_applicable = is_applicable[..., :-1] | ~has_parts
    is_passed, is_maintained = verdicts(plan, value, threshold, is_applicable)
    return Judgement(value, threshold, is_applicable, is_passed, is_maintained, recovery)


def _quotients(numerator: Floats, denominator: Floats, decimals: npt.NDArray[np.int64]) -> tuple[Floats, Mask]:
    """Values along the last axis of tests, 0 where nothing is divided by, and where there is something."""
    is_applicable = denominator > 0.0
    value = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=is_applicable)
    for test in np.flatnonzero(decimals != NO_DECIMALS):
        value[..., test] = np.round(value[..., test], int(decimals[test]))
    return value, is_applicable


def thresholds_at(plan: Plan, recovery: Floats) -> Floats:
    """Thresholds in force for pools of these recovery rates (...), as (..., tests)."""
    lowest, highest = plan.stops
    known = np.where(recovery_is_known(plan), recovery[..., None], 0.0)
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
    if Quirk.ROUNDED_BASELINE in plan.portfolio.quirks:
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
