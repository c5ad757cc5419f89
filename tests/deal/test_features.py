"""Optional features on a whole deal: what they change, and that every cent is still accounted for (spec 02 §16.3)."""

from datetime import date

import numpy as np
import pytest

from engine.analytics.irr import xirr
from engine.deal.assumptions import Scenario
from engine.deal.contract import Deal
from engine.deal.results import DEAL_COLUMNS, FEE_COLUMNS, INCENTIVE_COLUMNS, POOL_COLUMNS, TRANCHE_COLUMNS, DealResult
from engine.deal.run import run_deal, run_many
from engine.errors import InputError
from engine.liabilities.terms import IncentiveFee, SubNotePayment
from engine.modes import Mode
from engine.waterfall.configuration import Configuration
from engine.waterfall.feature_settings import read_features
from tests.deal.made_deals import AS_OF, market, plain_deal
from tests.deal.test_conservation import cash_in, cash_out, opening_cash

CLOSING = date(2015, 3, 12)
SECOND = 1
"""Row of the second period, the first one whose interest cures every test and reaches equity."""
BASE, JUNIOR = 2, 3
EQUITY = -1
ALL = {
    "TURBO_PRINCIPAL": {"oc_buffer": 0.01, "ic_buffer": 9.0, "fraction": 0.3},
    "EQUITY_CLAW_BACK": {"hurdle": 0.02},
    "EQUITY_CATCH_UP": {"kappa": 0.8},
    "MANAGEMENT_FEE_DEFERRAL": {"minimum_irr": 0.01},
    "INCENTIVE_FEE_SHARING": {"manager_part": 0.7},
    "REINVESTMENT_OVERLAY": {"rate": 0.001, "cap": 20000},
    "PERFORMANCE_HURDLE": {"irr": 0.03},
    "DISTRIBUTION_STOPPER": {"oc_buffer": 0.001},
    "EXCESS_SPREAD_CAPTURE": {"strike": 0.01, "share": 0.05},
    "SENIOR_MANAGEMENT_CARVE_OUT": {"fraction": 0.4},
    "INTEREST_RESERVE": {"target": 200000, "cap": 300000, "tranches": ["A", "B"]},
    "ADMIN_FEE_CAP": {"yearly": 50000},
}


def configuration(**features: object) -> Configuration:
    return Configuration(features=read_features(features))


def run(deal: Deal | None = None, **features: object) -> DealResult:
    result = run_deal(deal or plain_deal(), market(), AS_OF, configuration=configuration(**features))
    assert result.failure is None
    return result


def total_left(deal: Deal, result: DealResult) -> float:
    """Cash of the whole life that was neither paid nor is still in the Collection account."""
    return float(opening_cash(deal) + cash_in(result).sum() - cash_out(result).sum() - sum(result.collection_end))


def principal_paid(result: DealResult) -> np.ndarray:
    return result.tranches[:, :, TRANCHE_COLUMNS.index("principal_paid")]


def equity_paid(result: DealResult) -> np.ndarray:
    return (
        result.tranches[:, EQUITY, TRANCHE_COLUMNS.index("interest_paid")]
        + result.tranches[:, EQUITY, TRANCHE_COLUMNS.index("principal_paid")]
    )


def incentive_paid(result: DealResult) -> float:
    return float(result.incentive[:, INCENTIVE_COLUMNS.index("fee_paid")].sum())


def accrued_base_fee(result: DealResult) -> float:
    return float(result.fees[SECOND, BASE, FEE_COLUMNS.index("accrued")])


@pytest.mark.parametrize("name", sorted(ALL))
def test_each_feature_accounts_for_every_cent(name: str) -> None:
    """Escrow and reserves are paid out in the last period at the latest."""
    deal = plain_deal()
    result = run(deal, **{name: ALL[name]})

    assert total_left(deal, result) == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("program", ["MAG 12", "MAG 16", "MAG 17"])
