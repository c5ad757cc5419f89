"""Mistaken arguments of reports and finders: one number, whoever finds them."""

from engine.errors import InputError


def argument_error(problem: str, *, where: str = "", remedy: str) -> InputError:
    """CLO-1992: an argument that is missing, unknown, of another type or makes no sense."""
    return InputError("CLO-1992", problem, where=where, remedy=remedy)


def require_positive(name: str, value: int) -> None:
    """Refuse a count below 1, such as the rows of a page."""
    if value < 1:
        raise argument_error(f"{value} is less than 1", where=f"argument {name}", remedy="Give at least 1.")


def unknown_page(written: str) -> InputError:
    """What `after` holds is no `next_page`."""
    return argument_error(
        f"{written!r} names no page",
        where="argument after",
        remedy="Give what the page before it named as the next one.",
    )
