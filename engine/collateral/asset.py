"""The asset record and its field catalogue: the 70 columns of the "All Assets" sheet (spec 01 section 1.1).

The fields of `Asset` are the one definition of an asset column. Workbook headers, database columns, the importer's
conversions, validation and the field list of the cell functions are derived from `ASSET_FIELDS`.
"""

import math
from dataclasses import dataclass, field, fields
from datetime import date
from enum import Enum
from typing import Any


class FieldKind(Enum):
    """What an asset column holds, and in which unit.

    TEXT as typed; DAY a date; COUNT a whole number; MONEY in deal currency; RATE a decimal a year (0.0475);
    PRICE percent of par (99.292); YEARS; FLAG yes or no.
    """

    TEXT = "text"
    DAY = "day"
    COUNT = "count"
    MONEY = "money"
    RATE = "rate"
    PRICE = "price"
    YEARS = "years"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class AssetField:
    """One column of the asset master.

    header is the workbook header exactly, trailing blanks included; empty for a field that is derived and stands in
    no workbook. column is the 1-based position on the sheet, 0 for derived fields. is_cash_flow_input says whether
    the projection reads the field. longest is the number of characters a text may have, 0 for other kinds.
    """

    name: str
    kind: FieldKind
    header: str
    column: int
    is_cash_flow_input: bool
    longest: int = 0

    @property
    def label(self) -> str:
        """What an analyst calls the field: its header without outer blanks, its own name where it has none."""
        return self.header.strip() or self.name

    @property
    def largest(self) -> float:
        """Numbers of this size and above are no values of the field, whatever their sign; infinite for other kinds."""
        return LARGEST_BY_KIND.get(self.kind, math.inf)

    @property
    def usual(self) -> tuple[float, float]:
        """Lowest and highest number that is usual in the unit of the field; infinite for kinds without a usual range.

        Outside of it a number was most likely typed in another unit: 4.75 as a rate, 9850 as a price.
        """
        return USUAL_BY_KIND.get(self.kind, (-math.inf, math.inf))


LARGEST_BY_KIND = {
    FieldKind.MONEY: 1e15,
    FieldKind.RATE: 1e4,
    FieldKind.PRICE: 1e4,
    FieldKind.YEARS: 1e4,
    FieldKind.COUNT: 1e6,
}

USUAL_BY_KIND = {
    FieldKind.MONEY: (0.0, math.inf),
    FieldKind.RATE: (-1.0, 1.0),
    FieldKind.PRICE: (0.0, 200.0),
    FieldKind.YEARS: (0.0, 100.0),
}


def _column(kind: FieldKind, default: object, header: str, cash_flow: bool, longest: int = 0) -> Any:
    metadata = {"kind": kind, "header": header, "cash_flow": cash_flow, "longest": longest}
    return field(default=default, metadata=metadata)


def text(header: str, *, longest: int = 255, cash_flow: bool = False) -> Any:
    """A text column; blank is the empty text."""
    return _column(FieldKind.TEXT, "", header, cash_flow, longest)


def day(header: str, *, cash_flow: bool = False) -> Any:
    """A date column; blank is None."""
    return _column(FieldKind.DAY, None, header, cash_flow)


def count(header: str, *, cash_flow: bool = False) -> Any:
    """A whole-number column; blank is None."""
    return _column(FieldKind.COUNT, None, header, cash_flow)


def money(header: str, *, cash_flow: bool = False) -> Any:
    """A money column; blank is None."""
    return _column(FieldKind.MONEY, None, header, cash_flow)


def rate(header: str, *, cash_flow: bool = False) -> Any:
    """A rate column, decimals a year; blank is None."""
    return _column(FieldKind.RATE, None, header, cash_flow)


def price(header: str, *, cash_flow: bool = False) -> Any:
    """A price column, percent of par; blank is None."""
    return _column(FieldKind.PRICE, None, header, cash_flow)


def years(header: str, *, cash_flow: bool = False) -> Any:
    """A column in years; blank is None."""
    return _column(FieldKind.YEARS, None, header, cash_flow)