def test_all_features_together_account_for_every_cent(program: str) -> None:
    """Nothing is lost between features that move the same cash."""
    deal = plain_deal(program)
    result = run(deal, **{**ALL, "INTEREST_RESERVE": {"target": 200000, "tranches": ["A"]}})

    assert total_left(deal, result) == pytest.approx(0.0, abs=1e-5)


def test_no_features_change_nothing() -> None:
    """An empty configuration gives the numbers of the deal itself, and measures nothing."""
    plain = run_deal(plain_deal(), market(), AS_OF)
    result = run()

    np.testing.assert_array_equal(result.tranches, plain.tranches)
    np.testing.assert_array_equal(result.incentive, plain.incentive)


def test_turbo_redeems_the_senior_class_sooner() -> None:
    """With both buffers below generous levels all interest left redeems notes, and equity gets none of it."""
    plain, result = run(), run(TURBO_PRINCIPAL={"oc_buffer": 9.0, "ic_buffer": 99.0})

    assert principal_paid(result)[SECOND, 0] > 0.0 == principal_paid(plain)[SECOND, 0]
    assert equity_paid(result)[SECOND] == 0.0 < equity_paid(plain)[SECOND]


def test_stopper_turns_equity_interest_into_principal() -> None:
    """What equity got of the first interest left for it is principal proceeds instead."""
    plain, result = run(), run(DISTRIBUTION_STOPPER={"oc_buffer": 9.0})
    proceeds = DEAL_COLUMNS.index("principal_proceeds")

    moved = result.deal[SECOND, proceeds] - plain.deal[SECOND, proceeds]

    assert equity_paid(result)[SECOND] == 0.0 < equity_paid(plain)[SECOND]
    assert moved == pytest.approx(equity_paid(plain)[SECOND], abs=1e-6)


def test_claw_back_releases_the_escrow_where_it_brings_the_hurdle() -> None:
    """Nothing is paid until the return with the escrow reaches the hurdle; then all of it is, and no cent is lost."""
    deal = plain_deal(
        incentive_fee=IncentiveFee(hurdle=5.0, share=0.2, payments=(SubNotePayment(CLOSING, -2_000_000.0),))
    )
    plain, result = run(deal), run(deal, EQUITY_CLAW_BACK={"hurdle": 0.10})
    first = int(np.flatnonzero(equity_paid(result))[0])
    days = [CLOSING, *result.dates.payment.tolist()]
    held = equity_paid(plain)

    def with_escrow(i: int) -> float:
        """Return in period i if what the periods before left for equity were paid on its date."""
        return xirr([CLOSING, days[i + 1]], [-2_000_000.0, held[:i].sum()]).value

    assert first > 0
    assert with_escrow(first) >= 0.10 > with_escrow(first - 1)
    assert equity_paid(result)[first] == pytest.approx(held[: first + 1].sum(), abs=1e-5)
    assert total_left(deal, result) == pytest.approx(0.0, abs=1e-5)


def test_claw_back_is_released_at_the_end_of_the_deal() -> None:
    """A hurdle that is never reached holds all cash until the last period pays it."""
    plain, result = run(), run(EQUITY_CLAW_BACK={"hurdle": 9.0})

    assert np.count_nonzero(equity_paid(result)) == 1
    assert equity_paid(result)[-1] + incentive_paid(result) == pytest.approx(
        equity_paid(plain).sum() + incentive_paid(plain), rel=1e-9
    )


def test_fee_deferral_leaves_the_junior_fee_owed() -> None:
    """Under a minimum that is never reached neither junior nor incentive fee is paid from interest."""
    result = run(MANAGEMENT_FEE_DEFERRAL={"minimum_irr": 9.0})
    fees = result.fees[:, JUNIOR]
    accrued, paid, unpaid = (FEE_COLUMNS.index(name) for name in ("accrued", "paid", "unpaid_end"))

    assert fees[:, paid].sum() == 0.0
    assert fees[-1, unpaid] == pytest.approx(fees[:, accrued].sum(), rel=1e-12)
    assert incentive_paid(result) == 0.0


