"""The one catalogue of compliance tests, from which the engine, the database, the reports and the help are derived."""

import difflib

from engine.compliance.catalogue_legacy import LEGACY_TESTS
from engine.compliance.catalogue_market import MARKET_TESTS
from engine.compliance.definition import Definition
from engine.errors import InputError

CATALOGUE: tuple[Definition, ...] = LEGACY_TESTS + MARKET_TESTS
BY_ID: dict[int, Definition] = {definition.id: definition for definition in CATALOGUE}
BY_NAME: dict[str, Definition] = {definition.name: definition for definition in CATALOGUE}
RECOVERY_TEST = 33
"""The test whose result moves other thresholds."""


def definition_of(test: int | str, where: str = "list of tests") -> Definition:
    """A test by its id or name; InputError CLO-1503 for one that the catalogue lacks, at the place where it stands."""
    found = BY_ID.get(test) if isinstance(test, int) else BY_NAME.get(test)
    if found is None:
        close = difflib.get_close_matches(str(test), BY_NAME, 1)
        advice = f"Did you mean `{close[0]}`?" if close else f"Ids run from 1 to {max(BY_ID)}."
        raise InputError("CLO-1503", f"There is no compliance test {test}", where=where, remedy=advice)
    return found
