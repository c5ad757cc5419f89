"""How far each test is from failing, in par, and the positions that drive its result."""

import numpy as np
import numpy.typing as npt

from engine.compliance.evaluation import TOLERANCE, Evaluation
from engine.compliance.forms import Form, Measure, MeasureKind, RankedGroups, Ratio
from engine.compliance.portfolio import Floats
from engine.compliance.sensitivity import measure_cushion, measure_drivers

_MEASURES_IN_PAR = frozenset({MeasureKind.HELD_AMOUNT, MeasureKind.ADJUSTED_COLLATERAL})


def cushions(evaluation: Evaluation) -> Floats:
    """How much par could move against each test before it fails, in currency, (tests,).

    Of a share and a ranked group: par that could be added to what it counts, bought at par; of a coverage ratio: par
    that could be lost; of an average or a score: par that could be bought, at par, of the held asset that is worst for
    it. Negative where the test fails already; infinite where no held asset is against it.
    """
    return np.array([_cushion(evaluation, place) for place in range(len(evaluation.plan))])


def _cushion(evaluation: Evaluation, place: int) -> float:
    plan, form = evaluation.plan, evaluation.plan.forms[place]
    sign = 1.0 if plan.is_max[place] else -1.0
    limit = float(evaluation.threshold[place])
    if not evaluation.is_applicable[place]:
        return np.inf
    if isinstance(form, Measure) and form.kind not in _MEASURES_IN_PAR:
        return measure_cushion(form, evaluation.holdings.par, evaluation.holdings.cash, limit, sign)
    slack = float(sign * (limit - evaluation.value[place]) * evaluation.denominator[place])
    if not isinstance(form, Ratio) or not form.denominator.per_par.any():
        return slack
    worst = _worst_weight(form, limit, sign, evaluation.holdings.par)
    return slack / worst if worst > TOLERANCE else np.inf


def _worst_weight(form: Ratio, limit: float, sign: float, par: Floats) -> float:
    """What a unit of par bought at par takes of the slack: of a share what it counts, of an average the worst held."""
    top, bottom = form.numerator, form.denominator
    per_unit = sign * ((top.per_par - limit * bottom.per_par) - (top.per_cash - limit * bottom.per_cash))
    if bottom.per_cash:
        counted = (bottom.per_par != 0.0) | (top.per_par != 0.0)
        worst = float(per_unit[counted].max(initial=0.0))
        return worst if worst > TOLERANCE else 1.0
    held = par != 0.0
    return float(per_unit[held].max(initial=0.0)) if held.any() else float(per_unit.max(initial=0.0))


def drivers(evaluation: Evaluation, test_id: int, most: int = 10) -> list[tuple[str, float]]:
    """The positions behind a result, the strongest first: (asset id, what it adds).

    Of a share or a group: its par in the numerator; of an average: par times its distance from the threshold, against
    the test positive; of a coverage ratio and any other measure: what the sale of the position at par would improve.
    """
    place = evaluation.of(test_id)
    weight = _driver_weights(evaluation, place, evaluation.plan.forms[place])
    order = np.lexsort((np.arange(len(weight)), -weight))[:most]
    ids = evaluation.plan.portfolio.ids
    return [(ids[row], float(weight[row])) for row in order if weight[row] > 0.0]


def _driver_weights(evaluation: Evaluation, place: int, form: Form) -> Floats:
    par = evaluation.holdings.par
    if isinstance(form, RankedGroups):
        return np.where(np.isin(form.codes, _groups_of_ranks(form, par, int(evaluation.top[place]))), par, 0.0)
    sign = 1.0 if evaluation.plan.is_max[place] else -1.0
    if isinstance(form, Measure):
        return measure_drivers(form, par, evaluation.holdings.cash, sign)
    top, bottom = form.numerator, form.denominator
    if not bottom.per_par.any():
        against = top.per_par - top.per_cash
    elif bottom.per_cash and sign > 0.0:
        against = top.per_par
    else:
        against = top.per_par - evaluation.threshold[place] * bottom.per_par
    weights: Floats = par * against * sign
    return weights


def _groups_of_ranks(form: RankedGroups, par: Floats, first: int) -> npt.NDArray[np.int64]:
    """Codes of the groups that a ranked test adds up, from the group at its first rank; none without that one."""
    if first < 0 or form.count == 1:
        return np.array([first] if first >= 0 else [], np.int64)
    held = (form.codes >= 0) & (par != 0.0)
    sums = np.bincount(form.codes[held], par[held], len(form.names))
    groups = np.unique(form.codes[held])
    largest_first = groups[np.lexsort((groups, -sums[groups]))]
    return largest_first[form.rank - 1 : form.rank - 1 + form.count]
