"""What a deal is tested against beyond its sheet: tests, limits that change with time, inputs, facts about its assets.

The sheet of a legacy workbook knows tests 1 to 54, a level for each and eight inputs. Everything else is a document of
the deal in JSON, which adds tests to those of the sheet or takes the place of some.
"""

import difflib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from engine.compliance.catalogue import CATALOGUE, definition_of
from engine.compliance.definition import Definition
from engine.compliance.plan import missing_threshold
from engine.compliance.terms import LABELS, Direction, TestSetting
from engine.errors import InputError

EVERY_OTHER = "*"
_MATRIX = ("matrix_factor_", "matrix_modifier_")
"""Points of the asset quality matrix, named by spread and diversity score (`engine.compliance.agency_moodys`)."""
_STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)


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
class DealLimits:
    """The document, in place of what the sheet says of the same things.

    parameters: inputs by their canonical names; asset_facts: fact -> asset id -> value, `*` for every other asset;
    weights: objective weights by id or name of the test.
    """

    __pydantic_config__ = _STRICT

    tests: tuple[DealLimit, ...] = ()
    parameters: dict[str, float] = field(default_factory=dict)
    asset_facts: dict[str, dict[str, float]] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)

    def settings(self, where: str) -> tuple[TestSetting, ...]:
        """The tests, in the order of the document. Raises InputError CLO-1503 and CLO-1505 with the place."""
        return tuple(_setting(limit, f"{where}, tests[{place}]") for place, limit in enumerate(self.tests))

    def facts_of(self, ids: Iterable[str]) -> dict[str, dict[str, float]]:
        """The facts of these assets, as far as they are stated."""
        wanted = list(ids)
        return {
            name: {key: values.get(key, values.get(EVERY_OTHER, math.nan)) for key in wanted}
            for name, values in self.asset_facts.items()
        }

    def weight_by_test(self, where: str) -> dict[int, float]:
        """Objective weights by test id. Raises InputError CLO-1503 for an unknown test."""
        return {_definition(name, f"{where}, weights").id: weight for name, weight in self.weights.items()}


NO_LIMITS = DealLimits()
_ADAPTER: TypeAdapter[DealLimits] = TypeAdapter(DealLimits)


def limits_from_json(text: str | bytes, where: str) -> DealLimits:
    """Read a document. Raises InputError that names the first wrong field, unknown test, parameter or fact."""
    try:
        found = _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the text"
        raise InputError(
            "CLO-4054",
            f"The limits cannot be read: {place}: {first['msg']}",
            where=where,
            remedy='Write for example {"tests": [{"test": "obligor_1st_largest", "threshold": 0.02}]}.',
        ) from error
    named = (name for name in found.parameters if not name.startswith(_MATRIX))
    _require_known("parameter", named, known_parameters(), where)
    _require_known("asset fact", found.asset_facts, known_facts(), where)
    found.settings(where)
    found.weight_by_test(where)
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


def _definition(test: int | str, where: str) -> Definition:
    return definition_of(int(test) if isinstance(test, str) and test.strip().isdigit() else test, where)


def _setting(limit: DealLimit, where: str) -> TestSetting:
    definition = _definition(limit.test, where)
    if limit.threshold in (None, ()) and not states_itself(definition):
        raise missing_threshold(definition, where)
    level = limit.threshold
    return TestSetting(
        test_id=definition.id,
        direction=limit.direction or definition.direction,
        threshold=tuple(sorted((step.since, step.level) for step in level)) if isinstance(level, tuple) else level,
        is_hard=limit.is_hard,
    )
