"""A simulated year of 200 swaps of all types ends with every amount accounted for (spec 07 §1, §26.1 items 4 to 7)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, getcontext
from itertools import pairwise
from typing import Any

import pytest

from db.settings import StorageSettings
from db.store import Store
from engine.payouts.enums import CashflowStatus, ContractType, DayCount, DividendType
from engine.payouts.terms.contract import Contract, Leg
from engine.payouts.terms.parties import Instrument
from tests.conftest import fresh_database
from tests.desk.swaps.simulated_market import Market, good_days
from tests.desk.swaps.simulated_year import N_CONTRACTS, YearLog, stored_year, weekdays, year_of

SEED = 2024
REPEATED = (date(2024, 3, 28), date(2024, 6, 12), date(2024, 7, 17), date(2024, 9, 30), date(2024, 12, 31))
"""Days that are run twice in a row: month ends, the split, the spin-off."""

REVISITED = (date(2024, 2, 14), date(2024, 7, 1), date(2024, 11, 29))
"""Days that are run again when the year is over."""

CENT = Decimal("0.01")
getcontext().prec = 40


@dataclass(frozen=True, slots=True)
class Finished:
    """The year when it is over."""

    store: Store
    market: Market
    contracts: Sequence[Contract]
    log: YearLog

    def rows(self, statement: str, *arguments: Any) -> list[tuple[Any, ...]]:
        with self.store.read() as work:
            return work.driver.execute(statement, arguments).fetchall()


@pytest.fixture(scope="module")
def finished(server_url: str, template_database: str, storage_settings: StorageSettings) -> Iterator[Finished]:
    with fresh_database(server_url, template_database) as url, closing(Store(storage_settings, url)) as store:
        with store.begin() as work:
            market, contracts = stored_year(work.payouts, SEED)
        year = year_of(store, market, contracts)
        year.run(list(weekdays()), REPEATED)
        for on in REVISITED:
            year.rerun(on)
        yield Finished(store, market, contracts, year.log)


def test_the_book_holds_every_type_of_contract(finished: Finished) -> None:
    """200 contracts of all eight types in three currencies were run, and every kind of amount was paid."""
    types = {contract.contract_type for contract in finished.contracts}
    currencies = {contract.settlement_currency for contract in finished.contracts}
    paid = {row[0] for row in finished.rows("SELECT DISTINCT cashflow_subtype FROM cashflows WHERE amount <> 0")}

    assert len(finished.contracts) == N_CONTRACTS
    assert types == set(ContractType)
    assert currencies == {"USD", "EUR", "GBP"}
    assert paid >= {
        *("PRICE_RETURN", "TOTAL_RETURN", "VARIANCE_RETURN", "VOLATILITY_RETURN", "CORRELATION_RETURN"),
        *("ORDINARY_DIVIDEND", "FIXED_INTEREST", "FLOATING_INTEREST", "UPFRONT_FEE", "TERMINATION_AMOUNT"),
    }


def test_nothing_was_refused_or_left_unvalued(finished: Finished) -> None:
    """No contract failed to compile, no flow lacked a fixing, no payment was refused."""
    assert finished.log.refused == []
    assert finished.log.missing == []


def test_the_year_had_its_incidents(finished: Finished) -> None:
    """Closings, increases, terminations, a novation, the split, the spin-off, deferrals and a failed payment."""
    kinds = {row[0] for row in finished.rows("SELECT DISTINCT event_type FROM business_events")}
    episodes = finished.rows("SELECT outcome, count(*) FROM cashflow_deferrals GROUP BY 1 ORDER BY 1")
    attempts = finished.rows("SELECT payment_status, count(*) FROM payments GROUP BY 1 ORDER BY 1")

    assert kinds == {
        *("PARTIAL_TERMINATION", "INCREASE", "TERMINATION", "NOVATION", "STOCK_SPLIT", "CORPORATE_ACTION"),
    }
    by_rule = finished.rows("SELECT count(*) FROM cashflow_deferrals WHERE deferral_rule_id IS NOT NULL")[0][0]

    assert by_rule > 0
    assert episodes == [("EXTENDED", 1), ("REALIZED", 2 + by_rule)]
    assert [status for status, _ in attempts] == ["COMPLETED", "FAILED"]
    assert dict(attempts)["FAILED"] == 1


def test_every_cashflow_has_come_to_its_end(finished: Finished) -> None:
    """All are settled, cancelled or adjusted."""
    ended = [CashflowStatus.REALIZED_SETTLED.value, CashflowStatus.CANCELLED.value, CashflowStatus.ADJUSTED.value]
    open_flows = finished.rows(
        "SELECT cashflow_reference, cashflow_status FROM cashflows WHERE cashflow_status <> ALL(%s)", ended
    )

    assert open_flows == []


def test_profit_and_loss_is_the_cash_that_was_settled(finished: Finished) -> None:
    """By contract and leg, the changes of unrealized P&L and what was realised sum to the settled cash, to 0.01."""
    differing = finished.rows(
        """
        WITH pnl AS (
            SELECT leg_id, unrealized_pnl_amount - coalesce(lag(unrealized_pnl_amount)
                       OVER (PARTITION BY leg_id ORDER BY valuation_date), 0) + realized_since_previous AS total
              FROM unrealized_pnl_timeseries),
        by_leg AS (SELECT leg_id, sum(total) AS total FROM pnl GROUP BY leg_id),
        cash AS (
            SELECT leg_id, sum(settlement_amount) AS settled FROM cashflows
             WHERE cashflow_status = 'REALIZED_SETTLED' GROUP BY leg_id)
        SELECT k.contract_reference, l.leg_number, p.total, c.settled
          FROM contract_legs l
          JOIN contracts k ON k.id = l.contract_id
          LEFT JOIN by_leg p ON p.leg_id = l.id
          LEFT JOIN cash c ON c.leg_id = l.id
         WHERE p.total IS NULL OR abs(p.total - coalesce(c.settled, 0)) > 0.01
        """
    )

    assert differing == []


def test_total_profit_and_loss_does_not_jump_at_a_reset(finished: Finished) -> None:
    """On no day is a leg's total P&L far from what the market moved it: 12 % of its exposure, 60 % for moments."""
    jumps = finished.rows(
        """
        WITH pnl AS (
            SELECT u.leg_id, u.valuation_date, u.price_pnl_amount, u.unrealized_pnl_amount - coalesce(
                       lag(u.unrealized_pnl_amount) OVER (PARTITION BY u.leg_id ORDER BY u.valuation_date), 0)
                       + u.realized_since_previous AS total
              FROM unrealized_pnl_timeseries u),
        exposure AS (
            SELECT leg_id, max(abs(a.notional_amount)) AS notional FROM daily_accruals a GROUP BY leg_id)
        SELECT k.contract_reference, l.leg_number, p.valuation_date, p.total, e.notional
          FROM pnl p
          JOIN exposure e ON e.leg_id = p.leg_id
          JOIN contract_legs l ON l.id = p.leg_id
          JOIN contracts k ON k.id = l.contract_id
         WHERE k.contract_type IN ('EQUITY_SWAP', 'TOTAL_RETURN_SWAP', 'CONTRACT_FOR_DIFFERENCE')
           AND abs(p.total) > 0.12 * e.notional
           AND NOT EXISTS (SELECT FROM cashflows c WHERE c.leg_id = p.leg_id AND c.cashflow_type = 'FEES')
        """
    )

    assert jumps == []


