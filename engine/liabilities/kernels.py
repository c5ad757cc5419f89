"""Arithmetic of one period of a deal's liabilities: accrue, pay, roll tranches and fees (spec 02 §6, §8).

Every kernel works on one scenario's PeriodState in place; layouts and units in `engine.liabilities.state`. Payments
return the amount paid; the caller takes it from its cash.
"""

from engine.liabilities.state import (
    UNKNOWN_CLASS,
    Context,
    FeeBasisCode,
    FeeState,
    FeeTerm,
    Floats,
    IncentiveState,
    LiabilityTerms,
    PeriodState,
    Policy,
    Register,
    ReserveState,
    StateBlock,
    TrancheState,
    TrancheTerm,
)
from engine.numerics import inlined_kernel as kernel


@kernel
def state_of(block: StateBlock, s: int) -> PeriodState:
    """PeriodState of scenario s: views into a StateBlock."""
    return PeriodState(
        block.tranche[s],
        block.fee[s],
        block.oc[s],
        block.ic[s],
        block.incentive[s],
        block.register[s],
        block.context[s],
        block.predicate[s],
        block.reserve[s],
    )


@kernel
def start_deal(
    terms: LiabilityTerms,
    state: PeriodState,
    opening_basis: float,
    discounted_payments: float,
    is_reached: float,
    receipts: float,
    contributions: float,
) -> None:
    """Reset a scenario to the day before its first period: opening balances carried in, all else zero.

    opening_basis: fee basis before period 1, currency. The last four come from `incentive.opening_position`.
    """
    tranche, fee, incentive = state.tranche, state.fee, state.incentive
    tranche[:] = 0.0
    fee[:] = 0.0
    incentive[:] = 0.0
    state.register[:] = 0.0
    state.reserve[:] = 0.0
    state.context[:] = 0
    for t in range(tranche.shape[0]):
        tranche[t, TrancheState.BALANCE_CARRIED] = terms.tranche[t, TrancheTerm.CURRENT_BALANCE]
        tranche[t, TrancheState.DEFERRED_CARRIED] = terms.tranche[t, TrancheTerm.DEFERRED_BALANCE]
    for f in range(fee.shape[0]):
        fee[f, FeeState.UNPAID_CARRIED] = terms.fee[f, FeeTerm.OPENING_UNPAID]
        fee[f, FeeState.BASIS_END] = opening_basis
    incentive[IncentiveState.DISCOUNTED_PAYMENTS] = discounted_payments
    incentive[IncentiveState.IS_REACHED] = is_reached
    incentive[IncentiveState.RECEIPTS] = receipts
    incentive[IncentiveState.CONTRIBUTIONS] = contributions


@kernel
def open_period(
    terms: LiabilityTerms, state: PeriodState, period: int, payment_day: int, is_reinvesting: bool, is_liquidating: bool
) -> None:
    """Carry balances into period `period` (1-based) and zero everything that belongs to one period.

    payment_day: days since 1970-01-01; the two flags 0 or 1. Escrow, reserves and the incentive history live on.
    """
    tranche, fee, register = state.tranche, state.fee, state.register
    for t in range(tranche.shape[0]):
        tranche[t, TrancheState.BALANCE_BEGIN] = tranche[t, TrancheState.BALANCE_CARRIED]
        tranche[t, TrancheState.DEFERRED_BEGIN] = tranche[t, TrancheState.DEFERRED_CARRIED]
        tranche[t, TrancheState.COUPON] = 0.0
        tranche[t, TrancheState.INTEREST_ACCRUED] = 0.0
        tranche[t, TrancheState.INTEREST_PAID] = 0.0
        tranche[t, TrancheState.PRINCIPAL_PAID] = 0.0
        tranche[t, TrancheState.BALANCE_END] = 0.0
        tranche[t, TrancheState.DEFERRED_INTEREST_ACCRUED] = 0.0
        tranche[t, TrancheState.DEFERRED_INTEREST_PAID] = 0.0
        tranche[t, TrancheState.DEFERRED_PRINCIPAL_PAID] = 0.0
        tranche[t, TrancheState.DEFERRED_END] = 0.0
        tranche[t, TrancheState.IS_REACHED] = 0.0
        if period <= terms.schedule.shape[0]:
            tranche[t, TrancheState.SCHEDULED_DUE] += terms.schedule[period - 1, t]
    for f in range(fee.shape[0]):
        fee[f, FeeState.UNPAID_BEGIN] = fee[f, FeeState.UNPAID_CARRIED]
        fee[f, FeeState.BASIS_BEGIN] = fee[f, FeeState.BASIS_END]
        fee[f, FeeState.BASIS] = 0.0
        fee[f, FeeState.ACCRUED] = 0.0
        fee[f, FeeState.PAID] = 0.0
        fee[f, FeeState.UNPAID_END] = 0.0
    state.oc[:] = 0.0
    state.ic[:] = 0.0
    state.incentive[IncentiveState.FEE_PAID] = 0.0
    state.incentive[IncentiveState.SUB_NOTE_PAID] = 0.0
    for r in range(Register.ESCROW):
        register[r] = 0.0
    register[Register.BENEFICIARY_PAID] = 0.0
    state.reserve[:, ReserveState.MOVEMENT] = 0.0
    state.context[Context.PERIOD] = period
    state.context[Context.PAYMENT_DAY] = payment_day
    state.context[Context.IS_REINVESTING] = is_reinvesting
    state.context[Context.IS_LIQUIDATING] = is_liquidating
    state.context[Context.CONTROLLING_CLASS] = UNKNOWN_CLASS


