"""Tests 1 to 54, which the legacy model has, in the order of their ids."""

from engine.compliance.catalogue_legacy_groups import GROUP_LIMITS
from engine.compliance.catalogue_legacy_kinds import KIND_LIMITS
from engine.compliance.catalogue_legacy_quality import QUALITY_TESTS
from engine.compliance.definition import Definition

LEGACY_TESTS: tuple[Definition, ...] = tuple(
    sorted((*KIND_LIMITS, *GROUP_LIMITS, *QUALITY_TESTS), key=lambda definition: definition.id)
)
