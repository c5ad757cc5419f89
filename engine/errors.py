"""The errors of clodesk: one hierarchy, each with a stable number, what is wrong, where, and what to do.

ClodeskError                  CLO-nnnn, problem, where, remedy
  InputError                  an analyst can put it right
    WorkbookError             a workbook that cannot be read: sheet, cell
    ReferenceDataError        a missing or wrong piece of reference data: id, date, name
    ProgramError              a waterfall program: line and column
    FilterError               a filter over assets: line and column, or the row and cell of a sheet
  ModelError                  the deal cannot be run as described: period and step
  BackendError                database, cache or server out of reach: may be tried again

Numbers: 10xx conventions, market, analytics; 11xx collateral; 12xx liabilities and waterfall; 13xx deal runs;
15xx compliance; 16xx validation; 17xx trading; 18xx rating migration; 19xx performance payouts; 20xx workbooks; 21xx
cells; 30xx storage; 31xx calculation server; 40xx desk and command line. A number is used for one kind of mistake only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class ClodeskError(Exception):
    """A failure with its number, the problem, the place and the remedy, each kept as an attribute.

    `where` may be empty where the raiser does not know its place; `located` fills it in further up.
    """

    def __init__(self, number: str, problem: str, *, where: str = "", remedy: str = "") -> None:
        self.number = number
        self.problem = problem
        self.where = where
        self.remedy = remedy
        super().__init__(number, problem, where, remedy)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled with every attribute: an error crosses the borders of processes whole."""
        return _unpickled, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        place = f", at {self.where}" if self.where else ""
        advice = f" {self.remedy}" if self.remedy else ""
        return f"{self.number}: {self.problem}{place}.{advice}"


def _unpickled(kind: type[ClodeskError], args: tuple[str, ...], attributes: dict[str, Any]) -> ClodeskError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error


class InputError(ClodeskError):
    """Something that an analyst supplied and can put right."""


class WorkbookError(InputError):
    """A workbook that cannot be read or imported."""


class ReferenceDataError(InputError):
    """Reference data that is missing or contradicts itself."""


class ProgramError(InputError):
    """A waterfall program that cannot be parsed or compiled; `where` holds line and column."""


class ModelError(ClodeskError):
    """A deal that cannot be run as described; `where` holds period and step."""


class BackendError(ClodeskError):
    """A database, cache or server out of reach; the call may be tried again."""


@contextmanager
def located(where: str) -> Iterator[None]:
    """Give a place to any ClodeskError raised inside that does not have one yet."""
    try:
        yield
    except ClodeskError as error:
        if not error.where:
            error.where = where
            error.args = (error.number, error.problem, where, error.remedy)
        raise
