"""What a deal is tested against beyond its sheet: tests, limits that change with time, inputs, facts about its assets.

The sheet of a legacy workbook knows tests 1 to 54, a level for each and eight inputs. Everything else is a document of
the deal in JSON, which adds tests to those of the sheet or takes the place of some, and defines tests by a filter.
"""

import difflib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any

from pydantic import ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError

from engine.compliance.catalogue import BY_NAME, CATALOGUE, definition_of
from engine.compliance.definition import Definition
from engine.compliance.filter_tests import filter_test
from engine.compliance.plan import missing_threshold
from engine.compliance.terms import LABELS, Direction, TestSetting
from engine.errors import InputError

EVERY_OTHER = "*"
_MATRIX = ("matrix_factor_", "matrix_modifier_")
"""Points of the asset quality matrix, named by spread and diversity score (`engine.compliance.agency_moodys`)."""
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
_OF_CATALOGUE, _BY_FILTER = "of the catalogue", "by filter"
_NAME, _LONGEST_NAME = "^[a-z][a-z0-9]*(_[a-z0-9]+)*$", 100


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitStep:
    """A level that holds from a day on."""

    __pydantic_config__ = _STRICT

    since: date
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DealLimit:
    """One test of a deal: by id or name; direction None for the catalogue's; threshold None for one it computes."""

    __pydantic_config__ = _STRICT

    test: int | str
    direction: Direction | None = None
    threshold: float | tuple[LimitStep, ...] | None = None
    is_hard: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterLimit:
    """A test that the deal defines itself: the share of its collateral that meets a filter.

    name: by which every deal knows the test; label: what reports call it, the filter where empty.
    """

    __pydantic_config__ = _STRICT

    name: Annotated[str, Field(pattern=_NAME, max_length=_LONGEST_NAME)]
    filter: str
    direction: Direction
    threshold: float | Annotated[tuple[LimitStep, ...], Field(min_length=1)]
    label: str = ""
    is_hard: bool = True

    @property
    def test(self) -> str:
        """What the test is found by."""
        return self.name


def _kind(entry: object) -> str:
    """Which of the two an entry is; one that names a test of the catalogue defines none."""
    if isinstance(entry, Mapping):
        return _BY_FILTER if "test" not in entry and ("name" in entry or "filter" in entry) else _OF_CATALOGUE
    return _BY_FILTER if isinstance(entry, FilterLimit) else _OF_CATALOGUE


AnyLimit = Annotated[
    Annotated[DealLimit, Tag(_OF_CATALOGUE)] | Annotated[FilterLimit, Tag(_BY_FILTER)], Discriminator(_kind)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DealLimits:
    """The document, in place of what the sheet says of the same things.

    parameters: inputs by their canonical names; asset_facts: fact -> asset id -> value, `*` for every other asset;
    weights: objective weights by id or name of the test.
    """

    __pydantic_config__ = _STRICT

    tests: tuple[AnyLimit, ...] = ()
    parameters: dict[str, float] = field(default_factory=dict)
    asset_facts: dict[str, dict[str, float]] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)

    def own_tests(self, where: str) -> tuple[Definition, ...]:
        """The tests that the document defines, without ids.

        Raises InputError CLO-4066 for a name of the catalogue, FilterError for a filter that cannot be read.
        """
        return tuple(
            _own_test(limit, f"{where}, test {limit.name}") for limit in self.tests if isinstance(limit, FilterLimit)
        )

    def settings(self, where: str, own_tests: Sequence[Definition]) -> tuple[TestSetting, ...]:
        """The tests, in the order of the document. Raises InputError CLO-1503 and CLO-1505 with the place."""
        return tuple(_setting(limit, f"{where}, tests[{place}]", own_tests) for place, limit in enumerate(self.tests))

    def facts_of(self, ids: Iterable[str]) -> dict[str, dict[str, float]]:
        """The facts of these assets, as far as they are stated."""
        wanted = list(ids)
        return {
            name: {key: values.get(key, values.get(EVERY_OTHER, math.nan)) for key in wanted}
            for name, values in self.asset_facts.items()
        }

    def weight_by_test(self, where: str, own_tests: Sequence[Definition]) -> dict[int, float]:
        """Objective weights by test id. Raises InputError CLO-1503 for an unknown test."""
        place = f"{where}, weights"
        return {_definition(name, place, own_tests).id: weight for name, weight in self.weights.items()}


