"""What kind of contract a trade is, by its qualifier and by its payouts (spec 07 §5.5)."""

from engine.payouts.cdm.document import Node
from engine.payouts.enums import ContractType, DividendPaymentReference, ScheduleRole
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Leg

BY_QUALIFIER = (
    ("Dispersion", ContractType.DISPERSION_SWAP),
    ("ParameterReturnVariance", ContractType.VARIANCE_SWAP),
    ("ParameterReturnVolatility", ContractType.VOLATILITY_SWAP),
    ("ParameterReturnCorrelation", ContractType.CORRELATION_SWAP),
    ("ParameterReturnDividend", ContractType.DIVIDEND_SWAP),
    ("TotalReturn", ContractType.TOTAL_RETURN_SWAP),
    ("PriceReturn", ContractType.EQUITY_SWAP),
)
"""Parts of ISDA taxonomy names; the first that occurs decides."""


def qualifiers(product: Node) -> tuple[tuple[str, Node], ...]:
    """The ISDA qualifiers of a product: those that were calculated, else all of source ISDA."""
    named = [
        (node.text("value", "name") or "", node) for node in product.each("taxonomy") if node.text("source") == "ISDA"
    ]
    calculated = [pair for pair in named if pair[1].flag("calculated")]
    return tuple(pair for pair in calculated or named if pair[0])


def derived_type(legs: tuple[Leg, ...]) -> ContractType:
    """The type that the payouts make."""
    returns = [leg.performance.returns for leg in legs if leg.performance is not None]
    n_variance = sum(one.variance is not None for one in returns)
    if n_variance:
        return ContractType.DISPERSION_SWAP if n_variance > 1 else ContractType.VARIANCE_SWAP
    if any(one.volatility is not None for one in returns):
        return ContractType.VOLATILITY_SWAP
    if any(one.correlation is not None for one in returns):
        return ContractType.CORRELATION_SWAP
    if all(one.price is None for one in returns):
        return ContractType.DIVIDEND_SWAP
    if is_contract_for_difference(legs):
        return ContractType.CONTRACT_FOR_DIFFERENCE
    has_dividends = any(one.dividend is not None for one in returns)
    return ContractType.TOTAL_RETURN_SWAP if has_dividends else ContractType.EQUITY_SWAP


def is_contract_for_difference(legs: tuple[Leg, ...]) -> bool:
    """A price return with a funding leg, no interim valuation or payment dates, and dividends on ad hoc dates."""
    payouts = [leg.performance for leg in legs if leg.performance is not None]
    if not any(leg.interest is not None for leg in legs):
        return False
    for payout in payouts:
        roles = [one.role for one in payout.valuation_schedules] + [one.role for one in payout.payment_schedules]
        dividend = payout.returns.dividend
        has_interim = ScheduleRole.INTERIM in roles
        is_ad_hoc = dividend is not None and dividend.payment_date_reference == DividendPaymentReference.AD_HOC_DATE
        if payout.returns.price is None or has_interim or not is_ad_hoc:
            return False
    return bool(payouts)


def contract_type(product: Node, legs: tuple[Leg, ...]) -> tuple[ContractType, str | None]:
    """Type and qualifier. The qualifier wins over the payouts, except for contracts for difference."""
    derived = derived_type(legs)
    found = qualifiers(product)
    if not found:
        return derived, None
    name, node = found[0]
    said = next((kind for part, kind in BY_QUALIFIER if part in name), None)
    if said is None:
        message = f"The qualifier {name!r:.60} is not known; the payouts make a {derived}"
        node.findings.warning(FindingCode.QUALIFIER_MISMATCH, node.pointer, message)
        return derived, name
    if derived is ContractType.CONTRACT_FOR_DIFFERENCE:
        if said not in (ContractType.TOTAL_RETURN_SWAP, ContractType.EQUITY_SWAP):
            message = f"The qualifier {name!r:.60} is none of a {derived}"
            node.findings.warning(FindingCode.QUALIFIER_MISMATCH, node.pointer, message)
        return derived, name
    if said is not derived:
        message = f"The qualifier says {said}, the payouts make a {derived}"
        node.findings.warning(FindingCode.QUALIFIER_MISMATCH, node.pointer, message)
    return said, name
