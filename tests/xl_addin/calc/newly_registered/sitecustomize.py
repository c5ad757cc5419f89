"""Functions that are registered and nowhere else mentioned; every Python with this folder on its path declares them."""

from datetime import date
from typing import Annotated, Any

from xl_addin.registry.declare import udf
from xl_addin.registry.errors import impossible, unavailable

CATEGORY = "CLO Trial"


@udf("CLO_TRIAL_JOIN", category=CATEGORY, examples=['=CLO_TRIAL_JOIN("a",1)'])
def clo_trial_join(label: Annotated[str, "Any text."], *amounts: Annotated[float, "Any numbers."]) -> str:
    """Label and amounts as one text, <"joined"> & separated by blanks."""
    return " ".join([label, *(f"{amount:g}" for amount in amounts)])


@udf("CLO_TRIAL_DIGITS", category=CATEGORY, examples=["=CLO_TRIAL_DIGITS(1,2,3)"])
def clo_trial_digits(
    hundreds: Annotated[float, "Counts 100."] = 7.0,
    tens: Annotated[float, "Counts 10."] = 8.0,
    ones: Annotated[float, "Counts 1."] = 9.0,
) -> float:
    """Number of three digits."""
    return 100.0 * hundreds + 10.0 * tens + ones


@udf("CLO_TRIAL_GRID", category=CATEGORY, examples=["=CLO_TRIAL_GRID()"])
def clo_trial_grid() -> list[list[Any]]:
    """One of each value that a result can hold."""
    return [
        [1.5, "text", True, date(2016, 3, 23)],
        [None, unavailable("CLO-2199", "Away"), impossible("CLO-2199", "Unsolvable"), -2],
    ]
