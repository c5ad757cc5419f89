"""What imported workbooks say, file by file: the source file, its deals, and what belongs to the whole file.

The columns follow from the records of `engine.snapshot`. Rows are written once and never changed; numbers are in
double precision. Spec 06 §4.5.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar, get_origin, get_type_hints

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.models.metadata import METADATA
from db.records import RecordCodec
from engine import snapshot
from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssumptionRow
from engine.liabilities.terms import SubNotePayment

R = TypeVar("R")

SOURCE_FILES = Table(
    "source_files",
    METADATA,
    Column("source_file_id", BigInteger, Identity(always=False), primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sheets", ARRAY(Text), nullable=False),
    Column("layout", Text, nullable=False),
    Column("analysis_date", Date, nullable=False),
    Column("imported_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("imported_by", Text, nullable=False, server_default=func.current_user()),
    Column("deal_list", ARRAY(Text), nullable=False),
    Column("transition_ratings", ARRAY(Text)),
    Column("transition_matrix", LargeBinary),
    Column("correlation_hash", String(64), ForeignKey("asset_correlations.content_hash")),
)

_DEAL_LISTS = tuple(
    name
    for name, annotation in get_type_hints(snapshot.DealSnapshot).items()
    if get_origin(annotation) is tuple or name in ("date_inputs", "ranges")
)
DEAL_CODEC = RecordCodec(snapshot.DealSnapshot, without=_DEAL_LISTS)
"""The single values of a deal sheet; its lists have tables of their own."""

DEAL_SNAPSHOTS = Table(
    "deal_snapshots",
    METADATA,
    Column("deal_snapshot_id", BigInteger, Identity(always=False), primary_key=True),
    Column("deal_id", String(50), ForeignKey("clo_deals.deal_id"), nullable=False),
    Column("source_file_id", BigInteger, ForeignKey("source_files.source_file_id"), nullable=False),
    Column("content_hash", String(64), nullable=False),
    *DEAL_CODEC.columns(),
    Column("ranges", JSONB, nullable=False),
    UniqueConstraint("deal_id", "analysis_date", "source_file_id"),
    Index("idx_deal_snapshots_source_file", "source_file_id"),
)

DEAL_SNAPSHOT_SOURCES = Table(
    "deal_snapshot_sources",
    METADATA,
    Column("source_file_id", BigInteger, ForeignKey("source_files.source_file_id"), nullable=False),
    Column("deal_snapshot_id", BigInteger, ForeignKey("deal_snapshots.deal_snapshot_id"), nullable=False),
    Column("deal_number", Integer, nullable=False),
    PrimaryKeyConstraint("source_file_id", "deal_snapshot_id"),
    Index("idx_deal_snapshot_sources_snapshot", "deal_snapshot_id"),
)
"""Which deal snapshots a file contains: a deal that a changed file leaves alone keeps its earlier snapshot."""


@dataclass(frozen=True, slots=True)
class RecordTable(Generic[R]):
    """A table of records below a parent row, and the fields by which a person tells its rows apart."""

    table: Table
    codec: RecordCodec[R]
    parent: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holiday:
    """One bank holiday."""

    on: date


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The index rate of one month, decimal."""

    month: int
    rate: float


@dataclass(frozen=True, slots=True)
class CashFlowVector:
    """Annual decimals by interest period, under a name."""

    name: str
    rates: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class AssetRemark:
    """What an asset row says beside the asset."""

    legacy_dropped: bool
    place: snapshot.Place


def _record_table(name: str, parent: Table, record_type: Callable[..., R], *key: str) -> RecordTable[R]:
    codec = RecordCodec(record_type)
    return RecordTable(_child_table(name, parent, codec.columns()), codec, _parent_key(parent), key)


def _parent_key(parent: Table) -> str:
    return next(iter(parent.primary_key)).name


def _child_table(name: str, parent: Table, columns: list[Column[Any]]) -> Table:
    parent_key = next(iter(parent.primary_key))
    return Table(
        name,
        METADATA,
        Column(parent_key.name, BigInteger, ForeignKey(parent_key, ondelete="CASCADE"), nullable=False),
        Column("row_number", Integer, nullable=False),
        *columns,
        PrimaryKeyConstraint(parent_key.name, "row_number"),
    )


