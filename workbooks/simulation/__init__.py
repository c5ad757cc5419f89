"""Simulation workbooks and plots: fans, rating mix, loss distributions, tranches, statistics, legacy output sheets."""

from workbooks.simulation.plots import write_plots
from workbooks.simulation.record import (
    ConvergenceRow,
    DealRecord,
    Fact,
    LegacyPathSet,
    LegacyRecord,
    LossDistribution,
    RepresentativePath,
    SimulationRecord,
    SimulationStatistics,
    Spread,
)
from workbooks.simulation.workbook import write_simulation

__all__ = [
    "ConvergenceRow",
    "DealRecord",
    "Fact",
    "LegacyPathSet",
    "LegacyRecord",
    "LossDistribution",
    "RepresentativePath",
    "SimulationRecord",
    "SimulationStatistics",
    "Spread",
    "write_plots",
    "write_simulation",
]
