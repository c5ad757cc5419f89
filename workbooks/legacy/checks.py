"""Checks across sheets: rules of `engine.validation` that the importer reports as findings (spec 06 §4.4, §5.1)."""

from engine.validation.controls import CONTROL_TOTALS, PANEL_WEIGHTS
from engine.validation.holdings import KNOWN_ASSETS
from engine.validation.rules import Records
from workbooks.legacy.findings import Code, FindingLog


def check_records(log: FindingLog, records: Records) -> None:
    """W-ASSET, W-CONTROL and W-WEIGHTS among the records of a file, in this order."""
    for rule in (KNOWN_ASSETS, CONTROL_TOTALS, PANEL_WEIGHTS):
        for found in rule.violations(records):
            log.add(
                Code(found.code),
                found.sheet,
                found.cell,
                found.text,
                found=found.value_found,
                used=found.value_used,
            )