def test_days_sum_to_their_cashflow(finished: Finished) -> None:
    """R-3: the daily accruals of every cashflow sum to its amount, the last cumulative one is it."""
    differing = finished.rows(
        """
        SELECT c.cashflow_reference, c.amount, d.total, d.cumulative
          FROM cashflows c
          LEFT JOIN LATERAL (
              SELECT sum(a.daily_accrual_amount) AS total,
                     (array_agg(a.cumulative_accrual_amount ORDER BY a.accrual_date DESC))[1] AS cumulative
                FROM daily_accruals a WHERE a.cashflow_id = c.id) d ON true
         WHERE c.cashflow_status = 'REALIZED_SETTLED' AND c.cashflow_type <> 'ADJUSTMENT'
           AND (d.total IS DISTINCT FROM c.amount OR d.cumulative IS DISTINCT FROM c.amount)
        """
    )

    assert differing == []


def test_factors_sum_to_the_year_fraction(finished: Finished) -> None:
    """ACT/360 and ACT/365: the accrual factors of every interest period sum to days over basis."""
    differing = finished.rows(
        """
        SELECT c.cashflow_reference, sum(a.accrual_factor), c.accrual_end_date - c.accrual_start_date, i.day_count
          FROM cashflows c
          JOIN interest_rate_payouts i ON i.id = c.interest_rate_payout_id
          JOIN daily_accruals a ON a.cashflow_id = c.id
         WHERE c.cashflow_type = 'INTEREST' AND i.day_count IN ('ACT/360', 'ACT/365.FIXED')
         GROUP BY c.id, i.day_count
        HAVING abs(sum(a.accrual_factor) - (c.accrual_end_date - c.accrual_start_date)::numeric
                   / CASE i.day_count WHEN 'ACT/360' THEN 360 ELSE 365 END) > 1e-14
        """
    )

    assert differing == []


