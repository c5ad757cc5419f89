"""Compliance tests and their results."""

from decimal import Decimal

from sqlalchemy import Boolean, Column, Date, ForeignKey, Identity, Index, Integer, Numeric, String, Table, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import METADATA, Entity, row_number, with_default_partition
from db.models.runs import result_constraints, run_columns


class ComplianceTest(Entity):
    """One test of the catalogue; threshold_type is the direction `min`, `max` or `equal` (spec 03 §4)."""

    __tablename__ = "compliance_tests"

    test_id: Mapped[int] = mapped_column(Integer, Identity(always=False), primary_key=True)
    test_name: Mapped[str] = mapped_column(String(100), unique=True)
    test_category: Mapped[str | None] = mapped_column(String(50))
    test_formula: Mapped[str | None] = mapped_column(Text)
    threshold_value: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    threshold_type: Mapped[str | None] = mapped_column(String(20))
    test_description: Mapped[str | None] = mapped_column(Text)
    regulatory_source: Mapped[str | None] = mapped_column(String(100))
    active: Mapped[bool | None] = mapped_column(Boolean, server_default=text("true"))


COMPLIANCE_TEST_RESULTS = with_default_partition(
    Table(
        "compliance_test_results",
        METADATA,
        row_number("result_id"),
        *run_columns(),
        Column("deal_id", String(50), ForeignKey("clo_deals.deal_id")),
        Column("test_id", Integer, ForeignKey("compliance_tests.test_id")),
        Column("test_date", Date, nullable=False),
        Column("calculated_value", Numeric(24, 6)),
        Column("threshold_value", Numeric(24, 6)),
        Column("pass_fail", Boolean),
        Column("numerator", Numeric(24, 6)),
        Column("denominator", Numeric(24, 6)),
        Column("test_comments", Text),
        *result_constraints("result_id", "deal_id", "test_id", "test_date"),
        Index("idx_compliance_results_deal_date", "deal_id", "test_date"),
        Index("idx_compliance_results_pass_fail", "pass_fail", "test_date"),
        postgresql_partition_by="RANGE (run_at)",
    )
)
