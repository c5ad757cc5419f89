"""Compile every kernel that a run, a compliance test or a day of swaps needs, by running the demos in memory."""

import time
from collections.abc import Callable

from engine.collateral.layout import lay_out_pool
from engine.collateral.projection import asset_cashflows
from engine.compliance.evaluation import evaluate
from engine.compliance.metrics import pool_metrics
from engine.compliance.results import results_of
from engine.conventions.calendar import Calendar
from engine.deal.assumptions import BASE, STRESS
from engine.deal.points import DealRun, run_at, scenario_points
from engine.deal.run import DealMarket, run_deal, run_many
from engine.desk.assembly import Universe, assemble
from engine.desk.assumption_sets import from_workbook
from engine.desk.compliance_inputs import compliance_inputs
from engine.desk.simulations.warming import compile_simulation_kernels
from engine.desk.swaps.warming import compile_swap_kernels
from engine.market.curve import IndexCurve
from engine.waterfall.parser import parse_program
from workbooks.demo import demo_snapshot, demo_waterfall


def compile_kernels(report: Callable[[str, float], None]) -> float:
    """Compile into the disk cache; returns the seconds it took."""
    started = time.perf_counter()
    report("Making the demo deal", 0.0)
    book, program = demo_snapshot(), parse_program(demo_waterfall())
    snapshot = book.deals[0]
    chosen = from_workbook(book.curve, book.cf_assumptions, book.vectors)
    universe = Universe.of((row.asset for row in book.assets), book.sink_schedule)
    deal = assemble(snapshot, universe, chosen, BASE, program=program.name).deal
    market = DealMarket(Calendar.of(book.holidays), IndexCurve.of(book.analysis_date, book.curve))
    report("One scenario", 0.1)
    run_deal(deal, market, book.analysis_date, program=program)
    report("Asset cash flows", 0.6)
    asset_cashflows(lay_out_pool(deal.holdings, book.analysis_date, market.calendar), market.curve)
    report("Many scenarios", 0.8)
    run_many(deal, market, book.analysis_date, (BASE, STRESS), program=program)
    report("Simulations", 0.9)
    compile_simulation_kernels(book, deal, market, program)
    report("Grids", 0.9)
    grid = DealRun(deal=deal, market=market, as_of=book.analysis_date, quirks=frozenset(), program=program)
    run_at(grid, scenario_points((BASE, STRESS)))
    report("Compliance", 0.95)
    inputs = compliance_inputs(snapshot, (row.asset for row in book.assets))
    results_of(evaluate(inputs.plan(), inputs.holdings))
    pool_metrics(inputs.portfolio, inputs.holdings, inputs.terms)
    report("Swaps", 0.97)
    compile_swap_kernels()
    report("Done", 1.0)
    return time.perf_counter() - started
