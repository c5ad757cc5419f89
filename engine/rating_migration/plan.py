"""A simulation, settled: assets, dates, thresholds, dependence and draws as arrays that any process can walk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.conventions.days import day_number
from engine.errors import InputError
from engine.rating_migration.dependence import CholeskyFactor, Dependence, FactorLoadings
from engine.rating_migration.draws import Draws, check_method
from engine.rating_migration.fields import DEFAULTED, N_STATES
from engine.rating_migration.grid import DateGrid, lifetimes
from engine.rating_migration.kernels_paths import Walk
from engine.rating_migration.transition import RatingTransitions, thresholds

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
States = npt.NDArray[np.uint8]

N_MODEL_STATES = N_STATES - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAsset:
    """An asset as the simulation sees it: its state at the start (0-based, DEFAULTED for default) and its maturity."""

    blkrock_id: str
    state: int
    maturity: date


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Issuers:
    """Loans that follow their issuers (spec 04 §11.5); n loans, E issuers, which the walk and the dependence are about.

    issuer (n,) int64; notches (n,) int64, the loan's state less its issuer's, DEFAULTED for a loan in default from the
    start; last_period (n,) int64 as in `Walk`; stub_share (n, 17): of the issuer's defaults in the loan's last period,
    those before its maturity.
    """

    issuer: Ints
    notches: Ints
    last_period: Ints
    stub_share: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulationPlan:
    """What a simulation walks; n assets in the order of asset_ids. issuers is None where every loan moves by itself."""

    asset_ids: tuple[str, ...]
    grid: DateGrid
    walk: Walk
    dependence: Dependence
    draws: Draws
    issuers: Issuers | None = None

    def __post_init__(self) -> None:
        n_walked = self.walk.initial.shape[0]
        rows = (
            self.dependence.lower if isinstance(self.dependence, CholeskyFactor) else self.dependence.loading
        ).shape[0]
        if rows != n_walked:
            raise InputError(
                "CLO-1836",
                f"The dependence is about {rows} assets, the simulation about {n_walked}",
                remedy="Give correlations or factors for exactly the simulated assets, in their order.",
            )
        check_method(self.draws, self.dependence, self.grid.n_periods)

    @property
    def n_periods(self) -> int:
        """Steps of the date grid, T."""
        return self.grid.n_periods

    @property
    def n_assets(self) -> int:
        """Assets whose states come out, n."""
        return len(self.asset_ids)


def plan_simulation(
    assets: Sequence[SimulatedAsset],
    grid: DateGrid,
    transitions: RatingTransitions,
    dependence: Dependence,
    draws: Draws,
) -> SimulationPlan:
    """The plan of assets that each move by themselves.

    Raises InputError CLO-1836 for a dependence of other assets, CLO-1837 for a matrix of other than the 18 states
    AAA to CCC and D, CLO-1834 and CLO-1835 for draws that the dependence does not allow.
    """
    return SimulationPlan(
        asset_ids=tuple(asset.blkrock_id for asset in assets),
        grid=grid,
        walk=_walk(assets, grid, transitions),
        dependence=_without_idle_factors(dependence),
        draws=draws,
    )


def plan_by_issuer(
    assets: Sequence[SimulatedAsset],
    issuers: Sequence[str],
    grid: DateGrid,
    transitions: RatingTransitions,
    dependence: Dependence,
    draws: Draws,
) -> SimulationPlan:
    """The plan of loans that default with their issuers.

    issuers: the issuer of each asset; an issuer starts at the weakest performing state of its loans and lives as long
    as the last of them. A loan in default from the start stays there, whatever its issuer does. dependence: of the
    issuers, in the order of their first loans. Raises as `plan_simulation`.
    """
    members: dict[str, list[int]] = {}
    for i, issuer in enumerate(issuers):
        members.setdefault(issuer, []).append(i)
    walked = [_issuer(name, [assets[i] for i in places]) for name, places in members.items()]
    walk = _walk(walked, grid, transitions)
    issuer_of = np.empty(len(assets), dtype=np.int64)
    for number, places in enumerate(members.values()):
        issuer_of[places] = number
    states = np.array([asset.state for asset in assets], dtype=np.int64)
    last_period, years = _ends(assets, grid)
    last_of_issuer, issuer_years = (ends[issuer_of] for ends in _ends(walked, grid))
    # An issuer that lives on takes the whole step in the last period of a loan, one that ends with it its own stub.
    whole = grid.years[np.clip(last_period - 1, 0, grid.n_periods - 1)]
    stubs, defaults = (
        transitions.over_each(lengths)[:, :DEFAULTED, DEFAULTED]
        for lengths in (years, np.where(last_period == last_of_issuer, issuer_years, whole))
    )
    share = np.divide(stubs, defaults, out=np.ones_like(stubs), where=defaults > 0.0)
    return SimulationPlan(
        asset_ids=tuple(asset.blkrock_id for asset in assets),
        grid=grid,
        walk=walk,
        dependence=_without_idle_factors(dependence),
        draws=draws,
        issuers=Issuers(
            issuer=issuer_of,
            notches=np.where(states == DEFAULTED, DEFAULTED, states - walk.initial[issuer_of].astype(np.int64)),
            last_period=last_period,
            stub_share=np.minimum(share, 1.0),
        ),
    )


def _issuer(name: str, loans: Sequence[SimulatedAsset]) -> SimulatedAsset:
    performing = [loan.state for loan in loans if loan.state < DEFAULTED]
    return SimulatedAsset(
        blkrock_id=name,
        state=max(performing, default=DEFAULTED),
        maturity=max(loan.maturity for loan in loans),
    )


def _walk(assets: Sequence[SimulatedAsset], grid: DateGrid, transitions: RatingTransitions) -> Walk:
    if len(transitions.ratings) != N_MODEL_STATES:
        raise InputError(
            "CLO-1837",
            f"The transition matrix has {len(transitions.ratings)} states, a simulation {N_MODEL_STATES}",
            where="transition matrix",
            remedy="Give the matrix from AAA to CCC and D.",
        )
    last_period, stub_years = _ends(assets, grid)
    lengths, place = np.unique(np.concatenate((grid.years, stub_years)), return_inverse=True)
    return Walk(
        thresholds=np.ascontiguousarray(thresholds(transitions.over_each(lengths))),
        period_table=place[: grid.n_periods].astype(np.int64),
        stub_table=place[grid.n_periods :].astype(np.int64),
        last_period=last_period,
        initial=np.array([asset.state for asset in assets], dtype=np.uint8),
    )


def _ends(assets: Sequence[SimulatedAsset], grid: DateGrid) -> tuple[Ints, Floats]:
    """Period in which each asset matures, as in `Walk`, and the length of its step in it, years."""
    maturities = np.array([day_number(asset.maturity) for asset in assets], dtype=np.int64)
    last_period = np.searchsorted(grid.days, maturities, side="left").astype(np.int64)
    stub = lifetimes(grid, maturities).stub_years
    whole = grid.years[np.clip(last_period - 1, 0, grid.n_periods - 1)]
    return last_period, np.where(stub > 0.0, stub, whole)


def _without_idle_factors(dependence: Dependence) -> Dependence:
    """Factor loadings without the levels that load nothing, nor the factors behind the last that does.

    A factor keeps its number, which is the row of its draws.
    """
    if isinstance(dependence, CholeskyFactor):
        return dependence
    is_used = dependence.loading != 0.0
    levels = is_used.any(axis=0)
    factor = np.where(is_used, dependence.factor, 0)
    return FactorLoadings(
        factor=np.ascontiguousarray(factor[:, levels]),
        loading=np.ascontiguousarray(dependence.loading[:, levels]),
        idiosyncratic=dependence.idiosyncratic,
        n_factors=int(factor.max()) + 1 if levels.any() else 0,
        persistence=dependence.persistence,
    )
