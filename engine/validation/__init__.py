"""Data validation as one framework: rules as data, run on import, on edit and on demand (seed, spec 01, 03, 06).

A rule says what it demands of a field, a record, several records or a deal, and what to do about a breach. The importer
of the legacy workbook calls the same rules where it remarks on the same things.
"""

from engine.validation.catalogue import RULES, has_errors, validate, validate_asset, validate_deal
from engine.validation.rules import Fault, Records, Rule, Scope, Violation

__all__ = [
    "RULES",
    "Fault",
    "Records",
    "Rule",
    "Scope",
    "Violation",
    "has_errors",
    "validate",
    "validate_asset",
    "validate_deal",
]
