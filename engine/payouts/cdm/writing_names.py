"""Keys of a document that is being written: which name each date, leg and observable goes by."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.payouts.cdm.dates import (
    CALCULATION_PERIODS,
    EFFECTIVE_DATE,
    FINAL_PAYMENT,
    FINAL_VALUATION,
    INITIAL_VALUATION,
    INTERIM_PAYMENT,
    INTERIM_VALUATION,
    TERMINATION_DATE,
    TRADE_DATE,
)
from engine.payouts.terms.contract import Contract, Leg

STANDARD = {
    TRADE_DATE: "TradeDate",
    EFFECTIVE_DATE: "EffectiveDate",
    TERMINATION_DATE: "TerminationDate",
    INITIAL_VALUATION: "InitialValuationDate",
    INTERIM_VALUATION: "InterimValuationDate",
    FINAL_VALUATION: "FinalValuationDate",
    INTERIM_PAYMENT: "InterimEquityPaymentDate",
    FINAL_PAYMENT: "FinalEquityPaymentDate",
    CALCULATION_PERIODS: "InterestLegPeriodDates",
}
OF_CONTRACT = (TRADE_DATE, EFFECTIVE_DATE, TERMINATION_DATE)
OF_PAYMENTS = (INTERIM_PAYMENT, FINAL_PAYMENT)
FUNDING_PAYMENTS = "InterestLegPaymentDates"


@dataclass(frozen=True, slots=True)
class Names:
    """External keys of dates by what they are; those of a leg beyond the first of its kind end in its number."""

    by_meaning: Mapping[str, str]
    first_equity: int
    first_funding: int

    @classmethod
    def of(cls, contract: Contract) -> "Names":
        """The standard names, except where the contract's own dates were said relative to another name."""
        by_meaning = dict(STANDARD)
        for name in ("effective_date", "termination_date"):
            expression = contract.metadata.get(f"{name}_expression", "")
            target = contract.metadata.get(f"{name}_relative_to")
            if target in by_meaning and " rel " in expression:
                by_meaning[target] = expression.rpartition(" rel ")[2]
        equity = [leg.leg_number for leg in contract.legs if leg.performance is not None]
        funding = [leg.leg_number for leg in contract.legs if leg.interest is not None]
        return cls(by_meaning, min(equity, default=0), min(funding, default=0))

    def __getitem__(self, meaning: str) -> str:
        return self.by_meaning[meaning]

    def date_key(self, leg: Leg, meaning: str) -> str:
        """The key that a date of a leg carries."""
        if leg.interest is not None and meaning in OF_PAYMENTS:
            return self._numbered(FUNDING_PAYMENTS, leg.leg_number, self.first_funding)
        first = self.first_funding if leg.interest is not None else self.first_equity
        return self._numbered(self.by_meaning[meaning], leg.leg_number, first)

    def reference(self, leg: Leg, meaning: str, *, is_valuation: bool) -> str:
        """The key that a date of a leg refers to by a meaning: its own, the contract's, or the other leg's.

        A valuation that hangs on payments hangs on those of the funding leg; a funding leg hangs on the equity leg
        that it follows.
        """
        if meaning in OF_CONTRACT:
            return self.by_meaning[meaning]
        if leg.interest is not None:
            if meaning == CALCULATION_PERIODS:
                return self.date_key(leg, meaning)
            equity = leg.linked_leg_number or self.first_equity
            return self._numbered(self.by_meaning[meaning], equity, self.first_equity)
        if meaning == CALCULATION_PERIODS:
            return self.by_meaning[meaning]
        if is_valuation and meaning in OF_PAYMENTS and self.first_funding:
            return FUNDING_PAYMENTS
        return self.date_key(leg, meaning)

    @staticmethod
    def _numbered(name: str, leg_number: int, first: int) -> str:
        return name if leg_number == first else f"{name}-{leg_number}"


def observable_key(leg: Leg) -> str:
    """The scoped key of what a leg follows."""
    return f"observable-{leg.leg_number}"


def rate_key(leg: Leg) -> str:
    """The scoped key of the rate index of a funding leg."""
    return f"InterestRateIndex-{leg.leg_number}"


def price_key(leg: Leg) -> str:
    """The scoped key of the prices of a leg: unit price, fixed rate or spreads."""
    return f"price-{leg.leg_number}"


def quantity_key(leg: Leg) -> str:
    """The scoped key of the notional of a leg."""
    return f"quantity-{leg.leg_number}"


def constituent_key(leg: Leg, number: int) -> str:
    """The scoped key of a constituent of a leg's basket, counted from 1."""
    return f"basketConstituent-{leg.leg_number}-{number}"


def number(value: float) -> float | int:
    """A number for JSON: whole ones without a point."""
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value
