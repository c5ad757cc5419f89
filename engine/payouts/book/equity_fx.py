"""How prices in one currency become amounts in the settlement currency (spec 07 §11).

X is units of the settlement currency per unit of the price currency. A rate that is stored with the contract is quoted
by the basis of its feature and inverted where that basis says so; without quoted currencies it is X as it stands.
"""

from dataclasses import dataclass
from datetime import date
from math import nan

from engine.conventions.days import NO_DAY, day_number, to_date
from engine.errors import ModelError
from engine.payouts import codes
from engine.payouts.book.equity_periods import FAR_DAY
from engine.payouts.dates.calendars import JointCalendar
from engine.payouts.enums import FxFeatureType, QuoteBasis
from engine.payouts.terms.performance import FxFeature

_MODES = {
    FxFeatureType.COMPOSITE: codes.COMPOSITE,
    FxFeatureType.QUANTO: codes.QUANTO,
    FxFeatureType.CROSS_CURRENCY: codes.CROSS_CURRENCY,
}


@dataclass(frozen=True, slots=True)
class CurrencyConversion:
    """Conversion of one price currency. pair: `FROM/TO`, empty where both are the same and X is 1.

    fixed_rate: X agreed for the whole life (quanto), NaN where it is looked up; fixed_day: the day of that fixing,
    NO_DAY where X is observed with each valuation.
    """

    pair: str = ""
    fixed_rate: float = nan
    fixed_day: int = NO_DAY


@dataclass(frozen=True, slots=True)
class FxTerms:
    """The FX features of a payout that is settled in `settlement_currency`; trade_date fixes a quanto without a rate.

    calendar counts the offset of a composite fixing.
    """

    features: tuple[FxFeature, ...]
    settlement_currency: str
    trade_date: date
    calendar: JointCalendar

    @property
    def mode(self) -> int:
        """Code of the first feature that says how currencies meet; NO_FX without one."""
        return next((_MODES[f.fx_feature_type] for f in self.features if f.fx_feature_type in _MODES), codes.NO_FX)

    def conversion(self, currency: str) -> CurrencyConversion:
        """How prices in `currency` are converted. Raises ModelError CLO-1933 where no feature says it."""
        if currency == self.settlement_currency:
            return CurrencyConversion()
        pair = f"{currency}/{self.settlement_currency}"
        feature = self._feature(currency)
        if feature.fx_feature_type is not FxFeatureType.QUANTO:
            return CurrencyConversion(pair)
        if feature.quanto_fx_rate is not None:
            return CurrencyConversion(pair, self._oriented(feature, feature.quanto_fx_rate, currency))
        if feature.quanto_fx_rate_source is None:
            raise _no_rule(f"The quanto from {currency} has neither a rate nor a source", "Give quanto_fx_rate.")
        return CurrencyConversion(pair, nan, day_number(self.trade_date))

    def fixing_day(self, valuation_day: int) -> int:
        """The day whose FX belongs to a valuation: the day itself, or moved by the composite's business days."""
        offsets = [f.composite_relative_date_offset for f in self.features if _is_composite(f)]
        offset = next((n for n in offsets if n), 0)
        if not offset or valuation_day >= FAR_DAY:
            return valuation_day
        return day_number(self.calendar.add_business_days(to_date(valuation_day), offset))

    def _feature(self, currency: str) -> FxFeature:
        """The feature that quotes the currency, else the only one."""
        usable = [feature for feature in self.features if feature.fx_feature_type in _MODES]
        quoting = [f for f in usable if currency in (f.quote_currency1, f.quote_currency2)]
        if quoting:
            return quoting[0]
        unquoted = [f for f in usable if f.quote_currency1 is None and f.quote_currency2 is None]
        if not unquoted:
            raise _no_rule(
                f"Nothing says how prices in {currency} become {self.settlement_currency}",
                "Give the payout an FX feature that is composite, quanto or cross-currency.",
            )
        return unquoted[0]

    def _oriented(self, feature: FxFeature, rate: float, currency: str) -> float:
        """A stored rate as X."""
        first, second = feature.quote_currency1, feature.quote_currency2
        if first is None and second is None:
            return rate
        if {first, second} != {currency, self.settlement_currency} or feature.quote_basis is None:
            raise _no_rule(
                f"The FX rate {rate} is quoted in {first} and {second} by {feature.quote_basis}, which does not lead"
                f" from {currency} to {self.settlement_currency}",
                "Correct the quoted currencies and the quote basis.",
            )
        is_first_per_second = feature.quote_basis is QuoteBasis.CURRENCY1_PER_CURRENCY2
        is_settlement_first = first == self.settlement_currency
        return rate if is_first_per_second == is_settlement_first else 1.0 / rate


def _is_composite(feature: FxFeature) -> bool:
    return feature.fx_feature_type is FxFeatureType.COMPOSITE


def _no_rule(problem: str, remedy: str) -> ModelError:
    return ModelError("CLO-1933", problem, remedy=remedy)
