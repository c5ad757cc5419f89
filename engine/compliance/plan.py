"""The configured tests of a deal laid out as arrays, so that any holdings are tested by a few products."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from engine.compliance.averages import weighted_average_recovery
from engine.compliance.catalogue import RECOVERY_TEST, definition_of
from engine.compliance.definition import Definition
from engine.compliance.facts import require_fact
from engine.compliance.forms import Form, Measure, RankedGroups, Ratio, Sum
from engine.compliance.portfolio import Floats, Portfolio
from engine.compliance.terms import DealTerms, Direction, TestSetting
from engine.compliance.thresholds import Threshold
from engine.errors import InputError
from engine.modes import Quirk

Whole = npt.NDArray[np.int64]
NO_DECIMALS = -1


@dataclass(frozen=True)
class Sums:
    """Sums of several tests: per_par (tests, n), per_cash (tests,), fixed (tests,)."""

    per_par: Floats
    per_cash: Floats
    fixed: Floats

    @classmethod
    def of(cls, sums: Sequence[Sum], n_assets: int) -> "Sums":
        per_par = np.array([item.per_par for item in sums]) if sums else np.zeros((0, n_assets))
        return cls(
            per_par.reshape(len(sums), n_assets),
            np.array([item.per_cash for item in sums], np.float64),
            np.array([item.fixed for item in sums], np.float64),
        )

    def at(self, par: Floats, cash: float) -> Floats:
        """The sums for these holdings, (tests,)."""
        # Not a matrix product, whose last digit would depend on how many tests a deal has.
        total: Floats = (self.per_par * par).sum(axis=1) + self.per_cash * cash + self.fixed
        return total


@dataclass(frozen=True)
class Ranked:
    """The ranked-group tests: place (tests,) among all tests, codes (tests, n), and one entry a test of the rest."""

    place: Whole
    forms: tuple[RankedGroups, ...]
    codes: Whole
    n_groups: Whole
    ranks: Whole
    counts: Whole
    is_by_name: Whole


@dataclass(frozen=True)
class Plan:
    """The tests of one deal over one portfolio; `evaluate` in `engine.compliance.evaluation` takes the holdings.

    numerators has a row for each test, of zeros where the form is no ratio; the denominators that occur stand once
    each, denominator_of (tests,) says which. The row behind the last test is the recovery rate.
    """

    portfolio: Portfolio
    terms: DealTerms
    settings: tuple[TestSetting, ...]
    definitions: tuple[Definition, ...]
    forms: tuple[Form, ...]
    thresholds: tuple[Threshold, ...]
    numerators: Sums
    denominators: Sums
    denominator_of: Whole
    decimals: Whole
    ranked: Ranked
    measures: tuple[tuple[int, Measure], ...]

    def __len__(self) -> int:
        return len(self.settings)

    @cached_property
    def is_max(self) -> npt.NDArray[np.bool_]:
        """Tests whose result must not lie above the threshold, (tests,)."""
        return np.array([setting.direction is Direction.MAX for setting in self.settings], bool)

    @cached_property
    def levels(self) -> Floats:
        """Constant part of the thresholds, (tests,)."""
        return np.array([threshold.level for threshold in self.thresholds], np.float64)

    @cached_property
    def slopes(self) -> Floats:
        """What a threshold moves with the recovery rate, (tests,)."""
        return np.array([threshold.slope for threshold in self.thresholds], np.float64)

    @cached_property
    def stops(self) -> tuple[Floats, Floats]:
        """Lowest and highest recovery rate that the thresholds follow, each (tests,)."""
        lowest = np.array([threshold.lowest for threshold in self.thresholds], np.float64)
        return lowest, np.array([threshold.highest for threshold in self.thresholds], np.float64)

    @cached_property
    def baselines(self) -> Floats:
        """Last accepted results, NaN for none, (tests,)."""
        return np.array([np.nan if s.baseline is None else s.baseline for s in self.settings], np.float64)

    @cached_property
    def place_of(self) -> dict[int, int]:
        """Test id -> row of the results."""
        return {setting.test_id: place for place, setting in enumerate(self.settings)}


def plan_of(
    portfolio: Portfolio,
    terms: DealTerms,
    settings: Sequence[TestSetting],
    own_tests: Sequence[Definition] = (),
) -> Plan:
    """Lay the configured tests out; own_tests: those that the deal defines itself, beside the catalogue.

    Raises InputError CLO-1502 for a missing input, CLO-1503 for an unknown test, CLO-1505 for a missing threshold,
    CLO-1506 for a test that is configured twice, CLO-1507 for facts about assets that are not there.
    """
    chosen = _in_order(settings, portfolio, own_tests)
    definitions = tuple(definition_of(setting.test_id, own_tests=own_tests) for setting in chosen)
    _require_once(chosen)
    for definition in definitions:
        _require_inputs(definition, portfolio, terms)
    forms = tuple(definition.function(portfolio, terms) for definition in definitions)
    thresholds = tuple(
        _threshold(setting, definition, portfolio, terms)
        for setting, definition in zip(chosen, definitions, strict=True)
    )
    ratios: list[Form] = [*forms, weighted_average_recovery(portfolio, terms)]
    zero = Sum(np.zeros(len(portfolio)))
    numerators = [form.numerator if isinstance(form, Ratio) else zero for form in ratios]
    unique, denominator_of = _unique([form.denominator or zero for form in ratios])
    decimals = [form.decimals if isinstance(form, Ratio) else None for form in ratios]
    return Plan(
        portfolio=portfolio,
        terms=terms,
        settings=chosen,
        definitions=definitions,
        forms=forms,
        thresholds=thresholds,
        numerators=Sums.of(numerators, len(portfolio)),
        denominators=Sums.of(unique, len(portfolio)),
        denominator_of=denominator_of,
        decimals=np.array([NO_DECIMALS if digits is None else digits for digits in decimals], np.int64),
        ranked=_ranked(forms, len(portfolio)),
        measures=tuple((place, form) for place, form in enumerate(forms) if isinstance(form, Measure)),
    )


def _in_order(
    settings: Sequence[TestSetting], portfolio: Portfolio, own_tests: Sequence[Definition]
) -> tuple[TestSetting, ...]:
    """The tests as configured; under 03 Q20 a follower stands behind its leader and is lost without it."""
    if Quirk.FOLLOWER_TESTS not in portfolio.quirks:
        return tuple(settings)
    configured = {setting.test_id: setting for setting in settings}
    leaders = {test: definition_of(test, own_tests=own_tests).leader for test in configured}
    ordered: list[TestSetting] = []
    for setting in settings:
        if leaders[setting.test_id]:
            continue
        ordered.append(setting)
        followers = [test for test in sorted(configured) if leaders[test] == setting.test_id]
        ordered += [configured[item] for item in followers]
    return tuple(ordered)


def _require_once(settings: Sequence[TestSetting]) -> None:
    seen: set[int] = set()
    for setting in settings:
        if setting.test_id in seen:
            raise InputError(
                "CLO-1506",
                f"Test {setting.test_id} is configured twice",
                where="list of tests",
                remedy="Keep one of the two thresholds.",
            )
        seen.add(setting.test_id)


def _require_inputs(definition: Definition, portfolio: Portfolio, terms: DealTerms) -> None:
    for name in definition.parameters:
        terms.number(name, definition.id)
    for name in definition.asset_facts:
        require_fact(portfolio, name, definition.id)


def _threshold(setting: TestSetting, definition: Definition, portfolio: Portfolio, terms: DealTerms) -> Threshold:
    if setting.overwrite is None and definition.threshold is not None:
        return definition.threshold(terms, portfolio.quirks)
    level = setting.level(terms.as_of)
    if level is None and definition.trigger is not None:
        level = definition.trigger(terms)
    if level is None:
        raise missing_threshold(definition, f"thresholds of {terms.deal}")
    return Threshold(level)


def missing_threshold(definition: Definition, where: str) -> InputError:
    """The error of a test that needs a threshold and has none."""
    return InputError(
        "CLO-1505",
        f"Test {definition.id} ({definition.name}) has no threshold",
        where=where,
        remedy="Enter the level that its result must keep.",
    )


def _unique(sums: Sequence[Sum]) -> tuple[list[Sum], Whole]:
    """Each different sum once, and which of them every test has."""
    places: dict[tuple[bytes, float, float], int] = {}
    unique: list[Sum] = []
    of_test = np.empty(len(sums), np.int64)
    for test, item in enumerate(sums):
        key = (item.per_par.tobytes(), item.per_cash, item.fixed)
        if key not in places:
            places[key] = len(unique)
            unique.append(item)
        of_test[test] = places[key]
    return unique, of_test


def _ranked(forms: Sequence[Form], n_assets: int) -> Ranked:
    found = [(place, form) for place, form in enumerate(forms) if isinstance(form, RankedGroups)]
    chosen = tuple(form for _, form in found)
    codes = np.array([form.codes for form in chosen], np.int64).reshape(len(chosen), n_assets)
    return Ranked(
        place=np.array([place for place, _ in found], np.int64),
        forms=chosen,
        codes=codes,
        n_groups=np.array([len(form.names) for form in chosen], np.int64),
        ranks=np.array([form.rank for form in chosen], np.int64),
        counts=np.array([form.count for form in chosen], np.int64),
        is_by_name=np.array([form.is_by_name for form in chosen], np.int64),
    )


def recovery_is_known(plan: Plan) -> npt.NDArray[np.bool_]:
    """Whether the recovery rate is there when a test's threshold is computed, (tests,); always, but under 03 Q13."""
    known = np.ones(len(plan), bool)
    if Quirk.RECOVERY_OF_EARLIER_TEST in plan.portfolio.quirks:
        place = plan.place_of.get(RECOVERY_TEST, len(plan))
        known[:place] = False
    return known