def flag(header: str, *, cash_flow: bool = False) -> Any:
    """A yes/no column; blank is no."""
    return _column(FieldKind.FLAG, False, header, cash_flow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One asset of the universe, as the asset master holds it; the position's par belongs to the deal.

    Numbers that the master leaves blank are None; the projection reads a blank coupon, spread or floor as 0.
    """

    blkrock_id: str = text("BLKRockID", longest=50, cash_flow=True)
    issue_name: str = text("Issue Name")
    issuer_name: str = text("Issuer Name")
    issuer_id: str = text("ISSUER ID")
    tranche: str = text("Tranche")
    bond_loan: str = text("Bond/Loan", longest=10)
    par_amount: float | None = money("Par Amount", cash_flow=True)
    maturity: date | None = day("Maturity", cash_flow=True)
    coupon_type: str = text("Coupon Type", longest=10, cash_flow=True)
    payment_freq: int | None = count("Payment Frequency", cash_flow=True)
    cpn_spread: float | None = rate("Coupon Spread", cash_flow=True)
    libor_floor: float | None = rate("Libor Floor", cash_flow=True)
    index_name: str = text("Index", longest=20)
    coupon: float | None = rate("Coupon", cash_flow=True)
    commit_fee: float | None = rate("Commitment Fee")
    unfunded_amount: float | None = money("Unfunded Amount")
    facility_size: float | None = money("Facility Size")
    mdy_industry: str = text("Moody's Industry", longest=100)
    sp_industry: str = text("S&P Industry", longest=100)
    mdy_asset_category: str = text("Moody Asset Category")
    sp_priority_category: str = text("S&P Priority Category")
    country: str = text("Country ", longest=50)
    seniority: str = text("Seniority")
    pik_asset: bool = flag("Deferred Interest Bond")
    piking: bool = flag("PiKing")
    pik_amount: float | None = money("PIK Amount")
    default_asset: bool = flag("Default Obligation", cash_flow=True)
    date_of_default: date | None = day("Date of Defaulted")
    delay_drawdown: bool = flag("Delayed Drawdown ")
    revolver: bool = flag("Revolver")
    letter_of_credit: bool = flag("Letter of Credit")
    participation: bool = flag("Participation")
    dip: bool = flag("DIP")
    convertible: bool = flag("Convertible")
    struct_finance: bool = flag("Structured Finance")
    bridge_loan: bool = flag("Bridge Loan")
    current_pay: bool = flag("Current Pay")
    cov_lite: bool = flag("Cov-Lite")
    currency: str = text("Currency")
    wal: float | None = years("WAL")
    market_value: float | None = price("Market Value", cash_flow=True)
    first_lien_last_out: bool = flag("First Lien Last Out Loan")
    mdy_rating: str = text("Moody's Rating-21", longest=10, cash_flow=True)
    mdy_recovery_rate: float | None = rate("Moody's Recovery Rate-23")
    mdy_dp_rating: str = text("Moody's Default Probability Rating-18", longest=10)
    mdy_dp_rating_warf: str = text("Moody's Rating WARF", longest=10)
    mdy_facility_rating: str = text("Moody Facility Rating")
    mdy_facility_outlook: str = text("Moody Facility Outlook")
    mdy_issuer_rating: str = text("Moody Issuer Rating")
    mdy_issuer_outlook: str = text("Moody Issuer outlook")
    mdy_snr_sec_rating: str = text("Moody's Senior Secured Rating")
    mdy_snr_unsec_rating: str = text("Moody Senior Unsecured Rating")
    mdy_sub_rating: str = text("Moody Subordinate Rating")
    mdy_credit_est_rating: str = text("Moody's Credit Estimate")
    mdy_credit_est_date: date | None = day("Moody's Credit Estimate Date")
    sp_facility_rating: str = text("S&P Facility Rating")
    sp_issuer_rating: str = text("S&P Issuer Rating")
    sp_snr_sec_rating: str = text("S&P Senior Secured Rating")
    sp_subordinate_rating: str = text("S&P Subordinated Rating")
    sp_recovery_rating: str = text("S&P Recovery Rating")
    dated_date: date | None = day("Dated Date", cash_flow=True)
    issue_date: date | None = day("Issue Date")
    first_payment_date: date | None = day("First Payment Date", cash_flow=True)
    amortization_type: str = text("Amortization Type", cash_flow=True)
    day_count: str = text("Day Count", cash_flow=True)
    index_cap: float | None = rate("Index Cap")
    business_day_conv: str = text("Business Day Convention", cash_flow=True)
    eom_flag: bool = flag("PMT EOM", cash_flow=True)
    amt_issued: float | None = money("Amount Issued")
    analyst_opinion: str = text("Credit Opinion")
    sp_rating: str = text("", longest=10)


def _catalogue() -> tuple[AssetField, ...]:
    found = []
    for position, item in enumerate(fields(Asset), start=1):
        header = item.metadata["header"]
        found.append(
            AssetField(
                name=item.name,
                kind=item.metadata["kind"],
                header=header,
                column=position if header else 0,
                is_cash_flow_input=item.metadata["cash_flow"],
                longest=item.metadata["longest"],
            )
        )
    return tuple(found)


ASSET_FIELDS: tuple[AssetField, ...] = _catalogue()
"""Every field in the order of the sheet; the derived S&P rating last."""

WORKBOOK_FIELDS: tuple[AssetField, ...] = tuple(item for item in ASSET_FIELDS if item.column)
"""The 70 fields that stand in the workbook."""

FIELD_BY_NAME: dict[str, AssetField] = {item.name: item for item in ASSET_FIELDS}
