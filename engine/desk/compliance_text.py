"""What a compliance run found as texts for the store and the cache, and back, to the last bit of every number."""

from collections.abc import Mapping

from pydantic import TypeAdapter

from engine.compliance.metrics import PoolMetrics
from workbooks.compliance.record import ComplianceReport

REPORT, METRICS = "report", "metrics"
_REPORT: TypeAdapter[ComplianceReport] = TypeAdapter(ComplianceReport)
_METRICS: TypeAdapter[PoolMetrics] = TypeAdapter(PoolMetrics)


def to_texts(report: ComplianceReport, metrics: PoolMetrics) -> dict[str, bytes]:
    """The JSON forms by name."""
    return {REPORT: _REPORT.dump_json(report), METRICS: _METRICS.dump_json(metrics)}


def from_texts(texts: Mapping[str, bytes]) -> tuple[ComplianceReport, PoolMetrics]:
    """What `to_texts` took."""
    return _REPORT.validate_json(texts[REPORT]), _METRICS.validate_json(texts[METRICS])
