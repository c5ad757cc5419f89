"""Names that look like one that is not known: what an error can offer instead."""

from collections.abc import Iterable
from difflib import get_close_matches

_MOST_SEARCHED = 60
"""Characters of a name that are compared; comparing takes time with the square of them."""


def closest(name: str, known: Iterable[str], n: int = 3) -> tuple[str, ...]:
    """Up to n known names that look like `name`, the closest first; case does not matter."""
    by_folded: dict[str, str] = {}
    for one in known:
        by_folded.setdefault(one.casefold(), one)
    found = get_close_matches(name[:_MOST_SEARCHED].casefold(), by_folded, n=n, cutoff=0.4)
    return tuple(by_folded[one] for one in found)


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """A remedy: the closest names, or another advice where nothing looks alike."""
    found = closest(name, known)
    return f"The closest: {', '.join(found)}." if found else otherwise
