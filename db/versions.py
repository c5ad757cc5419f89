"""Versions of the stored data: what an answer depends on, in one number per deal and one for what all deals share.

They are read from PostgreSQL for every batch of calls, an index look-up of a few rows: a copy in the cache could answer
with yesterday's number after an import.
"""

from typing import Any

import psycopg

SHARED = "*"
PAYOUTS = "payouts"
"""Tag of everything that swaps have stored; in small letters, so that no deal has it."""


def data_versions(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Version by deal_id, under `*` that of assets, market data, scenarios and waterfalls, under `payouts` of swaps."""
    return dict(connection.execute("SELECT tag, version FROM data_versions").fetchall())
