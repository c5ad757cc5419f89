"""The legacy model's matrix routines against it: every case of golden/matrix_functions.json."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from engine.errors import ClodeskError
from engine.rating_migration import legacy_algebra
from tests.conftest import reference_folder

RELATIVE, ROUNDING = 1e-9, 1e-15

Case = dict[str, Any]


def cases() -> list[Case]:
    path = reference_folder() / "golden" / "matrix_functions.json"
    found: list[Case] = json.loads(path.read_text())["cases"] if path.is_file() else []
    return found


CASES = cases()


def matrix(rows: Any) -> Any:
    return np.array(rows, dtype=np.float64)


ROUTINES: dict[str, Callable[[Case], Any]] = {
    "MatrixInverse": lambda args: legacy_algebra.inverse(matrix(args["m"])),
    "MatrixMultiply": lambda args: matrix(args["a"]) @ matrix(args["b"]),
    "MatrixABS": lambda args: legacy_algebra.norm(matrix(args["m"])),
    "MatrixCholesky": lambda args: legacy_algebra.cholesky(matrix(args["m"])),
    "MatrixAdd": lambda args: matrix(args["a"]) + matrix(args["b"]),
    "MatrixSub": lambda args: matrix(args["a"]) - matrix(args["b"]),
    "MatrixMultiplyScalar": lambda args: matrix(args["m"]) * args["s"],
    "MatrixID": lambda args: np.eye(args["n"]),
    "MatrixSQRT": lambda args: legacy_algebra.square_root(matrix(args["m"])),
    "MatrixQOM": lambda args: legacy_algebra.regularised_strictly(matrix(args["m"])),
}


def test_the_file_has_cases(reference: Path) -> None:
    """An empty file would pass the test below."""
    assert (reference / "golden" / "matrix_functions.json").is_file()
    assert CASES


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{case['function']}" for i, case in enumerate(CASES)])
def test_a_matrix_routine_reproduces_the_recorded_result(case: Case) -> None:
    """Every entry agrees; where the legacy model stopped, there is no number."""
    routine = ROUTINES[case["function"]]
    if isinstance(case["result"], dict):
        with pytest.raises(ClodeskError):
            routine(case["args"])
        return

    assert_allclose(routine(case["args"]), case["result"], rtol=RELATIVE, atol=ROUNDING)
