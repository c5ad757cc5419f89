"""Export of a stored snapshot in the layout of the legacy workbook."""

from workbooks.legacy_export.writer import write_legacy_workbook

__all__ = ["write_legacy_workbook"]
