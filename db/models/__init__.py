"""The tables, one module per subject; importing this package makes `METADATA` complete."""

from db.models import (
    assets,
    compliance,
    deals,
    payouts,
    results,
    runs,
    scenarios,
    server,
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
    "payouts",
    "results",
    "runs",
    "scenarios",
    "server",
    "snapshots",
    "versions",
    "waterfalls",
]
