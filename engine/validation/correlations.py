"""Correlation matrices of a workbook: entries that are none (spec 06 §5.4), matrices that have to be repaired, one
number for all pairs, and the assets they cover (spec 04 §13 R4).
"""

from collections.abc import Iterator

import numpy as np

from engine.rating_migration.correlation_checks import (
    CorrelationFault,
    constant_correlation,
    correlation_findings,
    matrix_faults,
)
from engine.validation.rules import Fault, Records, Rule, Scope


def matrices_that_are_none(records: Records) -> Iterator[Fault]:
    """One fault for each way in which the correlations are wrong, at the first pair of assets."""
    if records.correlation is None:
        return
    ids, matrix = records.correlation.ids, records.correlation.matrix
    for kind, is_wrong in matrix_faults(matrix):
        pairs = np.argwhere(is_wrong)
        i, j = int(pairs[0][0]), int(pairs[0][1])
        text = f"{kind.value} ({len(pairs)} pairs, the first is {ids[i]} and {ids[j]})"
        yield Fault(text=text, key=f"{ids[i]} {ids[j]}", found=float(matrix[i, j]))


def matrices_to_repair(records: Records) -> Iterator[Fault]:
    """A matrix of correlations that is not positive semidefinite."""
    if records.correlation is None:
        return
    for finding in correlation_findings(records.correlation.ids, records.correlation.matrix):
        if finding.kind is CorrelationFault.NOT_SEMIDEFINITE:
            yield Fault(text=finding.text, key="", found=finding.value)


def constant_matrices(records: Records) -> Iterator[Fault]:
    """A matrix in which all of several pairs have the same correlation, not below 0, as one factor gives them."""
    if records.correlation is None or len(records.correlation.ids) < _FEWEST_ASSETS:
        return
    same = constant_correlation(records.correlation.matrix)
    if same is not None and same >= 0.0:
        text = f"every pair of {len(records.correlation.ids)} assets has the correlation {same:g}"
        yield Fault(text=text, key="", found=same, used=f"one factor with loading {same**0.5:.6f} gives the same")


def gaps_of_coverage(records: Records) -> Iterator[Fault]:
    """Assets that the matrix lacks, and ids of the matrix that are no asset of the list."""
    if records.correlation is None:
        return
    held, known = set(records.correlation.ids), dict.fromkeys(row.asset.blkrock_id for row in records.assets)
    missing = [name for name in known if name not in held]
    n_unknown = sum(name not in known for name in held)
    if missing or n_unknown:
        named = f" ({', '.join(missing[:_SHOWN])}{', ...' if len(missing) > _SHOWN else ''})" if missing else ""
        text = (
            f"{len(known) - len(missing):,} of {len(known):,} assets are in the matrix, {len(missing):,} are not{named}"
        )
        yield Fault(text=f"{text}; {n_unknown:,} of its {len(held):,} ids are no asset of the list", key="")


_FEWEST_ASSETS = 3
_SHOWN = 3

CORRELATION_RULES: tuple[Rule, ...] = (
    Rule(
        "W-MATRIX",
        Scope.CROSS,
        "correlation",
        "Correlations lie between -1 and 1, are symmetric, and are 1 of an asset with itself.",
        "Correct the entries; a simulation does not use a matrix with such entries as it is.",
        "spec 06 §5.4",
        matrices_that_are_none,
    ),
    Rule(
        "W-SEMIDEFINITE",
        Scope.CROSS,
        "correlation",
        "A correlation matrix is positive semidefinite.",
        "A simulation takes the nearest matrix that is; correct the entries to have it take yours.",
        "spec 04 §11.3",
        matrices_to_repair,
    ),
    Rule(
        "I-CONSTANT",
        Scope.CROSS,
        "correlation",
        "Correlations differ by pair.",
        "Nothing has to be done; the factor model gives the same in less time.",
        "spec 04 §13 R4",
        constant_matrices,
    ),
    Rule(
        "I-COVERAGE",
        Scope.CROSS,
        "correlation",
        "The correlation matrix holds the assets of the asset list.",
        "Simulate the other assets by the rules or the factor model, or add them to the matrix.",
        "spec 04 §13 R4",
        gaps_of_coverage,
    ),
)
