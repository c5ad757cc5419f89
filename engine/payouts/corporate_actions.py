"""Corporate actions of an instrument: adjustment factors, and what becomes of its names and status (spec 07 §19.3).

A factor f multiplies prices before the ex-date, units are divided by it: P' = f·P, Q' = Q/f, notionals stay.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from engine.conventions.days import day_number
from engine.errors import InputError
from engine.payouts.enums import CorporateActionType, InstrumentStatus, SpinOffMethod
from engine.payouts.market import CorporateAction, Floats
from engine.payouts.terms.parties import Instrument, InstrumentIdentifier

SPLITS = frozenset({CorporateActionType.STOCK_SPLIT, CorporateActionType.REVERSE_STOCK_SPLIT})
FREE_SHARES = frozenset({CorporateActionType.STOCK_DIVIDEND, CorporateActionType.BONUS_ISSUE})
MERGERS = frozenset({CorporateActionType.MERGER, CorporateActionType.TAKEOVER})
RENAMINGS = frozenset(
    {
        CorporateActionType.STOCK_NAME_CHANGE,
        CorporateActionType.STOCK_IDENTIFIER_CHANGE,
        CorporateActionType.STOCK_RECLASSIFICATION,
        CorporateActionType.RELISTING,
    }
)
FAILURES = frozenset(
    {
        CorporateActionType.DELISTING,
        CorporateActionType.LIQUIDATION,
        CorporateActionType.BANKRUPTCY_OR_INSOLVENCY,
        CorporateActionType.ISSUER_NATIONALIZATION,
    }
)
MANUAL = frozenset(
    {CorporateActionType.CLASS_ACTION, CorporateActionType.EARLY_REDEMPTION, CorporateActionType.BESPOKE_EVENT}
)

NOT_IN_EFFECT = frozenset({"CANCELLED", "ESTIMATED"})
"""Statuses of actions that adjust nothing."""

CloseBefore = Callable[[str, date], float | None]
"""The close of an instrument on its last session before a day, None where there is none."""


def theoretical_ex_rights_price(cum_price: float, held: float, new: float, subscription_price: float) -> float:
    """TERP: `new` shares at the subscription price for each `held` ones at the cum price."""
    return (held * cum_price + new * subscription_price) / (held + new)


def adjustment_factor(
    action: CorporateAction, cum_price: float | None = None, *, is_passed_through: bool = True
) -> float:
    """The factor of an action; 1 where it has none: not in effect, renaming, merger, spin-off into a basket.

    Not in effect is what is CANCELLED, or ESTIMATED because its terms are not known yet.

    cum_price: the close before the ex-date, needed by rights issues, spin-offs by factor and cash dividends that are
    not passed through. A factor that the action carries already is taken as it is: the calculation agent's.
    Raises InputError CLO-1966 for a missing price, CLO-1969 for missing or impossible terms.
    """
    if action.status in NOT_IN_EFFECT:
        return 1.0
    if action.adjustment_factor is not None:
        return _sound(action, action.adjustment_factor)
    kind = action.action_type
    if kind in SPLITS:
        new, old = _ratio(action)
        return old / new
    if kind in FREE_SHARES:
        new, old = _ratio(action)
        return old / (old + new)
    if kind is CorporateActionType.RIGHTS_ISSUE:
        return _rights_factor(action, cum_price)
    if kind is CorporateActionType.SPIN_OFF and action.method is SpinOffMethod.METHOD_FACTOR:
        child = _term(action, "child_ratio", action.child_ratio) * _child_price(action)
        return _sound(action, 1.0 - child / _cum(action, cum_price))
    if kind is CorporateActionType.CASH_DIVIDEND and not is_passed_through:
        return _sound(action, 1.0 - _term(action, "cash_amount", action.cash_amount) / _cum(action, cum_price))
    return 1.0


def merger_ratio(action: CorporateAction) -> float:
    """Units of the successor for each unit of a merged instrument. Raises InputError CLO-1969 without a ratio."""
    new, old = _ratio(action)
    return new / old


def needs_cum_price(action: CorporateAction) -> bool:
    """Whether the factor rests on the close before the ex-date."""
    if action.adjustment_factor is not None or action.status in NOT_IN_EFFECT:
        return False
    return action.action_type is CorporateActionType.RIGHTS_ISSUE or (
        action.action_type is CorporateActionType.SPIN_OFF and action.method is SpinOffMethod.METHOD_FACTOR
    )


def with_factors(actions: Iterable[CorporateAction], close_before: CloseBefore) -> tuple[CorporateAction, ...]:
    """The actions with their factors filled in, in their order."""
    return tuple(
        replace(
            action,
            adjustment_factor=adjustment_factor(
                action, close_before(action.instrument_reference, action.ex_date) if needs_cum_price(action) else None
            ),
        )
        for action in actions
    )


def cumulative_factor(actions: Iterable[CorporateAction], after: date, through: date) -> float:
    """Product of the factors with an ex-date after `after` up to and including `through`."""
    inside = (action for action in actions if after < action.ex_date <= through)
    return math.prod(adjustment_factor(action) for action in sorted(inside, key=lambda action: action.ex_date))


def factor_matrix(
    actions: Mapping[str, Sequence[CorporateAction]], instruments: Sequence[str], first_day: int, n_days: int
) -> Floats:
    """(I, D) float64: per instrument, in the order given, the product of the factors with an ex-date up to and
    including each day from `first_day` on; what lies before the first day is in all columns. 1 without actions.

    Raises InputError CLO-1966 where a factor still wants a price: fill the factors in with `with_factors` before.
    """
    factors = np.ones((len(instruments), n_days))
    for row, reference in enumerate(instruments):
        for action in actions.get(reference, ()):
            factors[row, max(day_number(action.ex_date) - first_day, 0) :] *= adjustment_factor(action)
    return factors


def with_identifier(instrument: Instrument, new: InstrumentIdentifier, ex_date: date) -> Instrument:
    """The instrument under a new identifier from the ex-date on; that of the same scheme ends there.

    The reference stays: it is the key of fixings and dividends, whatever the exchange calls the share today.
    """
    kept = tuple(
        replace(old, valid_to=ex_date)
        if old.scheme is new.scheme and old.scheme_uri == new.scheme_uri and old.valid_to is None
        else old
        for old in instrument.identifiers
    )
    return replace(instrument, identifiers=(*kept, replace(new, valid_from=ex_date)))


def after_renaming(
    instrument: Instrument, action: CorporateAction, identifier: InstrumentIdentifier | None, name: str | None
) -> Instrument:
    """The instrument after a change of name or identifier, a 1:1 reclassification or a relisting.

    Raises InputError CLO-1969 where the action says neither a name nor an identifier, unless it is a relisting.
    """
    is_relisting = action.action_type is CorporateActionType.RELISTING
    if identifier is None and name is None and not is_relisting:
        raise _missing(action, "new name or identifier")
    changed = with_identifier(instrument, identifier, action.ex_date) if identifier is not None else instrument
    status = InstrumentStatus.ACTIVE if is_relisting else changed.status
    is_listed = True if is_relisting else changed.is_listed
    return replace(changed, name=name or changed.name, status=status, is_listed=is_listed)


def after_failure(instrument: Instrument, action: CorporateAction) -> Instrument:
    """The instrument after a delisting, or suspended after a liquidation, insolvency or nationalisation."""
    if action.action_type is CorporateActionType.DELISTING:
        return replace(instrument, status=InstrumentStatus.DELISTED, is_listed=False)
    return replace(instrument, status=InstrumentStatus.SUSPENDED)


def _rights_factor(action: CorporateAction, cum_price: float | None) -> float:
    """TERP / P_cum; 1 where the subscription price is not below the cum price, since nobody subscribes."""
    new, held = _ratio(action)
    cum = _cum(action, cum_price)
    subscription = _term(action, "subscription_price", action.subscription_price)
    return min(theoretical_ex_rights_price(cum, held, new, subscription) / cum, 1.0) if subscription < cum else 1.0


def _ratio(action: CorporateAction) -> tuple[float, float]:
    new, old = _term(action, "ratio_new", action.ratio_new), _term(action, "ratio_old", action.ratio_old)
    if not (new > 0.0 and old > 0.0 and math.isfinite(new) and math.isfinite(old)):
        raise InputError("CLO-1969", f"A ratio of {new} for {old} is impossible", where=_place(action))
    return new, old


def _cum(action: CorporateAction, cum_price: float | None) -> float:
    if cum_price is None or not (math.isfinite(cum_price) and cum_price > 0.0):
        raise missing_price(action.instrument_reference, action.ex_date, "the close before")
    return cum_price


def _child_price(action: CorporateAction) -> float:
    if action.child_price is None:
        raise missing_price(action.child_reference or "the child", action.ex_date, "the price on")
    return action.child_price


def missing_price(reference: str, day: date, what: str) -> InputError:
    """The error for a price that an event cannot do without."""
    return InputError(
        "CLO-1966", f"{reference} lacks {what} {day.isoformat()}", remedy="Enter the price, then apply the event again."
    )


def _term(action: CorporateAction, name: str, value: float | None) -> float:
    if value is None:
        raise _missing(action, name)
    return value


def _missing(action: CorporateAction, what: str) -> InputError:
    return InputError(
        "CLO-1969", f"The action has no {what}", where=_place(action), remedy="Complete the corporate action."
    )


def _sound(action: CorporateAction, factor: float) -> float:
    if not (math.isfinite(factor) and factor > 0.0):
        raise InputError(
            "CLO-1969",
            f"An adjustment factor of {factor} is impossible",
            where=_place(action),
            remedy="Compare the amounts of the action with the close before it.",
        )
    return factor


def _place(action: CorporateAction) -> str:
    return f"{action.action_type.value} of {action.instrument_reference} on {action.ex_date.isoformat()}"
