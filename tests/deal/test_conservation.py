"""Standard mode keeps every cent: what comes in is paid, reinvested or still there, in every period of every deal."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from engine.deal.contract import Deal
from engine.deal.results import (
    DEAL_COLUMNS,
    FEE_COLUMNS,
    INCENTIVE_COLUMNS,
    POOL_COLUMNS,
    TRANCHE_COLUMNS,
    DealResult,
)
from engine.deal.run import run_deal
from tests.deal.made_deals import AS_OF, CLASSES, deals, market, plain_deal

CASH = ("interest", "scheduled_principal", "unscheduled_principal", "recoveries", "sold")
PAYMENTS = ("interest_paid", "principal_paid", "deferred_interest_paid", "deferred_principal_paid")
CENT = 1e-6


def opening_cash(deal: Deal) -> float:
    return sum(account.interest + account.principal for account in deal.accounts)


def cash_in(result: DealResult) -> np.ndarray:
    """Cash that the collateral brings in each period."""
    columns = [POOL_COLUMNS.index(name) for name in CASH]
    return result.original_pool[:, columns].sum(axis=1) + result.reinvested_pool[:, columns].sum(axis=1)


def cash_out(result: DealResult) -> np.ndarray:
    """Cash that leaves in each period: fees, classes, manager, purchases."""
    return (
        result.fees[:, :, FEE_COLUMNS.index("paid")].sum(axis=1)
        + result.tranches[:, :, [TRANCHE_COLUMNS.index(name) for name in PAYMENTS]].sum(axis=(1, 2))
        + result.incentive[:, INCENTIVE_COLUMNS.index("fee_paid")]
        + result.deal[:, DEAL_COLUMNS.index("reinvested")]
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deal=deals())
def test_every_cent_is_accounted_for(deal: Deal) -> None:
    """In every period collections equal payments and purchases; only negative cash stays, in the Collection account."""
    result = run_deal(deal, market(), AS_OF)

    carried = opening_cash(deal)
    for collected, paid in zip(cash_in(result), cash_out(result), strict=True):
        left = carried + collected - paid
        assert left <= CENT
        carried = left if left < -CENT else 0.0
    assert result.failure is None
    assert carried == pytest.approx(sum(result.collection_end), abs=CENT)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deal=deals())
def test_balances_and_payments_are_never_negative(deal: Deal) -> None:
    """No class, fee or pool balance and no payment falls below zero."""
    result = run_deal(deal, market(), AS_OF)

    assert result.tranches.min() >= -CENT
    assert result.fees.min() >= -CENT
    assert result.original_pool[:, :3].min() >= -CENT
    assert result.reinvested_pool[:, :3].min() >= -CENT


@pytest.mark.parametrize("program", sorted(CLASSES))
def test_balances_roll_forward(program: str) -> None:
    """A class begins each period with what it had at the end of the one before."""
    result = run_deal(plain_deal(program), market(), AS_OF)

    begin, end = TRANCHE_COLUMNS.index("balance_begin"), TRANCHE_COLUMNS.index("balance_end")
    np.testing.assert_array_equal(result.tranches[1:, :, begin], result.tranches[:-1, :, end])


def test_order_of_holdings_does_not_matter() -> None:
    """The same positions in another order give the same payments."""
    deal = plain_deal()
    reversed_deal = plain_deal(holdings=tuple(reversed(deal.holdings)))

    result, other = run_deal(deal, market(), AS_OF), run_deal(reversed_deal, market(), AS_OF)

    np.testing.assert_allclose(result.tranches, other.tranches, rtol=1e-12, atol=1e-6)
