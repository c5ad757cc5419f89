"""A deal of the MAG 17's size through the kernels: one scenario, and ten thousand.

The deal is the reference data's own (195 loans, 48 periods) where CLODESK_REFERENCE leads to it, else the demo deal.
"""

import json
import resource
import sys
import time
from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.figures import Figure, Unit, in_fresh_process, median_seconds
from engine.conventions.calendar import Calendar
from engine.deal.assumptions import BASE, Scenario
from engine.deal.contract import Deal
from engine.deal.kernels_scenarios import ScenarioFigures, ScenarioRows, new_buffers, new_history, run_block
from engine.deal.resolve import ResolvedDeal, resolve
from engine.deal.results import RISK_COLUMNS
from engine.deal.run import DealMarket, run_deal, run_many
from engine.desk.assembly import Universe, assemble
from engine.desk.assumption_sets import from_workbook
from engine.liabilities.state import new_states
from engine.market.curve import IndexCurve
from engine.waterfall.library import load_program
from engine.waterfall.parser import parse_program
from engine.waterfall.program import Program
from tests.conftest import reference_folder
from tests.golden import legacy_records
from workbooks.demo import demo_snapshot, demo_waterfall

N_SCENARIOS, N_SAMPLE = 10_000, 20


@dataclass(frozen=True, slots=True)
class RealSizeDeal:
    """A deal with everything its run needs, and what to call it in the table."""

    label: str
    deal: Deal
    market: DealMarket
    as_of: date
    program: Program

    def resolve(self) -> ResolvedDeal:
        """The arrays of its scenarios."""
        return resolve(self.deal, self.program, self.market.calendar, (self.market.curve,), self.as_of)


def real_size_deal() -> RealSizeDeal:
    """The MAG 17 of the reference data, or the demo deal where there is none."""
    path = reference_folder() / "golden" / "deals" / "mag17-base.json"
    if not path.is_file():
        return _demo_deal()
    case = json.loads(path.read_text())
    as_of = legacy_records.known_day(case["inputs"]["dates"]["analysis_date"])
    market = DealMarket(
        calendar=Calendar.of(legacy_records.known_day(day) for day in case["holidays"]),
        curve=IndexCurve.of(as_of, case["inputs"]["yield_curve"]["rates"]),
    )
    deal = legacy_records.deal(case)
    return RealSizeDeal("MAG 17", deal, market, as_of, load_program(deal.program, frozenset()))


def _demo_deal() -> RealSizeDeal:
    book, program = demo_snapshot(), parse_program(demo_waterfall())
    chosen = from_workbook(book.curve, book.cf_assumptions, book.vectors)
    universe = Universe.of((row.asset for row in book.assets), book.sink_schedule)
    deal = assemble(book.deals[0], universe, chosen, BASE, program=program.name).deal
    market = DealMarket(Calendar.of(book.holidays), IndexCurve.of(book.analysis_date, book.curve))
    return RealSizeDeal("demo deal", deal, market, book.analysis_date, program)


def shocks(n: int) -> list[Scenario]:
    """Scenarios that all differ in prepayments, defaults and severity."""
    rng = np.random.default_rng(17)
    factors = rng.uniform((0.5, 0.2, -0.1), (1.5, 4.0, 0.2), (n, 3))
    return [
        Scenario(name=f"S{i}", cpr_multiplier=cpr, cdr_multiplier=cdr, severity_shift=severity)
        for i, (cpr, cdr, severity) in enumerate(factors.tolist())
    ]


