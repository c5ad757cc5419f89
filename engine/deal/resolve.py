"""From a deal's contract to the arrays its scenarios run on: dates, year fractions, rates, policies (spec 02 §2, §5).

Nothing here depends on a scenario's credit shocks; everything that the legacy model did differently is settled here, as
another array, another program or a policy bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from engine.analytics.kernels import compounding_periods
from engine.collateral.assumptions import Reinvestment, ReinvestmentType
from engine.collateral.layout import PoolLayout, default_rows, interest_factors, lay_out_pool
from engine.collateral.periods import CollectionPeriods
from engine.collateral.rates import annual_rates
from engine.collateral.ratings import is_ccc_or_worse, rating_on
from engine.conventions.business_day import parse_business_day_convention
from engine.conventions.calendar import Calendar
from engine.conventions.day_count import DayCount, parse_day_count
from engine.conventions.days import day_number, to_date, to_dates
from engine.conventions.kernels import days360_us, year_fraction
from engine.conventions.schedule import DealSchedule, DealScheduleTerms, deal_schedule
from engine.deal.contract import AccountNumber, Deal
from engine.deal.kernels import DealPolicy, DealTerms, ReinvestedCash
from engine.deal.kernels_metrics import Measured, MetricTerms
from engine.deal.kernels_risk import FREQUENCY, RiskTerms
from engine.deal.kernels_scenarios import Collateral, Curves, DealArrays, Opening, Purchases
from engine.errors import InputError
from engine.liabilities.opening import OpeningPosition, hurdle_growth, liability_terms, opening_position
from engine.liabilities.terms import SubNotePayment
from engine.market.curve import IndexCurve
from engine.modes import Quirk, Quirks
from engine.waterfall.compiler import Waterfall, compile_program
from engine.waterfall.configuration import NO_CONFIGURATION, Configuration, ConfiguredWaterfall, configured
from engine.waterfall.program import Metric, Program

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedDeal:
    """A deal ready for its kernels: the arrays, and what is needed to put names and dates on the results.

    default_row (1, A): first row with a default rating of each asset. sub_note_payments: the history that counts.
    """

    deal: Deal
    as_of: date
    schedule: DealSchedule
    layout: PoolLayout
    waterfall: Waterfall
    arrays: DealArrays
    default_row: Ints
    sub_note_payments: tuple[SubNotePayment, ...]


def resolve(
    deal: Deal,
    program: Program,
    calendar: Calendar,
    curves: Sequence[IndexCurve],
    as_of: date,
    quirks: Quirks = frozenset(),
    configuration: Configuration = NO_CONFIGURATION,
) -> ResolvedDeal:
    """Resolve a deal against its calendar and index curves; scenarios choose among the curves by position.

    configuration: features and fees that take the place of the deal's own.

    Raises InputError for dates, rates or terms that cannot be used, ProgramError for a program that does not fit.
    """
    chosen = configured(program, deal.fees, deal.incentive_fee, configuration)
    deal = replace(deal, fees=chosen.fees, incentive_fee=chosen.incentive_fee)
    schedule = _schedule(deal, as_of, calendar, quirks)
    periods = _collection_periods(schedule, as_of, quirks)
    layout = lay_out_pool(deal.holdings, as_of, calendar, quirks, periods=periods)
    waterfall = compile_program(
        chosen.program,
        deal.tranches,
        deal.fees,
        interest_diversion_trigger=deal.interest_diversion_trigger,
        event_of_default_trigger=deal.event_of_default_trigger,
        quirks=quirks,
    )
    opening = opening_position(deal.incentive_fee, deal.dates.closing, as_of, quirks)
    arrays = DealArrays(
        collateral=_collateral(layout, curves, quirks),
        purchases=_purchases(deal.reinvestment, deal.dates.months_between_payments, schedule, curves, quirks),
        curves=_curves(deal, schedule, curves, as_of),
        deal=_terms(deal, schedule, layout, quirks),
        liability=chosen.terms(
            liability_terms(
                deal.tranches,
                deal.fees,
                incentive_share=deal.incentive_fee.share,
                oc_triggers=waterfall.oc_triggers,
                ic_triggers=waterfall.ic_triggers,
                quirks=quirks,
            )
        ),
        program=waterfall.compiled,
        opening=Opening(
            float(opening.discounted_payments),
            float(opening.is_reached),
            float(opening.receipts),
            float(opening.contributions),
        ),
        risk=_risk(deal, schedule, as_of, quirks),
        metrics=_metrics(chosen, schedule, periods, opening),
    )
    return ResolvedDeal(
        deal=deal,
        as_of=as_of,
        schedule=schedule,
        layout=layout,
        waterfall=waterfall,
        arrays=arrays,
        default_row=default_rows(layout).reshape(1, -1),
        sub_note_payments=opening.payments,
    )


_MEASURED = {
    Metric.IRR: Measured.IRR,
    Metric.PRO_FORMA_IRR: Measured.PRO_FORMA_IRR,
    Metric.MOIC: Measured.MOIC,
    Metric.SPREAD: Measured.SPREAD,
}


def _metrics(
    chosen: ConfiguredWaterfall, schedule: DealSchedule, periods: CollectionPeriods, opening: OpeningPosition
) -> MetricTerms:
    """What the deal measures for its features: nothing without them."""
    measured = sum(int(bit) for metric, bit in _MEASURED.items() if metric in chosen.metrics)
    payments = opening.payments if measured else ()
    years = np.zeros(schedule.payment.shape[0])
    years[1:] = (periods.end - periods.begin) / 365.0
    return MetricTerms(
        measured=measured,
        opening_day=np.array([day_number(payment.on) for payment in payments], dtype=np.int64),
        opening_amount=np.array([payment.amount for payment in payments], dtype=np.float64),
        collection_years=years,
        call_multiple=np.inf if chosen.call_protection is None else float(chosen.call_protection),
    )


def _schedule(deal: Deal, as_of: date, calendar: Calendar, quirks: Quirks) -> DealSchedule:
    dates = deal.dates
    terms = DealScheduleTerms(
        closing=dates.closing,
        first_payment=dates.first_payment,
        maturity=dates.maturity,
        payment_day=dates.payment_day,
        months_between_payments=dates.months_between_payments,
        interest_determination_days=dates.interest_determination_days,
        determination_days=dates.determination_days,
        convention=parse_business_day_convention(dates.business_day_convention, quirks),
    )
    return deal_schedule(terms, as_of, calendar, quirks)


def _collection_periods(schedule: DealSchedule, as_of: date, quirks: Quirks) -> CollectionPeriods:
    """Collection periods; the first takes all cash since the analysis date, even before closing.

    Legacy mode starts at closing: assets still shrink by what they pay before, but nobody receives the cash.
    """
    begin = schedule.collection_begin[1:].copy()
    if Quirk.CASH_BEFORE_FIRST_PERIOD_LOST not in quirks:
        begin[0] = min(begin[0], day_number(as_of))
    return CollectionPeriods(begin, schedule.collection_end[1:])


def accrual_begins(schedule: DealSchedule, closing: date) -> Ints:
    """Day each period's accrual begins, (N + 1,): the payment before, or closing; entry 0 is not used."""
    begins = np.empty_like(schedule.payment)
    begins[1:] = schedule.payment[:-1]
    if not schedule.has_previous_payment:
        begins[1] = day_number(closing)
    begins[0] = begins[1]
    return begins


