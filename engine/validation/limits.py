"""Deal rules of compliance limits and objective weights (spec 03 §3.1, §4.2, §9)."""

from collections.abc import Iterator

from engine.compliance.catalogue import CATALOGUE
from engine.compliance.definition import Category, Unit
from engine.validation.rules import Fault, Records, Rule, Scope

TESTS_IN_OWN_UNIT = frozenset(
    test.id for test in CATALOGUE if test.unit is not Unit.SHARE or test.category is Category.COVERAGE
)
"""Life, rating factor, diversity and their like, and coverage ratios: levels above 1 are usual there."""

RANGE_BY_TEST = {35: (0.0, 30.0), 36: (1.0, 10_000.0), 37: (0.0, 200.0), 38: (0.5, 3.0), 54: (1.0, 10_000.0)}
"""Years, rating factor, diversity score, ratio, rating factor."""

_LEAST_DECIMAL = 0.0


def missing_directions(records: Records) -> Iterator[Fault]:
    """Tests that are neither a minimum nor a maximum."""
    for deal in records.deals:
        for test in deal.tests:
            if test.direction.strip().upper() not in {"MIN", "MAX"}:
                text = f"test {test.number} is neither a minimum nor a maximum"
                key = f"{deal.name} test {test.number}"
                yield Fault(text=text, key=key, place=test.place, found=test.direction)


def unlikely_thresholds(records: Records) -> Iterator[Fault]:
    """Levels outside of what the unit of their test allows; percentages above 1 are a matter of W-UNIT."""
    for deal in records.deals:
        for test in deal.tests:
            for what, level in (("threshold", test.threshold), ("overwrite", test.overwrite)):
                if not isinstance(level, float | int):
                    continue
                lowest, highest = RANGE_BY_TEST.get(test.number, (_LEAST_DECIMAL, None))
                if level < lowest or (highest is not None and level > highest):
                    limit = f"below {lowest:g}" if level < lowest else f"above {highest:g}"
                    text = f"{what} of test {test.number} is {limit}"
                    yield Fault(text=text, key=f"{deal.name} test {test.number}", place=test.place, found=level)


def repeated_tests(records: Records) -> Iterator[Fault]:
    """Test numbers that are configured or weighted twice."""
    for deal in records.deals:
        for what, rows in (("configured", deal.tests), ("weighted", deal.weights)):
            seen: set[int] = set()
            for row in rows:
                if row.number in seen:
                    text = f"test {row.number} is {what} twice"
                    yield Fault(text=text, key=f"{deal.name} test {row.number}", place=row.place, found=row.number)
                seen.add(row.number)


def weights_without_test(records: Records) -> Iterator[Fault]:
    """Weights below zero, and weights of tests that the deal does not configure."""
    for deal in records.deals:
        configured = {test.number for test in deal.tests}
        for row in deal.weights:
            key = f"{deal.name} test {row.number}"
            if row.weight < 0:
                text = f"weight of test {row.number} is negative"
                yield Fault(text=text, key=key, place=row.place, found=row.weight)
            elif row.weight and row.number not in configured:
                text = f"test {row.number} is weighted but not among the tests of {deal.name}"
                yield Fault(text=text, key=key, place=row.place, found=row.weight)


LIMIT_RULES: tuple[Rule, ...] = (
    Rule(
        "W-DIRECTION",
        Scope.DEAL,
        "test",
        "A test is a minimum or a maximum.",
        "Give Min or Max; the legacy model takes anything but Max for a minimum.",
        "spec 03 §4.2, Q19",
        missing_directions,
    ),
    Rule(
        "W-THRESHOLD",
        Scope.DEAL,
        "test",
        "The level of a test is possible in the test's unit.",
        "Check the level and the number of its test.",
        "spec 03 §5, Q32",
        unlikely_thresholds,
    ),
    Rule(
        "E-DUPTEST",
        Scope.DEAL,
        "test",
        "A test is configured once and weighted once.",
        "Remove the row that is wrong.",
        "spec 06 §4.4",
        repeated_tests,
    ),
    Rule(
        "W-WEIGHT",
        Scope.DEAL,
        "weight",
        "A weight is not negative and belongs to a configured test.",
        "Configure the test, or set the weight to 0; the objective leaves it out otherwise.",
        "spec 03 §9, Q28; spec 06 W-03",
        weights_without_test,
    ),
)
