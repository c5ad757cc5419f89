"""Cash in minor units and columns of fixed scale (spec 07 §0.3)."""

from decimal import Decimal

import pytest

from engine.errors import InputError
from engine.payouts.money import (
    is_negligible,
    minor_digits,
    minor_unit,
    settlement_amount,
    stored,
)


@pytest.mark.parametrize(
    ("currency", "digits"), [("USD", 2), ("JPY", 0), ("KRW", 0), ("BHD", 3), ("KWD", 3), ("OMR", 3)]
)
def test_minor_units(currency: str, digits: int) -> None:
    """Most currencies have cents, some none, some thousandths."""
    assert minor_digits(currency) == digits
    assert minor_unit(currency) == Decimal(10) ** -digits


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (2.675, "USD", "2.68"),
        (-2.675, "USD", "-2.68"),
        (1.005, "USD", "1.01"),
        (0.5, "JPY", "1"),
        (1.0005, "KWD", "1.001"),
        (16_288.505368, "USD", "16288.51"),
        (Decimal("0.125"), "USD", "0.13"),
        (-0.001, "USD", "0.00"),
    ],
)
def test_cash_is_rounded_half_up(amount: float | Decimal, currency: str, expected: str) -> None:
    """Halves go away from zero, by the shortest text of the float; nothing is minus zero."""
    assert str(settlement_amount(amount, currency)) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(0.125, "0.12"), (0.135, "0.14"), (-0.125, "-0.12"), (1e22, "1" + "0" * 22 + ".00")]
)
def test_columns_take_halves_to_even(value: float, expected: str) -> None:
    """Stored values are rounded half-even to the scale, however large."""
    assert str(stored(value, 2)) == expected


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_amount_is_refused(bad: float) -> None:
    """A value that could not be computed is never stored."""
    for call in (lambda: stored(bad), lambda: settlement_amount(bad, "USD")):
        with pytest.raises(InputError) as caught:
            call()
        assert caught.value.number == "CLO-1956"


@pytest.mark.parametrize("currency", ["", "usd", "US", "US1", "ÄÖÜ"])
def test_currency_codes_are_three_capitals(currency: str) -> None:
    """Another text is refused."""
    with pytest.raises(InputError, match="no currency code"):
        minor_unit(currency)


def test_half_a_minor_unit_is_worth_correcting() -> None:
    """Below half a minor unit a difference is negligible, at half it is not."""
    assert is_negligible(0.00499, "USD")
    assert not is_negligible(-0.005, "USD")
