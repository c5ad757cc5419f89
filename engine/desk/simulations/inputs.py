"""What a simulation reads: deals with their positions and rated assets, transitions, correlations, assumptions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from db.cache import Cache
from db.correlations import CorrelationVersion
from db.snapshots import StoredDeal
from db.store import UnitOfWork
from engine.collateral.asset import Asset
from engine.collateral.holding import Holding
from engine.collateral.rating_derivation import UNRATED_SP, as_loaded, derived_sp_rating
from engine.deal.assumptions import AssumptionSet, Scenario
from engine.deal.contract import Deal
from engine.deal.run import DealMarket
from engine.desk import assumption_sets, choices
from engine.desk.assembly import Universe, assemble, holding_of
from engine.desk.calendars import calendar_of
from engine.desk.simulations.request import CorrelationSource, SimulationRequest
from engine.errors import InputError, ReferenceDataError
from engine.market.curve import IndexCurve
from engine.modes import Mode
from engine.snapshot import Correlation, DealSnapshot, TransitionMatrix, WorkbookSnapshot
from engine.waterfall.configuration import Configuration
from engine.waterfall.program import Program

NO_ASSUMPTIONS = AssumptionSet(name="none")
SHOWN = 10
"""Ids that an error names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DealToRun:
    """What the waterfall of a deal needs beside its paths."""

    deal: Deal
    market: DealMarket
    program: Program
    configuration: Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedDealInput:
    """One deal of a simulation: its snapshot, its positions, and what its waterfall needs, None without cash flows."""

    stored: StoredDeal
    holdings: tuple[Holding, ...]
    to_run: DealToRun | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationInputs:
    """Everything that a simulation depends on.

    assets: those that any of the deals holds, in the order of the asset list. correlation: the stored matrix with its
    version where the request asks for it.
    """

    request: SimulationRequest
    as_of: date
    book: WorkbookSnapshot
    deals: tuple[SimulatedDealInput, ...]
    assets: tuple[Asset, ...]
    transition: TransitionMatrix
    chosen: AssumptionSet
    shock: Scenario
    correlation: Correlation | None
    correlation_version: CorrelationVersion | None


def read_inputs(work: UnitOfWork, cache: Cache, request: SimulationRequest) -> SimulationInputs:
    """Read what a request needs.

    Raises InputError for a deal or a set that does not exist, CLO-4016 for cash flows without assumptions, CLO-4182 for
    assets that nobody rates; ReferenceDataError CLO-4090 and CLO-4091 for a workbook without transition matrix or
    correlations.
    """
    stored = _stored_deals(work, request)
    as_of = stored[0].deal.analysis_date
    book = work.snapshots.workbook(stored[0].source_file_id, with_correlation=False)
    if request.has_cash_flows and request.assumptions is None:
        raise choices.no_assumptions(work, stored[0])
    chosen = NO_ASSUMPTIONS
    if request.assumptions is not None:
        chosen = choices.assumption_set(work, request.assumptions, book)
    shock = choices.scenario(work, request.scenario)
    universe = Universe.of(_rated_assets(stored, book, request), book.sink_schedule)
    deals = tuple(_deal_input(work, item, book, universe, chosen, shock, request) for item in stored)
    held = {holding.asset.blkrock_id: holding.asset for item in deals for holding in item.holdings}
    if not held:
        raise _nothing_held(stored)
    version = None
    if request.correlation is CorrelationSource.STORED:
        version = work.correlations.in_force(stored[0].source_file_id)
        if version is None:
            raise _missing("CLO-4091", "correlation matrix", book)
    if book.transition_matrix is None:
        raise _missing("CLO-4090", "transition matrix", book)
    return SimulationInputs(
        request=request,
        as_of=as_of,
        book=book,
        deals=deals,
        assets=tuple(held[row.asset.blkrock_id] for row in book.assets if row.asset.blkrock_id in held),
        transition=book.transition_matrix,
        chosen=chosen,
        shock=shock,
        correlation=None if version is None else work.correlations.matrix(version, cache),
        correlation_version=version,
    )


def _stored_deals(work: UnitOfWork, request: SimulationRequest) -> tuple[StoredDeal, ...]:
    names = request.deals
    if not names:
        listed = work.snapshots.deals()
        newest = request.as_of or max((item.as_of for item in listed), default=None)
        names = tuple(item.deal_name for item in listed if item.as_of == newest)
    if not names:
        raise InputError(
            "CLO-4183",
            "There is no deal to simulate" + (f" of {request.as_of}" if request.as_of else ""),
            remedy="Import a workbook first: clodesk import FILE.",
        )
    found = tuple(work.snapshots.deal(name, request.as_of) for name in names)
    others = [item for item in found if item.source_file_id != found[0].source_file_id]
    if others:
        raise InputError(
            "CLO-4184",
            f"{found[0].deal.name} and {others[0].deal.name} come from different workbooks",
            remedy="Simulate deals together that were imported together, or give their common date.",
        )
    return found


