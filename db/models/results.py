"""Result tables of a deal run, in money of the seed's scales; the seed's unique constraints hold within a run."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from db.models.assets import ASSET_ID
from db.models.metadata import METADATA, MONEY, RATE, RATIO, YEARS, row_number, with_default_partition
from db.models.runs import result_constraints, run_columns

BY_TIME = "RANGE (run_at)"


def _money(*names: str) -> tuple[Column[object], ...]:
    return tuple(Column(name, MONEY, server_default=text("0")) for name in names)


def _deal() -> Column[str]:
    return Column("deal_id", String(50), ForeignKey("clo_deals.deal_id"), nullable=False)


def _result_table(name: str, number: str, *items: SchemaItem) -> Table:
    return with_default_partition(
        Table(name, METADATA, row_number(number), *run_columns(), *items, postgresql_partition_by=BY_TIME)
    )


ASSET_CASH_FLOWS = _result_table(
    "asset_cash_flows",
    "id",
    Column("blkrock_id", ASSET_ID, ForeignKey("assets.blkrock_id"), nullable=False),
    Column("period_number", Integer, nullable=False),
    Column("payment_date", Date, nullable=False),
    Column("accrual_start_date", Date, nullable=False),
    Column("accrual_end_date", Date, nullable=False),
    Column("beginning_balance", MONEY, nullable=False, server_default=text("0")),
    Column("ending_balance", MONEY, nullable=False, server_default=text("0")),
    *_money(
        "default_balance",
        "mv_default_balance",
        "interest_payment",
        "scheduled_principal",
        "unscheduled_principal",
        "default_amount",
        "recoveries",
        "net_loss",
        "purchases",
        "sales",
        "total_cash_flow",
    ),
    CheckConstraint(
        "abs(ending_balance - (beginning_balance + purchases - sales - scheduled_principal - unscheduled_principal"
        " - default_amount)) <= 0.01",
        name="balance",
    ),
    CheckConstraint(
        "abs(total_cash_flow - (interest_payment + scheduled_principal + unscheduled_principal + recoveries)) <= 0.01",
        name="total",
    ),
    PrimaryKeyConstraint("run_id", "blkrock_id", "period_number", "run_at", name="pk_asset_cash_flows"),
    ForeignKeyConstraint(["run_id", "run_at"], ["runs.run_id", "runs.started_at"], ondelete="CASCADE"),
    Index("idx_cash_flows_payment_date", "payment_date"),
    Index(
        "idx_cash_flows_asset_period",
        "blkrock_id",
        "period_number",
        postgresql_using="brin",
        postgresql_with={"autosummarize": "on", "pages_per_range": "16"},
    ),
)
"""The key is the seed's unique constraint within a run, and led by the run: new rows go to its end, where a tree takes
them fastest, and the rows of a run are one stretch of it. A run's rows lie in the order of asset and period, so a block
range index finds those of an asset in all runs."""

LIABILITY_CASH_FLOWS = _result_table(
    "liability_cash_flows",
    "id",
    Column("liability_id", Integer, ForeignKey("liabilities.liability_id"), nullable=False),
    Column("period_number", Integer, nullable=False),
    Column("payment_date", Date, nullable=False),
    *_money("beginning_balance", "ending_balance", "deferred_beginning_balance", "deferred_ending_balance"),
    Column("coupon_rate", RATE),
    *_money("interest_due", "interest_paid", "interest_deferred", "principal_payment"),
    *_money("deferred_interest_accrued", "deferred_interest_paid", "deferred_principal_paid"),
    *result_constraints("id", "liability_id", "period_number"),
)

LIABILITY_RISK = _result_table(
    "liability_risk",
    "id",
    Column("liability_id", Integer, ForeignKey("liabilities.liability_id"), nullable=False),
    Column("last_period", Integer, nullable=False),
    Column("input_price", RATIO),
    Column("input_discount_margin", RATIO),
    Column("calculated_yield", RATIO),
    Column("calculated_dm", RATIO),
    Column("calculated_price", RATIO),
    Column("weighted_average_life", YEARS),
    Column("macaulay_duration", YEARS),
    Column("modified_duration", YEARS),
    *result_constraints("id", "liability_id"),
)

OC_TRIGGERS = _result_table(
    "oc_triggers",
    "trigger_id",
    _deal(),
    Column("tranche_name", String(50), nullable=False),
    Column("trigger_name", String(100), nullable=False),
    Column("oc_threshold", RATIO, nullable=False),
    Column("period_number", Integer, nullable=False),
    Column("numerator", MONEY),
    Column("denominator", MONEY),
    Column("calculated_ratio", RATIO),
    Column("pass_fail", Boolean),
    *_money(
        "interest_cure_amount",
        "principal_cure_amount",
        "prior_interest_cure",
        "prior_principal_cure",
        "interest_cure_paid",
        "principal_cure_paid",
    ),
    *result_constraints("trigger_id", "deal_id", "tranche_name", "period_number"),
    Index("idx_oc_triggers_deal_period", "deal_id", "period_number"),
)

IC_TRIGGERS = _result_table(
    "ic_triggers",
    "trigger_id",
    _deal(),
    Column("tranche_name", String(50), nullable=False),
    Column("trigger_name", String(100), nullable=False),
    Column("ic_threshold", RATIO, nullable=False),
    Column("period_number", Integer, nullable=False),
    Column("numerator", MONEY),
    Column("denominator", MONEY),
    Column("liability_balance", MONEY),
    Column("calculated_ratio", RATIO),
    Column("pass_fail", Boolean),
    *_money("cure_amount", "prior_cure_payments", "cure_amount_paid"),
    *result_constraints("trigger_id", "deal_id", "tranche_name", "period_number"),
    Index("idx_ic_triggers_deal_period", "deal_id", "period_number"),
)

FEE_CALCULATIONS = _result_table(
    "fee_calculations",
    "fee_id",
    _deal(),
    Column("period_number", Integer, nullable=False),
    Column("fee_name", String(100), nullable=False),
    Column("fee_type", String(20), nullable=False),
    Column("fee_percentage", RATE),
    Column("fixed_amount", MONEY),
    Column("day_count_convention", String(20)),
    Column("begin_date", Date, nullable=False),
    Column("end_date", Date, nullable=False),
    Column("beginning_basis", MONEY),
    Column("ending_basis", MONEY),
    Column("fee_basis", MONEY),
    Column("interest_on_fee", Boolean, server_default=text("false")),
    Column("interest_spread", RATE),
    Column("libor_rate", RATE),
    *_money("fee_accrued", "fee_paid", "unpaid_balance"),
    *result_constraints("fee_id", "deal_id", "fee_name", "period_number"),
    Index("idx_fee_calc_deal_period", "deal_id", "period_number"),
)

POOL_AMOUNTS = ("principal_cash", "collateral_principal_amount", "defaulted_par", "unpriced_par")

COLLATERAL_POOL_METRICS = _result_table(
    "collateral_pool_metrics",
    "pool_id",
    _deal(),
    Column("calculation_date", Date, nullable=False),
    Column("total_par_amount", MONEY),
    Column("total_market_value", MONEY),
    Column("weighted_average_life", YEARS),
    Column("weighted_average_coupon", RATE),
    *(Column(f"{rating}_percentage", RATIO) for rating in ("aaa", "aa", "a", "baa", "ba", "b", "below_b")),
    Column("industry_concentrations", JSONB),
    Column("geographic_concentrations", JSONB),
    Column("period_number", Integer),
    Column("interest_collections", MONEY),
    Column("principal_collections", MONEY),
    Column("total_collections", MONEY),
    *(Column(name, MONEY) for name in POOL_AMOUNTS),
    Column("unrated_percentage", RATIO),
    Column("weighted_average_spread", RATE),
    Column("weighted_average_recovery", RATE),
    Column("weighted_average_rating_factor", RATIO),
    Column("diversity_score", RATIO),
    Column("number_of_assets", Integer),
    Column("number_of_obligors", Integer),
    Column("obligor_concentrations", JSONB),
    *result_constraints("pool_id", "deal_id", "calculation_date", "period_number"),
)
"""A deal run has a row for every period with its collections; a compliance run has one, period 0, with the pool as it
stands. Percentages are decimals of the collateral principal amount, performing assets by Moody's rating."""

