"""The one catalogue of compliance tests, from which the engine, the database, the reports and the help are derived."""

import difflib
from collections.abc import Iterable, Sequence

from engine.compliance.catalogue_legacy import LEGACY_TESTS
from engine.compliance.catalogue_market import MARKET_TESTS
from engine.compliance.definition import Definition
from engine.errors import InputError

CATALOGUE: tuple[Definition, ...] = LEGACY_TESTS + MARKET_TESTS
BY_ID: dict[int, Definition] = {definition.id: definition for definition in CATALOGUE}
BY_NAME: dict[str, Definition] = {definition.name: definition for definition in CATALOGUE}
FIRST_OWN_TEST = 1001
"""Ids from here on are of tests that deals define themselves (`engine.compliance.filter_tests`)."""
RECOVERY_TEST = 33
"""The test whose result moves other thresholds."""


def definition_of(test: int | str, where: str = "list of tests", own_tests: Sequence[Definition] = ()) -> Definition:
    """A test by its id or name; InputError CLO-1503 for an unknown one, at the place where it stands.

    own_tests: those that the deal defines itself, beside the catalogue.
    """
    found = BY_ID.get(test) if isinstance(test, int) else BY_NAME.get(test)
    found = found or next((one for one in own_tests if test in (one.id, one.name)), None)
    if found is None:
        raise unknown_test(test, where, (*BY_NAME, *(one.name for one in own_tests)))
    return found


def unknown_test(test: int | str, where: str, names: Iterable[str]) -> InputError:
    """The error of a test that is none of those with these names."""
    close = difflib.get_close_matches(str(test), list(names), 1)
    advice = f"Did you mean `{close[0]}`?" if close else f"Ids run from 1 to {max(BY_ID)}."
    return InputError("CLO-1503", f"There is no compliance test {test}", where=where, remedy=advice)
