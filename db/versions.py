"""Versions of the stored data: what an answer depends on, in one number per deal and one for what all deals share.

They are read from PostgreSQL for every batch of calls, an index look-up of a few rows: a copy in the cache could answer
with yesterday's number after an import.
"""

from typing import Any

import psycopg

SHARED = "*"


def data_versions(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Version by deal_id, and under `*` that of assets, market data, scenarios and waterfalls."""
    return dict(connection.execute("SELECT tag, version FROM data_versions").fetchall())
