"""Shares of the collateral principal amount: what kinds of asset a deal may hold how much of (spec 03 §7.1 to §7.7)."""

from collections.abc import Callable

import numpy as np

from engine.collateral.asset import Asset
from engine.collateral.ratings import LOWEST_RANK_ABOVE_CCC
from engine.compliance import countries
from engine.compliance.definition import TestFunction
from engine.compliance.forms import Form, Measure, MeasureKind, Ratio, Sum, largest, principal_amount, share
from engine.compliance.portfolio import Codes, Groups, Mask, Portfolio
from engine.compliance.terms import DealTerms
from engine.modes import Quirk

NON_SENIOR_CATEGORY = "MOODY\u2019S NON-SENIOR SECURED LOAN"
_SMALL_US_FACILITY = 150_000_000.0
_SMALL_FOREIGN_FACILITY = 250_000_000.0
_SMALL_FACILITY_MAG8 = 200_000_000.0
_QUARTERLY = 4


def flagged(of: Callable[[Asset], bool]) -> TestFunction:
    """Share of the performing assets with a flag of the asset master."""

    def test(portfolio: Portfolio, terms: DealTerms) -> Form:
        return share(portfolio, portfolio.performing & portfolio.flags(of))

    return test


def senior_secured_loans(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Loans less non-senior-secured loans, cash counting as senior secured."""
    non_senior = np.array([category == NON_SENIOR_CATEGORY for category in portfolio.moodys_category], bool)
    counted = portfolio.loan.astype(np.float64) - non_senior
    return Ratio(Sum(np.where(portfolio.performing, counted, 0.0), per_cash=1.0), principal_amount(portfolio))


def non_senior_secured_loans(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Anything but a senior secured loan, and loans of the S&P priority unsecured or second lien."""
    is_other = ~(portfolio.senior_secured & portfolio.loan)
    return share(portfolio, portfolio.tested & (is_other | portfolio.sp_second_lien))


def unsecured_loans(portfolio: Portfolio, terms: DealTerms) -> Form:
    return share(portfolio, portfolio.performing & ~portfolio.senior_secured)


def _ccc(ranks: Codes) -> Mask:
    return ranks > LOWEST_RANK_ABOVE_CCC


def caa_obligations(portfolio: Portfolio, terms: DealTerms) -> Form:
    return share(portfolio, portfolio.performing & _ccc(portfolio.moodys_rank))


def ccc_obligations(portfolio: Portfolio, terms: DealTerms) -> Form:
    return share(portfolio, portfolio.performing & _ccc(portfolio.sp_rank))


def pay_less_frequently_than_quarterly(portfolio: Portfolio, terms: DealTerms) -> Form:
    less_often = portfolio.flags(lambda asset: (asset.payment_freq or 0) < _QUARTERLY)
    return share(portfolio, portfolio.tested & less_often)


def fixed_rate_obligations(portfolio: Portfolio, terms: DealTerms) -> Form:
    return share(portfolio, portfolio.performing & portfolio.fixed)


def cov_lite_loans(portfolio: Portfolio, terms: DealTerms) -> Form:
    return share(portfolio, portfolio.tested & portfolio.flags(lambda asset: asset.cov_lite))


def unfunded_commitments(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Unfunded amounts of the assets held, which do not grow with the par held."""
    unfunded = portfolio.amounts(lambda asset: asset.unfunded_amount) * portfolio.performing
    no_codes = np.zeros((0, len(portfolio)), np.int64)
    return Measure(MeasureKind.HELD_AMOUNT, unfunded[None, :], no_codes, np.zeros(0), principal_amount(portfolio))


def long_dated_obligations(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Assets that mature after the deal's stated maturity."""
    last = terms.stated_maturity
    late = portfolio.flags(lambda asset: asset.maturity is not None and last is not None and asset.maturity > last)
    return share(portfolio, portfolio.performing & late)


def facility_size(portfolio: Portfolio, terms: DealTerms) -> Form:
    """US facilities below 150 million and others below 250 million."""
    size = portfolio.amounts(lambda asset: asset.facility_size)
    is_us = portfolio.in_groups(portfolio.country, {countries.USA})
    small = np.where(is_us, size < _SMALL_US_FACILITY, size < _SMALL_FOREIGN_FACILITY)
    return share(portfolio, portfolio.performing & small)


def facility_size_mag08(portfolio: Portfolio, terms: DealTerms) -> Form:
    size = portfolio.amounts(lambda asset: asset.facility_size)
    return share(portfolio, portfolio.performing & (size < _SMALL_FACILITY_MAG8))


def nothing(portfolio: Portfolio, terms: DealTerms) -> Form:
    """A stub of the legacy model: always 0 (03 Q17)."""
    return share(portfolio, np.zeros(len(portfolio), bool))


def everything(portfolio: Portfolio, terms: DealTerms) -> Form:
    """A stub of the legacy model: all par and cash (03 Q16)."""
    return Ratio(principal_amount(portfolio), principal_amount(portfolio))


def _tax(portfolio: Portfolio) -> frozenset[str]:
    is_legacy = Quirk.COUNTRY_TEXTS in portfolio.quirks
    return countries.LEGACY_TAX_JURISDICTIONS if is_legacy else countries.TAX_JURISDICTIONS


def in_countries(names: frozenset[str]) -> TestFunction:
    """Share of the performing assets in these countries."""

    def test(portfolio: Portfolio, terms: DealTerms) -> Form:
        return share(portfolio, portfolio.performing & portfolio.in_groups(portfolio.country, names))

    return test


def outside_countries(names: frozenset[str]) -> TestFunction:
    """Share of the performing assets outside these countries."""

    def test(portfolio: Portfolio, terms: DealTerms) -> Form:
        return share(portfolio, portfolio.performing & ~portfolio.in_groups(portfolio.country, names))

    return test


def tax_jurisdictions(portfolio: Portfolio, terms: DealTerms) -> Form:
    return in_countries(_tax(portfolio))(portfolio, terms)


def canada_and_tax_jurisdictions(portfolio: Portfolio, terms: DealTerms) -> Form:
    return in_countries(_tax(portfolio) | {countries.CANADA})(portfolio, terms)


def largest_country(names: frozenset[str]) -> TestFunction:
    """The largest single country of a group."""

    def test(portfolio: Portfolio, terms: DealTerms) -> Form:
        inside = portfolio.performing & portfolio.in_groups(portfolio.country, names)
        return largest(portfolio, portfolio.country, inside, 1)

    return test


def largest_obligor(rank: int, count: int = 1) -> TestFunction:
    """The rank-th largest issuer, assets in debtor-in-possession financing left out."""

    def test(portfolio: Portfolio, terms: DealTerms) -> Form:
        counted = portfolio.performing & ~portfolio.dip
        stops = Quirk.MISSING_RANK_STOPS in portfolio.quirks
        return largest(portfolio, portfolio.issuer, counted, rank, count=count, must_exist=stops)

    return test


def largest_dip_obligor(portfolio: Portfolio, terms: DealTerms) -> Form:
    """The largest issuer of debtor-in-possession loans; under 03 Q3 the first by name."""
    by_name = Quirk.DIP_OBLIGOR_BY_NAME in portfolio.quirks
    counted = portfolio.performing & portfolio.dip
    return largest(portfolio, portfolio.issuer, counted, 1, is_by_name=by_name, must_exist=by_name)


def largest_non_senior_obligor(portfolio: Portfolio, terms: DealTerms) -> Form:
    return largest(portfolio, portfolio.issuer, portfolio.performing & portfolio.sp_second_lien, 1)


def _industry(portfolio: Portfolio, groups: Groups, counted: Mask, rank: int, reported_rank: int = 0) -> Form:
    stops = Quirk.MISSING_RANK_STOPS in portfolio.quirks
    return largest(portfolio, groups, counted, rank, must_exist=stops, reported_rank=reported_rank)


def sp_industry(rank: int) -> TestFunction:
    """The rank-th largest S&P industry."""

    def test(portfolio: Portfolio, terms: DealTerms) -> Form:
        return _industry(portfolio, portfolio.sp_industry, portfolio.tested, rank)

    return test


def moodys_industry(rank: int) -> TestFunction:
    """The rank-th largest Moody's industry; under 03 Q22 the third reports the par of the second."""

    def test(portfolio: Portfolio, terms: DealTerms) -> Form:
        reported = 2 if rank == 3 and Quirk.THIRD_INDUSTRY_NUMERATOR in portfolio.quirks else 0
        return _industry(portfolio, portfolio.moodys_industry, portfolio.performing, rank, reported)

    return test
