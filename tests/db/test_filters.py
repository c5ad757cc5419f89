"""Filters in SQL: the same assets as in memory, on a real database."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select

from db.filters import condition
from db.models.assets import ASSETS
from db.store import Store
from engine.collateral.filters.formatting import format_filter
from engine.collateral.filters.mask import AssetColumns, selected_ids
from engine.collateral.filters.parser import parse_filter
from engine.collateral.filters.syntax import Expression
from engine.errors import InputError
from engine.modes import Mode
from tests.collateral.filters.strategies import asset, asset_rows, expressions

TEXTS = [
    "",
    "country != USA",
    "NOT country = usa",
    "country = ''",
    "NOT wal > 5",
    "wal != 5",
    "NOT (wal != 5 OR S&P Rating <= BBB)",
    "S&P Rating != B+",
    "NOT S&P Rating < B+",
    "Moody's Rating >= Caa1",
    "sp_rating IN (B+, D)",
    "maturity < 2020-01-01 OR maturity >= 2020-01-01",
    "market_value IN (9.5, 0)",
    "Analyst Opinion = hold",
    "payment_freq BETWEEN 2 AND 4 AND cov_lite = yes",
]


def chosen(connection: Connection, expression: Expression) -> tuple[str, ...]:
    found = connection.execute(select(ASSETS.c.blkrock_id).where(condition(expression)).order_by(ASSETS.c.blkrock_id))
    return tuple(found.scalars())


def keep(connection: Connection, rows: list[dict[str, Any]]) -> None:
    connection.execute(delete(ASSETS))
    connection.execute(insert(ASSETS), rows)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=asset_rows(), filters=st.lists(expressions, min_size=5, max_size=10))
def test_sql_chooses_the_assets_of_the_mask(
    store: Store, rows: list[dict[str, Any]], filters: list[Expression]
) -> None:
    """Any filter chooses the same ids of any assets, whatever is blank, NULL or unknown in them."""
    columns = AssetColumns([asset(row) for row in rows])
    with store.begin() as work:
        connection = work.session.connection()
        keep(connection, rows)

        for one in filters:
            assert chosen(connection, one) == selected_ids(one, columns), format_filter(one)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=asset_rows(most=12))
def test_common_filters_choose_the_assets_of_the_mask(store: Store, rows: list[dict[str, Any]]) -> None:
    """Negations and missing values mean the same in both places."""
    columns = AssetColumns([asset(row) for row in rows])
    with store.begin() as work:
        connection = work.session.connection()
        keep(connection, rows)

        for text in TEXTS:
            filters = parse_filter(text)
            assert chosen(connection, filters) == tuple(sorted(selected_ids(filters, columns))), text


def test_values_are_parameters() -> None:
    """No value of a filter stands in the SQL text."""
    compiled = condition(parse_filter("""country = "x'; DROP TABLE assets" AND wal > 5""")).compile()

    assert "DROP" not in str(compiled)
    assert "X'; DROP TABLE ASSETS" in compiled.params.values()


def test_the_legacy_reading_has_no_sql() -> None:
    """A filter of the legacy reading is refused with the way out."""
    with pytest.raises(InputError, match=r"CLO-3080: .* in memory\."):
        condition(parse_filter("WAL>5", Mode.LEGACY.quirks))