POOL_CASH_FLOWS = _result_table(
    "pool_cash_flows",
    "id",
    _deal(),
    Column("pool", String(20), nullable=False),
    Column("period_number", Integer, nullable=False),
    *_money(
        "performing_begin",
        "default_balance_begin",
        "default_market_value_begin",
        "default_amount",
        "default_market_value",
        "interest",
        "scheduled_principal",
        "unscheduled_principal",
        "recoveries",
        "net_loss",
        "sold",
    ),
    *result_constraints("id", "deal_id", "pool", "period_number"),
)
"""Flows of the `original` and the `reinvested` pool by deal period (spec 02 §17)."""

WATERFALL_EXECUTIONS = _result_table(
    "waterfall_executions",
    "execution_id",
    _deal(),
    Column("period_number", Integer, nullable=False),
    Column("payment_date", Date, nullable=False),
    Column("interest_determination_date", Date),
    Column("collection_begin", Date),
    Column("collection_end", Date),
    *_money("interest_proceeds", "principal_proceeds", "notes_payable", "reinvested"),
    Column("index_rate", RATE),
    *_money("incentive_threshold", "incentive_fee_paid"),
    Column("equity_irr", RATIO),
    *result_constraints("execution_id", "deal_id", "period_number"),
)

WATERFALL_STEPS = _result_table(
    "waterfall_steps",
    "id",
    _deal(),
    Column("sequence", Integer, nullable=False),
    Column("period_number", Integer, nullable=False),
    Column("section", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("step_text", Text, nullable=False),
    *_money("cash_before", "paid", "cash_after"),
    *result_constraints("id", "sequence"),
)
"""The trace: every executed step in order, with the cash before it, what it paid and the cash after it."""
