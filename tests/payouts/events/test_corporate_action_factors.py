"""Adjustment factors of corporate actions and what becomes of instruments (spec 07 §19.3, vector V-13)."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.conventions.days import day_number
from engine.errors import InputError
from engine.payouts.corporate_actions import (
    adjustment_factor,
    after_failure,
    after_renaming,
    cumulative_factor,
    factor_matrix,
    theoretical_ex_rights_price,
    with_factors,
    with_identifier,
)
from engine.payouts.enums import CorporateActionType, IdentifierScheme, InstrumentStatus, SpinOffMethod
from engine.payouts.market import CorporateAction
from engine.payouts.terms.parties import InstrumentIdentifier
from tests.payouts.events.event_contracts import share

EX_DATE = date(2024, 6, 10)


def action(kind: CorporateActionType, **terms: object) -> CorporateAction:
    """An action of share S on the ex-date."""
    return CorporateAction(instrument_reference="S", action_type=kind, ex_date=EX_DATE, **terms)  # type: ignore[arg-type]


RIGHTS = action(CorporateActionType.RIGHTS_ISSUE, ratio_new=1.0, ratio_old=4.0, subscription_price=30.0)
SPIN_OFF = action(CorporateActionType.SPIN_OFF, child_ratio=0.2, child_price=25.0, method=SpinOffMethod.METHOD_FACTOR)
V13 = {
    "split 2 for 1": (action(CorporateActionType.STOCK_SPLIT, ratio_new=2.0, ratio_old=1.0), None, 0.5),
    "reverse 1 for 10": (action(CorporateActionType.REVERSE_STOCK_SPLIT, ratio_new=1.0, ratio_old=10.0), None, 10.0),
    "rights 1 for 4 at 30": (RIGHTS, 40.0, 0.95),
    "spin-off 0.2 at 25": (SPIN_OFF, 50.0, 0.90),
    "stock dividend 5 %": (
        action(CorporateActionType.STOCK_DIVIDEND, ratio_new=5.0, ratio_old=100.0),
        None,
        0.952380952381,
    ),
    "bonus 1 for 4": (action(CorporateActionType.BONUS_ISSUE, ratio_new=1.0, ratio_old=4.0), None, 0.8),
}
"""Spec 07 §25 V-13, twelve decimals, and two more of the table of §19.3."""


@pytest.mark.parametrize("name", V13)
def test_v13_factors(name: str) -> None:
    """Each type by its row of the table."""
    asked, cum_price, expected = V13[name]

    assert adjustment_factor(asked, cum_price) == pytest.approx(expected, abs=5e-13)


def test_the_theoretical_ex_rights_price_of_v13_is_38() -> None:
    """1 for 4 at 30 on 40."""
    assert theoretical_ex_rights_price(40.0, 4.0, 1.0, 30.0) == 38.0


def test_rights_at_or_above_the_price_adjust_nothing() -> None:
    """Nobody subscribes above the market."""
    assert adjustment_factor(replace(RIGHTS, subscription_price=40.0), 40.0) == 1.0


def test_an_extraordinary_dividend_adjusts_only_where_it_is_not_passed_through() -> None:
    """5 on 50 is 0.9 for a contract that does not pay it, nothing for one that does."""
    dividend = action(CorporateActionType.CASH_DIVIDEND, cash_amount=5.0)

    assert adjustment_factor(dividend, 50.0, is_passed_through=False) == pytest.approx(0.9, rel=1e-15)
    assert adjustment_factor(dividend, 50.0) == 1.0


@pytest.mark.parametrize("status", ["CANCELLED", "ESTIMATED"])
def test_an_action_that_is_not_in_effect_adjusts_nothing(status: str) -> None:
    """Cancelled, or its terms are not known yet."""
    assert adjustment_factor(action(CorporateActionType.STOCK_SPLIT, status=status)) == 1.0


@pytest.mark.parametrize("asked", [RIGHTS, SPIN_OFF])
def test_a_missing_cum_price_names_instrument_and_date(asked: CorporateAction) -> None:
    """The close before the ex-date is needed."""
    with pytest.raises(InputError, match=r"CLO-1966: S lacks the close before 2024-06-10"):
        adjustment_factor(asked)
    with pytest.raises(InputError, match=r"CLO-1966: S lacks the close before 2024-06-10"):
        with_factors([asked], lambda reference, day: None)


def test_a_spin_off_without_a_child_price_names_the_child() -> None:
    """The factor needs both prices."""
    with pytest.raises(InputError, match=r"CLO-1966: CHILD lacks the price on 2024-06-10"):
        adjustment_factor(replace(SPIN_OFF, child_price=None, child_reference="CHILD"), 50.0)


@pytest.mark.parametrize(
    ("asked", "cum_price"),
    [
        (action(CorporateActionType.STOCK_SPLIT), None),
        (action(CorporateActionType.STOCK_SPLIT, ratio_new=0.0, ratio_old=1.0), None),
        (action(CorporateActionType.STOCK_SPLIT, adjustment_factor=-0.5), None),
        (action(CorporateActionType.BONUS_ISSUE, ratio_new=math.inf, ratio_old=1.0), None),
        (replace(RIGHTS, subscription_price=None), 40.0),
        (SPIN_OFF, 4.0),
    ],
)
def test_impossible_terms_are_refused(asked: CorporateAction, cum_price: float | None) -> None:
    """No ratio, no price, or a factor that is not positive."""
    with pytest.raises(InputError, match="CLO-1969"):
        adjustment_factor(asked, cum_price)


def test_factors_are_filled_in_at_the_close_before() -> None:
    """Afterwards nothing asks for prices any more."""
    filled = with_factors([RIGHTS, V13["split 2 for 1"][0]], lambda reference, day: 40.0)

    assert [one.adjustment_factor for one in filled] == [pytest.approx(0.95), 0.5]
    assert cumulative_factor(filled, date(2024, 6, 9), EX_DATE) == pytest.approx(0.475)
    assert cumulative_factor(filled, EX_DATE, date(2025, 1, 1)) == 1.0


def test_the_factor_matrix_steps_on_the_ex_date() -> None:
    """1 before, the factor from the ex-date on; what is older than the window is in all of it."""
    split = action(CorporateActionType.STOCK_SPLIT, adjustment_factor=0.5)
    older = replace(split, ex_date=date(2020, 1, 1), adjustment_factor=0.1)
    first = day_number(EX_DATE) - 2

    factors = factor_matrix({"S": [split], "T": [split, older]}, ("U", "S", "T"), first, 4)

    np.testing.assert_array_equal(factors[0], [1.0, 1.0, 1.0, 1.0])
    np.testing.assert_array_equal(factors[1], [1.0, 1.0, 0.5, 0.5])
    np.testing.assert_allclose(factors[2], [0.1, 0.1, 0.05, 0.05], rtol=1e-15)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.floats(0.1, 10.0)), max_size=6),
    st.integers(0, 29),
    st.integers(0, 29),
)
def test_the_matrix_and_the_cumulative_factor_agree(listed: list[tuple[int, float]], one: int, other: int) -> None:
    """The quotient of two columns is the product of the factors between them."""
    first = date(2024, 1, 1)
    start, end = sorted((one, other))
    actions = [
        replace(
            action(CorporateActionType.STOCK_SPLIT, adjustment_factor=factor),
            ex_date=date.fromordinal(first.toordinal() + day),
        )
        for day, factor in listed
    ]
    row = factor_matrix({"S": actions}, ("S",), day_number(first), 30)[0]
    days = [date.fromordinal(first.toordinal() + day) for day in (start, end)]

    assert row[end] / row[start] == pytest.approx(cumulative_factor(actions, *days), rel=1e-12)


def test_a_new_identifier_ends_the_old_one_of_its_scheme() -> None:
    """Validity dates meet on the ex-date; the reference stays the key of the fixings."""
    ric = InstrumentIdentifier(scheme=IdentifierScheme.RIC, identifier="OLD.N")
    isin = InstrumentIdentifier(scheme=IdentifierScheme.ISIN, identifier="US0000000000")
    renamed = with_identifier(
        replace(share("RIC:OLD.N"), identifiers=(ric, isin)), replace(ric, identifier="NEW.N"), EX_DATE
    )

    assert renamed.reference == "RIC:OLD.N"
    assert [(one.identifier, one.valid_from, one.valid_to) for one in renamed.identifiers] == [
        ("OLD.N", date(1900, 1, 1), EX_DATE),
        ("US0000000000", date(1900, 1, 1), None),
        ("NEW.N", EX_DATE, None),
    ]


def test_names_and_statuses_follow_the_action() -> None:
    """Renamed, delisted, suspended, listed again."""
    name_change = action(CorporateActionType.STOCK_NAME_CHANGE)
    delisted = after_failure(share("S"), action(CorporateActionType.DELISTING))
    suspended = after_failure(share("S"), action(CorporateActionType.BANKRUPTCY_OR_INSOLVENCY))

    assert after_renaming(share("S"), name_change, None, "New name").name == "New name"
    assert (delisted.status, delisted.is_listed) == (InstrumentStatus.DELISTED, False)
    assert suspended.status is InstrumentStatus.SUSPENDED
    relisted = after_renaming(delisted, action(CorporateActionType.RELISTING), None, None)
    assert (relisted.status, relisted.is_listed) == (InstrumentStatus.ACTIVE, True)
    with pytest.raises(InputError, match=r"CLO-1969: The action has no new name or identifier"):
        after_renaming(share("S"), name_change, None, None)
