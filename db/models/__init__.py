"""The tables, one module per subject; importing this package makes `METADATA` complete."""

from db.models import (
    assets,
    compliance,
    deals,
    grids,
    payouts,
    results,
    runs,
    scenarios,
    server,
    simulations,
    snapshots,
    versions,
    waterfalls,
)
from db.models.metadata import METADATA

__all__ = [
    "METADATA",
    "assets",
    "compliance",
    "deals",
    "grids",
    "payouts",
    "results",
    "runs",
    "scenarios",
    "server",
    "simulations",
    "snapshots",
    "versions",
    "waterfalls",
]