def test_components_sum_to_the_unrealized_amount(finished: Finished) -> None:
    """Price, dividend, interest, FX and other are the unrealized P&L to the last digit; other is what fees are."""
    differing = finished.rows(
        """
        SELECT leg_id, valuation_date FROM unrealized_pnl_timeseries
         WHERE price_pnl_amount + dividend_pnl_amount + interest_pnl_amount + fx_pnl_amount + other_pnl_amount
               <> unrealized_pnl_amount
        """
    )
    unexplained = finished.rows(
        """
        SELECT u.leg_id, u.valuation_date, u.other_pnl_amount FROM unrealized_pnl_timeseries u
         WHERE abs(u.other_pnl_amount) > 4e-10
           AND NOT EXISTS (SELECT FROM cashflows c WHERE c.leg_id = u.leg_id AND c.cashflow_type = 'FEES')
        """
    )

    assert differing == []
    assert unexplained == []


def test_payments_are_the_cashflows_they_net(finished: Finished) -> None:
    """By pair of parties, currency and date of netting: completed payments sum to the settled cashflows."""
    differing = finished.rows(
        """
        WITH flows AS (
            SELECT least(c.payer_party_id, c.receiver_party_id) AS one,
                   greatest(c.payer_party_id, c.receiver_party_id) AS other, c.currency, n.netting_date AS due,
                   sum(CASE WHEN c.payer_party_id < c.receiver_party_id THEN 1 ELSE -1 END * abs(c.settlement_amount))
                       AS net
              FROM cashflows c
              JOIN netting_cashflow_mapping m ON m.cashflow_id = c.id AND m.is_live
              JOIN netting_instructions n ON n.id = m.netting_instruction_id
             WHERE c.cashflow_status = 'REALIZED_SETTLED' GROUP BY 1, 2, 3, 4),
        paid AS (
            SELECT least(p.payer_party_id, p.receiver_party_id) AS one,
                   greatest(p.payer_party_id, p.receiver_party_id) AS other, p.payment_currency AS currency,
                   n.netting_date AS due,
                   sum(CASE WHEN p.payer_party_id < p.receiver_party_id THEN 1 ELSE -1 END * p.payment_amount) AS net
              FROM payments p JOIN netting_instructions n ON n.id = p.netting_instruction_id
             WHERE p.payment_status = 'COMPLETED' GROUP BY 1, 2, 3, 4)
        SELECT one, other, currency, due, f.net, p.net FROM flows f FULL JOIN paid p USING (one, other, currency, due)
         WHERE coalesce(f.net, 0) <> coalesce(p.net, 0)
        """
    )
    unpaid = finished.rows(
        "SELECT cashflow_reference FROM cashflows c WHERE cashflow_status = 'REALIZED_SETTLED' AND NOT EXISTS"
        " (SELECT FROM netting_cashflow_mapping m WHERE m.cashflow_id = c.id AND m.is_live)"
    )

    assert differing == []
    assert unpaid == []


