"""Cross-record rules of issuers and issues: who owes what, and the repayment schedules (spec 03 §7.3, spec 01 §1.3)."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from engine.collateral.asset import Asset
from engine.snapshot import AssetRow
from engine.validation.rules import Fault, Records, Rule, Scope, asset_fault

SCHEDULE_TOLERANCE = 1e-6
"""Relative; schedules are sums of rounded instalments."""

_NO_LETTER = re.compile(r"[\W_]+")


def folded_name(name: str) -> str:
    """A company name for comparison: `ALTICE FINANCING S.A.` and `Altice Financing SA` are one."""
    return _NO_LETTER.sub("", name).casefold()


def _rows_by(records: Records, key: Callable[[Asset], str]) -> dict[str, list[AssetRow]]:
    rows: dict[str, list[AssetRow]] = defaultdict(list)
    for row in records.assets:
        if found := key(row.asset):
            rows[found].append(row)
    return rows


def _disagreements(
    records: Records, key: Callable[[Asset], str], value: Callable[[Asset], str], fold: Callable[[str], str]
) -> Iterator[tuple[AssetRow, list[str]]]:
    """The first row of every key that has several values, with the values as they are spelt."""
    for rows in _rows_by(records, key).values():
        spelt = {fold(value(row.asset)): value(row.asset) for row in rows if value(row.asset).strip()}
        if len(spelt) > 1:
            yield rows[0], sorted(spelt.values())


def _issuer_id(asset: Asset) -> str:
    return asset.issuer_id.strip()


def issuers_of_two_industries(records: Records) -> Iterator[Fault]:
    """Issuer ids with more than one industry of an agency."""
    industries: tuple[tuple[str, Callable[[Asset], str]], ...] = (
        ("Moody's industries", lambda asset: asset.mdy_industry),
        ("S&P industries", lambda asset: asset.sp_industry),
    )
    for what, industry in industries:
        for row, names in _disagreements(records, _issuer_id, industry, folded_name):
            yield asset_fault(row, f"issuer {row.asset.issuer_id} has several {what}", "; ".join(names))


def issuers_of_two_names(records: Records) -> Iterator[Fault]:
    """Issuer ids whose assets name different companies; spellings of one name do not differ."""
    for row, names in _disagreements(records, _issuer_id, lambda asset: asset.issuer_name, folded_name):
        yield asset_fault(row, f"issuer {row.asset.issuer_id} has several names", "; ".join(names))


def issuers_of_two_ids(records: Records) -> Iterator[Fault]:
    """Companies under more than one issuer id."""
    for row, ids in _disagreements(records, lambda asset: folded_name(asset.issuer_name), _issuer_id, str.casefold):
        yield asset_fault(row, f"{row.asset.issuer_name} stands under several issuer ids", "; ".join(ids))


def repeated_issues(records: Records) -> Iterator[Fault]:
    """Assets that are one issue by all that describes it, under two ids."""
    first_by_issue: dict[object, AssetRow] = {}
    for row in records.assets:
        asset = row.asset
        if not asset.issue_name.strip() or asset.maturity is None:
            continue
        issue = (
            _issuer_id(asset),
            folded_name(asset.issue_name),
            asset.tranche.strip().casefold(),
            asset.maturity,
            asset.coupon_type.strip().upper(),
            asset.cpn_spread,
            asset.coupon,
            asset.dated_date,
            asset.facility_size,
        )
        first = first_by_issue.setdefault(issue, row)
        if first.asset.blkrock_id != asset.blkrock_id:
            yield asset_fault(row, f"is the same issue as {first.asset.blkrock_id}", asset.issue_name)


def schedules_of_nobody(records: Records) -> Iterator[Fault]:
    """Repayment schedules of ids that the asset master does not have; one fault a schedule."""
    seen = {row.asset.blkrock_id.strip().upper() for row in records.assets}
    for sink in records.sink_schedule:
        blkrock_id = sink.blkrock_id.strip().upper()
        if blkrock_id not in seen:
            seen.add(blkrock_id)
            text = f"repayments of {sink.blkrock_id}, which is not in All Assets"
            yield Fault(text=text, key=sink.blkrock_id, place=sink.place, found=sink.blkrock_id)


def schedules_over_par(records: Records) -> Iterator[Fault]:
    """Repayment schedules that sum to more than was issued."""
    issued: dict[str, float] = {}
    for row in records.assets:
        issued[row.asset.blkrock_id.strip().upper()] = row.asset.amt_issued or row.asset.facility_size or 0.0
    totals: dict[str, float] = defaultdict(float)
    for sink in records.sink_schedule:
        totals[sink.blkrock_id.strip().upper()] += sink.amount
    places = {sink.blkrock_id.strip().upper(): sink.place for sink in reversed(records.sink_schedule)}
    for blkrock_id, total in totals.items():
        par = issued.get(blkrock_id, 0.0)
        if par > 0 and total > par * (1 + SCHEDULE_TOLERANCE):
            text = f"repayments of {blkrock_id} sum to more than the {par:,.2f} issued"
            yield Fault(text=text, key=blkrock_id, place=places[blkrock_id], found=total)


def assumptions_out_of_range(records: Records) -> Iterator[Fault]:
    """Prepayment, default and severity rates that are no annual share, and negative lags."""
    for row in records.cf_assumptions:
        rates = {"CPR": row.cpr, "CDR": row.cdr, "severity": row.severity}
        for name, value in rates.items():
            if isinstance(value, float | int) and not 0 <= value <= 1:
                text = f"{name} of {row.blkrock_id} is not between 0 and 1"
                yield Fault(text=text, key=f"{row.blkrock_id} {name}", found=value)
        if not row.recovery_lag_months >= 0:
            text = f"recovery lag of {row.blkrock_id} is negative"
            yield Fault(text=text, key=f"{row.blkrock_id} lag", found=row.recovery_lag_months)
    for name, values in records.vectors.items():
        wrong = [value for value in values if not 0 <= value <= 1]
        if wrong:
            text = f"vector {name} has {len(wrong)} values outside of 0 to 1"
            yield Fault(text=text, key=name, found=wrong[0])


ISSUER_RULES: tuple[Rule, ...] = (
    Rule(
        "W-INDUSTRY",
        Scope.CROSS,
        "asset",
        "All assets of an issuer are in one industry of each agency.",
        "Correct the industry; industry and diversity tests split the issuer otherwise.",
        "spec 03 §7.6, §7.12",
        issuers_of_two_industries,
    ),
    Rule(
        "I-ISSUER",
        Scope.CROSS,
        "asset",
        "An issuer id has one issuer name.",
        "Check that these companies are one obligor: concentration tests add them up.",
        "spec 03 §7.3",
        issuers_of_two_names,
    ),
    Rule(
        "W-OBLIGOR",
        Scope.CROSS,
        "asset",
        "A company has one issuer id.",
        "Give its assets one issuer id; concentration tests do not add them up otherwise.",
        "spec 03 §7.3, Q25",
        issuers_of_two_ids,
    ),
    Rule(
        "W-DUPISSUE",
        Scope.CROSS,
        "asset",
        "An issue stands once in the asset master.",
        "Check whether both ids are one loan; if so, keep one of them.",
        "spec 01 LQ-04",
        repeated_issues,
    ),
    Rule(
        "W-SINK",
        Scope.CROSS,
        "repayment",
        "A repayment schedule belongs to an asset of the asset master.",
        "Correct the id, or remove the schedule, which nothing reads.",
        "spec 01 §1.3 step 5.1",
        schedules_of_nobody,
    ),
    Rule(
        "W-SINKSUM",
        Scope.CROSS,
        "repayment",
        "The repayments of an issue do not exceed what was issued.",
        "Check the schedule for rows that stand twice.",
        "spec 01 §1.3 step 5.1, LQ-06",
        schedules_over_par,
    ),
    Rule(
        "W-ASSUMPTION",
        Scope.RECORD,
        "assumption",
        "Prepayment, default and severity are annual decimals between 0 and 1, lags are not negative.",
        "Give the decimal (0.2 for 20 %).",
        "spec 01 §1.4, §3.3",
        assumptions_out_of_range,
    ),
)
