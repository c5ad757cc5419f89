"""Cash flows as transfer states (spec 07 §14.5), and check digits of identifiers (spec 07 §3.1)."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.payouts.cdm.identifiers import is_cusip, is_isin, is_lei
from engine.payouts.cdm.transfers import write_transfer_state
from engine.payouts.enums import CashflowStatus, CashflowSubtype, CashflowType


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
    text = write_transfer_state(
        CashflowType.DIVIDEND,
        CashflowSubtype.ORDINARY_DIVIDEND,
        status,
        100.0,
        "USD",
        "party1",
        "party2",
        date(2024, 5, 2),
        has_payment=has_payment,
        is_netted=is_netted,
    )

    assert (None if text is None else json.loads(text)["transferStatus"]) == written


def test_the_amount_is_absolute_and_the_direction_is_said_by_the_parties() -> None:
    """A negative amount is written without its sign."""
    text = write_transfer_state(
        CashflowType.INTEREST,
        CashflowSubtype.FIXED_INTEREST,
        CashflowStatus.REALIZED_SETTLED,
        -250.75,
        "EUR",
        "dealer",
        "hedgeco",
        date(2024, 5, 2),
    )
    assert text is not None
    transfer = json.loads(text)["transfer"]

    assert transfer["transferType"] == "FixedRateReturn"
    assert transfer["quantity"] == {"value": 250.75, "unit": {"currency": {"@data": "EUR"}}}
    assert transfer["payerReceiver"]["payerPartyReference"] == {"@ref:external": "dealer"}
    assert transfer["settlementDate"]["unadjustedDate"] == "2024-05-02"


def test_nobody_pays_himself() -> None:
    """Payer and receiver have to differ."""
    with pytest.raises(InputError, match="CLO-1925"):
        write_transfer_state(
            CashflowType.FEES, None, CashflowStatus.REALIZED_SETTLED, 1.0, "USD", "a", "a", date(2024, 5, 2)
        )


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