@kernel
def accrue_tranches(terms: LiabilityTerms, state: PeriodState, index_rate: float, year_fractions: Floats) -> None:
    """Coupon and accrued interest of every debt tranche (spec 02 §6.1).

    index_rate decimal a year; year_fractions (T,) years of the accrual period on each tranche's day count. Interest on
    the deferred balance runs at the note rate; legacy mode gives it to deferrable tranches only (DQ-19).
    """
    tranche = state.tranche
    forgives = terms.policy & Policy.SHORTFALL_FORGIVEN
    for t in range(tranche.shape[0]):
        if terms.tranche[t, TrancheTerm.IS_EQUITY] != 0.0:
            continue
        coupon = terms.tranche[t, TrancheTerm.SPREAD]
        if terms.tranche[t, TrancheTerm.IS_FIXED] == 0.0:
            coupon += index_rate
        tranche[t, TrancheState.COUPON] = coupon
        begin = tranche[t, TrancheState.BALANCE_BEGIN]
        tranche[t, TrancheState.INTEREST_ACCRUED] = begin * year_fractions[t] * coupon
        if terms.tranche[t, TrancheTerm.IS_DEFERRABLE] != 0.0 or not forgives:
            deferred = tranche[t, TrancheState.DEFERRED_BEGIN]
            tranche[t, TrancheState.DEFERRED_INTEREST_ACCRUED] = deferred * year_fractions[t] * coupon
        if begin > 0.0:
            tranche[t, TrancheState.LAST_CALCULATED] = state.context[Context.PERIOD]


@kernel
def accrue_fees(
    terms: LiabilityTerms, state: PeriodState, index_rate: float, year_fractions: Floats, basis_end: float
) -> None:
    """Accrued amount of every fee (spec 02 §8); basis_end the fee basis of this period, currency.

    year_fractions (F,) years. In legacy mode a basis of zero or less stops all accrual and the old basis stays
    (DQ-25), and interest on unpaid fees runs on the opening balance for ever (DQ-24).
    """
    fee = state.fee
    needs_basis = terms.policy & Policy.NO_ACCRUAL_WITHOUT_BASIS
    for f in range(fee.shape[0]):
        fee[f, FeeState.YEAR_FRACTION] = year_fractions[f]
        if basis_end <= 0.0 and needs_basis:
            continue
        fee[f, FeeState.BASIS_END] = max(basis_end, 0.0)
        basis = fee[f, FeeState.BASIS_BEGIN]
        code = int(terms.fee[f, FeeTerm.BASIS_CODE])
        if code == FeeBasisCode.AVERAGE:
            basis = (fee[f, FeeState.BASIS_BEGIN] + fee[f, FeeState.BASIS_END]) / 2.0
        yearly = 0.0
        if code == FeeBasisCode.FIXED:
            yearly = terms.fee[f, FeeTerm.FIXED_AMOUNT]
        elif code != FeeBasisCode.NONE:
            yearly = basis * terms.fee[f, FeeTerm.PERCENTAGE] + terms.fee[f, FeeTerm.FIXED_AMOUNT]
        accrued = yearly * year_fractions[f]
        if terms.fee[f, FeeTerm.HAS_INTEREST_ON_UNPAID] != 0.0:
            unpaid = fee[f, FeeState.UNPAID_BEGIN]
            if terms.policy & Policy.INTEREST_ON_OPENING_UNPAID:
                unpaid = terms.fee[f, FeeTerm.OPENING_UNPAID]
            accrued += unpaid * (index_rate + terms.fee[f, FeeTerm.INTEREST_SPREAD]) * year_fractions[f]
        fee[f, FeeState.ACCRUED] = accrued + _fee_features(terms, state, f, basis, year_fractions[f])
        if terms.fee[f, FeeTerm.PERCENTAGE] > 0.0:
            fee[f, FeeState.BASIS] = basis


