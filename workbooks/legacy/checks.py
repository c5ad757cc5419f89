"""Checks across sheets: control totals, ids, weights (spec 06 §4.4, §5.1)."""

from collections.abc import Iterable

from engine.snapshot import AssetRow, DealSnapshot, Place, TradeRow
from workbooks.legacy.findings import Code, FindingLog
from workbooks.legacy.positions import COLLECTION_ACCOUNT
from workbooks.legacy.run_model import WEIGHT_SETTING, Panel

CONTROL_TOLERANCE = 0.005
"""Half a cent: control totals are sums of the same doubles, so a true total is off by less."""

JUNIOR_OC_LABEL = "JR OC Denominator"


def _report(log: FindingLog, code: Code, place: Place, text: str, *, found: object = "", used: object = "") -> None:
    log.add(code, place.sheet, place.cell, text, found=found, used=used)


def check_ids(
    log: FindingLog, deals: Iterable[DealSnapshot], trades: Iterable[TradeRow], assets: Iterable[AssetRow]
) -> None:
    """W-ASSET for every position and trade whose id the asset master does not have."""
    known = {row.asset.blkrock_id for row in assets}
    spelling = {blkrock_id.casefold(): blkrock_id for blkrock_id in known}

    def check(blkrock_id: str, place: Place, what: str) -> None:
        if not blkrock_id or blkrock_id in known:
            return
        other = spelling.get(blkrock_id.casefold())
        remark = f"; it has {other}, which differs in case only" if other else ""
        _report(log, Code.ASSET, place, f"{what} {blkrock_id} is not in All Assets{remark}", found=blkrock_id)

    for deal in deals:
        for position in deal.positions:
            check(position.blkrock_id, position.place, "position")
    for trade in trades:
        check(trade.blkrock_id, trade.place, "asset of a trade")


def check_deal_controls(log: FindingLog, deals: Iterable[DealSnapshot]) -> None:
    """W-CONTROL where the junior OC denominator is not the sum of the balances of all tranches but the last."""
    for deal in deals:
        row = next((row for row in deal.quality_inputs if row.label == JUNIOR_OC_LABEL), None)
        if row is None or not isinstance(row.value, float) or not deal.tranches:
            continue
        balances = sum(tranche.current_balance or 0.0 for tranche in deal.tranches[:-1])
        if abs(balances - row.value) > CONTROL_TOLERANCE:
            remark = f"{JUNIOR_OC_LABEL} differs from the current balances of all classes but the last"
            _report(log, Code.CONTROL, row.place, remark, found=row.value, used=balances)


def check_panel(log: FindingLog, panel: Panel, deals: Iterable[DealSnapshot]) -> None:
    """W-CONTROL and W-WEIGHTS where the panel and the sheet of its deal disagree."""
    deal = next((deal for deal in deals if deal.name == panel.value("deal")), None)
    if deal is None:
        return
    collection = next((row for row in deal.accounts if row.number == COLLECTION_ACCOUNT), None)
    totals = {
        "collateral_par": total_par(deal),
        "principal_cash": collection.principal if collection else 0.0,
        "interest_cash": collection.interest if collection else 0.0,
    }
    for setting in panel.settings:
        total = totals.get(setting.name)
        if total is None or not isinstance(setting.value, float):
            continue
        if abs(setting.value - total) > CONTROL_TOLERANCE:
            remark = f"{setting.name} of the panel differs from the sheet of {deal.name}"
            _report(log, Code.CONTROL, setting.place, remark, found=setting.value, used=total)
    _check_weights(log, panel, deal)


def total_par(deal: DealSnapshot) -> float:
    """Par of a deal's positions, summed from the top of the sheet to its bottom."""
    total = 0.0
    for position in deal.positions:
        total += position.par
    return total


def _check_weights(log: FindingLog, panel: Panel, deal: DealSnapshot) -> None:
    """The deal sheet wins; the legacy model would overwrite it with the weights of the panel (W-02)."""
    weights = {row.number: row for row in deal.weights}
    shown = {
        int(setting.name.removeprefix(WEIGHT_SETTING)): setting
        for setting in panel.settings
        if setting.name.startswith(WEIGHT_SETTING)
    }
    for number, setting in shown.items():
        used = weights[number].weight if number in weights else None
        if used != setting.value:
            remark = f"the panel weights test {number} otherwise than the sheet of {deal.name}, which is used"
            _report(log, Code.WEIGHTS, setting.place, remark, found=setting.value, used="" if used is None else used)
    for number in weights.keys() - shown.keys():
        if weights[number].weight:
            remark = f"the panel does not weight test {number}, the sheet of {deal.name} does"
            _report(log, Code.WEIGHTS, weights[number].place, remark, used=weights[number].weight)
