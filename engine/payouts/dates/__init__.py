"""Calendars, dates, schedules and day counts of swaps, by ISDA and CDM rules (spec 07 §6).

The Excel-flavoured rules of the CLO side are `engine.conventions`. Holidays arrive as data: nothing here asks a library
which days are good, except `sources`, from which a loader job fills the database.
"""
