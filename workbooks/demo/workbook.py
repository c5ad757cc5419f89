"""The demo workbook: one synthetic deal and its universe in the legacy layout, the same bytes for the same seed."""

from importlib import resources
from pathlib import Path

from engine.errors import InputError
from engine.snapshot import AssetRow, Place, SinkRow, SourceFile, WorkbookSnapshot
from workbooks.demo.deal import ANALYSIS_DATE, CLOSING, DEAL_NAME, demo_deal
from workbooks.demo.loans import amortisation, synthetic_loans
from workbooks.demo.market import (
    CURVE,
    assumptions,
    correlation,
    correlation_rules,
    fixings,
    holidays,
    transition_matrix,
    vectors,
)
from workbooks.demo.panel import filters, lists, run_settings, trades
from workbooks.demo.stream import Stream
from workbooks.legacy_export import write_legacy_workbook

SEED = 20160331
MOST_POSITIONS = 200
UNIVERSE_ASSETS, UNIVERSE_CORRELATED = 1004, 489
WATERFALL_FILE = "demo.waterfall"
FEWEST_ASSETS = 20


def write_demo_workbook(path: Path, *, n_assets: int = 200, n_correlated: int | None = None, seed: int = SEED) -> None:
    """Write the demo workbook to `path`; an existing file is replaced.

    n_assets: loans on All Assets, of which the deal holds the first 200. n_correlated: size of the correlation sheet,
    by default the positions of the deal. Raises InputError CLO-2050 for sizes that make no deal.
    """
    write_legacy_workbook(
        path, demo_snapshot(n_assets=n_assets, n_correlated=n_correlated, seed=seed), with_formulas=True
    )


def write_universe_workbook(path: Path, *, seed: int = SEED) -> None:
    """Write the demo deal with a universe of 1,004 assets and correlations of 489 of them."""
    write_demo_workbook(path, n_assets=UNIVERSE_ASSETS, n_correlated=UNIVERSE_CORRELATED, seed=seed)


def demo_waterfall() -> str:
    """The demo deal's own waterfall program in the language of spec 02 §14.5."""
    return resources.files("workbooks.demo").joinpath(WATERFALL_FILE).read_text(encoding="utf-8")


def demo_snapshot(*, n_assets: int = 200, n_correlated: int | None = None, seed: int = SEED) -> WorkbookSnapshot:
    """What the demo workbook says, as the importer's records; the source file is left blank."""
    n_positions = min(n_assets, MOST_POSITIONS)
    n_correlated = n_positions if n_correlated is None else n_correlated
    if n_assets < FEWEST_ASSETS or not 0 < n_correlated <= n_assets:
        raise InputError(
            "CLO-2050",
            f"A demo of {n_assets} assets with {n_correlated} correlated ones cannot be made",
            remedy=f"Ask for {FEWEST_ASSETS} assets or more, and for no more correlated ones than assets.",
        )
    stream = Stream(seed)
    closed = holidays()
    rates = fixings(CLOSING, ANALYSIS_DATE, closed, stream)
    index_by_day = {fixing.on: fixing.rate for fixing in rates if fixing.index_name == "3 MONTH LIBOR"}
    assets = synthetic_loans(n_assets, ANALYSIS_DATE, index_by_day[ANALYSIS_DATE], stream)
    deal = demo_deal(assets[:n_positions], closed, index_by_day, stream)
    sinks = [payment for asset in assets[:n_positions] for payment in amortisation(asset)]
    return WorkbookSnapshot(
        source_file=SourceFile(name="", sha256="", size=0, sheets=(), layout=""),
        analysis_date=ANALYSIS_DATE,
        deals=(deal,),
        assets=tuple(
            AssetRow(asset=asset, place=Place("All Assets", f"A{row}")) for row, asset in enumerate(assets, 2)
        ),
        holidays=closed,
        fixings=rates,
        vectors=vectors(),
        sink_schedule=tuple(
            SinkRow(
                blkrock_id=sink.blkrock_id, on=sink.on, amount=sink.amount, place=Place("Reference Table", f"R{row}")
            )
            for row, sink in enumerate(sinks, 4)
        ),
        curve=CURVE,
        cf_assumptions=assumptions(),
        deal_list=("All", DEAL_NAME),
        transition_matrix=transition_matrix(),
        correlation=correlation(assets[:n_correlated]),
        correlation_rules=correlation_rules(),
        run_settings=run_settings(deal),
        filters=filters(),
        trades=trades(deal),
        lists=lists(),
        legacy_results=(),
    )
