"""Cash flows as transfer states (spec 07 §14.5), and check digits of identifiers (spec 07 §3.1)."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.payouts.cdm.identifiers import is_cusip, is_isin, is_lei
from engine.payouts.cdm.transfers import CashTransfer, transfer_state
from engine.payouts.enums import CashflowStatus, CashflowSubtype, CashflowType


def flow(**changes: object) -> CashTransfer:
    """A dividend of 100 dollars that A pays B, settled."""
    values: dict[str, object] = {
        "cashflow_reference": "TRS-1/1",
        "cashflow_type": CashflowType.DIVIDEND,
        "subtype": CashflowSubtype.ORDINARY_DIVIDEND,
        "status": CashflowStatus.REALIZED_SETTLED,
        "amount": Decimal(100),
        "currency": "USD",
        "payer": "A",
        "receiver": "B",
        "settlement_date": date(2024, 5, 2),
    }
    return CashTransfer(**values | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "has_payment", "is_netted", "written"),
    [
        (CashflowStatus.ACCRUED, False, False, None),
        (CashflowStatus.CANCELLED, False, False, None),
        (CashflowStatus.ADJUSTED, False, False, None),
        (CashflowStatus.REALIZED_DEFERRED, False, False, "Pending"),
        (CashflowStatus.REALIZED_UNSETTLED, False, False, "Pending"),
        (CashflowStatus.REALIZED_UNSETTLED, True, False, "Instructed"),
        (CashflowStatus.REALIZED_UNSETTLED, True, True, "Netted"),
        (CashflowStatus.REALIZED_SETTLED, True, False, "Settled"),
        (CashflowStatus.REALIZED_SETTLED, True, True, "Netted"),
    ],
)
def test_status_of_a_transfer(status: CashflowStatus, has_payment: bool, is_netted: bool, written: str | None) -> None:
    """Only realised cash flows are transfers; their status follows payment and netting."""
    found = transfer_state(flow(status=status, has_payment=has_payment, is_netted=is_netted), {})

    assert (None if found is None else found["transferStatus"]) == written


def test_the_amount_is_absolute_and_the_direction_is_said_by_the_parties() -> None:
    """A negative amount is written without its sign; a party without a key goes by its identifier."""
    found = transfer_state(
        flow(
            cashflow_type=CashflowType.INTEREST,
            subtype=CashflowSubtype.FIXED_INTEREST,
            amount=Decimal("-250.75"),
            currency="EUR",
        ),
        {"A": "dealer"},
    )
    assert found is not None
    transfer = found["transfer"]

    assert transfer["transferType"] == "FixedRateReturn"
    assert transfer["quantity"] == {"value": 250.75, "unit": {"currency": {"@data": "EUR"}}}
    assert transfer["payerReceiver"] == {
        "payerPartyReference": {"@ref:external": "dealer"},
        "receiverPartyReference": {"@ref:external": "B"},
    }
    assert transfer["settlementDate"]["unadjustedDate"] == "2024-05-02"
    assert transfer["identifier"] == [{"assignedIdentifier": [{"identifier": {"@data": "TRS-1/1"}}]}]


def test_nobody_pays_himself() -> None:
    """Payer and receiver have to differ."""
    with pytest.raises(InputError, match="CLO-1925"):
        transfer_state(flow(receiver="A"), {})


@pytest.mark.parametrize("isin", ["US0378331005", "NL0000009322", "KR7005430004", "DE0005190003", "GB0002634946"])
def test_isins_of_real_shares_are_valid(isin: str) -> None:
    """Published ISINs pass, and fail with any other check digit."""
    others = [f"{isin[:-1]}{digit}" for digit in range(10) if str(digit) != isin[-1]]

    assert is_isin(isin)
    assert not any(is_isin(other) for other in others)


@pytest.mark.parametrize("cusip", ["037833100", "17275R102", "38259P508", "594918104", "68389X105"])
def test_cusips_of_real_shares_are_valid(cusip: str) -> None:
    """Published CUSIPs pass, and fail with any other check digit."""
    others = [f"{cusip[:-1]}{digit}" for digit in range(10) if str(digit) != cusip[-1]]

    assert is_cusip(cusip)
    assert not any(is_cusip(other) for other in others)


@pytest.mark.parametrize("lei", ["529900T8BM49AURSDO55", "54930084UKLVMY22DS16", "213800WSGIIZCXF1P572"])
def test_leis_of_real_persons_are_valid(lei: str) -> None:
    """Published LEIs pass, and fail with the last digit changed."""
    assert is_lei(lei)
    assert not is_lei(f"{lei[:-1]}{(int(lei[-1]) + 1) % 10}")


@given(st.text(max_size=22))
def test_any_text_can_be_checked(text: str) -> None:
    """No text makes a check raise."""
    assert not (is_isin(text) and is_lei(text))
    is_cusip(text)