def _years(schedule: DealSchedule, closing: date, codes: Sequence[int]) -> Floats:
    """Accrual period of every period on each day count, (N + 1, number of codes) years; row 0 zero."""
    begins = accrual_begins(schedule, closing)
    years = np.zeros((schedule.payment.shape[0], len(codes)))
    for column, code in enumerate(codes):
        for i in range(1, years.shape[0]):
            years[i, column] = year_fraction(begins[i], schedule.payment[i], code)
    return years


def _terms(deal: Deal, schedule: DealSchedule, layout: PoolLayout, quirks: Quirks) -> DealTerms:
    dates, payment = deal.dates, schedule.payment.copy()
    payment[0] = 0
    growth = np.ones(payment.shape[0])
    growth[1:] = hurdle_growth(deal.incentive_fee.hurdle, dates.closing, to_dates(payment[1:]))
    cash = {account.number: account for account in deal.accounts}

    def account_cash(number: AccountNumber) -> tuple[float, float]:
        account = cash.get(number)
        return (account.interest, account.principal) if account else (0.0, 0.0)

    collection = account_cash(AccountNumber.COLLECTION)
    terms, ccc = deal.reinvestment, _ccc_terms(deal, schedule, layout, quirks)
    # One type a member, whatever the input files hold: each combination of types would be compiled anew.
    return DealTerms(
        payment_day=payment,
        tranche_years=_years(schedule, dates.closing, [_code(t.day_count, quirks) for t in deal.tranches]),
        fee_years=_years(schedule, dates.closing, [_code(fee.day_count, quirks) for fee in deal.fees]),
        growth=growth,
        is_reinvesting=payment <= day_number(dates.reinvestment_end),
        is_before_maturity=payment < day_number(dates.maturity),
        is_callable=payment >= day_number(dates.no_call),
        interest_cash=float(collection[0]),
        principal_cash=float(collection[1] + account_cash(AccountNumber.RAMP_UP)[1]),
        reserve_cash=float(account_cash(AccountNumber.INTEREST_RESERVE)[1]),
        accrued_interest=float(deal.purchased_accrued_interest),
        opening_fee_basis=float(deal.opening_fee_basis),
        call_threshold=float(deal.call_threshold),
        liquidation_price=float(deal.liquidation_price),
        equity_balance=float(_equity_balance(deal)),
        pre_cash=int(_reinvested_cash(terms.pre_type)),
        pre_fraction=float(terms.pre_fraction),
        post_cash=int(_reinvested_cash(terms.post_type)),
        post_fraction=float(terms.post_fraction),
        is_event_of_default=bool(deal.is_event_of_default),
        ccc_limit=float(deal.ccc_limit),
        is_ccc=ccc.is_ccc,
        is_caa=ccc.is_caa,
        ccc_value=ccc.value,
        dearest_first=ccc.dearest_first,
        ccc_price=float(deal.ccc_liquidation_price),
        policy=_policy(quirks),
    )


