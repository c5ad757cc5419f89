"""The asset master in its current state, its history, and the correlation of assets.

The columns of `assets` follow from the field catalogue of `engine.collateral.asset`; the type is the seed's where the
seed names the column.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import TypeEngine

from db.models.metadata import METADATA, MONEY, RATE, created_at
from engine.collateral.asset import ASSET_FIELDS, AssetField, FieldKind

ASSET_ID = String(50, collation="C")
"""Ids compare by byte: an index entry costs a third of one in a language's order."""

_TYPE_BY_KIND: dict[FieldKind, TypeEngine[Any]] = {
    FieldKind.TEXT: String(255),
    FieldKind.DAY: Date(),
    FieldKind.COUNT: Integer(),
    FieldKind.MONEY: MONEY,
    FieldKind.RATE: RATE,
    FieldKind.PRICE: Numeric(12, 4),
    FieldKind.YEARS: Numeric(8, 4),
    FieldKind.FLAG: Boolean(),
}
_SEED_TYPES: dict[str, TypeEngine[Any]] = {
    "bond_loan": String(10),
    "coupon_type": String(10),
    "index_name": String(20),
    "mdy_rating": String(10),
    "mdy_dp_rating": String(10),
    "mdy_dp_rating_warf": String(10),
    "mdy_recovery_rate": Numeric(5, 4),
    "sp_rating": String(10),
    "mdy_industry": String(100),
    "sp_industry": String(100),
    "country": String(50),
    "market_value": Numeric(8, 4),
}
"""Where the seed is narrower than the kind; its seniority (20) is too narrow for subordination in words, and its par
amount and maturity may be missing in an asset master."""

_REQUIRED = frozenset({"blkrock_id", "issue_name", "issuer_name"})

FLAG_FIELDS: tuple[str, ...] = tuple(item.name for item in ASSET_FIELDS if item.kind is FieldKind.FLAG)
"""Names of the yes/no columns, which stand in `assets.flags` too."""


def _asset_column(item: AssetField) -> Column[Any]:
    if item.name == "blkrock_id":
        return Column(item.name, ASSET_ID, primary_key=True)
    if item.kind is FieldKind.FLAG:
        return Column(item.name, Boolean, nullable=False, server_default=text("false"))
    sql_type = _SEED_TYPES.get(item.name, _TYPE_BY_KIND[item.kind])
    return Column(item.name, sql_type, nullable=item.name not in _REQUIRED)


ASSETS = Table(
    "assets",
    METADATA,
    *(_asset_column(item) for item in ASSET_FIELDS),
    Column("flags", JSONB, nullable=False, server_default=text("'{}'::jsonb")),
    created_at(),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("idx_assets_issuer", "issuer_name"),
    Index("idx_assets_maturity", "maturity"),
    Index("idx_assets_ratings", "mdy_rating", "sp_rating"),
    Index("idx_assets_industry", "mdy_industry", "sp_industry"),
    Index("idx_assets_flags_gin", "flags", postgresql_using="gin"),
)

ASSET_HISTORY = Table(
    "asset_history",
    METADATA,
    Column("history_id", BigInteger, Identity(always=False), primary_key=True),
    Column("table_name", Text, nullable=False),
    Column("row_key", Text, nullable=False),
    Column("blkrock_id", ASSET_ID),
    Column("history_date", Date, nullable=False, server_default=func.current_date()),
    Column("property_name", Text, nullable=False),
    Column("property_value", JSONB),
    Column("operation", String(6), nullable=False),
    Column("old_row", JSONB),
    Column("new_row", JSONB),
    Column("changed_columns", ARRAY(Text), nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Index("idx_asset_history_row", "table_name", "row_key", "changed_at"),
    Index("idx_asset_history_asset", "blkrock_id", "changed_at"),
)
"""One row per change of an audited table. property_name is the operation and property_value the row after the change
(before it, for a deletion), as the seed's columns hold them; old_row and new_row are complete."""

ASSET_CORRELATIONS = Table(
    "asset_correlations",
    METADATA,
    Column("content_hash", String(64), primary_key=True),
    Column("asset_ids", ARRAY(Text), nullable=False),
    Column("lower_triangle", LargeBinary, nullable=False),
    created_at(),
)
"""A correlation matrix: ids in order, and the rows of the lower triangle with the diagonal as little-endian float64."""

ASSET_CORRELATION_PAIRS = Table(
    "asset_correlation_pairs",
    METADATA,
    Column(
        "content_hash",
        String(64),
        ForeignKey("asset_correlations.content_hash", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("asset_1", Text(collation="C"), primary_key=True),
    Column("asset_2", Text(collation="C"), primary_key=True),
    Column("correlation", Double),
    CheckConstraint("asset_1 <> asset_2", name="distinct"),
    Index("idx_asset_correlation_pairs_asset_2", "content_hash", "asset_2"),
)
"""The same matrix pair by pair: each pair once with asset_1 < asset_2 by byte; both orders where the matrix is not
symmetric, the row's asset first. The diagonal is in the matrix alone; NULL where the matrix holds no number. Of an id
that stands twice in the matrix, the first row counts."""

CORRELATION_SOURCES = Table(
    "correlation_sources",
    METADATA,
    Column("correlation_source_id", BigInteger, Identity(always=False), primary_key=True),
    Column("name", Text, nullable=False),
    Column("effective_date", Date, nullable=False),
    Column("content_hash", String(64), ForeignKey("asset_correlations.content_hash")),
    Column("imported_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("imported_by", Text, nullable=False, server_default=func.current_user()),
    Index("idx_correlation_sources_effective_date", "effective_date"),
)
"""Matrices that came without a workbook. From its effective date on one stands in for the sheet of the workbooks, until
the next; without a hash the sheets count again. Rows are added and never changed."""
