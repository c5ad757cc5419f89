"""What a validation rule is, what it looks at, and what it finds."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum

from engine.collateral.assumptions import AssumptionRow
from engine.snapshot import (
    AssetRow,
    Correlation,
    DealSnapshot,
    Place,
    RunSetting,
    Severity,
    SinkRow,
    TradeRow,
    WorkbookSnapshot,
)


class Scope(Enum):
    """How much a rule has to see: one value, one record, several records, or a whole deal."""

    FIELD = "field"
    RECORD = "record"
    CROSS = "cross"
    DEAL = "deal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What is validated together: a whole workbook, or the few records of an edit.

    as_of is None where no date is known; rules that need one are silent then.
    """

    as_of: date | None = None
    assets: tuple[AssetRow, ...] = ()
    deals: tuple[DealSnapshot, ...] = ()
    sink_schedule: tuple[SinkRow, ...] = ()
    curve: tuple[tuple[int, float], ...] = ()
    vectors: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    cf_assumptions: tuple[AssumptionRow, ...] = ()
    trades: tuple[TradeRow, ...] = ()
    run_settings: tuple[RunSetting, ...] = ()
    correlation: Correlation | None = None

    @classmethod
    def of(cls, book: WorkbookSnapshot) -> "Records":
        """Everything of a workbook that rules look at."""
        return cls(
            as_of=book.analysis_date,
            assets=book.assets,
            deals=book.deals,
            sink_schedule=book.sink_schedule,
            curve=book.curve,
            vectors=book.vectors,
            cf_assumptions=book.cf_assumptions,
            trades=book.trades,
            run_settings=book.run_settings,
            correlation=book.correlation,
        )

    def about(self, deal: DealSnapshot) -> "Records":
        """What concerns one deal: its sheet, the assets it holds or would trade, their repayments.

        Correlations are of the whole asset master and are left out.
        """
        trades = tuple(trade for trade in self.trades if trade.deal == deal.name)
        ids = {row.blkrock_id.casefold() for row in deal.positions} | {row.blkrock_id.casefold() for row in trades}
        return replace(
            self,
            as_of=deal.analysis_date,
            deals=(deal,),
            trades=trades,
            assets=tuple(row for row in self.assets if row.asset.blkrock_id.casefold() in ids),
            sink_schedule=tuple(row for row in self.sink_schedule if row.blkrock_id.casefold() in ids),
            correlation=None,
        )

    def held(self) -> Iterator[tuple[DealSnapshot, AssetRow]]:
        """Every position with par of every deal, as its asset; assets nobody knows are left out."""
        asset_by_id = {row.asset.blkrock_id: row for row in self.assets}
        for deal in self.deals:
            for position in deal.positions:
                if position.par and position.blkrock_id in asset_by_id:
                    yield deal, asset_by_id[position.blkrock_id]

    def held_once(self) -> Iterator[AssetRow]:
        """Every asset that at least one deal holds."""
        rows = {row.asset.blkrock_id: row for _, row in self.held()}
        yield from rows.values()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One breach as its rule sees it: what is wrong, where, the value found, and what it should have been or counts as.

    key names the record inside its table; it stands for the place where none is known.
    """

    text: str
    key: str
    place: Place | None = None
    found: object = ""
    used: object = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One breach of a rule. sheet and cell are empty where the record does not say where it was read."""

    code: str
    table: str
    key: str
    sheet: str
    cell: str
    text: str
    value_found: str
    value_used: str
    remedy: str

    @property
    def severity(self) -> Severity:
        """Severity by the first letter of the code."""
        return Severity(self.code[0])

    @property
    def where(self) -> str:
        """Sheet and cell where they are known, else table and key."""
        if self.sheet:
            return str(Place(self.sheet, self.cell))
        return f"{self.table} {self.key}".rstrip()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its code, whose first letter is the severity, what it is about, what it demands, and who says so.

    remedy is what to do about a breach; check yields the breaches among some records.
    """

    code: str
    scope: Scope
    subject: str
    demands: str
    remedy: str
    source: str
    check: Callable[[Records], Iterable[Fault]]

    @property
    def severity(self) -> Severity:
        """Severity by the first letter of the code: an error keeps data out, a warning and information do not."""
        return Severity(self.code[0])

    def violations(self, records: Records) -> Iterator[Violation]:
        """Every breach of this rule, in the order of the records."""
        for fault in self.check(records):
            place = fault.place or Place("", "")
            yield Violation(
                code=self.code,
                table=self.subject,
                key=fault.key,
                sheet=place.sheet,
                cell=place.cell,
                text=fault.text,
                value_found=str(fault.found),
                value_used=str(fault.used),
                remedy=self.remedy,
            )


def asset_fault(row: AssetRow, text: str, found: object = "") -> Fault:
    """A breach by one asset."""
    blkrock_id = row.asset.blkrock_id
    return Fault(text=f"{blkrock_id or 'asset'}: {text}", key=blkrock_id, place=row.place, found=found)
