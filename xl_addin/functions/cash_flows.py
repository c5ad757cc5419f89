"""Cash flows of a deal in cells: collateral, waterfall, fees and coverage of its last stored run (spec 06 §11.3)."""

from typing import Annotated, Literal

from engine.modes import Mode
from xl_addin.functions import run_tables
from xl_addin.registry.arguments import AsOf, DealName, RunMode, ScenarioName
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import unavailable
from xl_addin.registry.kinds import NAME
from xl_addin.registry.results import Table

CATEGORY = "CLO Cash Flows"


@udf(
    "CLO_COLLATERAL_CASHFLOW",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_COLLATERAL_CASHFLOW("Demo 1")', '=CLO_COLLATERAL_CASHFLOW("Demo 1","total",,"STRESS")'],
)
def clo_collateral_cashflow(
    deal: DealName,
    pool: Annotated[
        Literal["original", "reinvest", "total"],
        "original (default): assets held at the start; reinvest: those bought since; total: both.",
    ] = "original",
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Cash flow of a deal's collateral by period, in currency, from its last stored run."""
    result = ctx.views.run(deal, as_of, scenario, mode).result
    pools = {
        "original": result.original_pool,
        "reinvest": result.reinvested_pool,
        "total": run_tables.total_pool(result),
    }
    return run_tables.pool_table(pools[pool])


@udf(
    "CLO_WATERFALL",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_WATERFALL("Demo 1")', '=CLO_WATERFALL("Demo 1","steps")'],
)
def clo_waterfall(
    deal: DealName,
    block: Annotated[
        Literal["deal", "steps"], "deal (default): proceeds and index by period; steps: every step that was executed."
    ] = "deal",
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Proceeds of a deal by period, or what every step of its waterfall paid, in currency, from its last stored run.

    Of a step that took the last of the cash the due amount stays empty: the run keeps what was paid.
    """
    result = ctx.views.run(deal, as_of, scenario, mode).result
    return run_tables.waterfall_table(result) if block == "deal" else run_tables.step_table(result)


@udf(
    "CLO_FEE_CASHFLOW",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_FEE_CASHFLOW("Demo 1","Trustee Fee")'],
)
def clo_fee_cashflow(
    deal: DealName,
    fee_name: Annotated[str, NAME, "Name of the fee on the deal's sheet, such as Base Manager Fee."],
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """One fee of a deal by period, in currency, from its last stored run."""
    result = ctx.views.run(deal, as_of, scenario, mode).result
    for place, name in enumerate(result.fee_names):
        if name.upper() == fee_name.upper():
            return run_tables.fee_table(result, place)
    raise unavailable(
        "CLO-2172", f"There is no fee {fee_name!r}", remedy=f"The deal has {', '.join(result.fee_names) or 'none'}."
    )


@udf(
    "CLO_INCENTIVE_FEE",
    category=CATEGORY,
    cost="data",
    depends=("deal",),
    examples=['=CLO_INCENTIVE_FEE("Demo 1")'],
)
def clo_incentive_fee(
    deal: DealName,
    as_of: AsOf = None,
    scenario: ScenarioName = "BASE",
    mode: RunMode = Mode.STANDARD,
    *,
    ctx: CallContext,
) -> Table:
    """Incentive fee of a deal by period: what the sub notes lack to their hurdle and the fee, in currency, and their
    internal rate of return up to the period, from the last stored run."""
    return run_tables.incentive_table(ctx.views.run(deal, as_of, scenario, mode).result)
