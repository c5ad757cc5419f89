"""The registry: every spreadsheet function written once, and what all faces share about it (spec 08 §3, §4).

A function is declared with `udf`; its arguments are read and its result written by one codec for every face; a batch is
dispatched, deduplicated and cached in one place. Which functions there are, `catalogue` knows.
"""
