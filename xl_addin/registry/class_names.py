"""Finding a class of notes, or the coverage test of one, by what an analyst calls it (spec 06 §10.3)."""

import re
from collections.abc import Sequence
from functools import lru_cache

from engine.closest import did_you_mean
from xl_addin.registry.errors import unavailable

_EQUITY = frozenset({"EQUITY", "SUB", "SUBS", "SUBNOTES", "SUBORDINATEDNOTES", "INCOMENOTES"})
_TEST_WORDS = re.compile(r"(OC|IC)?(TEST)?$")


def find_class(word: str, names: Sequence[str], equity: str = "") -> int:
    """The place of a class: `Class B-1` and `B-1` are one name; any word for the equity finds the class `equity`.

    Raises CellError CLO-2170 with the closest names.
    """
    wanted = _plain(word)
    for place, name in enumerate(names):
        if _plain(name) == wanted or (wanted in _EQUITY and name == equity):
            return place
    raise unavailable("CLO-2170", f"There is no class {word!r} in this deal", remedy=_remedy(word, names))


def find_test(word: str, names: Sequence[str]) -> int:
    """The place of a coverage test: `Class B OC Test` by that name, by its class or by `B`, others by their name.

    Raises CellError CLO-2171 with the closest names.
    """
    wanted = _without_test(_plain(word))
    for place, name in enumerate(names):
        if _without_test(_plain(name)) == wanted:
            return place
    raise unavailable("CLO-2171", f"There is no coverage test {word!r} in this deal", remedy=_remedy(word, names))


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    """A name without blanks, punctuation and the word Class."""
    return re.sub(r"[^A-Z0-9/]", "", name.upper()).removeprefix("CLASS")


def _without_test(plain: str) -> str:
    return _TEST_WORDS.sub("", plain)


def _remedy(word: str, names: Sequence[str]) -> str:
    return did_you_mean(word, names, f"There are: {', '.join(names)}." if names else "It has none.")
