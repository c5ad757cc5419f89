"""Kinds of asset, ranks and sizes that current US CLO indentures limit and the legacy model does not know."""

import numpy as np

from engine.compliance.facts import stated
from engine.compliance.forms import Form, Measure, MeasureKind, largest, principal_amount, share
from engine.compliance.portfolio import Portfolio
from engine.compliance.terms import DealTerms


def second_lien_loans(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Loans behind a first lien, first-lien last-out loans among them; unsecured loans are test 44."""
    is_last_out = portfolio.flags(lambda asset: asset.first_lien_last_out)
    is_named = portfolio.flags(lambda asset: "SECOND LIEN" in asset.seniority.upper())
    is_second = is_last_out | is_named | (portfolio.senior_secured & portfolio.sp_second_lien)
    return share(portfolio, portfolio.performing & portfolio.loan & is_second)


def revolving_and_delayed_draw(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Funded par of revolving and delayed-draw obligations; what they may still draw is test 12."""
    draws = portfolio.flags(lambda asset: asset.revolver or asset.delay_drawdown)
    return share(portfolio, portfolio.performing & draws)


def step_up_and_step_down_obligations(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Assets whose contract raises or lowers the coupon with time, whatever the index and the credit do."""
    steps = stated(portfolio, "is_step_up", 85) | stated(portfolio, "is_step_down", 85)
    return share(portfolio, portfolio.performing & steps)


def workout_obligations(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Loans bought in a restructuring to protect a holding, defaulted ones too."""
    return share(portfolio, stated(portfolio, "is_workout", 86))


def obligors_five_largest(portfolio: Portfolio, terms: DealTerms) -> Form:
    """The five largest issuers together, assets in debtor-in-possession financing left out as in test 4."""
    return largest(portfolio, portfolio.issuer, portfolio.performing & ~portfolio.dip, 1, count=5)


def sp_industry_3rd_largest(portfolio: Portfolio, terms: DealTerms) -> Form:
    return largest(portfolio, portfolio.sp_industry, portfolio.performing, 3)


def moodys_industry_5th_largest(portfolio: Portfolio, terms: DealTerms) -> Form:
    return largest(portfolio, portfolio.moodys_industry, portfolio.performing, 5)


def average_obligor_size(portfolio: Portfolio, terms: DealTerms) -> Form:
    """Performing par by issuer, on average over the issuers held."""
    counted = portfolio.performing.astype(np.float64)[None, :]
    codes = portfolio.issuer.codes[None, :]
    return Measure(MeasureKind.AVERAGE_GROUP, counted, codes, np.zeros(0), principal_amount(portfolio))