def test_running_a_day_again_changes_no_row(finished: Finished) -> None:
    """Neither on the day itself nor when the year is over."""
    assert finished.log.repeated == []


def test_nothing_had_to_be_corrected(finished: Finished) -> None:
    """No fixing was revised, so no realised amount came out differently later."""
    assert finished.log.corrected == []
    assert finished.rows("SELECT cashflow_reference FROM cashflows WHERE cashflow_type = 'ADJUSTMENT'") == []


# Recomputed from the fixings, in decimals


def test_cash_is_what_the_fixings_say(finished: Finished) -> None:
    """Of 30 contracts to which nothing happened, the cash is that of a reference calculation in decimals."""
    eventful = {
        row[0]
        for row in finished.rows(
            "SELECT k.contract_reference FROM business_events e JOIN contracts k ON k.id = e.contract_id"
        )
    }
    settled = dict(
        finished.rows(
            "SELECT k.contract_reference, sum(c.settlement_amount) FROM cashflows c"
            " JOIN contracts k ON k.id = c.contract_id GROUP BY 1"
        )
    )
    quiet = [one for one in finished.contracts if one.contract_reference not in eventful and _is_simple(one)]
    differing = {
        one.contract_reference: (settled[one.contract_reference], cash)
        for one in quiet
        if (cash := _cash(one, finished.market)) != settled[one.contract_reference]
    }

    assert len(quiet) >= 30
    assert differing == {}


_SIMPLE = (
    "USD-TOTAL-RETURN-",
    "INDEX-PRICE-RETURN-",
    "CONTRACT-FOR-DIFFERENCE-",
    "COMPOSITE-",
    "VOLATILITY-",
    "QUANTO-",
)


def _is_simple(contract: Contract) -> bool:
    return contract.contract_reference.startswith(_SIMPLE)


def _cash(contract: Contract, market: Market) -> Decimal:
    """All amounts of a contract with one share or index, each rounded to cents."""
    leg = contract.legs[0]
    amounts = [contract.sign(leg) * amount for amount in _equity(contract, leg, market)]
    for funding in contract.legs[1:]:
        amounts += [contract.sign(funding) * amount for amount in _interest(contract, funding, market)]
    return sum((amount.quantize(CENT, ROUND_HALF_UP) for amount in amounts), Decimal(0))


def _equity(contract: Contract, leg: Leg, market: Market) -> list[Decimal]:
    payout = leg.performance
    assert payout is not None
    if payout.returns.volatility is not None:
        return [_volatility_payoff(leg, market)]
    units = _decimal(leg.lots[0].opened_quantity)
    worth = [units * price for price in _resets(leg, market)]
    paid = [end - start for start, end in pairwise(worth)]
    return paid + [units * amount for amount in _dividends(leg, market)]


def _valuations(leg: Leg) -> list[date]:
    assert leg.performance is not None
    return sorted(day.adjusted_date for line in leg.performance.valuation_schedules for day in line.dates)


def _resets(leg: Leg, market: Market) -> list[Decimal]:
    """The agreed price and the closes of all later valuations, in the currency of settlement."""
    days = _valuations(leg)
    closes = market.prices[_share(leg).reference]
    prices = [_decimal(leg.lots[0].initial_price), *(_decimal(closes[on]) for on in days[1:])]
    return [price * _fx(leg, on, market) for price, on in zip(prices, days, strict=True)]


