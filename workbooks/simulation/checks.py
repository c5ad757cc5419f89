"""Whether the parts of a record belong together, before a file is begun."""

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.rating_migration.fields import N_FIELDS
from engine.rating_migration.statistics import N_STATISTICS, QUANTILES
from workbooks.simulation.record import DealRecord, LegacyRecord, LossDistribution, SimulationRecord

N_FEES, N_CLASS_FIGURES, N_LEGACY_STATISTICS = 3, 10, 5
"""Sim Stats has three fees, and ten figures of a class; the legacy statistics are five."""


def check(record: SimulationRecord) -> None:
    """Raise InputError CLO-2067 where arrays of the record do not belong together."""
    where, n_dates = record.deal, len(record.dates)
    _check_shape(where, "figures", record.figures, (N_FIELDS, n_dates, N_STATISTICS))
    for name, bounds in (("lower", record.quantile_low), ("upper", record.quantile_high)):
        _check_shape(where, f"{name} bounds of quantiles", bounds, (N_FIELDS, n_dates, len(QUANTILES)))
    for path in record.paths:
        _check_shape(where, f"fields of path {path.label}", path.fields, (N_FIELDS, n_dates))
    if record.collateral_loss is not None:
        _check_loss(where, record.collateral_loss)
    if record.tranches is not None:
        _check_deal(where, record.tranches)


def check_legacy(record: LegacyRecord) -> None:
    """Raise InputError CLO-2067 where arrays of the legacy sheets do not belong together."""
    n_dates, n_deals = len(record.dates), len(record.deals)
    where = record.deals[0] if n_deals == 1 else "ALL"
    if record.simulated is not None:
        expected = (len(record.simulation_numbers), N_FIELDS, n_dates)
        _check_shape(where, "fields of RM-Output", record.simulated, expected)
    if record.five is not None:
        _check_shape(where, "legacy statistics", record.five, (N_LEGACY_STATISTICS, N_FIELDS, n_dates))
    for one in record.sets:
        _check_shape(where, f"fields of RM-{one.kind}", one.fields, (n_deals, N_FIELDS, n_dates))
    statistics = record.statistics
    if statistics is not None:
        n_rows = len(statistics.deal)
        most = max((len(classes) for classes in statistics.classes), default=0)
        _check_shape(where, "simulation numbers", statistics.simulation, (n_rows,))
        _check_length(where, "names of classes", len(statistics.classes), n_rows)
        _check_length(where, "names of fees", len(statistics.fee_names), n_rows)
        _check_shape(where, "class figures", statistics.figures, (n_rows, most, N_CLASS_FIGURES))
        _check_shape(where, "fees", statistics.fees, (n_rows, N_FEES))


def _check_deal(where: str, deal: DealRecord) -> None:
    n_classes, n_metrics = len(deal.names), len(deal.metrics)
    for name, values in (
        ("balances", deal.balance),
        ("expected losses", deal.expected_loss),
        ("loss probabilities", deal.loss_probability),
        ("break-even rates", deal.break_even_cdr),
    ):
        _check_shape(where, name, values, (n_classes,))
    _check_length(where, "marks of equity", len(deal.is_equity), n_classes)
    _check_length(where, "units of metrics", len(deal.units), n_metrics)
    _check_shape(where, "tranche figures", deal.figures, (n_classes, n_metrics, N_STATISTICS))
    _check_shape(where, "missing tranche figures", deal.n_missing, (n_classes, n_metrics))
    expected = (len(deal.test_names), len(deal.payment_dates))
    _check_shape(where, "breach probabilities", deal.breach_probability, expected)
    for loss in deal.losses:
        _check_loss(where, loss)
    if deal.equity_irr is not None:
        _check_length(where, "bins of the equity's return", len(deal.equity_irr.counts), len(deal.equity_irr.edges) - 1)


def _check_loss(where: str, loss: LossDistribution) -> None:
    _check_length(where, f"bins of the loss of {loss.subject}", len(loss.counts), len(loss.edges) - 1)


def _check_shape(where: str, name: str, values: npt.NDArray[np.generic], expected: tuple[int, ...]) -> None:
    if values.shape != expected:
        raise _misfit(where, f"The {name} of a simulation have the shape {values.shape} instead of {expected}")


def _check_length(where: str, name: str, found: int, expected: int) -> None:
    if found != expected:
        raise _misfit(where, f"The {name} of a simulation are {found} instead of {expected}")


def _misfit(where: str, problem: str) -> InputError:
    return InputError("CLO-2067", problem, where=where, remedy="Hand over all parts of one and the same run.")