class OneScenario:
    """A call of the scenario kernel with its buffers made beforehand, as a block of scenarios has them."""

    def __init__(self, resolved: ResolvedDeal) -> None:
        deal, waterfall = resolved.deal, resolved.waterfall
        n_tranches, n_fees = len(deal.tranches), len(deal.fees)
        self._arrays = resolved.arrays
        self._rows = ScenarioRows(
            cpr_multiplier=np.ones(1),
            cdr_multiplier=np.ones(1),
            severity_shift=np.zeros(1),
            lag=np.zeros(1, np.int64),
            curve=np.zeros(1, np.int64),
            default_row=resolved.default_row,
            event_recovery=np.full(resolved.default_row.shape, np.nan),
        )
        self._buffers = new_buffers(resolved.arrays)
        self._history = new_history(resolved.arrays)
        self._states = new_states(
            1,
            n_tranches,
            n_fees,
            len(waterfall.oc_names),
            len(waterfall.ic_names),
            len(waterfall.program.predicates),
        )
        self.figures = ScenarioFigures(
            risk=np.zeros((1, n_tranches, len(RISK_COLUMNS))),
            interest=np.zeros((1, n_tranches)),
            principal=np.zeros((1, n_tranches)),
            fees=np.zeros((1, n_fees)),
            incentive=np.zeros(1),
            last_period=np.zeros(1, np.int64),
            status=np.zeros(1, np.int64),
            context=np.zeros((1, 2), np.int64),
        )

    def __call__(self) -> None:
        run_block(self._arrays, self._rows, 0, 1, self._states, 0, self._buffers, self._history, self.figures)


def plain_python() -> list[float]:
    """Seconds of one scenario; to be called where NUMBA_DISABLE_JIT leaves the kernels as Python."""
    call = OneScenario(real_size_deal().resolve())
    started = time.perf_counter()
    call()
    return [time.perf_counter() - started]


def many_scenarios(repeats: int) -> list[float]:
    """Seconds of `run_many` over all scenarios, and the largest memory of this process in bytes."""
    sized, scenarios = real_size_deal(), shocks(N_SCENARIOS)

    def call() -> None:
        found = run_many(sized.deal, sized.market, sized.as_of, scenarios, program=sized.program)
        assert not found.status.any()

    seconds = median_seconds(call, repeats)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return [seconds, float(most if sys.platform == "darwin" else most << 10)]


def run(*, is_quick: bool) -> list[Figure]:
    """One scenario, many scenarios, and the memory that many take."""
    sized = real_size_deal()
    resolved = sized.resolve()
    n_periods = resolved.schedule.n_periods
    call = OneScenario(resolved)
    one = median_seconds(call, 20 if is_quick else 200)
    assert not call.figures.status.any()
    (slow,) = in_fresh_process("benchmarks.deal.plain_python()", NUMBA_DISABLE_JIT="1")
    # Compiled here, so that the other process holds the memory of the run and not that of the compiler.
    run_many(sized.deal, sized.market, sized.as_of, shocks(2), program=sized.program)
    many, memory = in_fresh_process(f"benchmarks.deal.many_scenarios({1 if is_quick else 5})")

    def one_by_one() -> None:
        for _ in range(N_SAMPLE):
            run_deal(sized.deal, sized.market, sized.as_of, program=sized.program)

    singly = median_seconds(one_by_one, 1 if is_quick else 3) / N_SAMPLE
    tables = [table for table in new_history(resolved.arrays) if isinstance(table, np.ndarray)]
    history = sum(table.nbytes for table in tables) * N_SCENARIOS
    size = f"{sized.label}, {len(sized.deal.holdings)} loans, {n_periods} periods"
    return [
        Figure(
            name=f"{size}: one scenario in the kernels",
            amount=one,
            unit=Unit.MILLISECOND,
            alternative="the same code as plain Python",
            alternative_amount=slow,
            target=0.3e-3,
        ),
        Figure(
            name=f"{N_SCENARIOS:,} scenarios of it, all measures",
            amount=many,
            unit=Unit.SECOND,
            alternative=f"run_deal for each ({N_SAMPLE} scaled up)",
            alternative_amount=singly * N_SCENARIOS,
            target=1.0,
        ),
        Figure(
            name="  largest memory of that whole process",
            amount=memory,
            unit=Unit.MEBIBYTE,
            alternative="the period tables of every scenario, kept",
            alternative_amount=float(history),
            target=float(1 << 30),
        ),
    ]