def _code(day_count: str, quirks: Quirks) -> int:
    return int(parse_day_count(day_count, quirks))


def _equity_balance(deal: Deal) -> float:
    equity = [tranche for tranche in deal.tranches if tranche.is_equity]
    if len(equity) != 1 or equity[0].original_balance <= 0.0:
        raise InputError(
            "CLO-1301",
            f"{deal.name} has {len(equity)} equity tranches with a balance",
            where=f"the tranches of {deal.name}",
            remedy="Mark exactly one class as equity and give its original balance.",
        )
    return equity[0].original_balance


def _reinvested_cash(text: str) -> ReinvestedCash:
    known = {
        ReinvestmentType.ALL_PRINCIPAL: ReinvestedCash.ALL_PRINCIPAL,
        ReinvestmentType.UNSCHEDULED_PRINCIPAL: ReinvestedCash.UNSCHEDULED_PRINCIPAL,
    }
    return known.get(text.strip().upper(), ReinvestedCash.NONE)


_POLICY_OF_QUIRK = {
    Quirk.LIQUIDATION_KEEPS_ASSET_ROWS: DealPolicy.CASH_AFTER_LIQUIDATION,
    Quirk.EVENT_OF_DEFAULT_NOT_STICKY: DealPolicy.EVENT_OF_DEFAULT_ENDS,
    Quirk.LAST_PERIOD_ONLY_WHEN_EXHAUSTED: DealPolicy.NO_LIQUIDATION_OF_ONE_PERIOD,
    Quirk.NEGATIVE_CASH_ABSORBED: DealPolicy.NEGATIVE_CASH_ABSORBED,
    Quirk.CCC_EXCESS_WHOLE_POOL: DealPolicy.WHOLE_POOL_HAIRCUT,
}


def _policy(quirks: Quirks) -> int:
    return sum(bit for quirk, bit in _POLICY_OF_QUIRK.items() if quirk in quirks)


@dataclass(frozen=True, slots=True)
class _CccTerms:
    is_ccc: Flags
    is_caa: Flags
    value: Floats
    dearest_first: Ints


def _ccc_terms(deal: Deal, schedule: DealSchedule, layout: PoolLayout, quirks: Quirks) -> _CccTerms:
    """Which assets are CCC or Caa at each collection end, and what they are worth (spec 02 §4.3)."""
    n_rows, n_lanes = schedule.payment.shape[0], layout.n_assets
    is_ccc, is_caa = np.zeros((n_rows, n_lanes), np.bool_), np.zeros((n_rows, n_lanes), np.bool_)
    value = np.empty(n_lanes)
    for lane, holding in enumerate(layout.holdings):
        asset = holding.asset
        for flags, current, history, finds_exact_day in (
            (is_ccc, asset.sp_rating, holding.sp_rating_history, True),
            (is_caa, asset.mdy_rating, holding.moodys_rating_history, False),
        ):
            if not history:
                flags[:, lane] = is_ccc_or_worse(current, quirks)
                continue
            for i in range(1, n_rows):
                on = to_date(schedule.collection_end[i])
                rating = rating_on(current, history, on, quirks, finds_exact_day=finds_exact_day)
                flags[i, lane] = is_ccc_or_worse(rating, quirks)
        has_market_value = asset.market_value is not None and asset.market_value > 0.0
        value[lane] = (asset.market_value or 0.0) / 100.0 if has_market_value else deal.ccc_liquidation_price
    return _CccTerms(is_ccc, is_caa, value, np.argsort(-value, kind="stable"))


