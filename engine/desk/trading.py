"""Trades before they are made: a deal's tests and cash flows before and after them, and which trades are best.

Nothing here is stored: a what-if never writes to deal data (spec 05 R11).
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from db.identifiers import deal_key
from db.store import Store, UnitOfWork
from engine.collateral.filters.mask import AssetColumns, mask
from engine.collateral.filters.parser import parse_filter
from engine.compliance.evaluation import Holdings
from engine.compliance.portfolio import Mask, Portfolio
from engine.deal.contract import AccountNumber
from engine.deal.results import DealResult
from engine.desk import compliance
from engine.desk.records import FlowBasis, TradeOutcome
from engine.desk.runs import run_variants
from engine.errors import InputError
from engine.modes import Mode, Quirks
from engine.snapshot import DealSnapshot, PositionRow, TradeRow
from engine.trading import candidates
from engine.trading.flows import FlowChange
from engine.trading.hypothetical import Comparison, TradeAttributes, hypothetical, trade_attributes
from engine.trading.ranking import RankedTrade, rank, ranked_trades
from engine.trading.trades import Grouping, Settlement, Side, Trade, TradedDeal, side_of

THREADS = os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DealForTrading:
    """A deal over all assets that it could hold, and the sheet it came from."""

    traded: TradedDeal
    snapshot: DealSnapshot


def deal_for_trading(
    work: UnitOfWork, deal: str, as_of: date | None, mode: Mode, settlement: Settlement
) -> DealForTrading:
    """A deal with its tests over the whole asset list; raises what compliance raises for inputs that do not fit."""
    request = compliance.request_of(work, deal, as_of, mode)
    inputs = compliance.inputs_of(work, request, is_universe=True)
    traded = TradedDeal(inputs.plan(), inputs.holdings, inputs.weights, settlement)
    return DealForTrading(traded=traded, snapshot=request.stored.deal)


def try_trades(
    store: Store,
    trades: Sequence[Trade],
    as_of: date | None,
    mode: Mode,
    *,
    grouping: Grouping,
    settlement: Settlement,
    flows: FlowBasis | None,
) -> TradeOutcome:
    """Compare every deal of a list of trades before and after them; deals may be spelt in any way that finds them.

    Raises TradesError with everything that keeps the trades from being made.
    """
    with store.read() as work:
        names = {trade.deal: work.snapshots.deal(trade.deal, as_of).deal.name for trade in trades}
        found = {name: deal_for_trading(work, name, as_of, mode, settlement) for name in dict.fromkeys(names.values())}
    wanted = [replace(trade, deal=found[names[trade.deal]].traded.name) for trade in trades]
    compared = hypothetical(wanted, [item.traded for item in found.values()], grouping)
    changes: tuple[FlowChange, ...] = ()
    if flows is not None:
        changes = tuple(
            _flow_change(store, found[comparison.deal], comparison, as_of, mode, flows) for comparison in compared
        )
    return outcome_of(compared, changes)


def workbook_trades(store: Store, deal: str, as_of: date | None) -> tuple[Trade, ...]:
    """The trades that the deal's workbook holds on its control panel for this deal (spec 05 §2).

    Raises InputError CLO-4060 where there are none, CLO-4061 for one without side or par.
    """
    with store.read() as work:
        stored = work.snapshots.deal(deal, as_of)
        rows = work.snapshots.workbook(stored.source_file_id, with_correlation=False).trades
    own = [row for row in rows if row.scope == "current" and deal_key(row.deal) == stored.deal_id]
    if not own:
        raise InputError(
            "CLO-4060",
            f"The workbook of {stored.deal.name} holds no trades of it",
            where="'Run Model'!J11:N39",
            remedy="Give a ticket with --ticket, or single trades with --buy and --sell.",
        )
    return tuple(_trade_of(row, stored.deal.name) for row in own)


def _trade_of(row: TradeRow, deal: str) -> Trade:
    side = side_of(row.transaction)
    if side is None or row.par is None:
        raise InputError(
            "CLO-4061",
            f"The trade in {row.blkrock_id} has no {'side' if side is None else 'par'}",
            where=str(row.place),
            remedy="Write Buy or Sale and a par above 0, and import the workbook again.",
        )
    return Trade(
        deal=deal, blkrock_id=row.blkrock_id, side=side, par=row.par, price=row.price or None, place=str(row.place)
    )


def rank_trades(
    store: Store,
    deal: str,
    as_of: date | None,
    mode: Mode,
    *,
    side: Side,
    step: float,
    chosen: str,
    includes_held: bool,
    settlement: Settlement,
    n_best: int,
) -> tuple[RankedTrade, ...]:
    """The best single trades of a deal by their exact effect; chosen: a filter over the asset list."""
    with store.read() as work:
        traded = deal_for_trading(work, deal, as_of, mode, settlement).traded
    wanted = filtered(traded.plan.portfolio, chosen, mode.quirks)
    found = candidates_of(traded, side, step, wanted, includes_held=includes_held)
    if len(found) == 0:
        raise InputError(
            "CLO-4062",
            f"No asset can be {'bought' if side is Side.BUY else 'sold'} by {traded.name} under this filter",
            where=f"filter {chosen!r}" if chosen else "asset list",
            remedy="Widen the filter; defaulted assets and those priced below 75 are not bought.",
        )
    return ranked_trades(rank(traded, found, threads=THREADS), n_best, threads=THREADS)


def candidates_of(
    traded: TradedDeal, side: Side, step: float, wanted: Mask, *, includes_held: bool
) -> candidates.Candidates:
    """Single trades of `step` par that a deal can make in the assets wanted; includes_held: also in what it holds."""
    portfolio, holdings = traded.plan.portfolio, traded.holdings
    if side is Side.BUY:
        return candidates.purchases(portfolio, holdings, step, chosen=wanted, includes_held=includes_held)
    return candidates.sales(portfolio, holdings, step, chosen=wanted)


def filtered(portfolio: Portfolio, text: str, quirks: Quirks) -> Mask:
    """Assets that meet a filter, (n,); all of them without one."""
    return mask(parse_filter(text, quirks), AssetColumns(portfolio.assets))


def with_holdings(portfolio: Portfolio, holdings: Holdings) -> Callable[[DealSnapshot], DealSnapshot]:
    """Puts other positions and another principal cash of the collection account into a deal's sheet.

    What is still held keeps its place in the list, so that sums over it round as before; what is new follows.
    """
    par = {name: float(amount) for name, amount in zip(portfolio.ids, holdings.par, strict=True) if amount != 0.0}

    def changed(deal: DealSnapshot) -> DealSnapshot:
        rows = {row.blkrock_id: row for row in reversed(deal.positions)}
        place = deal.positions[0].place if deal.positions else deal.date_inputs.place
        kept = [name for name in dict.fromkeys(row.blkrock_id for row in deal.positions) if name in par]
        new = [name for name in par if name not in rows]
        return replace(
            deal,
            positions=(
                *(replace(rows[name], par=par[name]) for name in kept),
                *(PositionRow(blkrock_id=name, par=par[name], place=place) for name in new),
            ),
            accounts=tuple(
                replace(account, principal=holdings.cash) if account.number == AccountNumber.COLLECTION else account
                for account in deal.accounts
            ),
        )

    return changed


def _flow_change(
    store: Store, deal: DealForTrading, comparison: Comparison, as_of: date | None, mode: Mode, basis: FlowBasis
) -> FlowChange:
    portfolio = deal.traded.plan.portfolio
    before, after = run_variants(
        store,
        deal.snapshot.name,
        basis.scenario,
        as_of,
        [with_holdings(portfolio, found.holdings) for found in (comparison.before, comparison.after)],
        assumptions=basis.assumptions,
        mode=mode,
    )
    return FlowChange(
        deal=deal.snapshot.name,
        title=comparison.title,
        scenario=basis.scenario,
        classes=before.tranche_names,
        before=before.risk,
        after=after.risk,
        stopped_before=_why_stopped(before),
        stopped_after=_why_stopped(after),
    )


def _why_stopped(result: DealResult) -> str:
    failure = result.failure
    return "" if failure is None else f"period {failure.period}, {failure.step}: {failure.reason}"


def outcome_of(compared: Sequence[Comparison], flows: Sequence[FlowChange] = ()) -> TradeOutcome:
    """Comparisons with the attributes of what each deal bought and sold, in its last one where it has several."""
    return TradeOutcome(
        comparisons=tuple(compared),
        purchases={comparison.deal: _attributes(comparison, Side.BUY) for comparison in compared},
        sales={comparison.deal: _attributes(comparison, Side.SALE) for comparison in compared},
        flows=tuple(flows),
    )


def _attributes(comparison: Comparison, side: Side) -> TradeAttributes | None:
    plan = comparison.before.plan
    libor = plan.terms.parameters.get("current_libor", 0.0)
    return trade_attributes(plan.portfolio, comparison.fills, side, libor)
