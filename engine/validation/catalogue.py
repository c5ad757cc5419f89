"""The catalogue of rules, and running it: over a workbook, over some records, and as the gate of an edit."""

from collections.abc import Iterable, Sequence

from engine.collateral.asset import Asset
from engine.errors import InputError
from engine.snapshot import AssetRow, DealSnapshot, Place, Severity, WorkbookSnapshot
from engine.validation.asset_fields import ASSET_FIELD_RULES
from engine.validation.asset_records import ASSET_RECORD_RULES
from engine.validation.asset_texts import ASSET_TEXT_RULES
from engine.validation.classes import CLASS_RULES
from engine.validation.controls import CONTROL_RULES
from engine.validation.conventions import CONVENTION_RULES
from engine.validation.correlations import CORRELATION_RULES
from engine.validation.deals import DEAL_RULES
from engine.validation.holdings import HOLDING_RULES
from engine.validation.issuers import ISSUER_RULES
from engine.validation.limits import LIMIT_RULES
from engine.validation.rules import Records, Rule, Violation
from engine.validation.units import UNIT_RULES

RULES: tuple[Rule, ...] = (
    *ASSET_FIELD_RULES,
    *ASSET_TEXT_RULES,
    *CONVENTION_RULES,
    *UNIT_RULES,
    *ASSET_RECORD_RULES,
    *HOLDING_RULES,
    *ISSUER_RULES,
    *CORRELATION_RULES,
    *DEAL_RULES,
    *CLASS_RULES,
    *LIMIT_RULES,
    *CONTROL_RULES,
)
"""Every rule, each with a code of its own."""

_MALFORMED = frozenset({"E-KIND", "E-NUMBER"})
"""Rules about what values are at all; the others can only be asked of records that pass them."""

_ORDER = list(Severity)


def validate(subject: WorkbookSnapshot | Records) -> tuple[Violation, ...]:
    """Every breach of every rule, errors first, then by code and in the order of the records.

    Records with values of a wrong kind are judged by the rules about kinds alone.
    """
    records = Records.of(subject) if isinstance(subject, WorkbookSnapshot) else subject
    malformed = _violations((rule for rule in RULES if rule.code in _MALFORMED), records)
    if malformed:
        return malformed
    found = _violations(RULES, records)
    return tuple(sorted(found, key=lambda violation: (_ORDER.index(violation.severity), violation.code)))


def validate_asset(asset: Asset, place: Place | None = None) -> tuple[Violation, ...]:
    """The gate of an edited asset: what is worth a remark on it.

    Raises InputError CLO-1601 where a rule of severity error is broken; then the asset must not be stored.
    """
    found = validate(Records(assets=(AssetRow(asset=asset, place=place or Place("", "")),)))
    _require_no_errors(found)
    return found


def validate_deal(deal: DealSnapshot, assets: Sequence[AssetRow]) -> tuple[Violation, ...]:
    """The gate of an edited deal on the asset master it draws from: what is worth a remark on both.

    Raises InputError CLO-1601 where a rule of severity error is broken; then the deal must not be stored.
    """
    found = validate(Records(as_of=deal.analysis_date, deals=(deal,), assets=tuple(assets)))
    _require_no_errors(found)
    return found


def has_errors(violations: Iterable[Violation]) -> bool:
    """Whether one of the breaches keeps data out."""
    return any(violation.severity is Severity.ERROR for violation in violations)


def _violations(rules: Iterable[Rule], records: Records) -> tuple[Violation, ...]:
    return tuple(violation for rule in rules for violation in rule.violations(records))


def _require_no_errors(violations: Sequence[Violation]) -> None:
    errors = [violation for violation in violations if violation.severity is Severity.ERROR]
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more errors)" if len(errors) > 1 else ""
        found = f", found {first.value_found}" if first.value_found else ""
        problem = f"{first.code} {first.text}{found}{more}"
        raise InputError("CLO-1601", problem, where=first.where, remedy=first.remedy)
