"""Correlations through common factors: of all assets, of an industry, of an issuer (spec 04 §11.5)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits

from engine.errors import InputError
from engine.rating_migration.dependence import FactorLoadings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_COMMON_SHARE = 1.0 - 1e-6
"""How much of an asset's variance fitted factors may take: the rest is its own."""

_MOST_ITERATIONS = 1000
_SHARE_CHANGE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorModel:
    """Correlation of any two assets, of two of an industry, of two of an issuer; 0 <= market <= industry <= issuer < 1.

    persistence: correlation of a factor with itself one period earlier, 0 <= persistence < 1. Raises InputError
    CLO-1815 for correlations out of order, CLO-1816 for a persistence out of range.
    """

    market: float
    industry: float
    issuer: float
    persistence: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.market <= self.industry <= self.issuer < 1.0:
            raise InputError(
                "CLO-1815",
                f"Correlations {self.market:g}, {self.industry:g} and {self.issuer:g} do not ascend from 0 to below 1",
                where="factor model",
                remedy="Give market <= industry <= issuer, all from 0 to below 1.",
            )
        _refuse_persistence(self.persistence)

    def loadings(
        self, issuers: Sequence[str], industries: Sequence[str], *, folds_single_groups: bool = False
    ) -> FactorLoadings:
        """Loadings of assets by the labels of their issuers and industries, (n,) each; a blank label is a group of one.

        An issuer is in the industry of its first asset that has one, so that its assets have the issuer's correlation
        whatever their own labels are. Factors are numbered as their groups appear: an asset added at the end changes
        no other's. folds_single_groups: take the factor of a group of one as part of the asset's own shock, the same
        correlations from fewer draws.
        """
        issuer_of, industry_of = _groups(issuers, industries)
        factor_of: dict[tuple[str, int], int] = {("market", 0): 0}
        size = {"issuer": np.bincount(issuer_of), "industry": np.bincount(industry_of)}
        n = len(issuer_of)
        factor, loading = np.zeros((n, 3), dtype=np.int64), np.zeros((n, 3))
        loading[:, 0] = math.sqrt(self.market)
        for column, (kind, group_of, variance) in enumerate(
            (
                ("industry", industry_of, self.industry - self.market),
                ("issuer", issuer_of, self.issuer - self.industry),
            ),
            start=1,
        ):
            is_drawn = (size[kind][group_of] > 1) | (not folds_single_groups)
            loading[:, column] = np.where(is_drawn, math.sqrt(variance), 0.0)
        for i in range(n):
            for column, key in enumerate((("industry", int(industry_of[i])), ("issuer", int(issuer_of[i]))), start=1):
                if loading[i, column] > 0.0:
                    factor[i, column] = factor_of.setdefault(key, len(factor_of))
        return _of_columns_in_use(factor, loading, len(factor_of), self.persistence)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorFit:
    """Factors fitted to a matrix: their loadings, and what the pairs' correlations are missed by.

    is_converged: whether the shares of the factors had settled when the iteration ended.
    """

    loadings: FactorLoadings
    largest_residual: float
    rms_residual: float
    iterations: int
    is_converged: bool


def one_factor(n: int, correlation: float, persistence: float = 0.0) -> FactorLoadings:
    """n assets that all have one correlation, 0 to below 1; InputError CLO-1815 and 1816 as for the model."""
    model = FactorModel(market=correlation, industry=correlation, issuer=correlation, persistence=persistence)
    return model.loadings(("",) * n, ("",) * n)


def fitted_factors(matrix: Floats, n_factors: int, persistence: float = 0.0) -> FactorFit:
    """The factors that come nearest to a correlation matrix (n, n), by principal-factor iteration.

    Every asset loads on each of them. Raises InputError CLO-1817 unless there are 1 to n - 1 factors, CLO-1816 for
    the persistence.
    """
    n = len(matrix)
    _refuse_persistence(persistence)
    if not 1 <= n_factors < n:
        raise InputError(
            "CLO-1817",
            f"{n_factors} factors cannot be fitted to {n} assets",
            where="factor model",
            remedy="Ask for at least one factor, and for fewer than there are assets.",
        )
    # The last digits of a factorisation depend on the number of threads.
    with threadpool_limits(limits=1, user_api="blas"):
        return _fitted(matrix, n_factors, persistence)


