"""Tests 55 to 91, which current US CLO indentures and trustee reports have and the legacy model lacks.

They are the same in both modes. Every definition names the documents that it follows; levels and prices that differ
from deal to deal are parameters.
"""

from engine.compliance.catalogue_market_coverage import COVERAGE_TESTS
from engine.compliance.catalogue_market_limits import LIMITS
from engine.compliance.catalogue_market_quality import AGENCY_TESTS
from engine.compliance.definition import Definition

MARKET_TESTS: tuple[Definition, ...] = tuple(
    sorted((*COVERAGE_TESTS, *AGENCY_TESTS, *LIMITS), key=lambda definition: definition.id)
)
