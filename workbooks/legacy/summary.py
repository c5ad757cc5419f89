"""Counts, sums and dates of a reading, in the form a control list has them (spec 06 §16 item 1)."""

import numpy as np

from engine.snapshot import Correlation, DealSnapshot, WorkbookSnapshot
from engine.validation.controls import JUNIOR_OC_LABEL
from engine.validation.deals import total_par
from workbooks.legacy.positions import COLLECTION_ACCOUNT
from workbooks.legacy.reading import ImportReading
from workbooks.legacy.run_model import CURRENT

Summary = dict[str, object]


def summarise(reading: ImportReading) -> Summary:
    """What was read, as plain values with ISO dates; empty where the file was kept out."""
    snapshot = reading.snapshot
    if snapshot is None:
        return {}
    return {
        "sheets": list(snapshot.source_file.sheets),
        "analysis_date": snapshot.analysis_date.isoformat(),
        "deals": {deal.name: _deal(deal) for deal in snapshot.deals},
        "all_assets": {
            "columns": reading.n_asset_columns,
            "rows_with_id": len(snapshot.assets),
            "capacity_rows": reading.n_asset_capacity_rows,
        },
        "asset_correlation": _correlation(snapshot.correlation),
        "reference_table": {
            "holidays": len(snapshot.holidays),
            "libor_fixings": len(snapshot.fixings),
            "libor_key_formulas": reading.n_key_formulas,
            "transition_matrix": len(snapshot.transition_matrix.ratings) if snapshot.transition_matrix else 0,
            "yield_curve_nodes": len(snapshot.curve),
            "cf_assumption_rows": len(snapshot.cf_assumptions),
            "cf_vectors": len(snapshot.vectors),
            "deals_list": len(snapshot.deal_list),
            "sink_rows": len(snapshot.sink_schedule),
        },
        "run_model": _run_model(snapshot),
    }


def _deal(deal: DealSnapshot) -> Summary:
    collection = next((row for row in deal.accounts if row.number == COLLECTION_ACCOUNT), None)
    denominator = next((row.value for row in deal.quality_inputs if row.label == JUNIOR_OC_LABEL), None)
    dates = deal.date_inputs
    return {
        "positions": len(deal.positions),
        "par_total": total_par(deal),
        "accounts": len(deal.accounts),
        "collection_principal": collection.principal if collection else None,
        "collection_interest": collection.interest if collection else None,
        "tests": len(deal.tests),
        "first_test": deal.tests[0].number if deal.tests else None,
        "last_test": deal.tests[-1].number if deal.tests else None,
        "objective_weights": len(deal.weights),
        "tranches": len(deal.tranches),
        "tranche_columns": deal.ranges.get("Liability", ""),
        "fees": len(deal.fees),
        "fee_range": deal.ranges.get("Fees", ""),
        "payment_dates": len(deal.calendar),
        "closing_date": dates.closing.isoformat() if dates.closing else None,
        "maturity": dates.maturity.isoformat() if dates.maturity else None,
        "next_payment_date": deal.next_payment_date.isoformat() if deal.next_payment_date else None,
        "current_libor": deal.current_libor,
        "jr_oc_denominator": denominator,
    }


def _correlation(correlation: Correlation | None) -> Summary:
    """Size and, where all entries of a kind are equal, that single value (None otherwise)."""
    if correlation is None:
        return {"size": 0, "diagonal": None, "off_diagonal": None}
    matrix = correlation.matrix
    off_diagonal = matrix[~np.eye(len(correlation.ids), dtype=bool)]
    return {
        "size": len(correlation.ids),
        "diagonal": _single(np.diagonal(matrix)),
        "off_diagonal": _single(off_diagonal),
    }


def _single(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float | None:
    return float(values[0]) if values.size and bool(np.all(values == values[0])) else None


def _run_model(snapshot: WorkbookSnapshot) -> Summary:
    settings = {row.name: row.value for row in snapshot.run_settings if row.scope == CURRENT}
    return {
        "deal": settings.get("deal"),
        "collateral_par": settings.get("collateral_par"),
        "principal_cash": settings.get("principal_cash"),
        "interest_cash": settings.get("interest_cash"),
        "trades": sum(1 for row in snapshot.trades if row.scope == CURRENT),
        "buy_filter_rows": sum(1 for row in snapshot.filters if row.name == "buy"),
        "sale_filter_rows": sum(1 for row in snapshot.filters if row.name == "sale"),
    }
