"""Results as records: verdicts, the use of limits, where levels come from, and what must be remarked."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.compliance.catalogue import BY_ID
from engine.compliance.cushions import cushions
from engine.compliance.definition import Standing
from engine.compliance.evaluation import evaluate
from engine.compliance.plan import plan_of
from engine.compliance.remarks import pool_remarks, result_remarks
from engine.compliance.results import Baseline, ComplianceResult, ThresholdSource, Verdict, results_of
from engine.compliance.terms import Direction, TestSetting
from engine.modes import Mode
from tests.compliance.made_portfolios import made


def results(*tests: TestSetting, seed: int = 2, **baselines: float) -> dict[int, ComplianceResult]:
    deal = made(60, seed, tests=())
    known = {int(name.removeprefix("t")): Baseline(value=value) for name, value in baselines.items()}
    chosen = [replace(test, baseline=known[test.test_id].value) if test.test_id in known else test for test in tests]
    evaluation = evaluate(plan_of(deal.portfolio, deal.terms, chosen), deal.holdings)
    return {result.test_id: result for result in results_of(evaluation, known, {29: "'Deal'!L4"})}


def maximum(test_id: int, level: float | None, **changes: object) -> TestSetting:
    return replace(TestSetting(test_id=test_id, direction=Direction.MAX, threshold=level), **changes)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000))
def test_records_say_what_the_evaluation_says(seed: int) -> None:
    """One record a test, in order, with the same numbers; a cushion without end is none."""
    deal = made(50, seed)
    evaluation = evaluate(plan_of(deal.portfolio, deal.terms, deal.settings), deal.holdings)
    found = results_of(evaluation)

    assert [one.test_id for one in found] == [setting.test_id for setting in evaluation.plan.settings]
    for place, (one, cushion) in enumerate(zip(found, cushions(evaluation).tolist(), strict=True)):
        assert (one.value, one.threshold) == (evaluation.value[place], evaluation.threshold[place])
        assert (one.is_passed, one.is_applicable) == (evaluation.is_passed[place], evaluation.is_applicable[place])
        assert one.cushion == (cushion if math.isfinite(cushion) else None)
        assert len(one.drivers) <= 10


def test_verdicts() -> None:
    """Pass, fail, nothing to test, and passed only because no worse than before."""
    share = results(maximum(29, 1.0))[29].value
    found = {
        "within": results(maximum(29, 1.0))[29],
        "broken": results(maximum(29, share / 2))[29],
        "maintained": results(maximum(29, share / 2), t29=share)[29],
    }

    assert found["within"].verdict is Verdict.PASSED
    assert found["broken"].verdict is Verdict.FAILED
    assert found["maintained"].verdict is Verdict.MAINTAINED
    assert found["maintained"].remark == f"passes as maintained or improved on {share:.6g}"


def test_levels_have_a_source() -> None:
    """An overwrite goes before the test's own formula, that before a level; a maintained test rests on its baseline."""
    share = results(maximum(29, 1.0))[29].value
    found = results(maximum(29, 1.0), maximum(36, None), maximum(54, None, overwrite=9000.0))
    kept = results(maximum(29, share / 2), t29=share)

    assert [found[test].threshold_source for test in (29, 36, 54)] == [
        ThresholdSource.SHEET,
        ThresholdSource.COMPUTED,
        ThresholdSource.OVERWRITE,
    ]
    assert kept[29].threshold_source is ThresholdSource.BASELINE
    assert (kept[29].place, found[36].place) == ("'Deal'!L4", "")


def test_use_of_a_limit_is_one_at_the_limit_for_both_directions() -> None:
    """Value over limit for a maximum, limit over value for a minimum; none where nothing is used or tested."""
    made_one = results(maximum(29, 0.5))[29]
    at_limit = replace(made_one, value=0.5)
    minimum = replace(made_one, direction=Direction.MIN, value=0.8, threshold=0.6)

    assert at_limit.use_of_limit == 1.0
    assert minimum.use_of_limit == pytest.approx(0.75)
    assert replace(made_one, threshold=0.0).use_of_limit is None
    assert replace(minimum, value=0.0).use_of_limit is None
    assert replace(made_one, is_applicable=False).use_of_limit is None


def test_a_stub_never_passes_without_a_remark() -> None:
    """03 Q17: a test that is not implemented says so wherever its verdict is told."""
    stubs = [one.id for one in BY_ID.values() if one.standing is Standing.STUB]
    found = results(*(maximum(test, 1.0) for test in stubs))

    assert len(stubs) >= 3
    assert {one.remark for one in found.values()} == {"not implemented: the verdict means nothing"}
    assert len(result_remarks(found.values())) == len(stubs)


def test_what_assets_lack_is_told_with_their_ids() -> None:
    """Missing prices, lives and ratings of held assets are remarks; assets that are not held are no matter."""
    deal = made(30, 4, tests=(), held=0.5)
    held = [row for row, par in enumerate(deal.holdings.par) if par]
    idle = [row for row, par in enumerate(deal.holdings.par) if not par]
    assets = list(deal.portfolio.assets)
    for row in (held[0], held[1], idle[0]):
        assets[row] = replace(assets[row], market_value=None, wal=None)
    assets[held[2]] = replace(assets[held[2]], mdy_dp_rating_warf="NR", country=" ")
    remarks = pool_remarks(replace(deal.portfolio, assets=tuple(assets)), deal.holdings)
    ids = [assets[row].blkrock_id for row in held[:3]]

    assert f"Without market value: 2 held assets ({ids[0]}, {ids[1]})" in remarks
    assert f"Without average life, taken as 0 years: 2 held assets ({ids[0]}, {ids[1]})" in remarks
    assert f"Without country: 1 held asset ({ids[2]})" in remarks
    assert f"Without rating for the rating factor, taken as 10000: 1 held asset ({ids[2]})" in remarks
    assert not any(assets[idle[0]].blkrock_id in text for text in remarks)


_NOTHING_TESTED = {Mode.STANDARD: Verdict.NOT_APPLICABLE, Mode.LEGACY: Verdict.FAILED}


@pytest.mark.parametrize(("mode", "verdict"), list(_NOTHING_TESTED.items()))
def test_a_test_with_nothing_to_test_passes_but_in_legacy_mode(mode: Mode, verdict: Verdict) -> None:
    """03 Q15: without a fixed-rate asset there is no coupon to average, in the legacy model a coupon of 0."""
    deal = made(20, 3, tests=(), quirks=mode.quirks)
    floating = tuple(replace(asset, coupon_type="FLOAT") for asset in deal.portfolio.assets)
    portfolio = replace(deal.portfolio, assets=floating)
    setting = TestSetting(test_id=34, direction=Direction.MIN, threshold=0.07)
    found = results_of(evaluate(plan_of(portfolio, deal.terms, [setting]), deal.holdings))[0]

    assert (found.is_applicable, found.verdict, found.use_of_limit) == (False, verdict, None)
    assert found.remark == "nothing to test"