@kernel
def _fee_features(terms: LiabilityTerms, state: PeriodState, f: int, basis: float, year_fraction: float) -> float:
    """Overlay and excess-spread parts of a fee, currency; zero unless switched on (spec 02 §16.3)."""
    overlay = basis * terms.fee[f, FeeTerm.OVERLAY_RATE] * year_fraction
    if overlay > terms.fee[f, FeeTerm.OVERLAY_CAP]:
        overlay = terms.fee[f, FeeTerm.OVERLAY_CAP]
    share = terms.fee[f, FeeTerm.EXCESS_SPREAD_SHARE]
    if share == 0.0:
        return overlay
    excess = max(0.0, state.register[Register.SPREAD] - terms.fee[f, FeeTerm.EXCESS_SPREAD_STRIKE])
    return overlay + excess * share * basis * year_fraction


@kernel
def pay(due: float, cash: float) -> float:
    """Amount paid of a claim (spec 02 §0): never above `due`; negative cash is paid in full, as the legacy code did."""
    if cash > due:
        return due
    return cash


@kernel
def fee_due(fee: Floats, f: int) -> float:
    """Unpaid and accrued less paid of fee f, currency."""
    return fee[f, FeeState.UNPAID_BEGIN] + fee[f, FeeState.ACCRUED] - fee[f, FeeState.PAID]


@kernel
def pay_fee(fee: Floats, f: int, due: float, cash: float) -> float:
    """Pay up to `due` of fee f; returns the amount paid."""
    paid = pay(due, cash)
    fee[f, FeeState.PAID] += paid
    return paid


@kernel
def current_balance(tranche: Floats, contract: Floats, t: int) -> float:
    """Balance that tests see: principal at the period's start, plus unpaid deferred principal if deferrable."""
    balance = tranche[t, TrancheState.BALANCE_BEGIN]
    if contract[t, TrancheTerm.IS_DEFERRABLE] != 0.0:
        balance += tranche[t, TrancheState.DEFERRED_BEGIN] - tranche[t, TrancheState.DEFERRED_PRINCIPAL_PAID]
    return balance


@kernel
def deferred_begin(tranche: Floats, contract: Floats, t: int) -> float:
    """Deferred principal of a deferrable tranche at the period's start, gross of payments."""
    if contract[t, TrancheTerm.IS_DEFERRABLE] != 0.0:
        return tranche[t, TrancheState.DEFERRED_BEGIN]
    return 0.0


@kernel
def owes_shortfall_with_interest(contract: Floats, policy: int, t: int) -> bool:
    """Whether the deferred columns hold an interest shortfall that is owed with current interest (DQ-19, standard)."""
    return contract[t, TrancheTerm.IS_DEFERRABLE] == 0.0 and policy & Policy.SHORTFALL_FORGIVEN == 0


@kernel
def interest_due(tranche: Floats, contract: Floats, policy: int, t: int) -> float:
    """Interest owed now, currency: current, on deferred interest, and in standard mode an earlier shortfall."""
    due = tranche[t, TrancheState.INTEREST_ACCRUED] - tranche[t, TrancheState.INTEREST_PAID]
    if contract[t, TrancheTerm.IS_DEFERRABLE] != 0.0 or policy & Policy.SHORTFALL_FORGIVEN == 0:
        due += tranche[t, TrancheState.DEFERRED_INTEREST_ACCRUED] - tranche[t, TrancheState.DEFERRED_INTEREST_PAID]
    if owes_shortfall_with_interest(contract, policy, t):
        due += tranche[t, TrancheState.DEFERRED_BEGIN] - tranche[t, TrancheState.DEFERRED_PRINCIPAL_PAID]
    return due


@kernel
def deferred_due(tranche: Floats, t: int) -> float:
    """What a PIK step pays: deferred principal and the interest on it, currency."""
    principal = tranche[t, TrancheState.DEFERRED_BEGIN] - tranche[t, TrancheState.DEFERRED_PRINCIPAL_PAID]
    return (
        principal + tranche[t, TrancheState.DEFERRED_INTEREST_ACCRUED] - tranche[t, TrancheState.DEFERRED_INTEREST_PAID]
    )


@kernel
def principal_due(tranche: Floats, t: int) -> float:
    """Principal outstanding less paid this period, currency."""
    return tranche[t, TrancheState.BALANCE_BEGIN] - tranche[t, TrancheState.PRINCIPAL_PAID]


