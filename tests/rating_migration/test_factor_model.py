"""Factor models: their correlations, labels, and what is fitted to a matrix (spec 04 §11.5)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from engine.errors import InputError
from engine.rating_migration.dependence import FactorLoadings
from engine.rating_migration.factor_model import FactorModel, fitted_factors, implied_correlation, one_factor

MODEL = FactorModel(market=0.2, industry=0.3, issuer=0.8, persistence=0.5)
ISSUERS = ("I1", "I2", "i1 ", "I3", "", " ")
INDUSTRIES = ("Steel", "steel", "Steel", "", "Steel", "")


def assert_rows_have_length_one(loadings: FactorLoadings) -> None:
    assert_allclose((loadings.loading**2).sum(axis=1) + loadings.idiosyncratic**2, 1.0, atol=1e-14)
    assert (loadings.factor >= 0).all()
    assert loadings.factor.max() < loadings.n_factors


@pytest.mark.parametrize("folds", [False, True])
def test_correlations_are_those_of_issuer_industry_and_market(folds: bool) -> None:
    """The closest relationship counts; blank labels are nobody's; folding groups of one changes nothing."""
    loadings = MODEL.loadings(ISSUERS, INDUSTRIES, folds_single_groups=folds)

    expected = [
        [1.0, 0.3, 0.8, 0.2, 0.3, 0.2],
        [0.3, 1.0, 0.3, 0.2, 0.3, 0.2],
        [0.8, 0.3, 1.0, 0.2, 0.3, 0.2],
        [0.2, 0.2, 0.2, 1.0, 0.2, 0.2],
        [0.3, 0.3, 0.3, 0.2, 1.0, 0.2],
        [0.2, 0.2, 0.2, 0.2, 0.2, 1.0],
    ]
    assert_allclose(implied_correlation(loadings), expected, atol=1e-14)
    assert_rows_have_length_one(loadings)
    assert loadings.persistence == 0.5


def test_groups_of_one_may_be_left_to_the_assets_own_shock() -> None:
    """Market, steel and the issuer of two remain; without folding each industry and issuer has a factor."""
    assert MODEL.loadings(ISSUERS, INDUSTRIES, folds_single_groups=True).n_factors == 3
    assert MODEL.loadings(ISSUERS, INDUSTRIES).n_factors == 1 + 3 + 5


def test_an_issuer_has_its_correlation_whatever_the_industries_of_its_loans() -> None:
    """Its industry is that of its first loan that has one."""
    loadings = MODEL.loadings(("I1", "I1", "I1", "I2"), ("", "Steel", "Food", "Food"))

    found = implied_correlation(loadings)
    assert_allclose(found[0, 1:3], 0.8, atol=1e-14)
    assert_allclose(found[:3, 3], 0.2, atol=1e-14)


@given(st.lists(st.tuples(st.sampled_from("ABCD "), st.sampled_from("XYZ ")), min_size=2, max_size=12))
def test_an_asset_at_the_end_changes_no_other(labels: list[tuple[str, str]]) -> None:
    """The factors of the others keep their numbers and loadings."""
    issuers, industries = zip(*labels, strict=True)

    whole = MODEL.loadings(issuers, industries)
    part = MODEL.loadings(issuers[:-1], industries[:-1])

    assert (whole.factor[:-1] == part.factor).all() or _gains_an_industry(labels)
    assert (whole.loading[:-1] == part.loading).all()
    assert (whole.idiosyncratic[:-1] == part.idiosyncratic).all()


def _gains_an_industry(labels: list[tuple[str, str]]) -> bool:
    """Whether the last asset is the first to say what its issuer's industry is."""
    issuer, industry = labels[-1]
    known = [other for name, other in labels[:-1] if name == issuer and other != " "]
    return industry != " " and not known


