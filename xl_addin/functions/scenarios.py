"""Scenarios in cells: those that are stored, one put together in the sheet, and its handle (spec 08 §4.4)."""

from dataclasses import fields
from typing import Annotated

from engine.deal.assumptions import Scenario
from engine.desk.handles import SCENARIO_FIELDS, is_handle
from xl_addin.registry.arguments import ScenarioName
from xl_addin.registry.context import CallContext
from xl_addin.registry.declare import udf
from xl_addin.registry.errors import unavailable
from xl_addin.registry.kinds import NAME
from xl_addin.registry.options import read_options
from xl_addin.registry.results import Table

CATEGORY = "CLO Scenarios"


@udf(
    "CLO_SCENARIO",
    category=CATEGORY,
    cost="data",
    depends=("universe",),
    examples=['=CLO_SCENARIO("BASE","cdr_multiplier=2; severity_shift=10%")'],
)
def clo_scenario(
    scenario: ScenarioName = "BASE",
    options: Annotated[
        str, "Changes as name=number; ...: cpr_multiplier, cdr_multiplier, severity_shift, curve_shift, decimals."
    ] = "",
    *,
    ctx: CallContext,
) -> str:
    """Handle of a scenario with some of its numbers changed, for any scenario argument.

    Equal numbers give the same handle. A run of it is started from the ribbon, as that of any scenario.
    """
    return ctx.desk.scenario_handle(scenario, read_options(options, SCENARIO_FIELDS))


@udf("CLO_SCENARIOS", category=CATEGORY, cost="data", depends=("universe",), examples=["=CLO_SCENARIOS()"])
def clo_scenarios(*, ctx: CallContext) -> Table:
    """Scenarios that a run can be made in, by name: multipliers of prepayment and default, shifts as decimals."""
    names = [item.name for item in fields(Scenario)]
    return Table(names, [[getattr(one, name) for name in names] for one in ctx.desk.documents.scenarios()])


@udf("CLO_DESCRIBE", category=CATEGORY, cost="data", depends=("universe",), examples=["=CLO_DESCRIBE(A1)"])
def clo_describe(
    handle: Annotated[str, NAME, "Handle of the form CLO:scenario#0123456789ab."], *, ctx: CallContext
) -> str:
    """Description of what a handle stands for, in one line."""
    if not is_handle(handle):
        raise unavailable(
            "CLO-2125", f"'{handle[:60]}' is no handle", remedy="Handles look like CLO:scenario#0123456789ab."
        )
    return ctx.desk.describe_handle(handle)
