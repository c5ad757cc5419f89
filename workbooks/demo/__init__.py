"""The synthetic demo deal and its workbook in the legacy layout."""

from workbooks.demo.deal import DEAL_NAME
from workbooks.demo.workbook import demo_snapshot, demo_waterfall, write_demo_workbook, write_universe_workbook

__all__ = ["DEAL_NAME", "demo_snapshot", "demo_waterfall", "write_demo_workbook", "write_universe_workbook"]