@kernel
def pay_interest(tranche: Floats, contract: Floats, policy: int, t: int, cash: float) -> float:
    """Pay interest of tranche t; returns the amount paid. Equity takes all cash."""
    if contract[t, TrancheTerm.IS_EQUITY] != 0.0:
        tranche[t, TrancheState.IS_REACHED] = 1.0
        tranche[t, TrancheState.INTEREST_PAID] += cash
        return cash
    left = cash
    paid = pay(tranche[t, TrancheState.INTEREST_ACCRUED] - tranche[t, TrancheState.INTEREST_PAID], left)
    tranche[t, TrancheState.INTEREST_PAID] += paid
    left -= paid
    due = tranche[t, TrancheState.DEFERRED_INTEREST_ACCRUED] - tranche[t, TrancheState.DEFERRED_INTEREST_PAID]
    paid = pay(due, left)
    tranche[t, TrancheState.DEFERRED_INTEREST_PAID] += paid
    left -= paid
    if owes_shortfall_with_interest(contract, policy, t):
        due = tranche[t, TrancheState.DEFERRED_BEGIN] - tranche[t, TrancheState.DEFERRED_PRINCIPAL_PAID]
        paid = pay(due, left)
        tranche[t, TrancheState.DEFERRED_PRINCIPAL_PAID] += paid
        left -= paid
    # the difference, not the sum of the parts, so that rounding never takes more than the cash
    return cash - left


@kernel
def pay_deferred(tranche: Floats, t: int, cash: float) -> float:
    """Pay deferred interest of tranche t, booked as deferred principal; returns the amount paid."""
    paid = pay(deferred_due(tranche, t), cash)
    tranche[t, TrancheState.DEFERRED_PRINCIPAL_PAID] += paid
    return paid


@kernel
def pay_principal(tranche: Floats, contract: Floats, t: int, cash: float) -> float:
    """Pay principal of tranche t; returns the amount paid. Equity takes all cash."""
    if contract[t, TrancheTerm.IS_EQUITY] != 0.0:
        tranche[t, TrancheState.IS_REACHED] = 1.0
        tranche[t, TrancheState.PRINCIPAL_PAID] += cash
        return cash
    paid = pay(principal_due(tranche, t), cash)
    tranche[t, TrancheState.PRINCIPAL_PAID] += paid
    return paid


@kernel
def pay_scheduled(tranche: Floats, t: int, cash: float) -> float:
    """Pay scheduled principal of tranche t including arrears: the least of cash, schedule and balance."""
    paid = max(0.0, min(cash, tranche[t, TrancheState.SCHEDULED_DUE], principal_due(tranche, t)))
    tranche[t, TrancheState.PRINCIPAL_PAID] += paid
    tranche[t, TrancheState.SCHEDULED_DUE] -= paid
    return paid


@kernel
def close_balances(terms: LiabilityTerms, state: PeriodState) -> None:
    """End balances of tranches and fees, and what they carry into the next period (spec 02 §6.4, §8).

    DEFERRED_END leaves out the interest deferred in this period; the carried column includes it (DQ-20). The balance of
    the equity does not change.
    """
    tranche, fee = state.tranche, state.fee
    for t in range(tranche.shape[0]):
        begin = tranche[t, TrancheState.BALANCE_BEGIN]
        if terms.tranche[t, TrancheTerm.IS_EQUITY] != 0.0:
            tranche[t, TrancheState.BALANCE_END] = begin
            tranche[t, TrancheState.BALANCE_CARRIED] = begin
            if tranche[t, TrancheState.IS_REACHED] != 0.0:
                tranche[t, TrancheState.LAST_CALCULATED] = state.context[Context.PERIOD]
            continue
        tranche[t, TrancheState.DEFERRED_END] = deferred_due(tranche, t)
        tranche[t, TrancheState.BALANCE_END] = begin - tranche[t, TrancheState.PRINCIPAL_PAID]
        tranche[t, TrancheState.BALANCE_CARRIED] = tranche[t, TrancheState.BALANCE_END]
        tranche[t, TrancheState.DEFERRED_CARRIED] = (
            tranche[t, TrancheState.DEFERRED_END]
            + tranche[t, TrancheState.INTEREST_ACCRUED]
            - tranche[t, TrancheState.INTEREST_PAID]
        )
    for f in range(fee.shape[0]):
        fee[f, FeeState.UNPAID_END] = fee_due(fee, f)
        fee[f, FeeState.UNPAID_CARRIED] = fee[f, FeeState.UNPAID_END]
