"""How the ratings of a deal's assets are expected to move, from the transition matrix of its workbook."""

from dataclasses import dataclass
from datetime import date

import numpy as np

from engine.collateral.ratings import sp_state, sp_state_text
from engine.conventions.days import day_number, to_date
from engine.conventions.kernels import add_months
from engine.desk.reading.asset_lists import assets_of
from engine.desk.reading.rating_data import transition_matrix
from engine.desk.reading.views import Views
from engine.errors import InputError
from engine.modes import Mode
from engine.rating_migration.expectation import ExpectedMix, expected_mix
from engine.rating_migration.transition import Step

_MONTHS_A_YEAR = 12
_MOST_YEARS = 40


@dataclass(frozen=True, slots=True)
class RatingMix:
    """Dates of the periods, today first; ratings from the best to default; unrated: par without an S&P rating."""

    dates: tuple[date, ...]
    ratings: tuple[str, ...]
    mix: ExpectedMix
    unrated: float


def rating_mix(views: Views, deal: str, step: Step, n_years: int, as_of: date | None, mode: Mode) -> RatingMix:
    """The expected ratings of a deal's positions, each held to its maturity, for some years.

    Raises InputError CLO-4095 for a number of years that is not 1 to 40, and what the matrix raises.
    """
    if not 1 <= n_years <= _MOST_YEARS:
        raise InputError("CLO-4095", f"{n_years} years cannot be shown", remedy=f"Ask for 1 to {_MOST_YEARS} years.")
    view, assets = views.deal(deal, as_of), assets_of(views, deal, as_of)
    found = transition_matrix(views, step, as_of, mode)
    today, months = day_number(view.as_of), _MONTHS_A_YEAR // step.value
    days = [int(add_months(today, months * i)) for i in range(n_years * step.value + 1)]
    column = {rating: i for i, rating in enumerate(found.ratings)}
    par_alive, unrated = np.zeros((len(days), len(found.ratings))), 0.0
    for name in assets.ids:
        asset, par = assets.asset(name), view.par_by_id[name]
        place = column.get(sp_state_text(sp_state(asset.sp_rating or "")))
        if place is None:
            unrated += par
            continue
        n_alive = len(days) if asset.maturity is None else int(np.searchsorted(days, day_number(asset.maturity)))
        par_alive[:n_alive, place] += par
    return RatingMix(tuple(to_date(day) for day in days), found.ratings, expected_mix(par_alive, found.matrix), unrated)
