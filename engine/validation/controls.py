"""Control totals: what a workbook states twice has to agree (spec 06 §4.4, §5.1; W-CONTROL, W-WEIGHTS)."""

from collections.abc import Iterator

from engine.deal.contract import AccountNumber
from engine.snapshot import DealSnapshot, RunSetting
from engine.validation.deals import total_par
from engine.validation.rules import Fault, Records, Rule, Scope

CONTROL_TOLERANCE = 0.005
"""Half a cent: control totals are sums of the same doubles, so a true total is off by less."""

JUNIOR_OC_LABEL = "JR OC Denominator"
WEIGHT_SETTING = "objective_weight_"
"""Prefix of the panel's weights: the setting `objective_weight_32` is the weight of test 32."""


def totals_that_differ(records: Records) -> Iterator[Fault]:
    """Junior OC denominators that are not the balances of all classes but the last, and totals of the control panel."""
    for deal in records.deals:
        yield from _junior_denominator(deal)
    panel, deal_of_panel = _panel(records)
    if deal_of_panel is not None:
        yield from _panel_totals(panel, deal_of_panel)


def _junior_denominator(deal: DealSnapshot) -> Iterator[Fault]:
    row = next((row for row in deal.quality_inputs if row.label == JUNIOR_OC_LABEL), None)
    if row is None or not isinstance(row.value, float) or not deal.tranches:
        return
    balances = sum(tranche.current_balance or 0.0 for tranche in deal.tranches[:-1])
    if abs(balances - row.value) > CONTROL_TOLERANCE:
        text = f"{JUNIOR_OC_LABEL} differs from the current balances of all classes but the last"
        yield Fault(text=text, key=f"{deal.name} {row.label}", place=row.place, found=row.value, used=balances)


def _panel(records: Records) -> tuple[list[RunSetting], DealSnapshot | None]:
    """The settings of the current panel, and the deal it is about."""
    panel = [setting for setting in records.run_settings if setting.scope == "current"]
    name = next((setting.value for setting in panel if setting.name == "deal"), None)
    return panel, next((deal for deal in records.deals if deal.name == name), None)


def _panel_totals(panel: list[RunSetting], deal: DealSnapshot) -> Iterator[Fault]:
    collection = next((row for row in deal.accounts if row.number == AccountNumber.COLLECTION), None)
    totals = {
        "collateral_par": total_par(deal),
        "principal_cash": collection.principal if collection else 0.0,
        "interest_cash": collection.interest if collection else 0.0,
    }
    for setting in panel:
        total = totals.get(setting.name)
        if total is None or not isinstance(setting.value, float):
            continue
        if abs(setting.value - total) > CONTROL_TOLERANCE:
            text = f"{setting.name} of the panel differs from the sheet of {deal.name}"
            yield Fault(text=text, key=setting.name, place=setting.place, found=setting.value, used=total)


def weights_that_differ(records: Records) -> Iterator[Fault]:
    """Weights of the panel that the sheet of its deal states otherwise, and weights that the panel lacks."""
    panel, deal = _panel(records)
    if deal is None:
        return
    weights = {row.number: row for row in deal.weights}
    shown = {
        int(setting.name.removeprefix(WEIGHT_SETTING)): setting
        for setting in panel
        if setting.name.startswith(WEIGHT_SETTING)
    }
    for number, setting in shown.items():
        used = weights[number].weight if number in weights else None
        if used != setting.value:
            yield Fault(
                text=f"the panel weights test {number} otherwise than the sheet of {deal.name}, which is used",
                key=setting.name,
                place=setting.place,
                found=setting.value,
                used="" if used is None else used,
            )
    for number in weights.keys() - shown.keys():
        if weights[number].weight:
            yield Fault(
                text=f"the panel does not weight test {number}, the sheet of {deal.name} does",
                key=f"{deal.name} test {number}",
                place=weights[number].place,
                used=weights[number].weight,
            )


CONTROL_TOTALS = Rule(
    "W-CONTROL",
    Scope.DEAL,
    "control total",
    "Control totals agree with what they sum up.",
    "Find out which of both is old; the sheet of the deal is used.",
    "spec 06 §4.4, §5.1",
    totals_that_differ,
)
PANEL_WEIGHTS = Rule(
    "W-WEIGHTS",
    Scope.DEAL,
    "weight",
    "Control panel and deal sheet state the same objective weights.",
    "Correct the one that is old; the sheet of the deal is used, where the legacy model took the panel.",
    "spec 06 W-02",
    weights_that_differ,
)
CONTROL_RULES: tuple[Rule, ...] = (CONTROL_TOTALS, PANEL_WEIGHTS)
