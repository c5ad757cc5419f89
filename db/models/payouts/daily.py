"""Rows by day: accruals, unrealized P&L, and P&L by lot (spec 07 §3.7), written and read in bulk.

Both daily tables are partitioned by year. They carry no audit columns and no trigger: hundreds of thousands of rows a
run are rewritten as a whole, and `run_id` tells which run wrote a row.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from db.models.metadata import METADATA, with_default_partition
from db.models.payouts.columns import CURRENCY, FX, MONEY, RATE, ClosedText, leg_of_contract, one_of
from engine.payouts.enums import ConfidenceLevel, ValuationMethod

DAILY_ACCRUALS = with_default_partition(
    Table(
        "daily_accruals",
        METADATA,
        Column("cashflow_id", Uuid, ForeignKey("cashflows.id"), nullable=False),
        Column("contract_id", Uuid, nullable=False),
        Column("leg_id", Uuid, nullable=False),
        Column("accrual_date", Date, nullable=False),
        Column("business_date", Date, nullable=False),
        Column("daily_accrual_amount", MONEY, nullable=False),
        Column("cumulative_accrual_amount", MONEY, nullable=False),
        Column("currency", CURRENCY, nullable=False),
        Column("accrual_factor", RATE, nullable=False),
        Column("notional_amount", MONEY, nullable=False),
        Column("rate_or_price", FX),
        Column("market_data_snapshot", JSONB),
        Column("is_business_day", Boolean, nullable=False),
        Column("business_day_adjustment", Text),
        Column("run_id", Uuid),
        PrimaryKeyConstraint("cashflow_id", "accrual_date"),
        CheckConstraint("business_date <= accrual_date", name="business_date"),
        Index("ix_daily_accruals_contract_id", "contract_id", "accrual_date"),
        # Days arrive in order, so a few kilobytes find the rows of a day or month over all contracts.
        Index("ix_daily_accruals_accrual_date", "accrual_date", postgresql_using="brin"),
        postgresql_partition_by="RANGE (accrual_date)",
    )
)
"""What each cashflow accrued on each calendar day; leg and contract are copies of the cashflow's."""


def _components() -> tuple[SchemaItem, ...]:
    """The five components of P&L and the check that they make the total, to the last digit."""
    names = ("price", "dividend", "interest", "fx", "other")
    columns = [Column(f"{name}_pnl_amount", MONEY, nullable=False, server_default=text("0")) for name in names]
    total = " + ".join(f"{name}_pnl_amount" for name in names)
    return (*columns, CheckConstraint(f"unrealized_pnl_amount = {total}", name="components"))


UNREALIZED_PNL_TIMESERIES = with_default_partition(
    Table(
        "unrealized_pnl_timeseries",
        METADATA,
        Column("contract_id", Uuid, nullable=False),
        Column("leg_id", Uuid, nullable=False),
        Column("valuation_date", Date, nullable=False),
        Column("snapshot_label", Text, nullable=False, server_default="EOD"),
        Column("business_date", Date, nullable=False),
        Column("unrealized_pnl_amount", MONEY, nullable=False),
        Column("unrealized_pnl_currency", CURRENCY, nullable=False),
        *_components(),
        Column("realized_since_previous", MONEY, nullable=False, server_default=text("0")),
        Column("base_currency", CURRENCY),
        Column("base_currency_amount", MONEY),
        Column("base_fx_rate", FX),
        Column("market_prices", JSONB),
        Column("interest_rates", JSONB),
        Column("fx_rates", JSONB),
        Column("dividend_data", JSONB),
        Column("valuation_method", ClosedText(ValuationMethod), nullable=False, server_default="MARK_TO_MARKET"),
        Column("valuation_source", Text),
        Column("confidence_level", ClosedText(ConfidenceLevel), nullable=False, server_default="HIGH"),
        Column("is_end_of_day", Boolean, nullable=False, server_default=text("true")),
        Column("is_month_end", Boolean, nullable=False, server_default=text("false")),
        Column("is_quarter_end", Boolean, nullable=False, server_default=text("false")),
        Column("is_year_end", Boolean, nullable=False, server_default=text("false")),
        Column("revision", Integer, nullable=False, server_default=text("1")),
        Column("run_id", Uuid),
        PrimaryKeyConstraint("contract_id", "leg_id", "valuation_date", "snapshot_label"),
        leg_of_contract(),
        one_of("valuation_method", ValuationMethod),
        one_of("confidence_level", ConfidenceLevel),
        Index("ix_unrealized_pnl_timeseries_contract_id", "contract_id", "valuation_date"),
        Index("ix_unrealized_pnl_timeseries_valuation_date", "valuation_date", postgresql_using="brin"),
        postgresql_partition_by="RANGE (valuation_date)",
    )
)
"""What a leg would bring if it were unwound at a day's close, signed for the reporting party."""

PNL_LOT_DETAILS = Table(
    "pnl_lot_details",
    METADATA,
    Column("lot_id", Uuid, ForeignKey("trade_lots.id"), nullable=False),
    Column("contract_id", Uuid, nullable=False),
    Column("leg_id", Uuid, nullable=False),
    Column("valuation_date", Date, nullable=False),
    Column("snapshot_label", Text, nullable=False, server_default="EOD"),
    Column("unrealized_pnl_amount", MONEY, nullable=False),
    Column("unrealized_pnl_currency", CURRENCY, nullable=False),
    *_components(),
    Column("run_id", Uuid),
    PrimaryKeyConstraint("lot_id", "valuation_date", "snapshot_label"),
    leg_of_contract(),
    Index("ix_pnl_lot_details_contract_id", "contract_id", "valuation_date"),
)
"""The same by lot, for contracts that ask for it."""
