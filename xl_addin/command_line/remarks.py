"""How the command line tells what is wrong: findings of the importer, breaches of validation rules."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.console import Console
from rich.text import Text

from engine.snapshot import Finding, Severity
from engine.validation import Violation

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFORMATION: "dim"}
_NOUNS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFORMATION: "remark"}
_ORDER = list(Severity)


def show_remarks(
    console: Console, findings: Sequence[Finding], violations: Sequence[Violation], per_code: int | None = None
) -> None:
    """Everything that is wrong, errors first; per_code as in `show_violations`."""
    errors = [violation for violation in violations if violation.severity is Severity.ERROR]
    show_violations(console, errors)
    show_findings(console, findings)
    show_violations(console, violations[len(errors) :], per_code)


def show_findings(console: Console, findings: Sequence[Finding], per_code: int = 3) -> None:
    """The findings of an import, errors first, with sheet and cell; of each kind the first few."""
    ranked = sorted(findings, key=lambda finding: (_ORDER.index(finding.severity), finding.code))
    is_cut = False
    for code, group in groupby(ranked, key=lambda finding: finding.code):
        alike = list(group)
        limit = len(alike) if alike[0].severity is Severity.ERROR else per_code
        for finding in alike[:limit]:
            place = _place(finding)
            line = Text.assemble((f"{code:12} ", _COLOURS[finding.severity]), f"{place}{finding.text}")
            if finding.value_found:
                line.append(f" (found {shortened(repr(finding.value_found), 40)})", style="dim")
            console.print(line, soft_wrap=True)
        if len(alike) > limit:
            is_cut = True
            console.print(Text(f"{code:12} ... and {len(alike) - limit} more", style="dim"))
    if is_cut:
        console.print(Text("--json shows all of them", style="dim"))


def _place(finding: Finding) -> str:
    if not finding.sheet:
        return ""
    return f"'{finding.sheet}'!{finding.cell}: " if finding.cell else f"'{finding.sheet}': "


def show_violations(console: Console, violations: Sequence[Violation], per_code: int | None = None) -> None:
    """Breaches of rules, errors first as `validate` sorts them, each with its place; after each code what to do.

    per_code: how many of a code are shown, errors apart; all by default.
    """
    for code, group in groupby(violations, key=lambda violation: violation.code):
        alike = list(group)
        severity = alike[0].severity
        limit = len(alike) if per_code is None or severity is Severity.ERROR else per_code
        for violation in alike[:limit]:
            line = Text.assemble((f"{code:12} ", _COLOURS[severity]), f"{violation.where}: {violation.text}")
            if violation.value_found:
                line.append(f" (found {shortened(repr(violation.value_found), 40)})", style="dim")
            console.print(line, soft_wrap=True)
        more = f"... and {len(alike) - limit} more. " if len(alike) > limit else ""
        console.print(Text(f"{'':12} {more}{alike[0].remedy}", style="dim"), soft_wrap=True)


def counted(remarks: Iterable[Finding | Violation]) -> str:
    """How many errors, warnings and remarks there are, in words."""
    counts = Counter(remark.severity for remark in remarks)
    parts = [
        f"{counts[severity]} {_NOUNS[severity]}{'' if counts[severity] == 1 else 's'}"
        for severity in _ORDER
        if counts[severity]
    ]
    return ", ".join(parts) or "nothing to remark"


def shortened(value: object, width: int) -> str:
    """The text of a value, cut where it is longer."""
    text = "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)
    return text if len(text) <= width else text[: width - 1] + "\u2026"
