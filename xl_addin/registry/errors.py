"""Cell errors: which Excel error a failure becomes, and the text that goes with it (spec 08 §4.3)."""

import logging
import secrets
from typing import Literal

from engine.errors import BackendError, ClodeskError, InputError, ModelError, ReferenceDataError

_LOG = logging.getLogger(__name__)

ErrorCode = Literal["#VALUE!", "#N/A", "#NUM!", "#DIV/0!"]
PASSED_ON = ("#VALUE!", "#N/A", "#NUM!", "#DIV/0!", "#REF!", "#NAME?", "#NULL!", "#SPILL!", "#CALC!")
"""Errors that a cell can hold and a function hands on unchanged."""

_CODE_BY_CLASS: tuple[tuple[type[ClodeskError], ErrorCode], ...] = (
    (ReferenceDataError, "#N/A"),
    (InputError, "#VALUE!"),
    (ModelError, "#NUM!"),
    (BackendError, "#N/A"),
)
# What is missing, not wrong: a run that has not been made, a name that nobody stored.
_NOT_AVAILABLE = frozenset({"CLO-1503", "CLO-4014", "CLO-4017", "CLO-4018"})


class CellError(ClodeskError):
    """A failure with the error that a cell shows for it."""

    def __init__(self, code: str, number: str, problem: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(number, problem, where=where, remedy=remedy)
        self.code = code


class PassedOnError(CellError):
    """An error that came in with an argument and goes out as it is."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code, "CLO-2100", f"An argument holds {code}")
        self.text = text

    def __str__(self) -> str:
        return self.text or super().__str__()


def unavailable(number: str, problem: str, *, where: str = "", remedy: str = "") -> CellError:
    """`#N/A`: not there, or not there now."""
    return CellError("#N/A", number, problem, where=where, remedy=remedy)


def wrong(number: str, problem: str, *, where: str = "", remedy: str = "") -> CellError:
    """`#VALUE!`: the caller passed something that cannot be used."""
    return CellError("#VALUE!", number, problem, where=where, remedy=remedy)


def impossible(number: str, problem: str, *, where: str = "", remedy: str = "") -> CellError:
    """`#NUM!`: numerically impossible."""
    return CellError("#NUM!", number, problem, where=where, remedy=remedy)


def no_denominator(number: str, problem: str, *, where: str = "", remedy: str = "") -> CellError:
    """`#DIV/0!`: a ratio over nothing."""
    return CellError("#DIV/0!", number, problem, where=where, remedy=remedy)


def cell_error(error: Exception, where: str) -> CellError:
    """What a cell shows for a failure inside a function; `where` names the function.

    A failure that nobody foresaw shows a reference; the traceback is in the log under it, never in the cell.
    """
    if isinstance(error, CellError):
        if not error.where:
            error.where = where
        return error
    if isinstance(error, ClodeskError):
        code = next((code for kind, code in _CODE_BY_CLASS if isinstance(error, kind)), "#VALUE!")
        if error.number in _NOT_AVAILABLE:
            code = "#N/A"
        return CellError(code, error.number, error.problem, where=error.where or where, remedy=error.remedy)
    reference = secrets.token_hex(4)
    _LOG.error("unexpected failure %s in %s", reference, where, exc_info=error)
    return wrong(
        "CLO-2199",
        f"The function failed unexpectedly (reference {reference})",
        where=where,
        remedy="Tell support the reference; the server's log explains it.",
    )
