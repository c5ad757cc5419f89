"""Compliance workbooks: a dashboard of the tests, the pool, concentrations, history, drivers, positions, provenance."""

from workbooks.compliance.record import ComplianceRecord, ComplianceReport, Position
from workbooks.compliance.workbook import write_compliance

__all__ = ["ComplianceRecord", "ComplianceReport", "Position", "write_compliance"]
