"""Dividend return terms: entitlement, ratios, currency, periods and payment (spec 07 §5.4, §9)."""

from engine.payouts.cdm.dates import Dates
from engine.payouts.cdm.document import Node
from engine.payouts.cdm.instruments import read_instrument
from engine.payouts.enums import (
    DividendAmountType,
    DividendComposition,
    DividendEntitlement,
    DividendPaymentReference,
    DividendPeriodConvention,
    NonCashDividendTreatment,
    upper_snake,
)
from engine.payouts.findings import FindingCode
from engine.payouts.terms.returns import DividendPayoutRatio, DividendPeriod, DividendReturnTerms

SHARE_PAYMENT_OFFSET = 2
"""Days after the share's own payment on which a dividend is passed through, where the document says none."""


def read_dividend_terms(node: Node, dates: Dates) -> DividendReturnTerms:
    """The dividend terms of a payout; ratios outside [0, 1] are kept, with RATIO_RANGE."""
    whole, by_constituent = _ratios(node)
    periods = node.each("dividendPeriod")
    reference = next((text for period in periods if (text := _payment_reference(period)) is not None), None)
    offset, day_type = _offset(periods, reference)
    currency, method = _currency(node.at("dividendCurrency"))
    above_one = [ratio for ratio in whole if ratio is not None and ratio > 1.0]
    return DividendReturnTerms(
        dividend_payout_ratio=whole[0],
        cash_ratio=whole[1],
        non_cash_ratio=whole[2],
        ratio_above_one_allowed=bool(above_one),
        dividend_reinvestment=bool(node.flag("dividendReinvestment")),
        dividend_entitlement=node.choice(DividendEntitlement, "dividendEntitlement") or DividendEntitlement.EX_DATE,
        dividend_amount_type=_amount_type(node),
        first_period=node.choice(DividendPeriodConvention, "firstOrSecondPeriod"),
        payment_date_reference=reference,
        payment_offset_days=offset,
        payment_offset_day_type=day_type,
        extraordinary_dividends_party=node.text("extraordinaryDividendsParty"),
        excess_dividend_amount_type=_word(node, "excessDividendAmount"),
        dividend_currency=currency,
        dividend_currency_method=method,
        non_cash_dividend_treatment=node.choice(NonCashDividendTreatment, "nonCashDividendTreatment"),
        dividend_composition=node.choice(DividendComposition, "dividendComposition"),
        special_dividends=bool(node.flag("specialDividends")),
        material_dividend=bool(node.flag("materialDividend")),
        payout_ratios=by_constituent,
        periods=_periods(periods, dates),
    )


def _word(node: Node, *keys: str) -> str | None:
    text = node.text(*keys)
    return upper_snake(text) if text else None


def _amount_type(node: Node) -> DividendAmountType | None:
    if node.text("dividendAmountType") in ("Period", "PERIOD"):
        message = "The dividend amount type PERIOD is read as EX_AMOUNT"
        node.findings.warning(FindingCode.UNKNOWN_VALUE, f"{node.pointer}/dividendAmountType", message)
        return DividendAmountType.EX_AMOUNT
    return node.choice(DividendAmountType, "dividendAmountType")


Ratios = tuple[float | None, float | None, float | None]


def _ratios(node: Node) -> tuple[Ratios, tuple[DividendPayoutRatio, ...]]:
    """The ratios of the whole payout, and those of constituents of a basket."""
    whole: Ratios = (None, None, None)
    by_constituent: list[DividendPayoutRatio] = []
    n_whole = 0
    for part in node.each("dividendPayoutRatio"):
        ratios = (part.number("totalRatio"), part.number("cashRatio"), part.number("nonCashRatio"))
        for ratio in ratios:
            if ratio is not None and not 0.0 <= ratio <= 1.0:
                message = f"The payout ratio {ratio} lies outside 0 to 1"
                part.findings.warning(FindingCode.RATIO_RANGE, part.pointer, message)
        constituent = next(iter(part.at("basketConstituent").follow()), None)
        if constituent is not None:
            inner = constituent.at("observable")
            instrument = read_instrument(inner if inner.is_there else constituent)
            by_constituent.append(
                DividendPayoutRatio(
                    constituent_reference=instrument.reference,
                    total_ratio=ratios[0],
                    cash_ratio=ratios[1],
                    non_cash_ratio=ratios[2],
                )
            )
            continue
        n_whole += 1
        if n_whole == 1:
            whole = ratios
        else:
            part.findings.warning(FindingCode.CARDINALITY, part.pointer, "A second payout ratio; the first is taken")
    return whole, tuple(by_constituent)


