"""The tables of performance payouts, one module per subject; importing this package completes `METADATA` with them."""

from db.models.payouts import (
    cashflows,
    contracts,
    daily,
    events,
    funding,
    market,
    parties,
    performance,
    returns,
    schedules,
    settlement,
)

__all__ = [
    "cashflows",
    "contracts",
    "daily",
    "events",
    "funding",
    "market",
    "parties",
    "performance",
    "returns",
    "schedules",
    "settlement",
]
