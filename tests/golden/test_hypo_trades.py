"""Hypothetical trades and asset scores in legacy mode: every case of golden/hypo_trades.json."""

import json
from typing import Any

import pytest

from engine.compliance.evaluation import evaluate
from engine.modes import Mode
from engine.trading.hypothetical import hypothetical
from engine.trading.legacy_ranking import asset_scores
from engine.trading.legacy_report import legacy_rows
from engine.trading.settlement import apply
from engine.trading.trades import Side, Trade, TradedDeal, reversed_trade
from tests.golden.compliance_records import plan_and_holdings

Record = dict[str, Any]
_RELATIVE = 1e-9
_SIDES = {"Buy": Side.BUY, "Sale": Side.SALE}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    from tests.conftest import reference_folder

    path = reference_folder() / "golden" / "hypo_trades.json"
    file = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"cases": []}
    named = "scores" if "scored" in metafunc.fixturenames else "output"
    cases = [case for case in file["cases"] if named in case]
    metafunc.parametrize(
        ("file", "scored" if named == "scores" else "traded"),
        [(file, case) for case in cases],
        ids=[case["id"] for case in cases],
    )


def _deal(file: Record, case: Record) -> TradedDeal:
    given = file["compliance_inputs"][case["compliance_case"]]
    inputs = {"assets": None, "pars": None, **given}
    plan, holdings = plan_and_holdings(inputs, file, Mode.LEGACY.quirks)
    weights = case.get("objective_weights", inputs["objective_weights"])
    return TradedDeal(plan, holdings, {int(test): weight for test, weight in weights.items()})


def _trades(case: Record) -> list[Trade]:
    return [
        Trade(
            deal="golden",
            blkrock_id=row["asset_id"],
            side=_SIDES[row["transaction"]],
            par=row["par"],
            price=row["price"],
        )
        for row in case["trades"]
    ]


def test_hypothetical_trades(file: Record, traded: Record) -> None:
    """Every row of the legacy report, texts included, both objectives, and what taking the trades back leaves."""
    deal, expected = _deal(file, traded), traded["output"]
    (found,) = hypothetical(_trades(traded), [deal])
    *rows, closing = legacy_rows(found)
    *expected_rows, expected_closing = expected["rows"]
    restored, _ = apply(
        deal.plan.portfolio, deal.holdings, [*_trades(traded), *(reversed_trade(fill) for fill in found.fills)]
    )

    assert [list(row) for row in rows] == expected_rows
    for value, wanted in zip(closing, expected_closing, strict=True):
        assert value == (pytest.approx(wanted, rel=_RELATIVE) if isinstance(wanted, float) else wanted)
    assert deal.holdings.cash == expected["cash_before"]
    assert restored.cash == expected["cash_after_reversal"]
    assert restored.par.sum() == pytest.approx(expected["par_after_reversal"], rel=1e-15)
    assert (restored.par > 0.0).sum() == expected["number_of_assets_after"]


def test_asset_scores(file: Record, scored: Record) -> None:
    """The ranking score of every asset, to twelve digits."""
    deal = _deal(file, scored)
    found = asset_scores(evaluate(deal.plan, deal.holdings), deal.weights, _SIDES[scored["transaction"]])
    by_asset = dict(zip(deal.plan.portfolio.ids, found, strict=True))

    assert {name: by_asset[name] for name in scored["assets"]} == pytest.approx(scored["scores"], rel=1e-12)
