"""One and three loans in default, to the cent: when it happens, what is lost of interest and when it is recovered."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.collateral.assumptions import AssetAssumptions
from engine.collateral.holding import Holding
from engine.conventions.days import day_array
from engine.deal.contract import Deal
from engine.deal.resolve import resolve
from engine.deal.results import POOL_COLUMNS, DealResult
from engine.deal.simulation import DealSimulation, PathRunner
from engine.modes import Quirk, Quirks
from engine.rating_migration.fields import DEFAULTED, MATURED
from engine.waterfall.library import load_program
from tests.deal.made_deals import AS_OF, loan, market, plain_deal

B = 14
GRID = day_array([date(2016 + m // 12, m % 12 + 1, 23) for m in range(2, 2 + 3 * 9, 3)])
CENT = 0.005
QUARTER = 15_000.0
"""Interest of 6 % on a million over 90 days of a 360-day year."""


def fixed_loan(number: int = 0, *, par: float = 1_000_000.0, lag: float = 6.0, severity: float = 0.4) -> Holding:
    """6 % paid on the 15th of January, April, July and October until 15 April 2017."""
    return loan(
        number,
        par,
        months=12,
        assumptions=AssetAssumptions(cdr=0.5, severity=severity, recovery_lag_months=lag),
        coupon_type="FIXED",
        coupon=0.06,
        day_count="30/360",
        maturity=date(2017, 4, 15),
        dated_date=date(2015, 4, 15),
        first_payment_date=date(2015, 7, 15),
    )


def deal_of(*holdings: Holding) -> Deal:
    """A deal that buys nothing and is not called."""
    terms = replace(plain_deal().reinvestment, pre_type="NONE", post_type="NONE")
    return plain_deal(holdings=holdings, reinvestment=terms, accounts=(), purchased_accrued_interest=0.0)


def run_path(deal: Deal, first_default: dict[int, int], quirks: Quirks = frozenset()) -> DealResult:
    """The deal with some loans first seen in default on a grid date, by position."""
    base = market()
    ready = resolve(deal, load_program(deal.program, quirks), base.calendar, (base.curve,), AS_OF, quirks)
    states = np.full((GRID.shape[0], len(deal.holdings), 1), B, dtype=np.uint8)
    states[5:] = MATURED
    for position, t in first_default.items():
        states[t:, position] = DEFAULTED
    ids = {holding.asset.blkrock_id: i for i, holding in enumerate(deal.holdings)}
    return PathRunner(DealSimulation.of(ready, GRID, ids)).replay(states, 0)


def by_period(result: DealResult, column: str) -> dict[str, float]:
    """The amounts of a pool column that are not nothing, by the end of their collection period."""
    amounts = result.original_pool[:, POOL_COLUMNS.index(column)]
    ends = result.dates.collection_end
    return {str(ends[i]): pytest.approx(float(amounts[i]), abs=CENT) for i in np.flatnonzero(np.abs(amounts) > CENT)}


def test_a_loan_defaults_on_its_first_payment_date_after_the_default_was_seen() -> None:
    """Seen on 23 June 2016: the payment of 15 July defaults without interest, and 60 % comes in on 16 January 2017."""
    result = run_path(deal_of(fixed_loan()), {0: 1})

    assert by_period(result, "interest") == {"2016-07-05": QUARTER}
    assert by_period(result, "default") == {"2016-10-05": 1_000_000.0}
    assert by_period(result, "recoveries") == {"2017-04-05": 600_000.0}
    assert by_period(result, "net_loss") == {"2017-04-05": 400_000.0}
    assert by_period(result, "scheduled_principal") == {}


def test_by_accrual_begin_the_same_default_counts_a_period_earlier() -> None:
    """The legacy model books it when the accrual period of the July payment begins; cash does not move (Q20)."""
    result = run_path(deal_of(fixed_loan()), {0: 1}, frozenset({Quirk.DEFAULT_AT_ACCRUAL_BEGIN}))

    assert by_period(result, "default") == {"2016-07-05": 1_000_000.0}
    assert by_period(result, "recoveries") == {"2017-04-05": 600_000.0}


def test_a_default_before_the_first_payment_pays_no_interest_at_all() -> None:
    """In default on the first grid date without having been flagged: nothing but the recovery, two payments later."""
    result = run_path(deal_of(fixed_loan()), {0: 0})

    assert by_period(result, "interest") == {}
    assert by_period(result, "default") == {"2016-07-05": 1_000_000.0}
    assert by_period(result, "recoveries") == {"2017-01-04": 600_000.0}


def test_a_default_in_the_stub_takes_the_last_payment_and_recovers_after_maturity() -> None:
    """Alive on 23 March 2017, due on 17 April, in default by 23 June: no repayment, 60 % six months after maturity."""
    result = run_path(deal_of(fixed_loan()), {0: 5})

    assert sum(by_period(result, "interest")[end].expected for end in by_period(result, "interest")) == pytest.approx(
        QUARTER * 2 + 1_000_000.0 * 0.06 * (92 + 89) / 360, abs=CENT
    )
    assert by_period(result, "scheduled_principal") == {}
    assert by_period(result, "default") == {"2017-07-05": 1_000_000.0}
    assert by_period(result, "recoveries") == {"2018-01-03": 600_000.0}


def test_a_lag_of_a_year_half_a_year_before_maturity_recovers_in_full() -> None:
    """T12: a default on 17 October 2016 under a lag of 12 months is recovered after 15 April 2017, (1 - severity) B."""
    result = run_path(deal_of(fixed_loan(lag=12.0)), {0: 2})

    assert by_period(result, "default") == {"2017-01-04": 1_000_000.0}
    assert by_period(result, "recoveries") == {"2018-01-03": 600_000.0}
    assert by_period(result, "net_loss") == {"2018-01-03": 400_000.0}


def test_without_a_lag_default_and_recovery_fall_on_one_day() -> None:
    """Default, recovery and loss belong to the period of the July payment."""
    result = run_path(deal_of(fixed_loan(lag=0.0)), {0: 1})

    for column, amount in (("default", 1_000_000.0), ("recoveries", 600_000.0), ("net_loss", 400_000.0)):
        assert by_period(result, column) == {"2016-10-05": amount}


def test_three_loans_add_up() -> None:
    """One repays, one defaults in July, one in the stub: interest, principal, recoveries and losses are the sums."""
    deal = deal_of(fixed_loan(0), fixed_loan(1, par=2_000_000.0), fixed_loan(2, par=4_000_000.0, severity=0.75))
    result = run_path(deal, {1: 1, 2: 5})

    assert by_period(result, "interest")["2016-07-05"] == 7 * QUARTER
    assert by_period(result, "interest")["2016-10-05"] == 5 * QUARTER
    assert by_period(result, "scheduled_principal") == {"2017-07-05": 1_000_000.0}
    assert by_period(result, "default") == {"2016-10-05": 2_000_000.0, "2017-07-05": 4_000_000.0}
    assert by_period(result, "recoveries") == {"2017-04-05": 1_200_000.0, "2018-01-03": 1_000_000.0}


def test_classes_that_receive_nothing_lose_all() -> None:
    """Everything defaults before its first payment and recovers nothing: balance and deferred interest are lost."""
    deal = deal_of(fixed_loan(severity=1.0))
    base = market()
    ready = resolve(deal, load_program(deal.program, frozenset()), base.calendar, (base.curve,), AS_OF)
    states = np.full((GRID.shape[0], 1, 1), DEFAULTED, dtype=np.uint8)

    found = PathRunner(DealSimulation.of(ready, GRID, {deal.holdings[0].asset.blkrock_id: 0})).run(states)

    assert found.loss[0, :2].tolist() == [62_000_000.0, 5_200_000.0]
    assert (found.loss_fraction[0, 2:6] > 1.0).all()
    assert found.loss[0, -1] == 0.0
    assert np.isnan(found.yield_at_price[0]).all()
    assert np.isnan(found.equity_irr[0])
    assert found.equity_multiple[0] == 0.0
    assert found.last_paid[0].tolist() == [0] * 7
    assert found.oc_first_breach[0, 0] == 1


def test_the_return_of_the_sub_notes_is_that_of_their_payments() -> None:
    """Discounted at the rate found, on days over 365, their payments are worth their price."""
    deal = deal_of(*(fixed_loan(i, par=20_000_000.0) for i in range(6)))
    base = market()
    ready = resolve(deal, load_program(deal.program, frozenset()), base.calendar, (base.curve,), AS_OF)
    runner = PathRunner(
        DealSimulation.of(ready, GRID, {holding.asset.blkrock_id: i for i, holding in enumerate(deal.holdings)})
    )
    states = np.full((GRID.shape[0], 6, 1), B, dtype=np.uint8)

    found, result = runner.run(states), runner.replay(states, 0)
    paid = result.tranche("Sub Notes", "interest_paid") + result.tranche("Sub Notes", "principal_paid")
    years = (result.dates.payment - np.datetime64(AS_OF)).astype(float) / 365.0
    worth = (paid / (1.0 + found.equity_irr[0]) ** years).sum()
    assert worth == pytest.approx(0.8 * 12_000_000.0, rel=1e-9)
    assert found.equity_multiple[0] == pytest.approx(paid.sum() / (0.8 * 12_000_000.0), rel=1e-12)
