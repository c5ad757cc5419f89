"""Cash flows and spreads of single assets, on the assumptions that the deals holding them were run on.

Flows follow the assumption set of the last stored run, of the scenario, date and mode, of a deal that holds the asset:
an asset then shows the cash that its deal was run on. Where there is no such run they follow the workbook's own set. A
spread knows no prepayment and no default (spec 01 §3.12) and needs the index curve alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from engine.analytics.valuation import Solution
from engine.collateral.asset import Asset
from engine.collateral.asset_cashflow import AssetCashflow
from engine.collateral.assumptions import AssetAssumptions
from engine.collateral.holding import Holding
from engine.collateral.projection import LEGACY_NOTIONAL, asset_cashflow
from engine.collateral.spread import z_spread
from engine.conventions.calendar import Calendar
from engine.deal.assumptions import AssumptionSet, Scenario
from engine.desk import assumption_sets, choices
from engine.desk.assembly import Universe, holding_of
from engine.desk.calendars import calendar_of
from engine.desk.reading.market_data import ChosenCurve
from engine.desk.reading.views import BookView, Views
from engine.errors import ClodeskError, ModelError, located
from engine.market.curve import IndexCurve
from engine.modes import Mode
from engine.snapshot import WorkbookSnapshot

NOTIONAL = LEGACY_NOTIONAL
"""Par that an asset is projected with where none is given, currency."""


@dataclass(frozen=True, slots=True)
class AssetSpread:
    """An asset with its spread, a decimal, or the reason why it has none."""

    asset: Asset
    spread: float | ClodeskError


@dataclass(frozen=True, eq=False)
class AssetBasis:
    """What single assets are projected on: a workbook, an assumption set, a scenario and a mode."""

    book: WorkbookSnapshot
    chosen: AssumptionSet
    scenario: Scenario
    mode: Mode

    @property
    def as_of(self) -> date:
        return self.book.analysis_date

    @cached_property
    def _universe(self) -> Universe:
        return Universe.of((row.asset for row in self.book.assets), self.book.sink_schedule)

    @cached_property
    def _calendar(self) -> Calendar:
        return calendar_of(self.book)

    @cached_property
    def _curve(self) -> ChosenCurve:
        points = tuple((month, rate + self.scenario.curve_shift) for month, rate in self.chosen.curve)
        return ChosenCurve(
            f"assumption set '{self.chosen.name}'",
            points,
            IndexCurve.of(self.as_of, points, self.mode.quirks),
            self.chosen.is_curve_extended or self.mode is Mode.LEGACY,
        )

    def cash_flow(self, asset: Asset, par: float = NOTIONAL) -> AssetCashflow:
        """The cash flow of an asset after the date of the workbook; raises what the projection raises."""
        holding = holding_of(asset, par, self._universe, self.chosen, self.scenario, self.as_of, self.mode)
        return self._projected(holding, self._curve_for(asset))

    def spread(self, asset: Asset, price: float) -> Solution:
        """The z-spread of an asset at a price, a fraction of par: all it promises is paid, and nothing early."""
        curve = self._curve_for(asset)
        holding = holding_of(asset, NOTIONAL, self._universe, self.chosen, self.scenario, self.as_of, self.mode)
        flow = self._projected(replace(holding, assumptions=AssetAssumptions()), curve)
        return z_spread(flow, price, curve, self.mode.quirks)

    def spreads(self, assets: Iterable[Asset]) -> tuple[AssetSpread, ...]:
        """The spreads of assets at their market values, without the defaulted and the unpriced."""
        return tuple(
            AssetSpread(asset, self._spread_or_error(asset, asset.market_value / 100.0))
            for asset in assets
            if asset.market_value is not None and asset.market_value > 0.0 and not asset.default_asset
        )

    def _projected(self, holding: Holding, curve: IndexCurve) -> AssetCashflow:
        with located(f"asset '{holding.asset.blkrock_id}'"):
            return asset_cashflow(holding, self.as_of, self._calendar, curve, self.mode.quirks)

    def _spread_or_error(self, asset: Asset, price: float) -> float | ClodeskError:
        try:
            found = self.spread(asset, price)
        except ClodeskError as error:
            return error
        return found.value if found.is_solved else no_spread(asset, price)

    def _curve_for(self, asset: Asset) -> IndexCurve:
        """The index curve; raises ModelError CLO-4071 where the asset outlives it."""
        return self._curve.index if asset.maturity is None else self._curve.reaching(asset.maturity)


def basis_of(views: Views, source: BookView, scenario: str, mode: Mode, assumptions: str) -> AssetBasis:
    """What the assets of a workbook are projected on; assumptions: the name of a set."""
    shock = views.scenario(scenario)
    return views.loaded(
        "asset basis",
        source.source_file_id,
        shock,
        mode,
        assumptions,
        deal=None,
        load=lambda work: AssetBasis(source.book, choices.assumption_set(work, assumptions, source.book), shock, mode),
    )


def assumptions_of_holder(views: Views, blkrock_id: str, as_of: date, scenario: str, mode: Mode) -> str:
    """The assumption set of the last stored run of a deal that holds an asset, else the workbook's own."""
    for run in views.stored_runs():
        if (run.as_of, run.scenario, run.mode) == (as_of, scenario.upper(), mode.value) and (
            blkrock_id in views.deal(run.deal_id, as_of).par_by_id
        ):
            return run.assumption_set
    return assumption_sets.WORKBOOK


def no_spread(asset: Asset, price: float) -> ModelError:
    """The error of an asset that no spread explains at a price, a fraction of par."""
    return ModelError(
        "CLO-4085",
        f"No spread explains a price of {100.0 * price:g}",
        where=f"asset '{asset.blkrock_id}'",
        remedy="Give a price that its cash flows can be worth.",
    )
