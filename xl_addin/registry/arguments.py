"""What functions declare of their arguments: a type, its kind, and the description that the wizard shows."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from engine.modes import Mode
from xl_addin.registry.kinds import (
    ADDRESS,
    DAY,
    DAYS,
    MATRIX,
    MODE,
    NAME,
    NAMES,
    NUMBERS,
    PLAIN_NAME,
    ROWS,
    TEST,
    TEXT_OR_ROWS,
)

Rows = Sequence[Sequence[Any]]

DealName = Annotated[str, NAME, "Deal in any spelling, such as Mag 17."]
DealOrUniverse = Annotated[
    str, PLAIN_NAME, 'Deal in any spelling, such as Mag 17; "" for all assets of the newest file.'
]
AssetId = Annotated[str, NAME, "Asset id, such as BL123456."]
ClassName = Annotated[str, NAME, "Class of notes, such as Class B-1 or B-1; Sub Notes for the equity."]
TestKey = Annotated[int | str, TEST, "Compliance test by number or name."]
AsOf = Annotated[date | None, DAY, "Date of the snapshot; the newest of the deal by default."]
ScenarioName = Annotated[str, NAME, "Name of a scenario, BASE by default."]
RunMode = Annotated[Mode, MODE, "default, or legacy to follow the legacy model."]
Filter = Annotated[
    str | Rows | None, TEXT_OR_ROWS, "Filter as text, as a range in the legacy layout, or @name of a stored one."
]
Names = Annotated[tuple[str, ...], NAMES, "Names in a range or as a comma list."]
Numbers = Annotated[npt.NDArray[np.float64], NUMBERS, "Range of numbers."]
Days = Annotated[tuple[date, ...], DAYS, "Range of dates."]
Matrix = Annotated[npt.NDArray[np.float64], MATRIX, "Range of numbers with rows and columns."]
Cells = Annotated[Rows, ROWS, "Range of cells."]
Address = Annotated[str | None, ADDRESS, "A cell."]
