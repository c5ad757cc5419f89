"""Money at the border: cash in minor units, and what goes into a column of fixed scale (spec 07 §0.3).

Cash is rounded once, when it is realised, half-up; columns take their digits half-even. Floats come in by their
shortest text, so 0.1 is a tenth.
"""

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

from engine.errors import InputError

MONEY_SCALE = 10
"""Decimals of a money column."""

_MINOR_DIGITS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"), 0),
    **dict.fromkeys(("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""Currencies whose minor unit is not a hundredth."""

_EXACT = Context(prec=400)
"""Room for every finite float, so that quantising never fails for want of digits."""


def minor_digits(currency: str) -> int:
    """Decimals of a currency's minor unit (ISO 4217). Raises InputError CLO-1956 for what is no currency code."""
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha() and currency.isupper()):
        raise InputError(
            "CLO-1956", f"{currency!r} is no currency code", remedy="Use three capital letters, such as USD."
        )
    return _MINOR_DIGITS.get(currency, 2)


def minor_unit(currency: str) -> Decimal:
    """The smallest amount paid in a currency: 0.01 for USD, 1 for JPY."""
    return Decimal(1).scaleb(-minor_digits(currency))


def settlement_amount(amount: float | Decimal, currency: str) -> Decimal:
    """`amount` in whole minor units, halves away from zero. Raises InputError CLO-1956 unless it is finite."""
    return _quantised(_exact(amount), minor_digits(currency), ROUND_HALF_UP)


def stored(value: float | Decimal, scale: int = MONEY_SCALE) -> Decimal:
    """`value` as a column of `scale` decimals holds it, halves to even. Raises InputError CLO-1956 unless finite."""
    return _quantised(_exact(value), scale, ROUND_HALF_EVEN)


def is_negligible(amount: float | Decimal, currency: str) -> bool:
    """Whether an amount is below half a minor unit, so that nothing is paid or corrected (spec 07 §14.4, §17)."""
    return _exact(amount).copy_abs() < minor_unit(currency) / 2


def _exact(amount: float | Decimal) -> Decimal:
    exact = amount if isinstance(amount, Decimal) else Decimal(repr(float(amount)))
    if not exact.is_finite():
        raise InputError("CLO-1956", f"{amount} is no amount", remedy="Value the flow first; its inputs are missing.")
    return exact


def _quantised(exact: Decimal, digits: int, rounding: str) -> Decimal:
    rounded = exact.quantize(Decimal(1).scaleb(-digits), rounding=rounding, context=_EXACT)
    return rounded if rounded else rounded.copy_abs()