def _fx(leg: Leg, on: date, market: Market) -> Decimal:
    assert leg.performance is not None
    if not leg.performance.fx_features:
        return Decimal(1)
    agreed = leg.performance.fx_features[0].quanto_fx_rate
    pair = (_share(leg).currency or "", leg.performance.settlement_currency or "")
    return _decimal(market.fx[pair][on]) if agreed is None else _decimal(agreed)


def _share(leg: Leg) -> Instrument:
    assert leg.performance is not None
    assert leg.performance.underlier.instrument is not None
    return leg.performance.underlier.instrument


def _dividends(leg: Leg, market: Market) -> list[Decimal]:
    """Net dividends per unit with an ex-date after the first and up to the last valuation, at the FX of the ex-date."""
    assert leg.performance is not None
    terms, days = leg.performance.returns.dividend, _valuations(leg)
    if terms is None:
        return []
    return [
        _decimal(one.gross_amount) * _decimal(terms.dividend_payout_ratio) * _fx(leg, one.ex_date, market)
        for one in market.dividends
        if one.instrument_reference == _share(leg).reference
        and days[0] < one.ex_date <= days[-1]
        and (terms.special_dividends or one.dividend_type is not DividendType.SPECIAL)
    ]


def _interest(contract: Contract, funding: Leg, market: Market) -> list[Decimal]:
    """Units at the last reset before each period, times its rate and spread."""
    payout, leg = funding.interest, contract.legs[0]
    assert payout is not None
    resets = list(zip(_valuations(leg), _resets(leg, market), strict=True))
    amounts = []
    for period in payout.calculation_periods:
        start, end = period.adjusted_start, period.adjusted_end
        price = [price for on, price in resets if on <= start][-1]
        notional = _decimal(leg.lots[0].opened_quantity) * price
        if payout.fixed_rate is not None:
            rate = _decimal(payout.fixed_rate)
        else:
            rate = _compounded(market.rates[payout.floating_rate_index or "", ""], start, end)
        amounts.append(notional * (rate + _decimal(payout.spread)) * _year_fraction(payout.day_count, start, end))
    return amounts


def _year_fraction(day_count: DayCount, start: date, end: date) -> Decimal:
    if day_count is DayCount.ACT_360:
        return Decimal((end - start).days) / 360
    first = min(start.day, 30)
    last = 30 if end.day == 31 and first == 30 else end.day
    return Decimal(360 * (end.year - start.year) + 30 * (end.month - start.month) + last - first) / 360


def _compounded(rates: Mapping[date, float], start: date, end: date) -> Decimal:
    """SOFR in arrears: each published rate for the days up to the next one, cut to the period at both ends."""
    growth = Decimal(1)
    on = start
    while on < end:
        published = max(day for day in rates if day <= on)
        following = min(end, *(day for day in rates if day > on))
        growth *= 1 + _decimal(rates[published]) * (following - on).days / 360
        on = following
    return (growth - 1) * 360 / (end - start).days


def _volatility_payoff(leg: Leg, market: Market) -> Decimal:
    """Mean-adjusted: 252 days a year, over one day less than there were; the vega notional is that of a point."""
    assert leg.performance is not None
    assert leg.performance.returns.volatility is not None
    terms, (first, last) = leg.performance.returns.volatility, _valuations(leg)
    closes = market.prices[_share(leg).reference]
    prices = [_decimal(closes[on]) for on in good_days(first, last, *_observed(leg))]
    returns = [(after / before).ln() for before, after in pairwise(prices)]
    n = len(returns)
    variance = Decimal(252) / (n - 1) * (sum(r * r for r in returns) - sum(returns) ** 2 / n)
    vega = _decimal(terms.vega_notional_amount) * 100
    return vega * (variance.sqrt() - _decimal(terms.volatility_strike_price))


def _observed(leg: Leg) -> tuple[str, ...]:
    """Where the closes are observed: the centers of the final valuation."""
    assert leg.performance is not None
    return leg.performance.valuation_schedules[-1].business_centers


def _decimal(value: float | None) -> Decimal:
    return Decimal(repr(value))
