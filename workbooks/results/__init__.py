"""Results workbooks: summary, charts, cash flows, tests, fees and the waterfall trace of runs."""

from workbooks.results.record import AssumptionSource, ResultRecord, RunSummary, Total, TrancheInput, Unit
from workbooks.results.workbook import write_results

__all__ = ["AssumptionSource", "ResultRecord", "RunSummary", "Total", "TrancheInput", "Unit", "write_results"]
