"""The best trades of a deal that keep every limit, and the legacy rebalance beside them; nothing is booked."""

from dataclasses import dataclass, replace
from datetime import date

from db.store import Store
from engine.compliance.portfolio import Mask
from engine.desk.records import (
    OptimiserOutcome,
    OptimiserRequest,
    Progress,
    RebalanceOutcome,
    RebalanceRequest,
)
from engine.desk.trading import deal_for_trading, filtered, outcome_of
from engine.errors import InputError
from engine.modes import Mode
from engine.snapshot import RunSetting
from engine.trading.hypothetical import hypothetical
from engine.trading.optimiser.inputs import Budget, OptimiserInputs, eligible, market_prices
from engine.trading.optimiser.optimiser import optimise
from engine.trading.rebalance import RebalanceOrder, rebalance
from engine.trading.trades import Settlement, TradedDeal

_SALE_PAR, _BUY_PAR, _STEP = "sale_par", "buy_par", "trade_par_step"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A deal to be traded, and the control panel of the workbook that it came with."""

    traded: TradedDeal
    panel: tuple[RunSetting, ...]

    def amount(self, given: float | None, setting: str) -> float:
        """An amount as it was given, else that of the panel; InputError CLO-4063 for one that neither states."""
        if given is not None:
            return given
        for row in self.panel:
            if row.scope == "current" and row.name == setting and isinstance(row.value, int | float):
                return float(row.value)
        raise InputError(
            "CLO-4063",
            f"`{setting}` is needed, which the control panel of the deal's workbook does not state",
            where="'Run Model'!E8:E12",
            remedy="Give --sell-par, --buy-par and --increment, of a rebalance --step.",
        )

    def chosen(self, text: str) -> Mask:
        """Assets that meet a filter, (n,)."""
        portfolio = self.traded.plan.portfolio
        return filtered(portfolio, text, portfolio.quirks)


def _prepared(store: Store, deal: str, as_of: date | None, mode: Mode, settlement: Settlement) -> _Prepared:
    with store.read() as work:
        traded = deal_for_trading(work, deal, as_of, mode, settlement).traded
        source = work.snapshots.deal(deal, as_of).source_file_id
        return _Prepared(traded, work.snapshots.workbook(source, with_correlation=False).run_settings)


def optimise_deal(
    store: Store,
    deal: str,
    as_of: date | None,
    request: OptimiserRequest,
    settlement: Settlement,
    progress: Progress,
) -> OptimiserOutcome:
    """Look for the best trades; amounts that the request leaves open are those of the workbook's control panel.

    The trades settle together. Raises InputError CLO-4063 for an amount that neither states, and what the optimiser
    raises for inputs that are wrong.
    """
    progress("Loading the deal", 0.0)
    prepared = _prepared(store, deal, as_of, Mode.STANDARD, replace(settlement, settles_together=True))
    inputs = _inputs(prepared, request)
    progress("Optimising", 0.2)
    proposal = optimise(prepared.traded, inputs, request.objective)
    compared = hypothetical(proposal.trades, [prepared.traded]) if proposal.trades else ()
    progress("Done", 1.0)
    return OptimiserOutcome(proposal=proposal, trades=outcome_of(compared))


def rebalance_deal(
    store: Store,
    deal: str,
    as_of: date | None,
    mode: Mode,
    request: RebalanceRequest,
    settlement: Settlement,
) -> RebalanceOutcome:
    """Sell and buy step by step as the legacy model does; amounts left open are those of the control panel."""
    prepared = _prepared(store, deal, as_of, mode, settlement)
    order = RebalanceOrder(
        sale_par=prepared.amount(request.sale_par, _SALE_PAR),
        buy_par=prepared.amount(request.buy_par, _BUY_PAR),
        step=prepared.amount(request.step, _STEP),
        sale_filter=prepared.chosen(request.sale_filter),
        buy_filter=prepared.chosen(request.buy_filter),
        includes_held=request.includes_held,
    )
    done = rebalance(prepared.traded, order)
    return RebalanceOutcome(
        trades=outcome_of([done.comparison]),
        n_refused=done.n_refused,
        objective_reported=done.objective_reported,
        unsold=done.unsold,
    )


def _inputs(prepared: _Prepared, request: OptimiserRequest) -> OptimiserInputs:
    """The request at market values."""
    portfolio, holdings = prepared.traded.plan.portfolio, prepared.traded.holdings
    prices = market_prices(portfolio)
    buyable, sellable = eligible(
        portfolio,
        holdings,
        prepared.chosen(request.buy_filter),
        prepared.chosen(request.sale_filter),
        includes_held=request.includes_held,
    )
    return OptimiserInputs(
        sales=Budget(prepared.amount(request.sale_par, _SALE_PAR), request.is_exact),
        purchases=Budget(prepared.amount(request.buy_par, _BUY_PAR), request.is_exact),
        ask=prices,
        bid=prices,
        buyable=buyable,
        sellable=sellable,
        untouched=frozenset(request.untouched),
        increment=prepared.amount(request.increment, _STEP),
        minimum_piece=request.minimum_piece,
        name_cap=request.name_cap,
        most_trades=request.most_trades,
        turnover_cost=request.turnover_cost,
        time_limit=request.time_limit,
        gap=request.gap,
    )
