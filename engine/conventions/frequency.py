"""Payment frequencies: payments a year, months between payments, and the words for them (spec 01 §1.2, §7.1)."""

_PAYMENTS_PER_YEAR = {"Annually": 1, "Semi-Annually": 2, "Quarterly": 4, "Monthly": 12}
_PAYMENTS_PER_YEAR_FOLDED = {word.upper(): count for word, count in _PAYMENTS_PER_YEAR.items()}


def months_between_payments(payments_per_year: float) -> int:
    """Whole months between payments, half to even: 1, 2, 3, 4, 5, 12 a year give 12, 6, 4, 3, 2, 1."""
    return round(12.0 / payments_per_year)


def payments_per_year_by_word(text: str) -> int:
    """Payments a year of `Quarterly` and the like, in any case; 0 for any other text."""
    return _PAYMENTS_PER_YEAR_FOLDED.get(text.upper(), 0)


def months_by_word(text: str) -> int:
    """Months between payments of `Quarterly` and the like, case-sensitive; 0 for any other text."""
    payments_per_year = _PAYMENTS_PER_YEAR.get(text, 0)
    return 12 // payments_per_year if payments_per_year else 0
