"""Names that an error can offer instead of one that is not known."""

import time

from engine.closest import closest, did_you_mean


def test_the_closest_names_come_first_in_any_case() -> None:
    """At most three, spelled as they are known."""
    known = ["Class A-1", "Class A-2", "Class B", "Sub Notes"]

    assert closest("class a1", known)[0] == "Class A-1"
    assert len(closest("class", known)) <= 3
    assert closest("zzz", known) == ()


def test_a_remedy_names_them_or_gives_other_advice() -> None:
    """One sentence."""
    assert did_you_mean("sp_ratng", ["sp_rating", "wal"], "none") == "The closest: sp_rating."
    assert did_you_mean("zzz", ["sp_rating"], "See the list.") == "See the list."


def test_a_long_text_among_many_names_takes_no_time() -> None:
    """A cell can hold 32,767 characters, a list a thousand ids."""
    started = time.perf_counter()

    closest("x" * 32_767, [f"BRS{n:06d}" for n in range(2000)])

    assert time.perf_counter() - started < 1.0
