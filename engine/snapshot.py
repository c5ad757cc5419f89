"""Everything one legacy workbook holds, as records: what the importer produces and the database keeps (spec 06 §4.5).

A snapshot is a statement of a file, not a runnable deal: values may be missing. `engine.deal.contract.Deal` is what a
run needs, assembled by the desk from a deal snapshot and an assumption set.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import Enum

import numpy as np
import numpy.typing as npt

from engine.collateral.asset import Asset
from engine.collateral.assumptions import AssumptionRow
from engine.liabilities.terms import SubNotePayment

CellValue = str | float | int | bool | date | None


class Severity(Enum):
    """How much a finding matters: an ERROR keeps the whole file out, a WARNING is imported with a remark."""

    ERROR = "E"
    WARNING = "W"
    INFORMATION = "I"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One remark of the importer: a code of spec 06 §4.4 (`W-UNIT`), the cell in A1 notation or empty for a sheet."""

    code: str
    sheet: str
    cell: str
    text: str
    value_found: str = ""
    value_used: str = ""

    @property
    def severity(self) -> Severity:
        """Severity by the first letter of the code."""
        return Severity(self.code[0])


@dataclass(frozen=True, slots=True)
class Place:
    """Sheet and cell (A1) a record was read from."""

    sheet: str
    cell: str

    def __str__(self) -> str:
        return f"'{self.sheet}'!{self.cell}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """The imported file: name without folder, SHA-256 as hex, size in bytes, sheet names in order, layout version."""

    name: str
    sha256: str
    size: int
    sheets: tuple[str, ...]
    layout: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """One row of All Assets. legacy_dropped: the legacy loader would have skipped the row without a word."""

    asset: Asset
    place: Place
    legacy_dropped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """One position of a deal; repeated ids are added up, par in currency."""

    blkrock_id: str
    par: float
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    number: int
    name: str
    interest: float
    principal: float
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class TestConfigRow:
    """One configured concentration or quality test. threshold is a number, or the text the test computes it from."""

    __test__ = False

    number: int
    name: str
    direction: str
    threshold: float | str | None
    overwrite: float | None
    previous_value: float | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledValue:
    """One row of a label/value block."""

    label: str
    value: CellValue
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightRow:
    """One objective weight; displayed_result is the text of column U, which is not a result (quirk W-03)."""

    number: int
    name: str
    weight: float
    displayed_result: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class TrancheRow:
    """One column of the Liability block as read; None where blank, `NA` or unreadable."""

    order: int
    name: str
    original_balance: float | None
    price: float | None
    current_balance: float | None
    deferred_balance: float | None
    spread: float | None
    discount_margin: float | None
    is_deferrable: bool
    oc_trigger: float | None
    ic_trigger: float | None
    day_count: str
    is_equity: bool
    coupon_type: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeRow:
    """One row of the Fees block as read."""

    name: str
    basis: str
    unpaid_balance: float | None
    fixed_amount: float | None
    day_count: str
    percentage: float | None
    has_interest_on_unpaid: bool
    interest_spread: float | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class DateInputs:
    """The twelve deal dates AE3:AE14; a missing one is None."""

    pricing: date | None
    closing: date | None
    effective: date | None
    first_payment: date | None
    no_call: date | None
    reinvestment_end: date | None
    maturity: date | None
    payment_day: int | None
    months_between_payments: int | None
    interest_determination_days: int | None
    determination_days: int | None
    business_day_convention: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarRow:
    """One row of the payment-date block AF:AI."""

    payment: date
    interest_determination: date | None
    collection_begin: date | None
    collection_end: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DealSnapshot:
    """One deal sheet. ranges: name of each block -> the range read (`Liability` -> `AK4:AR16`).

    collection_begin, collection_end: the current collection period; original_libor and current_libor decimals.
    """

    name: str
    analysis_date: date
    next_payment_date: date | None
    current_libor: float | None
    date_inputs: DateInputs
    positions: tuple[PositionRow, ...]
    accounts: tuple[AccountRow, ...]
    tests: tuple[TestConfigRow, ...]
    quality_inputs: tuple[LabelledValue, ...]
    weights: tuple[WeightRow, ...]
    cf_inputs: tuple[LabelledValue, ...]
    clo_inputs: tuple[LabelledValue, ...]
    sub_note_payments: tuple[SubNotePayment, ...]
    calendar: tuple[CalendarRow, ...]
    tranches: tuple[TrancheRow, ...]
    fees: tuple[FeeRow, ...]
    ranges: dict[str, str] = field(default_factory=dict)
    original_libor: float | None = None
    collection_begin: date | None = None
    collection_end: date | None = None
    last_payment_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixing:
    """One index fixing, decimal (the workbook's percent divided by 100)."""

    on: date
    index_name: str
    rate: float
    source: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SinkRow:
    blkrock_id: str
    on: date
    amount: float
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """Asset correlations: ids in order and the (n, n) matrix."""

    ids: tuple[str, ...]
    matrix: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitionMatrix:
    """One-year rating transition probabilities: ratings from best to default, (n, n) decimals."""

    ratings: tuple[str, ...]
    matrix: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrelationRule:
    """Base correlation of a relationship and its reduction per rating notch."""

    relationship: str
    correlation: float
    reduction_per_notch: float
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterRow:
    """One row of a filter block. name: `buy`, `sale`, or `old buy`, `old sale` of the previous panel."""

    name: str
    position: int
    logical_operator: str
    open_parenthesis: str
    field: str
    operator: str
    value: CellValue
    close_parenthesis: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One hypothetical trade. price in percent of par, None or 0 = market. scope: `current` or `old`."""

    scope: str
    deal: str
    blkrock_id: str
    transaction: str
    par: float | None
    price: float | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSetting:
    """One cell of a control panel. scope: `current` or `old`; current settings never come from the old panel."""

    scope: str
    name: str
    value: CellValue
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ListValue:
    """One entry of a drop-down list of the Filter Sheet."""

    list_name: str
    position: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacyResult:
    """One value saved on an output sheet: a reference point for reconciliation, not data."""

    sheet: str
    block: str
    row_key: str
    column: str
    text: str
    number: float | None
    number_format: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbookSnapshot:
    """The whole content of one workbook.

    vectors: name -> annual decimals by interest period. curve: (month, decimal rate) ascending. deal_list: the Deals
    range including its first entry.
    """

    source_file: SourceFile
    analysis_date: date
    deals: tuple[DealSnapshot, ...]
    assets: tuple[AssetRow, ...]
    holidays: tuple[date, ...]
    fixings: tuple[Fixing, ...]
    vectors: dict[str, tuple[float, ...]]
    sink_schedule: tuple[SinkRow, ...]
    curve: tuple[tuple[int, float], ...]
    cf_assumptions: tuple[AssumptionRow, ...]
    deal_list: tuple[str, ...]
    transition_matrix: TransitionMatrix | None
    correlation: Correlation | None
    correlation_rules: tuple[CorrelationRule, ...]
    run_settings: tuple[RunSetting, ...]
    filters: tuple[FilterRow, ...]
    trades: tuple[TradeRow, ...]
    lists: tuple[ListValue, ...]
    legacy_results: tuple[LegacyResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedDeal:
    """Fresh positions and collection-account cash of one deal, from the loader workbook (spec 06 §7)."""

    name: str
    positions: tuple[PositionRow, ...]
    interest_cash: float
    principal_cash: float
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class LoaderSnapshot:
    """The content of one loader workbook: what changes from day to day. curve: (month, decimal rate) ascending."""

    source_file: SourceFile
    analysis_date: date
    deals: tuple[LoadedDeal, ...]
    assets: tuple[AssetRow, ...]
    sink_schedule: tuple[SinkRow, ...]
    curve: tuple[tuple[int, float], ...]