DEAL_DATES = _record_table("deal_dates", DEAL_SNAPSHOTS, snapshot.DateInputs)
DEAL_POSITIONS = _record_table("deal_position", DEAL_SNAPSHOTS, snapshot.PositionRow, "blkrock_id")

DEAL_TABLES: dict[str, RecordTable[Any]] = {
    "positions": DEAL_POSITIONS,
    "accounts": _record_table("deal_account", DEAL_SNAPSHOTS, snapshot.AccountRow, "number"),
    "tests": _record_table("deal_test_config", DEAL_SNAPSHOTS, snapshot.TestConfigRow, "number"),
    "quality_inputs": _record_table("deal_quality_input", DEAL_SNAPSHOTS, snapshot.LabelledValue, "label"),
    "weights": _record_table("deal_objective_weight", DEAL_SNAPSHOTS, snapshot.WeightRow, "number"),
    "cf_inputs": _record_table("deal_cf_input", DEAL_SNAPSHOTS, snapshot.LabelledValue, "label"),
    "clo_inputs": _record_table("deal_clo_input", DEAL_SNAPSHOTS, snapshot.LabelledValue, "label"),
    "sub_note_payments": _record_table("sub_note_payment", DEAL_SNAPSHOTS, SubNotePayment, "on"),
    "calendar": _record_table("deal_calendar", DEAL_SNAPSHOTS, snapshot.CalendarRow, "payment"),
    "tranches": _record_table("deal_tranche", DEAL_SNAPSHOTS, snapshot.TrancheRow, "name"),
    "fees": _record_table("deal_fee", DEAL_SNAPSHOTS, snapshot.FeeRow, "name"),
}
"""The lists of a deal snapshot by the name of the field."""

HOLIDAYS = _record_table("holiday", SOURCE_FILES, Holiday, "on")
FIXINGS = _record_table("index_fixing", SOURCE_FILES, snapshot.Fixing, "on", "index_name")
VECTORS = _record_table("cf_vector", SOURCE_FILES, CashFlowVector, "name")
SINK_SCHEDULE = _record_table("sink_schedule", SOURCE_FILES, snapshot.SinkRow, "blkrock_id", "on")
CURVE_POINTS = _record_table("curve_point", SOURCE_FILES, CurvePoint, "month")
CF_ASSUMPTIONS = _record_table("asset_cf_assumption", SOURCE_FILES, AssumptionRow, "blkrock_id")
CORRELATION_RULES = _record_table("correlation_rule", SOURCE_FILES, snapshot.CorrelationRule, "relationship")
RUN_SETTINGS = _record_table("run_setting", SOURCE_FILES, snapshot.RunSetting, "scope", "name")
FILTERS = _record_table("filter_row", SOURCE_FILES, snapshot.FilterRow, "name", "position")
TRADES = _record_table("hypo_trade", SOURCE_FILES, snapshot.TradeRow, "scope", "deal", "blkrock_id", "transaction")
LIST_VALUES = _record_table("list_value", SOURCE_FILES, snapshot.ListValue, "list_name", "position")
LEGACY_RESULTS = _record_table(
    "legacy_result", SOURCE_FILES, snapshot.LegacyResult, "sheet", "block", "row_key", "column"
)
IMPORT_MESSAGES = _record_table("import_message", SOURCE_FILES, snapshot.Finding, "code", "sheet", "cell")

ASSET_CODEC = RecordCodec(Asset)
ASSET_REMARK_CODEC = RecordCodec(AssetRemark)
ASSET_SNAPSHOTS = _child_table("asset_snapshot", SOURCE_FILES, [*ASSET_CODEC.columns(), *ASSET_REMARK_CODEC.columns()])
"""The asset master as the file has it, beside `assets`, which holds the current state at the seed's scales."""
Index("idx_asset_snapshot_asset", ASSET_SNAPSHOTS.c.blkrock_id)