NO_LIMITS = DealLimits()
_ADAPTER: TypeAdapter[DealLimits] = TypeAdapter(DealLimits)


def limits_from_json(text: str | bytes, where: str) -> DealLimits:
    """Read a document.

    Raises InputError that names the first wrong field, unknown test, parameter or fact, or the mistake in a filter.
    """
    try:
        found = _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        parts = (str(part) for part in first["loc"] if part not in (_OF_CATALOGUE, _BY_FILTER))
        place = ".".join(parts) or "the text"
        raise InputError(
            "CLO-4054",
            f"The limits cannot be read: {place}: {first['msg']}",
            where=where,
            remedy='Write for example {"tests": [{"test": "obligor_1st_largest", "threshold": 0.02}]}.',
        ) from error
    named = (name for name in found.parameters if not name.startswith(_MATRIX))
    _require_known("parameter", named, known_parameters(), where)
    _require_known("asset fact", found.asset_facts, known_facts(), where)
    own_tests = found.own_tests(where)
    found.settings(where, own_tests)
    found.weight_by_test(where, own_tests)
    return found


def limits_from_content(content: Mapping[str, Any] | None, where: str) -> DealLimits:
    """The document of a deal as the database keeps it; no limits where there is none."""
    return NO_LIMITS if content is None else limits_from_json(json.dumps(content), where)


def limits_to_content(limits: DealLimits) -> dict[str, Any]:
    """The document as JSON values."""
    content: dict[str, Any] = _ADAPTER.dump_python(limits, mode="json", exclude_none=True)
    return content


def known_parameters() -> frozenset[str]:
    """Every input that some test reads, or that a sheet states."""
    return frozenset(LABELS.values()).union(*(one.parameters + one.further_parameters for one in CATALOGUE))


def known_facts() -> frozenset[str]:
    """Every fact about assets that some test reads."""
    return frozenset().union(*(one.asset_facts + one.further_facts for one in CATALOGUE))


def _require_known(noun: str, names: Iterable[str], known: frozenset[str], where: str) -> None:
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            advice = f"Did you mean `{close[0]}`?" if close else f"Known: {', '.join(sorted(known)) or 'none'}."
            raise InputError("CLO-4055", f"No test reads a {noun} `{name}`", where=where, remedy=advice)


def states_itself(definition: Definition) -> bool:
    """Whether a test knows its limit without a configured one: by its own formula, or as a trigger of the classes."""
    return definition.threshold is not None or definition.trigger is not None


def _definition(test: int | str, where: str, own_tests: Sequence[Definition]) -> Definition:
    return definition_of(int(test) if isinstance(test, str) and test.strip().isdigit() else test, where, own_tests)


def _own_test(limit: FilterLimit, where: str) -> Definition:
    if limit.name in BY_NAME:
        raise InputError(
            "CLO-4066",
            f"Test {BY_NAME[limit.name].id} of the catalogue is called {limit.name} already",
            where=where,
            remedy='Give the filter another name, or configure that test with {"test": "' + limit.name + '"}.',
        )
    return filter_test(limit.name, limit.label, limit.filter, limit.direction, where)


def _setting(limit: DealLimit | FilterLimit, where: str, own_tests: Sequence[Definition]) -> TestSetting:
    definition = _definition(limit.test, where, own_tests)
    if limit.threshold in (None, ()) and not states_itself(definition):
        raise missing_threshold(definition, where)
    level = limit.threshold
    return TestSetting(
        test_id=definition.id,
        direction=limit.direction or definition.direction,
        threshold=tuple(sorted((step.since, step.level) for step in level)) if isinstance(level, tuple) else level,
        is_hard=limit.is_hard,
    )