def test_one_factor_is_the_flat_matrix() -> None:
    """One column, one factor, 0.30 everywhere."""
    loadings = one_factor(5, 0.3, persistence=0.9)

    assert loadings.factor.tolist() == [[0]] * 5
    assert loadings.n_factors == 1
    assert loadings.persistence == 0.9
    assert_allclose(implied_correlation(loadings), np.full((5, 5), 0.3) + 0.7 * np.eye(5), atol=1e-15)
    assert_rows_have_length_one(loadings)
    flat = FactorModel(market=0.3, industry=0.3, issuer=0.3).loadings(ISSUERS, INDUSTRIES)
    assert flat.factor.shape == (6, 1)


def test_independent_assets_have_a_factor_without_weight() -> None:
    """All three correlations may be 0."""
    loadings = one_factor(3, 0.0)

    assert_allclose(implied_correlation(loadings), np.eye(3), atol=0.0)
    assert loadings.factor.shape == (3, 1)


def test_factors_are_found_again() -> None:
    """A matrix made of two factors is fitted by two to the last digits, by one with a residual that is reported."""
    rng = np.random.default_rng(11)
    loading = rng.uniform(0.2, 0.6, (30, 2)) * [1.0, -1.0]
    matrix = loading @ loading.T
    np.fill_diagonal(matrix, 1.0)

    two, one = fitted_factors(matrix, 2, persistence=0.3), fitted_factors(matrix, 1)

    assert two.is_converged
    assert two.largest_residual < 1e-6
    assert_allclose(implied_correlation(two.loadings), matrix, atol=1e-6)
    assert two.loadings.persistence == 0.3
    assert_rows_have_length_one(two.loadings)
    residual = (matrix - implied_correlation(one.loadings))[~np.eye(30, dtype=np.bool_)]
    assert one.largest_residual == pytest.approx(np.abs(residual).max(), abs=1e-12)
    assert one.rms_residual == pytest.approx(np.sqrt(np.mean(residual**2)), abs=1e-12)
    assert one.rms_residual > 10 * two.rms_residual


def test_a_flat_matrix_is_fitted_by_its_one_factor() -> None:
    """The stored matrix of 0.30."""
    fit = fitted_factors(np.full((488, 488), 0.3) + 0.7 * np.eye(488), 1)

    assert fit.largest_residual < 1e-8
    assert_allclose(np.abs(fit.loadings.loading), np.sqrt(0.3), atol=1e-8)


@given(st.integers(0, 10_000), st.integers(1, 3))
def test_a_fit_of_any_matrix_is_a_model(seed: int, n_factors: int) -> None:
    """No asset's factors take more than its variance, however odd the matrix."""
    entries = np.random.default_rng(seed).uniform(-1.0, 1.0, (5, 5))
    matrix = np.triu(entries, 1) + np.triu(entries, 1).T + np.eye(5)

    fit = fitted_factors(matrix, n_factors)

    assert_rows_have_length_one(fit.loadings)
    assert (fit.loadings.idiosyncratic > 0.0).all()


@pytest.mark.parametrize("levels", [(0.3, 0.2, 0.8), (-0.1, 0.2, 0.3), (0.2, 0.3, 1.0), (0.2, 0.4, 0.3)])
def test_correlations_out_of_order_are_refused(levels: tuple[float, float, float]) -> None:
    """Each closer relationship has at least the correlation of the wider."""
    with pytest.raises(InputError, match="CLO-1815"):
        FactorModel(market=levels[0], industry=levels[1], issuer=levels[2])


@pytest.mark.parametrize("persistence", [-0.1, 1.0, float("nan")])
def test_persistence_out_of_range_is_refused(persistence: float) -> None:
    """A factor that never moves is no factor."""
    with pytest.raises(InputError, match="CLO-1816"):
        one_factor(3, 0.3, persistence)
    with pytest.raises(InputError, match="CLO-1816"):
        fitted_factors(np.eye(3), 1, persistence)


@pytest.mark.parametrize("n_factors", [0, 3])
def test_as_many_factors_as_assets_are_refused(n_factors: int) -> None:
    """Nor are none."""
    with pytest.raises(InputError, match="CLO-1817"):
        fitted_factors(np.eye(3), n_factors)
