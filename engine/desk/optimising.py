"""The best trades of a deal that keep every limit, and the legacy rebalance beside them; nothing is booked."""

from dataclasses import replace
from datetime import date

from db.store import Store
from engine.desk.records import (
    OptimiserOutcome,
    OptimiserRequest,
    Progress,
    RebalanceOutcome,
    RebalanceRequest,
    TradeOutcome,
)
from engine.desk.trading import attributes_of, deal_for_trading, filtered
from engine.errors import InputError
from engine.modes import Mode
from engine.snapshot import RunSetting
from engine.trading.candidates import may_buy, may_sell
from engine.trading.hypothetical import hypothetical
from engine.trading.optimiser.inputs import Budget, OptimiserInputs, market_prices
from engine.trading.optimiser.optimiser import optimise
from engine.trading.rebalance import RebalanceOrder, rebalance
from engine.trading.trades import Settlement, TradedDeal

_SALE_PAR, _BUY_PAR, _STEP = "sale_par", "buy_par", "trade_par_step"


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
    together = replace(settlement, settles_together=True)
    with store.read() as work:
        traded = deal_for_trading(work, deal, as_of, Mode.STANDARD, together).traded
        source = work.snapshots.deal(deal, as_of).source_file_id
        settings = work.snapshots.workbook(source, with_correlation=False).run_settings
    inputs = _inputs(traded, request, settings)
    progress("Optimising", 0.2)
    proposal = optimise(traded, inputs, request.objective)
    compared = hypothetical(proposal.trades, [traded]) if proposal.trades else ()
    purchases, sales = attributes_of(compared)
    progress("Done", 1.0)
    return OptimiserOutcome(
        proposal=proposal,
        trades=TradeOutcome(comparisons=compared, purchases=purchases, sales=sales, flows=()),
    )


def rebalance_deal(
    store: Store,
    deal: str,
    as_of: date | None,
    mode: Mode,
    order: RebalanceRequest,
    settlement: Settlement,
) -> RebalanceOutcome:
    """Sell and buy step by step as the legacy model does; amounts left open are those of the control panel."""
    with store.read() as work:
        traded = deal_for_trading(work, deal, as_of, mode, settlement).traded
        source = work.snapshots.deal(deal, as_of).source_file_id
        settings = work.snapshots.workbook(source, with_correlation=False).run_settings
    portfolio = traded.plan.portfolio

    def amount(given: float | None, setting: str) -> float:
        return _panel_amount(settings, setting) if given is None else given

    done = rebalance(
        traded,
        RebalanceOrder(
            sale_par=amount(order.sale_par, _SALE_PAR),
            buy_par=amount(order.buy_par, _BUY_PAR),
            step=amount(order.step, _STEP),
            sale_filter=filtered(portfolio, order.sale_filter, portfolio.quirks),
            buy_filter=filtered(portfolio, order.buy_filter, portfolio.quirks),
            includes_held=order.includes_held,
        ),
    )
    purchases, sales = attributes_of([done.comparison])
    return RebalanceOutcome(
        trades=TradeOutcome(comparisons=(done.comparison,), purchases=purchases, sales=sales, flows=()),
        n_refused=done.n_refused,
        objective_reported=done.objective_reported,
        unsold=done.unsold,
    )


def _inputs(traded: TradedDeal, request: OptimiserRequest, settings: tuple[RunSetting, ...]) -> OptimiserInputs:
    portfolio, holdings = traded.plan.portfolio, traded.holdings
    prices = market_prices(portfolio)
    buyable = may_buy(
        portfolio,
        holdings,
        portfolio.price,
        filtered(portfolio, request.buy_filter, portfolio.quirks),
        request.includes_held,
    )
    sellable = may_sell(holdings, filtered(portfolio, request.sale_filter, portfolio.quirks)) & (portfolio.price > 0.0)

    def amount(given: float | None, setting: str) -> float:
        return _panel_amount(settings, setting) if given is None else given

    return OptimiserInputs(
        sales=Budget(amount(request.sale_par, _SALE_PAR), request.is_exact),
        purchases=Budget(amount(request.buy_par, _BUY_PAR), request.is_exact),
        ask=prices,
        bid=prices,
        buyable=frozenset(name for name, may in zip(portfolio.ids, buyable, strict=True) if may),
        sellable=frozenset(name for name, may in zip(portfolio.ids, sellable, strict=True) if may),
        untouched=frozenset(request.untouched),
        increment=amount(request.increment, _STEP),
        minimum_piece=request.minimum_piece,
        name_cap=request.name_cap,
        most_trades=request.most_trades,
        turnover_cost=request.turnover_cost,
        time_limit=request.time_limit,
        gap=request.gap,
    )


def _panel_amount(settings: tuple[RunSetting, ...], name: str) -> float:
    for row in settings:
        if row.scope == "current" and row.name == name and isinstance(row.value, int | float):
            return float(row.value)
    raise InputError(
        "CLO-4063",
        f"The optimiser needs `{name}`, which the control panel of the deal's workbook does not state",
        where="'Run Model'!E8:E12",
        remedy="Give it with --sell-par, --buy-par or --increment.",
    )