def test_catch_up_ends_at_the_managers_part_of_all_profit() -> None:
    """Once the manager has caught up its fees are the share of all profit, here 20 %; without, they stay below."""
    deal = plain_deal(
        incentive_fee=IncentiveFee(hurdle=0.12, share=0.2, payments=(SubNotePayment(CLOSING, -6_000_000.0),))
    )
    plain, result = run(deal), run(deal, EQUITY_CATCH_UP={"kappa": 0.8})

    def part(outcome: DealResult) -> float:
        profit = equity_paid(outcome).sum() - 6_000_000.0 + incentive_paid(outcome)
        return incentive_paid(outcome) / float(profit)

    assert part(plain) < 0.19
    assert part(result) == pytest.approx(0.2, abs=1e-9)


def test_the_overlay_raises_the_base_fee_up_to_its_cap() -> None:
    """One per cent of a hundred million for a quarter is more than the cap of 1,000."""
    plain, result = run(), run(REINVESTMENT_OVERLAY={"rate": 0.01, "cap": 1000})

    assert accrued_base_fee(result) - accrued_base_fee(plain) == pytest.approx(1000.0, abs=1e-6)


def test_the_base_fee_takes_its_share_of_the_excess_spread() -> None:
    """A tenth of what the pool earns a year above its debt, less one per cent, on the basis of a fee of 15 bp."""
    plain, result = run(), run(EXCESS_SPREAD_CAPTURE={"strike": 0.01, "share": 0.1})
    pool, debt = plain.original_pool[SECOND] + plain.reinvested_pool[SECOND], plain.tranches[SECOND, :EQUITY]
    collected = (plain.dates.collection_end - plain.dates.collection_begin)[SECOND] / np.timedelta64(365, "D")
    earned = pool[POOL_COLUMNS.index("interest")] / collected / pool[POOL_COLUMNS.index("performing_begin")]
    balance = debt[:, TRANCHE_COLUMNS.index("balance_begin")]
    owed = debt[:, TRANCHE_COLUMNS.index("coupon")] @ balance / balance.sum()
    basis_years = accrued_base_fee(plain) / 0.0015

    assert earned - owed > 0.01
    assert accrued_base_fee(result) - accrued_base_fee(plain) == pytest.approx(
        (earned - owed - 0.01) * 0.1 * basis_years, rel=1e-9
    )


def test_a_call_before_its_date_needs_the_multiple() -> None:
    """Distributions are under the threshold from the start: the deal ends once receipts reach the multiple."""
    deal = plain_deal(call_threshold=9.0)
    plain, soon = run(deal), run(deal, CALL_PROTECTION_OVERRIDE={"moic": 0.0})
    late = run(deal, CALL_PROTECTION_OVERRIDE={"moic": 50.0})

    assert soon.last_period == 2
    assert late.last_period == plain.last_period > 2


def test_scenarios_run_with_the_same_features() -> None:
    """A scenario without shocks gives the totals of the single run."""
    chosen = configuration(**{**ALL, "INTEREST_RESERVE": {"target": 200000, "tranches": ["A"]}})
    deal = plain_deal()
    scenarios = [Scenario(name="base"), Scenario(name="stress", cdr_multiplier=3.0), Scenario(name="again")]
    many = run_many(deal, market(), AS_OF, scenarios, configuration=chosen)
    one = run_deal(deal, market(), AS_OF, configuration=chosen)

    assert many.incentive[0] == pytest.approx(incentive_paid(one), abs=1e-6)
    np.testing.assert_array_equal(many.principal[0], many.principal[2])
    np.testing.assert_allclose(many.principal[0], principal_paid(one).sum(axis=0), atol=1e-6)


def test_legacy_runs_take_no_features() -> None:
    """No feature is ever on in legacy mode."""
    chosen = configuration(EQUITY_CATCH_UP={"kappa": 0.8})

    with pytest.raises(InputError, match="CLO-1241"):
        run_deal(plain_deal(), market(), AS_OF, Mode.LEGACY.quirks, configuration=chosen)
