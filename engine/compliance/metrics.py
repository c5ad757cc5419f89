"""What a deal's pool looks like: amounts, averages, and its concentrations by rating, industry, country and obligor.

Averages are those of the tests of the same name, so that a pool and its tests never disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.collateral.ratings import Agency, rating_at
from engine.compliance import averages, kernels_measures
from engine.compliance.evaluation import Holdings
from engine.compliance.forms import Form, Measure, Ratio, average
from engine.compliance.portfolio import Codes, Floats, Groups, Mask, Portfolio
from engine.compliance.terms import DealTerms

RATING_BUCKETS = ("aaa", "aa", "a", "baa", "ba", "b", "below_b")
"""Moody's rating families from the best to the worst."""
UNRATED = "unrated"
_LAST_RANK_OF_BUCKET = (1, 4, 7, 10, 13, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """Performing par of one group: in currency, and as a share of the collateral principal amount, decimal.

    label: what a person calls the group where its name is a key.
    """

    name: str
    par: float
    share: float | None
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolMetrics:
    """A pool on one day.

    Money in currency; unpriced_par: held par without a price, which market_value leaves out. All shares are of the
    collateral_principal_amount: par of performing assets and principal cash. Averages are over the performing assets,
    weighted with par, None where there is nothing to average: wal_years; wac and was decimals a year, was with the
    benefit of floors; warf Moody's factor; warr decimal. ratings: by Moody's family, the best first, the unrated last.
    Groups: largest first.
    """

    as_of: date
    n_assets: int
    n_obligors: int
    total_par: float
    defaulted_par: float
    principal_cash: float
    collateral_principal_amount: float
    market_value: float
    unpriced_par: float
    wal_years: float | None
    wac: float | None
    was: float | None
    warf: float | None
    warr: float | None
    diversity_score: float | None
    ratings: tuple[Concentration, ...]
    moodys_ratings: tuple[Concentration, ...]
    sp_ratings: tuple[Concentration, ...]
    moodys_industries: tuple[Concentration, ...]
    sp_industries: tuple[Concentration, ...]
    countries: tuple[Concentration, ...]
    obligors: tuple[Concentration, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodCollections:
    """What the pool is projected to bring in one period, in currency."""

    period: int
    collection_end: date
    interest: float
    principal: float

    @property
    def total(self) -> float:
        """Interest and principal."""
        return self.interest + self.principal


def pool_metrics(portfolio: Portfolio, holdings: Holdings, terms: DealTerms) -> PoolMetrics:
    """The pool of these holdings; the spread is left out where the deal does not state its current LIBOR."""
    par, performing = holdings.par, portfolio.performing
    held = par != 0.0
    amount = float(par[performing].sum() + holdings.cash)

    def of(form: Form) -> float | None:
        return form_value(form, holdings)

    def split(groups: Groups, labels: Sequence[str] = ()) -> tuple[Concentration, ...]:
        return concentrations(groups, performing & held, par, amount, labels)

    return PoolMetrics(
        as_of=terms.as_of,
        n_assets=int(held.sum()),
        n_obligors=len(np.unique(portfolio.issuer.codes[held])),
        total_par=float(par.sum()),
        defaulted_par=float(par[~performing].sum()),
        principal_cash=holdings.cash,
        collateral_principal_amount=amount,
        market_value=float(par @ portfolio.price),
        unpriced_par=float(par[portfolio.price == 0.0].sum()),
        wal_years=of(averages.weighted_average_life(portfolio, terms)),
        wac=of(average(performing, portfolio.coupon)),
        was=of(averages.weighted_average_spread_mag14(portfolio, terms)) if _states_libor(terms) else None,
        warf=of(averages.weighted_average_rating_factor(portfolio, terms)),
        warr=of(averages.weighted_average_recovery(portfolio, terms)),
        diversity_score=of(averages.diversity_score(portfolio, terms)),
        ratings=rating_buckets(portfolio.moodys_rank, performing & held, par, amount),
        moodys_ratings=_by_rating(portfolio.moodys_rank, Agency.MOODYS, performing & held, par, amount),
        sp_ratings=_by_rating(portfolio.sp_rank, Agency.SP, performing & held, par, amount),
        moodys_industries=split(portfolio.moodys_industry),
        sp_industries=split(portfolio.sp_industry),
        countries=split(portfolio.country),
        obligors=split(portfolio.issuer, _issuer_names(portfolio)),
    )


def _states_libor(terms: DealTerms) -> bool:
    return "current_libor" in terms.parameters


def form_value(form: Form, holdings: Holdings) -> float | None:
    """A ratio or a measure of the holdings as its test would report it; None where there is nothing to divide by."""
    par, cash = holdings.par, holdings.cash
    if isinstance(form, Measure):
        found = kernels_measures.measure(int(form.kind), par, cash, form.reals, form.codes, form.settings)
        return float(found)
    if not isinstance(form, Ratio):
        raise TypeError("a ranked group is no value of the whole pool")
    top, bottom = (
        float(part.per_par @ par + part.per_cash * cash + part.fixed) for part in (form.numerator, form.denominator)
    )
    if bottom <= 0.0:
        return None
    return top / bottom if form.decimals is None else float(np.round(top / bottom, form.decimals))


def concentrations(
    groups: Groups, counted: Mask, par: Floats, denominator: float, labels: Sequence[str] = ()
) -> tuple[Concentration, ...]:
    """Par of every group that has counted assets, the largest first, equal ones by name."""
    amounts = np.bincount(groups.codes[counted], par[counted], len(groups.names))
    present = np.unique(groups.codes[counted])
    order = sorted(present.tolist(), key=lambda code: (-amounts[code], groups.names[code]))
    return tuple(
        _concentration(groups.names[code], float(amounts[code]), denominator, labels[code] if labels else "")
        for code in order
    )


def rating_buckets(ranks: Codes, counted: Mask, par: Floats, denominator: float) -> tuple[Concentration, ...]:
    """Par by rating family, the best first, each family there even where it is empty, the unrated last."""
    bucket = np.searchsorted(_LAST_RANK_OF_BUCKET, ranks)
    bucket[ranks == 0] = len(RATING_BUCKETS)
    amounts = np.bincount(bucket[counted], par[counted], len(RATING_BUCKETS) + 1)
    names = (*RATING_BUCKETS, UNRATED)
    return tuple(_concentration(name, float(par_of), denominator) for name, par_of in zip(names, amounts, strict=True))


def _by_rating(
    ranks: Codes, agency: Agency, counted: Mask, par: Floats, denominator: float
) -> tuple[Concentration, ...]:
    """Par of every rating that occurs, the best first, the unrated last."""
    amounts = np.bincount(ranks[counted], weights=par[counted])
    present = np.unique(ranks[counted]).tolist()
    order = sorted(present, key=lambda rank: (rank == 0, rank))
    return tuple(
        _concentration(rating_at(rank, agency) or UNRATED, float(amounts[rank]), denominator) for rank in order
    )


def _concentration(name: str, par: float, denominator: float, label: str = "") -> Concentration:
    return Concentration(name=name, par=par, share=par / denominator if denominator > 0.0 else None, label=label)


def _issuer_names(portfolio: Portfolio) -> list[str]:
    """Name of each issuer by its first asset."""
    names = [""] * len(portfolio.issuer.names)
    for asset, code in zip(portfolio.assets, portfolio.issuer.codes, strict=True):
        names[code] = names[code] or asset.issuer_name.strip()
    return names