def _collateral(layout: PoolLayout, curves: Sequence[IndexCurve], quirks: Quirks) -> Collateral:
    n = layout.n_interest_periods
    if layout.periods is None:
        raise AssertionError("a deal's pool is laid out by its periods")
    return Collateral(
        grid=layout.grid,
        recoveries=layout.recoveries,
        periods=layout.periods,
        cpr_entries=layout.cpr_entries,
        cdr_entries=layout.cdr_entries,
        severity_entries=layout.severity_entries,
        cpr_annual=annual_rates(layout.cpr.rates, n, quirks),
        cdr_annual=annual_rates(layout.cdr.rates, n, quirks),
        severity_annual=annual_rates(layout.severity.rates, n, quirks),
        interest_factor=np.stack([interest_factors(layout, curve) for curve in curves]),
    )


def _purchases(
    terms: Reinvestment, months: int, schedule: DealSchedule, curves: Sequence[IndexCurve], quirks: Quirks
) -> Purchases:
    """Reinvestment terms on the deal's own payment dates (spec 01 §5.3): interval j runs from payment j to j + 1."""
    if terms.price <= 0.0:
        raise InputError(
            "CLO-1302",
            f"Reinvestment price {terms.price} is not above 0",
            where="the reinvestment terms",
            remedy="Give it as a fraction of par, for example 0.995.",
        )
    n_periods = schedule.n_periods
    n_terms = round(terms.maturity_months / months)
    days, years = np.zeros(n_periods + 2, dtype=np.int64), np.zeros(n_periods + 2)
    for j in range(1, n_periods):
        days[j] = days360_us(schedule.payment[j], schedule.payment[j + 1])
        years[j] = year_fraction(schedule.payment[j], schedule.payment[j + 1], int(DayCount.THIRTY_360_US))
    factor = np.zeros((len(curves), n_periods + 2))
    for row, curve in zip(factor, curves, strict=True):
        index = curve.spots(schedule.payment[1:n_periods], months)
        row[1:n_periods] = years[1:n_periods] * (np.maximum(index, terms.floor) + terms.spread)
    is_legacy = Quirk.REINVEST_EARLY_EXIT_DEFAULTS in quirks
    return Purchases(
        price=float(terms.price),
        n_terms=n_terms,
        lag=round(terms.recovery_lag_months / months),
        has_tail=0 if is_legacy else 1,
        n_balance_rows=n_periods if Quirk.NO_BALANCES_AFTER_LAST_PERIOD in quirks else n_periods + 1,
        days=days,
        cpr_annual=annual_rates((terms.cpr,), _own_periods(terms.cpr, n_terms), quirks)[0],
        cdr_annual=annual_rates((terms.cdr,), _own_periods(terms.cdr, n_terms), quirks)[0],
        severity_annual=annual_rates((terms.severity,), _own_periods(terms.severity, n_terms), quirks)[0],
        interest_factor=factor,
    )


def _own_periods(rate: object, n_terms: int) -> int:
    return n_terms if isinstance(rate, tuple) else 1


def _curves(deal: Deal, schedule: DealSchedule, curves: Sequence[IndexCurve], as_of: date) -> Curves:
    """Index of each period: the deal's current one first, then the curve at the interest determination date."""
    n_periods = schedule.n_periods
    index = np.zeros((len(curves), n_periods + 1))
    zero = np.zeros((len(curves), n_periods))
    for c, curve in enumerate(curves):
        index[c, 1] = deal.current_index
        index[c, 2:] = curve.spots(schedule.interest_determination[2:], deal.dates.months_between_payments)
        zero[c] = curve.zeros(as_of, schedule.payment[1:])
    return Curves(index_rate=index, zero_rates=zero)


def _risk(deal: Deal, schedule: DealSchedule, as_of: date, quirks: Quirks) -> RiskTerms:
    payment = schedule.payment[1:].copy()
    n_periods, settle = payment.shape[0], day_number(as_of)
    is_legacy = Quirk.RISK_MEASURE_LIMITS in quirks
    intervals = np.zeros((len(deal.tranches), n_periods))
    for row, tranche in zip(intervals, deal.tranches, strict=True):
        compounding_periods(
            settle,
            payment,
            n_periods,
            round(12.0 / FREQUENCY),
            _code(tranche.day_count, quirks),
            Quirk.MONTH_END_DRIFT not in quirks,
            row,
        )
    return RiskTerms(
        settle=settle,
        days=payment,
        intervals=intervals,
        cumulative=np.cumsum(intervals, axis=1),
        price=np.array([np.nan if t.price is None else t.price for t in deal.tranches], dtype=np.float64),
        discount_margin=np.array(
            [np.nan if t.discount_margin is None else t.discount_margin for t in deal.tranches], dtype=np.float64
        ),
        balance=np.array([t.current_balance for t in deal.tranches], dtype=np.float64),
        original_balance=np.array([t.original_balance for t in deal.tranches], dtype=np.float64),
        is_deferrable=np.array([float(t.is_deferrable) for t in deal.tranches]),
        is_legacy=is_legacy,
    )