def _fitted(matrix: Floats, n_factors: int, persistence: float) -> FactorFit:
    n = len(matrix)
    apart = np.eye(n) == 0.0
    share = np.minimum(np.abs(np.where(apart, matrix, 0.0)).max(axis=1), MOST_COMMON_SHARE)
    loading, is_converged, iteration = np.zeros((n, n_factors)), False, 0
    while not is_converged and iteration < _MOST_ITERATIONS:
        iteration += 1
        loading = _principal_loadings(np.where(apart, matrix, np.diag(share)), n_factors)
        before, share = share, (loading**2).sum(axis=1)
        is_converged = bool(np.abs(share - before).max() < _SHARE_CHANGE)
    residual = (matrix - loading @ loading.T)[apart]
    return FactorFit(
        loadings=FactorLoadings(
            factor=np.tile(np.arange(n_factors, dtype=np.int64), (n, 1)),
            loading=loading,
            idiosyncratic=np.sqrt(1.0 - share),
            n_factors=n_factors,
            persistence=persistence,
        ),
        largest_residual=float(np.abs(residual).max()),
        rms_residual=float(np.sqrt(np.mean(residual**2))),
        iterations=iteration,
        is_converged=is_converged,
    )


def implied_correlation(loadings: FactorLoadings) -> Floats:
    """The correlations of shocks within a period that loadings stand for, (n, n)."""
    n, n_columns = loadings.loading.shape
    dense = np.zeros((n, loadings.n_factors))
    np.add.at(dense, (np.repeat(np.arange(n), n_columns), loadings.factor.ravel()), loadings.loading.ravel())
    found = dense @ dense.T
    return np.asarray(found + np.diag(loadings.idiosyncratic**2), dtype=np.float64)


def _principal_loadings(reduced: Floats, n_factors: int) -> Floats:
    """Loadings (n, k) from the largest eigenvalues, rows no longer than an asset's variance allows."""
    n = len(reduced)
    values, vectors = eigh(reduced, subset_by_index=(n - n_factors, n - 1))
    loading = vectors[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0.0))
    share = (loading**2).sum(axis=1)
    excess = np.maximum(share / MOST_COMMON_SHARE, 1.0)
    return np.asarray(loading / np.sqrt(excess)[:, np.newaxis], dtype=np.float64)


def _groups(issuers: Sequence[str], industries: Sequence[str]) -> tuple[Ints, Ints]:
    """Numbers of the issuers and of the industries of assets, (n,) each, in order of appearance; blanks are alone."""
    issuer_of = _numbered(issuers)
    labels = [_folded(label) for label in industries]
    label_of_issuer: dict[int, str] = {}
    for issuer, label in zip(issuer_of.tolist(), labels, strict=True):
        if label:
            label_of_issuer.setdefault(issuer, label)
    alone = {issuer: f"\0{issuer}" for issuer in issuer_of.tolist()}
    return issuer_of, _numbered([label_of_issuer.get(issuer, alone[issuer]) for issuer in issuer_of.tolist()])


def _numbered(labels: Sequence[str]) -> Ints:
    numbers: dict[str | int, int] = {}
    keys = (_folded(label) or i for i, label in enumerate(labels))
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _folded(label: str) -> str:
    return label.strip().casefold()


def _of_columns_in_use(factor: Ints, loading: Floats, n_factors: int, persistence: float) -> FactorLoadings:
    """Without the columns that no asset loads on; the first stays, so that there is one."""
    is_used = np.asarray((loading > 0.0).any(axis=0), dtype=np.bool_)
    is_used[0] = True
    return FactorLoadings(
        factor=np.ascontiguousarray(factor[:, is_used]),
        loading=np.ascontiguousarray(loading[:, is_used]),
        idiosyncratic=np.sqrt(1.0 - (loading**2).sum(axis=1)),
        n_factors=n_factors,
        persistence=persistence,
    )


def _refuse_persistence(persistence: float) -> None:
    if not 0.0 <= persistence < 1.0:
        raise InputError(
            "CLO-1816",
            f"A factor cannot have persistence {persistence:g}",
            where="factor model",
            remedy="Give a persistence from 0 to below 1.",
        )