def _rated_assets(
    stored: Sequence[StoredDeal], book: WorkbookSnapshot, request: SimulationRequest
) -> tuple[Asset, ...]:
    """The asset list, unrated assets of the deals rated as the request says."""
    assets = {row.asset.blkrock_id: row.asset for row in book.assets}
    if request.mode is Mode.LEGACY:
        return tuple(assets.values())
    held = {position.blkrock_id for item in stored for position in item.deal.positions if position.par}
    unrated = [name for name in assets if name in held and _is_unrated(assets[name])]
    if unrated and not request.unrated_as:
        shown = ", ".join(unrated[:SHOWN]) + (", ..." if len(unrated) > SHOWN else "")
        raise InputError(
            "CLO-4182",
            f"{len(unrated)} assets have no rating of any agency: {shown}",
            where="All Assets",
            remedy="Rate them and import again, or say how they count, for example as CCC-.",
        )
    for name in unrated:
        assets[name] = replace(assets[name], sp_rating=request.unrated_as)
    return tuple(assets.values())


def _is_unrated(asset: Asset) -> bool:
    loaded = as_loaded(asset, frozenset())
    return not loaded.default_asset and not loaded.sp_rating.strip() and derived_sp_rating(loaded) == UNRATED_SP


def _deal_input(
    work: UnitOfWork,
    stored: StoredDeal,
    book: WorkbookSnapshot,
    universe: Universe,
    chosen: AssumptionSet,
    shock: Scenario,
    request: SimulationRequest,
) -> SimulatedDealInput:
    name, as_of, mode = stored.deal.name, stored.deal.analysis_date, request.mode
    if not request.has_cash_flows:
        holdings = _holdings(stored.deal, universe, chosen, shock, mode)
        return SimulatedDealInput(stored=stored, holdings=holdings, to_run=None)
    program = choices.program(work, name, mode)
    assembled = assemble(stored.deal, universe, chosen, shock, program=program.name, mode=mode)
    to_run = DealToRun(
        deal=assembled.deal,
        market=DealMarket(calendar=calendar_of(book), curve=IndexCurve.of(as_of, assembled.curve, mode.quirks)),
        program=program,
        configuration=choices.configuration(work, name, mode),
    )
    return SimulatedDealInput(stored=stored, holdings=assembled.deal.holdings, to_run=to_run)


def _holdings(
    deal: DealSnapshot, universe: Universe, chosen: AssumptionSet, shock: Scenario, mode: Mode
) -> tuple[Holding, ...]:
    unknown = [row.blkrock_id for row in deal.positions if row.par and row.blkrock_id not in universe.assets]
    if unknown and mode is Mode.STANDARD:
        raise InputError(
            "CLO-4185",
            f"{len(unknown)} positions of {deal.name} are not in the asset list: {', '.join(unknown[:SHOWN])}",
            where=f"'{deal.name} Inputs'!D4",
            remedy="Add the assets to All Assets and import again.",
        )
    return tuple(
        holding_of(universe.assets[row.blkrock_id], row.par, universe, chosen, shock, deal.analysis_date, mode)
        for row in deal.positions
        if row.par and row.blkrock_id in universe.assets
    )


def _nothing_held(stored: Sequence[StoredDeal]) -> InputError:
    return InputError(
        "CLO-4186",
        f"{stored[0].deal.name} holds no asset" if len(stored) == 1 else "The deals hold no asset",
        remedy="Import a workbook whose deal sheets list positions.",
    )


def _missing(number: str, what: str, book: WorkbookSnapshot) -> ReferenceDataError:
    return ReferenceDataError(
        number,
        f"The workbook {book.source_file.name} has no {what}",
        remedy="Import a workbook that has one, or choose another source.",
    )


def assumptions_name(inputs: SimulationInputs) -> str:
    """Name of the assumption set as runs keep it, empty without one."""
    return "" if inputs.request.assumptions is None else inputs.chosen.name


def assumptions_text(inputs: SimulationInputs) -> str:
    """What the assumption set says, for the hash of a run."""
    return assumption_sets.to_json(inputs.chosen)
