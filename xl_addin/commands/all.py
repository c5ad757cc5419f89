"""Every command, in the order of the ribbon: importing this module declares them."""

import importlib

SUBJECTS = (
    "deal",
    "compliance",
    "assets",
    "trading",
    "rebalancing",
    "spreads",
    "cash_flows",
    "rating_migration",
    "simulations",
    "jobs",
    "results",
    "legacy_layout",
    "data",
    "publishing",
    "comparison",
    "snapshots",
    "tools",
)
"""Modules of this package that declare commands."""

for _subject in SUBJECTS:
    importlib.import_module(f"xl_addin.commands.{_subject}")
