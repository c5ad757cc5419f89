"""A workbook snapshot with the data of a loader workbook in place of its own (spec 06 §7).

What the sheets derive from the replaced cells by formula is derived here in the same way: the current period, the
index rate and the control totals.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from engine.errors import WorkbookError
from engine.snapshot import (
    AccountRow,
    CellValue,
    DealSnapshot,
    Fixing,
    LabelledValue,
    LoadedDeal,
    LoaderSnapshot,
    RunSetting,
    WorkbookSnapshot,
)
from engine.validation.deals import total_par
from workbooks.legacy.positions import COLLECTION_ACCOUNT
from workbooks.legacy.run_model import CURRENT

INDEX_NAME = "3 MONTH LIBOR"


def with_fresh_data(base: WorkbookSnapshot, loaded: LoaderSnapshot) -> WorkbookSnapshot:
    """`base` on the day of the loader: its positions, cash, assets, sink schedule, curve and analysis date.

    Raises WorkbookError CLO-2013 where the loader lacks a deal of the workbook; nothing is replaced by halves.
    """
    fresh = {deal.name: deal for deal in loaded.deals}
    missing = [deal.name for deal in base.deals if deal.name not in fresh]
    if missing:
        raise WorkbookError(
            "CLO-2013",
            f"The loader workbook has no sheet for {', '.join(missing)}",
            where=loaded.source_file.name,
            remedy="Load a file that covers every deal of the workbook.",
        )
    deals = tuple(_fresh_deal(deal, fresh[deal.name], loaded.analysis_date, base.fixings) for deal in base.deals)
    return replace(
        base,
        source_file=loaded.source_file,
        analysis_date=loaded.analysis_date,
        deals=deals,
        assets=loaded.assets,
        sink_schedule=loaded.sink_schedule,
        curve=loaded.curve,
        run_settings=_fresh_settings(base.run_settings, deals, loaded.analysis_date),
    )


def _fresh_deal(deal: DealSnapshot, fresh: LoadedDeal, as_of: date, fixings: Iterable[Fixing]) -> DealSnapshot:
    payments = [row.payment for row in deal.calendar]
    next_payment = min((payment for payment in payments if payment >= as_of), default=None)
    current_libor = _current_libor(deal, next_payment, fixings)
    derived: dict[str, CellValue] = {"Current LIBOR": current_libor, "Analysis Date": as_of}
    begins = [row.collection_begin for row in deal.calendar if row.collection_begin and row.collection_begin < as_of]
    ends = [row.collection_end for row in deal.calendar if row.collection_end and row.collection_end > as_of]
    return replace(
        deal,
        analysis_date=as_of,
        positions=fresh.positions,
        accounts=tuple(_fresh_account(account, fresh) for account in deal.accounts),
        next_payment_date=next_payment,
        collection_begin=max(begins, default=None),
        collection_end=min(ends, default=None),
        last_payment_date=max((day for day in payments if day < as_of), default=deal.date_inputs.closing),
        current_libor=current_libor,
        quality_inputs=_with_values(deal.quality_inputs, derived),
        clo_inputs=_with_values(deal.clo_inputs, derived),
    )


def _fresh_account(account: AccountRow, fresh: LoadedDeal) -> AccountRow:
    if account.number != COLLECTION_ACCOUNT:
        return account
    return replace(account, interest=fresh.interest_cash, principal=fresh.principal_cash)


def _with_values(rows: tuple[LabelledValue, ...], values: dict[str, CellValue]) -> tuple[LabelledValue, ...]:
    return tuple(replace(row, value=values[row.label]) if row.label in values else row for row in rows)


def _current_libor(deal: DealSnapshot, next_payment: date | None, fixings: Iterable[Fixing]) -> float | None:
    """The original rate before the first payment, else the fixing of the next payment's determination date."""
    period = next((row for row in deal.calendar if row.payment == next_payment), None)
    if period is None:
        return None
    if period is deal.calendar[0]:
        return deal.original_libor
    wanted = (period.interest_determination, INDEX_NAME)
    return next((fixing.rate for fixing in fixings if (fixing.on, fixing.index_name) == wanted), None)


def _fresh_settings(
    settings: tuple[RunSetting, ...], deals: tuple[DealSnapshot, ...], as_of: date
) -> tuple[RunSetting, ...]:
    """The current panel with its date and the control totals of its deal."""
    chosen = next((row.value for row in settings if (row.scope, row.name) == (CURRENT, "deal")), None)
    values: dict[str, CellValue] = {"analysis_date": as_of}
    for deal in deals:
        if deal.name == chosen:
            collection = next((row for row in deal.accounts if row.number == COLLECTION_ACCOUNT), None)
            values["collateral_par"] = total_par(deal)
            values["principal_cash"] = collection.principal if collection else 0.0
            values["interest_cash"] = collection.interest if collection else 0.0
    return tuple(
        replace(row, value=values[row.name]) if row.scope == CURRENT and row.name in values else row for row in settings
    )
