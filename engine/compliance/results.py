"""What testing a deal's holdings says, one record a test, as reports show and the database keeps it (spec 03 §14.3)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

from engine.compliance.cushions import cushions, drivers
from engine.compliance.definition import Category, Definition, Standing, Unit
from engine.compliance.evaluation import Evaluation, ranked_name
from engine.compliance.terms import Direction, TestSetting

MOST_DRIVERS = 10


class ThresholdSource(Enum):
    """Where the level comes from that a verdict rests on: the deal's documents, an overwrite of them, the test's own
    formula, or the last accepted result where a test passes only by maintaining or improving on it."""

    SHEET = "sheet"
    OVERWRITE = "overwrite"
    COMPUTED = "computed"
    BASELINE = "baseline"


class Verdict(Enum):
    """How a test stands."""

    PASSED = "pass"
    MAINTAINED = "maintained"
    NOT_APPLICABLE = "n/a"
    FAILED = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The last accepted result of a test: its value, the day it is of, who accepted it (03 Q18).

    as_of None and accepted_by empty: the deal's sheet states it as previous value.
    """

    value: float
    as_of: date | None = None
    accepted_by: str = ""


@dataclass(frozen=True, slots=True)
class Driver:
    """A position behind a result, and what it adds to it: see `engine.compliance.cushions.drivers`."""

    blkrock_id: str
    amount: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceResult:
    """One test of one deal on one day.

    value and threshold in the unit of the test; numerator, denominator and cushion in currency. cushion: how much par
    could move against the test before it fails, None where no amount could. place: where the deal's
    documents configure the test. drivers: the strongest first.
    """

    test_id: int
    name: str
    label: str
    category: Category
    unit: Unit
    direction: Direction
    standing: Standing
    value: float
    numerator: float
    denominator: float
    threshold: float
    threshold_source: ThresholdSource
    cushion: float | None
    is_applicable: bool
    is_passed: bool
    is_maintained: bool
    baseline: Baseline | None = None
    ranked_name: str = ""
    place: str = ""
    drivers: tuple[Driver, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Pass, fail, passed by maintaining or improving, or nothing to test."""
        if not self.is_passed:
            return Verdict.FAILED
        if not self.is_applicable:
            return Verdict.NOT_APPLICABLE
        return Verdict.MAINTAINED if self.is_maintained else Verdict.PASSED

    @property
    def use_of_limit(self) -> float | None:
        """How much of its limit is used: 1 at the limit, above it broken; None where that has no meaning."""
        top, bottom = (self.value, self.threshold) if self.direction is Direction.MAX else (self.threshold, self.value)
        return top / bottom if self.is_applicable and bottom > 0.0 and top >= 0.0 else None

    @property
    def comment(self) -> str:
        """The ranked name and the remark."""
        return "; ".join(text for text in (self.ranked_name, self.remark) if text)

    @property
    def remark(self) -> str:
        """What an analyst must know before trusting the verdict."""
        remarks = []
        if self.standing is Standing.STUB:
            remarks.append("not implemented: the verdict means nothing")
        if not self.is_applicable:
            remarks.append("nothing to test")
        if self.is_maintained and self.baseline is not None:
            remarks.append(f"passes as maintained or improved on {self.baseline.value:.6g}")
        return "; ".join(remarks)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastResult:
    """One test on one day, as the last good run of that day found it; numbers at the scale the database keeps."""

    run_id: int
    as_of: date
    test_id: int
    name: str
    label: str
    unit: Unit
    direction: Direction
    value: float
    threshold: float
    cushion: float | None
    is_passed: bool
    is_applicable: bool
    is_maintained: bool
    ranked_name: str


def results_of(
    evaluation: Evaluation, baselines: Mapping[int, Baseline] | None = None, places: Mapping[int, str] | None = None
) -> tuple[ComplianceResult, ...]:
    """A record for every test, in the order of the plan.

    baselines: whose values the plan was made with, by test; places: where each test is configured.
    """
    plan, distance = evaluation.plan, cushions(evaluation)
    made = []
    for place, (setting, definition) in enumerate(zip(plan.settings, plan.definitions, strict=True)):
        is_maintained = bool(evaluation.is_maintained[place])
        cushion = float(distance[place])
        made.append(
            ComplianceResult(
                test_id=definition.id,
                name=definition.name,
                label=definition.label,
                category=definition.category,
                unit=definition.unit,
                direction=setting.direction,
                standing=definition.standing,
                value=float(evaluation.value[place]),
                numerator=float(evaluation.numerator[place]),
                denominator=float(evaluation.denominator[place]),
                threshold=float(evaluation.threshold[place]),
                threshold_source=ThresholdSource.BASELINE if is_maintained else threshold_source(setting, definition),
                cushion=cushion if math.isfinite(cushion) else None,
                is_applicable=bool(evaluation.is_applicable[place]),
                is_passed=bool(evaluation.is_passed[place]),
                is_maintained=is_maintained,
                baseline=(baselines or {}).get(definition.id),
                ranked_name=ranked_name(evaluation, place),
                place=(places or {}).get(definition.id, ""),
                drivers=tuple(Driver(*item) for item in drivers(evaluation, definition.id, MOST_DRIVERS)),
            )
        )
    return tuple(made)


def threshold_source(setting: TestSetting, definition: Definition) -> ThresholdSource:
    """Where the threshold in force comes from: an overwrite, else the test's own formula, else a level."""
    if setting.overwrite is not None:
        return ThresholdSource.OVERWRITE
    return ThresholdSource.SHEET if definition.threshold is None else ThresholdSource.COMPUTED
