"""Compliance tests, their results, accepted baselines, and the limits that deals have beyond their sheets."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    String,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import METADATA, Entity, row_number, with_default_partition
from db.models.runs import result_constraints, run_columns

VALUE = Numeric(24, 6)
CUSHION = Numeric(24, 2)


class ComplianceTest(Entity):
    """One test: a copy of the catalogue's for queries and reports, or from id 1001 on one that deals define.

    threshold_type is the direction `min` or `max`; the seed's threshold_value stays empty: a limit is a deal's.
    parameters: what the deal must state; asset_facts: what must be known of each asset beyond the asset master;
    standing `stub` for a test that does not measure what its name says; active: False for a test that the catalogue no
    longer has.
    """

    __tablename__ = "compliance_tests"

    test_id: Mapped[int] = mapped_column(Integer, Identity(always=False), primary_key=True)
    test_name: Mapped[str] = mapped_column(String(100), unique=True)
    test_category: Mapped[str | None] = mapped_column(String(50))
    test_formula: Mapped[str | None] = mapped_column(Text)
    threshold_value: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    threshold_type: Mapped[str | None] = mapped_column(String(20))
    test_description: Mapped[str | None] = mapped_column(Text)
    regulatory_source: Mapped[str | None] = mapped_column(Text)
    active: Mapped[bool | None] = mapped_column(Boolean, server_default=text("true"))
    unit: Mapped[str | None] = mapped_column(String(20))
    standing: Mapped[str | None] = mapped_column(String(20))
    parameters: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    asset_facts: Mapped[list[str] | None] = mapped_column(ARRAY(Text))


COMPLIANCE_TEST_RESULTS = with_default_partition(
    Table(
        "compliance_test_results",
        METADATA,
        row_number("result_id"),
        *run_columns(),
        Column("deal_id", String(50), ForeignKey("clo_deals.deal_id")),
        Column("test_id", Integer, ForeignKey("compliance_tests.test_id")),
        Column("test_date", Date, nullable=False),
        Column("calculated_value", VALUE),
        Column("threshold_value", VALUE),
        Column("pass_fail", Boolean),
        Column("numerator", VALUE),
        Column("denominator", VALUE),
        Column("test_comments", Text),
        Column("direction", String(10)),
        Column("unit", String(20)),
        Column("threshold_source", String(20)),
        Column("baseline", VALUE),
        Column("cushion", CUSHION),
        Column("is_applicable", Boolean),
        Column("is_maintained", Boolean),
        Column("ranked_name", Text),
        Column("drivers", JSONB),
        *result_constraints("result_id", "deal_id", "test_id", "test_date"),
        Index("idx_compliance_results_deal_date", "deal_id", "test_date"),
        Index("idx_compliance_results_pass_fail", "pass_fail", "test_date"),
        postgresql_partition_by="RANGE (run_at)",
    )
)
"""Values at the seed's scale, the exact ones stand in `run_arrays`; cushion in currency; drivers: id and amount."""


class ComplianceBaseline(Entity):
    """A result that was accepted as the level to maintain or improve on; the last one of a test counts (03 Q18).

    value is exact. Rows are only added: which baseline was in force on which day can always be told.
    """

    __tablename__ = "compliance_baselines"
    __table_args__ = (Index("idx_compliance_baselines_deal", "deal_id", "mode", "test_id", "test_date"),)

    baseline_id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True)
    deal_id: Mapped[str] = mapped_column(ForeignKey("clo_deals.deal_id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("compliance_tests.test_id"))
    mode: Mapped[str] = mapped_column(String(20))
    test_date: Mapped[date] = mapped_column(Date)
    value: Mapped[float] = mapped_column(Double)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.run_id", ondelete="SET NULL"))
    accepted_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())
    accepted_by: Mapped[str] = mapped_column(String(100))


class DealLimitsRow(Entity):
    """Tests, limits, inputs and facts of a deal beyond its sheet, as one document."""

    __tablename__ = "deal_limits"

    deal_id: Mapped[str] = mapped_column(ForeignKey("clo_deals.deal_id"), primary_key=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
