"""Ribbon commands: what replaces the macros of the legacy workbook, as functions from inputs to a workbook patch."""
