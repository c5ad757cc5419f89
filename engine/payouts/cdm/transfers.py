"""Transfers: fees of a document's history in, cash flows as transfer states out (spec 07 §5.4, §14.5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.errors import InputError
from engine.payouts.cdm.dates import Dates, expression
from engine.payouts.cdm.document import Node
from engine.payouts.cdm.draft import TransferFact
from engine.payouts.cdm.parties import Parties
from engine.payouts.enums import CashflowStatus, CashflowSubtype, CashflowType
from engine.payouts.findings import FindingCode
from engine.payouts.terms.contract import Fee

FEE_SUBTYPES = {
    "Upfront": CashflowSubtype.UPFRONT_FEE,
    "Premium": CashflowSubtype.UPFRONT_FEE,
    "BrokerageCommission": CashflowSubtype.UPFRONT_FEE,
    "Increase": CashflowSubtype.UPFRONT_FEE,
    "Novation": CashflowSubtype.UPFRONT_FEE,
    "Renegotiation": CashflowSubtype.UPFRONT_FEE,
    "PartialTermination": CashflowSubtype.BREAKAGE_FEE,
    "Termination": CashflowSubtype.BREAKAGE_FEE,
}
"""CDM transfer types that are fees; others in a history are payments of the life cycle."""

TRANSFER_TYPES = {
    CashflowType.EQUITY_RETURN: "Performance",
    CashflowType.DIVIDEND: "DividendReturn",
    CashflowType.FIXED_AMOUNT: "FixedRateReturn",
    CashflowType.CORPORATE_ACTION: "CorporateAction",
    CashflowType.ADJUSTMENT: "Performance",
    CashflowType.FEES: "Upfront",
    CashflowType.INTEREST: "FloatingRateReturn",
}
TRANSFER_SUBTYPES = {
    CashflowSubtype.FIXED_INTEREST: "FixedRateReturn",
    CashflowSubtype.FLOATING_INTEREST: "FloatingRateReturn",
    CashflowSubtype.UPFRONT_FEE: "Upfront",
    CashflowSubtype.BREAKAGE_FEE: "PartialTermination",
    CashflowSubtype.TERMINATION_AMOUNT: "Termination",
    CashflowSubtype.BORROW_FEE: "Premium",
}
"""Subtypes that say more than the type; PartialTermination because a breakage fee of a whole one is a termination."""


def read_transfer(node: Node) -> TransferFact:
    """One transfer of a history, nothing interpreted."""
    roles = node.at("payerReceiver")
    return TransferFact(
        transfer_type=node.text("transferType"),
        amount=node.number("quantity", "value"),
        currency=node.text("quantity", "unit", "currency"),
        settlement=expression(node.at("settlementDate")),
        payer_key=roles.at("payerPartyReference").reference_name,
        receiver_key=roles.at("receiverPartyReference").reference_name,
    )


def read_fee(
    node: Node, parties: Parties, dates: Dates, reference: str, default_date: date | None
) -> tuple[Fee | None, TransferFact]:
    """The fee that a transfer is, None where it is none or has no amount; and the transfer as it stands."""
    fact = read_transfer(node)
    subtype = FEE_SUBTYPES.get(fact.transfer_type or "")
    if subtype is None:
        message = f"A transfer of type {fact.transfer_type} is no fee and is not read"
        node.findings.info(FindingCode.UNKNOWN_VALUE, node.pointer, message)
        return None, fact
    if fact.amount is None:
        message = f"The {fact.transfer_type} transfer has no amount"
        node.findings.warning(FindingCode.TRANSFER_WITHOUT_AMOUNT, node.pointer, message)
        return None, fact
    currency = node.currency("quantity", "unit", "currency")
    payer = parties.named(node.at("payerReceiver", "payerPartyReference"))
    receiver = parties.named(node.at("payerReceiver", "receiverPartyReference"))
    if payer is None or receiver is None:
        node.findings.error(FindingCode.PARTY_MISSING, node.pointer, "Payer or receiver of the transfer is not known")
        return None, fact
    if currency is None:
        node.findings.error(FindingCode.MISSING, f"{node.pointer}/quantity/unit", "The transfer has no currency")
        return None, fact
    if fact.amount < 0.0:
        payer, receiver = receiver, payer
    day = dates.day(node.at("settlementDate"))
    if day is None and default_date is not None:
        message = f"The transfer has no date; {default_date} is taken"
        node.findings.warning(FindingCode.DATES_INCONSISTENT, f"{node.pointer}/settlementDate", message)
        day = default_date
    if day is None:
        node.findings.error(FindingCode.MISSING, f"{node.pointer}/settlementDate", "The transfer has no date")
        return None, fact
    fee = Fee(
        fee_reference=reference,
        subtype=subtype,
        amount=abs(fact.amount),
        currency=currency,
        payment_date=day,
        payer_identifier=payer.party_identifier,
        receiver_identifier=receiver.party_identifier,
    )
    return fee, fact


def read_fees(
    root: Node, parties: Parties, dates: Dates, contract_reference: str, default_date: date
) -> tuple[tuple[Fee, ...], tuple[TransferFact, ...]]:
    """All fees of a history, numbered in its order, and all its transfers."""
    fees: list[Fee] = []
    facts: list[TransferFact] = []
    for state in root.each("transferHistory"):
        reference = f"{contract_reference}-FEE-{len(fees) + 1}"
        fee, fact = read_fee(state.at("transfer"), parties, dates, reference, default_date)
        facts.append(fact)
        if fee is not None:
            fees.append(fee)
    return tuple(fees), tuple(facts)


def transfer_of(fee: Fee, keys: dict[str, str]) -> dict[str, Any]:
    """A fee as a transfer in a history; `keys` are the external keys of parties by identifier."""
    kinds = {CashflowSubtype.BREAKAGE_FEE: "PartialTermination"}
    return {
        "transfer": _transfer(
            kinds.get(fee.subtype, "Upfront"),
            fee.amount,
            fee.currency,
            fee.payment_date,
            keys.get(fee.payer_identifier, fee.payer_identifier),
            keys.get(fee.receiver_identifier, fee.receiver_identifier),
        )
    }


def _transfer(kind: str, amount: float, currency: str, day: date, payer: str, receiver: str) -> dict[str, Any]:
    return {
        "@type": "cdm.event.common.UnscheduledTransfer",
        "quantity": {"value": amount, "unit": {"currency": {"@data": currency}}},
        "asset": {
            "@type": "cdm.base.staticdata.asset.common.Cash",
            "identifier": [{"identifier": {"@data": currency}, "identifierType": "CurrencyCode"}],
            "assetType": "Cash",
        },
        "settlementDate": {
            "unadjustedDate": day.isoformat(),
            "dateAdjustments": {"businessDayConvention": "NotApplicable"},
        },
        "payerReceiver": {
            "payerPartyReference": {"@ref:external": payer},
            "receiverPartyReference": {"@ref:external": receiver},
        },
        "transferType": kind,
    }


def transfer_status(status: CashflowStatus, *, has_payment: bool, is_netted: bool) -> str | None:
    """The CDM transfer status of a cash flow; None for one that is no transfer (spec 07 §14.5)."""
    if status in (CashflowStatus.ACCRUED, CashflowStatus.CANCELLED, CashflowStatus.ADJUSTED):
        return None
    if is_netted:
        return "Netted"
    if status is CashflowStatus.REALIZED_SETTLED:
        return "Settled"
    return "Instructed" if has_payment and status is CashflowStatus.REALIZED_UNSETTLED else "Pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class CashTransfer:
    """A stored cash flow as the CDM is told of it. amount: in `currency`, its sign does not count.

    settlement_date: when it was paid, or is to be. has_payment: a payment of it is under way or arrived. is_netted: it
    was paid as part of a net amount, which is a transfer of its own.
    """

    cashflow_reference: str
    cashflow_type: CashflowType
    subtype: CashflowSubtype | None
    status: CashflowStatus
    amount: Decimal
    currency: str
    payer: str
    receiver: str
    settlement_date: date
    has_payment: bool = False
    is_netted: bool = False


def transfer_state(flow: CashTransfer, keys: Mapping[str, str]) -> dict[str, Any] | None:
    """A cash flow as a CDM TransferState; None where it is not exported (accrued, cancelled, adjusted).

    keys: external keys of parties by identifier. Raises InputError CLO-1925 where payer and receiver are the same.
    """
    if flow.payer == flow.receiver:
        raise InputError(
            "CLO-1925",
            f"{flow.payer!r} would pay itself",
            where=flow.cashflow_reference,
            remedy="Name two different parties.",
        )
    state = transfer_status(flow.status, has_payment=flow.has_payment, is_netted=flow.is_netted)
    if state is None:
        return None
    kind = None if flow.subtype is None else TRANSFER_SUBTYPES.get(flow.subtype)
    transfer = _transfer(
        kind or TRANSFER_TYPES[flow.cashflow_type],
        float(abs(flow.amount)),
        flow.currency,
        flow.settlement_date,
        keys.get(flow.payer, flow.payer),
        keys.get(flow.receiver, flow.receiver),
    )
    named = {"identifier": [{"assignedIdentifier": [{"identifier": {"@data": flow.cashflow_reference}}]}]}
    return {
        "@model": "cdm",
        "@type": "cdm.event.common.TransferState",
        "transfer": transfer | named,
        "transferStatus": state,
    }