def payment_references(node: Node) -> tuple[str | None, ...]:
    """The words of the periods for when they pay, as the document has them."""
    return tuple(
        period.text("dividendPaymentDate", "dividendDateReference", "dateReference")
        for period in node.each("dividendPeriod")
    )


def _payment_reference(period: Node) -> DividendPaymentReference | str | None:
    place = period.at("dividendPaymentDate", "dividendDateReference")
    text = _word(place, "dateReference")
    if text is None:
        has_date = period.at("dividendPaymentDate", "dividendDate").is_there
        return DividendPaymentReference.EXPLICIT if has_date else None
    if text in DividendPaymentReference._value2member_map_:
        return DividendPaymentReference(text)
    message = f"Dividends paid on {text} cannot be generated; the word is kept"
    place.findings.warning(FindingCode.UNKNOWN_VALUE, place.pointer, message)
    return text


def _offset(periods: list[Node], reference: DividendPaymentReference | str | None) -> tuple[int | None, str | None]:
    for period in periods:
        offset = period.at("dividendPaymentDate", "dividendDateReference", "paymentDateOffset")
        if offset.is_there:
            days = (offset.integer("periodMultiplier") or 0) * (7 if offset.text("period") == "W" else 1)
            return days, _word(offset, "dayType")
    is_share_payment = reference == DividendPaymentReference.SHARE_PAYMENT
    return (SHARE_PAYMENT_OFFSET, "CURRENCY_BUSINESS") if is_share_payment else (None, None)


def _currency(node: Node) -> tuple[str | None, str | None]:
    """The currency in which dividends are paid, and how it is found: given, by method or by reference."""
    reference = node.at("currencyReference")
    if reference.is_there:
        for target in reference.follow():
            found = target.currency()
            if found is not None:
                return found, None
        return None, None
    return node.currency("currency"), _word(node, "determinationMethod")


def _periods(periods: list[Node], dates: Dates) -> tuple[DividendPeriod, ...]:
    """Periods with dates of their own; those that run from trade to termination date are the whole life: none."""
    found: list[DividendPeriod] = []
    for number, period in enumerate(periods, 1):
        start, end = period.at("startDate", "dividendDate"), period.at("endDate", "dividendDate")
        if start.reference_name is not None or end.reference_name is not None:
            # Resolved all the same, so that a date that exists as a hash only is noticed.
            if not start.follow():
                dates.day(start)
            continue
        first, last = dates.day(start), dates.day(end)
        if first is None or last is None:
            continue
        if last < first:
            message = f"The dividend period runs from {first} to {last}"
            period.findings.error(FindingCode.DATES_INCONSISTENT, period.pointer, message)
        constituent = next(iter(period.at("basketConstituent").follow()), None)
        found.append(
            DividendPeriod(
                period_number=number,
                start_date=first,
                end_date=last,
                payment_date=dates.day(period.at("dividendPaymentDate", "dividendDate")),
                valuation_date=dates.day(period.at("dividendValuationDate")),
                constituent_reference=_constituent(constituent),
            )
        )
    return tuple(found)


def _constituent(node: Node | None) -> str | None:
    if node is None:
        return None
    inner = node.at("observable")
    return read_instrument(inner if inner.is_there else node).reference
