"""What a contract passes on of a dividend: ratios and which kinds (spec 07 §9.2).

The payout ratio is the net share already: the withholding rate of the terms informs and is not applied.
"""

from dataclasses import dataclass

from engine.errors import ModelError
from engine.payouts.enums import NonCashDividendTreatment, ReinvestmentPoint
from engine.payouts.terms.parties import Instrument
from engine.payouts.terms.returns import DividendReturnTerms


@dataclass(frozen=True, slots=True)
class PassedShare:
    """Share of a dividend of one instrument: of cash, of the cash equivalent of a non-cash dividend (0: it adjusts the
    position instead), and whether special dividends and returns of capital are passed on."""

    cash_ratio: float
    non_cash_ratio: float
    passes_special: bool


NOTHING = PassedShare(0.0, 0.0, False)


def passed_share(terms: DividendReturnTerms, instrument: Instrument) -> PassedShare:
    """The share of an instrument, its own where the terms list it.

    Total return indices, whose level holds the income, pass on nothing. Raises ModelError CLO-1936 where no ratio is
    stated.
    """
    if instrument.is_total_return_index:
        return NOTHING
    own = next((r for r in terms.payout_ratios if r.constituent_reference == instrument.reference), None)
    total = terms.dividend_payout_ratio if own is None or own.total_ratio is None else own.total_ratio
    cash = terms.cash_ratio if own is None else (own.cash_ratio if own.cash_ratio is not None else own.total_ratio)
    non_cash = (
        terms.non_cash_ratio
        if own is None
        else (own.non_cash_ratio if own.non_cash_ratio is not None else own.total_ratio)
    )
    cash = total if cash is None else cash
    if cash is None:
        raise ModelError(
            "CLO-1936",
            f"The dividend terms state no payout ratio for {instrument.reference}",
            remedy="Give the dividend payout ratio, 1 for the whole gross dividend.",
        )
    is_paid = terms.non_cash_dividend_treatment is NonCashDividendTreatment.CASH_EQUIVALENT
    non_cash = (total if non_cash is None else non_cash) if is_paid else 0.0
    return PassedShare(cash, non_cash or 0.0, terms.special_dividends)


def reinvests(terms: DividendReturnTerms | None) -> bool:
    """Whether dividends grow the units instead of being paid."""
    return terms is not None and terms.dividend_reinvestment


def at_pay_day(terms: DividendReturnTerms) -> bool:
    """Whether a reinvested dividend buys on its pay date."""
    return terms.reinvest_at is ReinvestmentPoint.PAY_DATE
