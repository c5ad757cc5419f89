"""The results workbook of swaps: what it shows is gathered here, one statement a subject, and written by workbooks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from db.payouts.end_of_day import END_OF_DAY
from db.payouts.result_tables import LastRun, ResultRepository
from db.store import Store, UnitOfWork
from engine.desk.runs import engine_version
from engine.errors import InputError
from engine.payouts.report_table import ReportTable
from engine.payouts.results import Provenance, SwapResults, records
from workbooks.swaps.pages import LAST_ROW
from workbooks.swaps.results import write_swap_results

ACCRUAL_DAYS = 31
"""Calendar days of accruals and P&L that are shown day by day and leg by leg."""

ATTRIBUTION_DAYS, RISK_DAYS, SETTLED_DAYS = 92, 365, 365
"""Calendar days of P&L by component, of risk numbers, and of payments whose punctuality is measured."""


def write_workbook(store: Store, path: Path, as_of: date, *, references: Sequence[str] | None = None) -> Path:
    """Write the results of swaps as of a day to `path`, by default of all; the path.

    Everything is read in one transaction. Raises InputError CLO-4105 without a finished end of day up to as_of,
    CLO-4106 for contracts that are not stored, CLO-4107 where there is none at all.
    """
    with store.read() as work:
        content = gather(work, as_of, store.address, references=references)
    return write_swap_results(path, content)


def gather(work: UnitOfWork, as_of: date, address: str, *, references: Sequence[str] | None = None) -> SwapResults:
    """What the workbook shows; a fixed number of statements, however many contracts there are. Raises as above."""
    results = ResultRepository(work.driver)
    chosen = _contracts(work, as_of, references)
    run = results.last_run(END_OF_DAY, as_of)
    if run is None:
        raise InputError(
            "CLO-4105",
            f"There is no finished end of day up to {as_of}",
            remedy="Run it first with clodesk swaps eod, or choose a later day.",
        )
    accruals_since = as_of - timedelta(days=ACCRUAL_DAYS - 1)
    attribution_since = as_of - timedelta(days=ATTRIBUTION_DAYS - 1)
    by_day, by_contract = results.attribution(chosen, attribution_since, as_of)
    return SwapResults(
        as_of=as_of,
        reporting_party=", ".join(results.reporting_parties(chosen)),
        provenance=_provenance(run, address),
        contracts=results.contracts(chosen, as_of),
        reports=_reports(work, results, chosen, as_of, is_whole_book=references is None),
        marks=results.marks(chosen, as_of),
        daily_pnl=by_day,
        contract_pnl=by_contract,
        accruals_since=accruals_since,
        attribution_since=attribution_since,
        risk_since=as_of - timedelta(days=RISK_DAYS),
        settled_since=as_of - timedelta(days=SETTLED_DAYS),
        is_whole_book=references is None,
    )


def _contracts(work: UnitOfWork, as_of: date, references: Sequence[str] | None) -> tuple[str, ...]:
    """The chosen references in order, by default of all contracts traded by the day."""
    if references is not None:
        stored = work.payouts.contracts.versions_of(references)
        unknown = [one for one in references if one not in stored]
        if unknown:
            raise InputError(
                "CLO-4106",
                f"There are no swaps {', '.join(map(repr, unknown))}",
                remedy="See all with clodesk swaps book.",
            )
        chosen = tuple(sorted(stored))
    else:
        chosen = work.payouts.contracts.references(trade_date_to=as_of)
    if not chosen:
        raise InputError(
            "CLO-4107", f"No swap was traded by {as_of}", remedy="Import contracts with clodesk swaps import."
        )
    return chosen


def _provenance(run: LastRun, address: str) -> Provenance:
    return Provenance(
        engine_version=engine_version(),
        run_id=str(run.run_id),
        run_day=run.as_of,
        run_finished=run.finished_at,
        database=address,
        made_at=run.now,
    )


def _reports(
    work: UnitOfWork, results: ResultRepository, chosen: Sequence[str], as_of: date, *, is_whole_book: bool
) -> tuple[ReportTable, ...]:
    """R-1 to R-15; those of the whole book keep the chosen contracts where they name contracts."""
    of_all = work.payouts.reports
    accruals_since = as_of - timedelta(days=ACCRUAL_DAYS - 1)
    tables = (
        results.cashflows(chosen),
        of_all.deferrals(as_of, includes_future=True),
        results.reconciliation(chosen, accruals_since, as_of),
        results.accruals(chosen, accruals_since, as_of),
        results.accrued_interest(chosen, accruals_since, as_of),
        results.pnl(chosen, accruals_since, as_of),
        of_all.risk(as_of - timedelta(days=RISK_DAYS), as_of),
        of_all.end_of_day(as_of, limit=LAST_ROW),
        of_all.dashboard(accruals_since, as_of),
        results.performance(chosen),
        of_all.deferral_volumes(as_of),
        of_all.exposure(as_of),
        of_all.settlement(as_of - timedelta(days=SETTLED_DAYS), as_of),
        of_all.ladder(as_of),
        of_all.findings(),
    )
    return tables if is_whole_book else tuple(_of_contracts(table, set(chosen)) for table in tables)


def _of_contracts(table: ReportTable, chosen: set[str]) -> ReportTable:
    """The rows of chosen contracts, of a report that names contracts."""
    if "contract_reference" not in {column.name for column in table.columns}:
        return table
    names = records(table, "contract_reference")
    return replace(table, rows=tuple(row for row, (name,) in zip(table.rows, names, strict=True) if name in chosen))
