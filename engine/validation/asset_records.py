"""Record rules of the asset master: fields of one asset that have to agree (spec 01 §1, LQ-01 to LQ-10)."""

from collections.abc import Iterator

from engine.collateral.asset import Asset
from engine.validation.rules import Fault, Records, Rule, Scope, asset_fault


def is_floater(asset: Asset) -> bool:
    """Whether an asset pays index plus spread."""
    return asset.coupon_type.strip().upper() == "FLOAT"


def lives_that_end_before_they_begin(records: Records) -> Iterator[Fault]:
    """Maturities that are not after dated date and issue date."""
    for row in records.assets:
        asset = row.asset
        for what, begin in (("Dated Date", asset.dated_date), ("Issue Date", asset.issue_date)):
            if asset.maturity is not None and begin is not None and asset.maturity <= begin:
                yield asset_fault(row, f"Maturity is not after the {what} {begin}", asset.maturity)
                break


def misplaced_first_payments(records: Records) -> Iterator[Fault]:
    """First payment dates that are not after the dated date, or not before maturity."""
    for row in records.assets:
        asset, first = row.asset, row.asset.first_payment_date
        if first is None:
            continue
        if asset.dated_date is not None and first <= asset.dated_date:
            yield asset_fault(row, f"First Payment Date is not after the Dated Date {asset.dated_date}", first)
        elif asset.maturity is not None and first > asset.maturity:
            yield asset_fault(row, f"First Payment Date is after the Maturity {asset.maturity}", first)


def unspecified_coupons(records: Records) -> Iterator[Fault]:
    """Floaters without index or spread, other assets without coupon."""
    for row in records.assets:
        asset = row.asset
        if not is_floater(asset):
            if asset.coupon is None:
                yield asset_fault(row, "a fixed-rate asset without Coupon")
            continue
        missing = [] if asset.index_name.strip() else ["Index"]
        missing += [] if asset.cpn_spread is not None else ["Coupon Spread"]
        if missing:
            yield asset_fault(row, f"a floater without {' and '.join(missing)}")


def caps_below_floors(records: Records) -> Iterator[Fault]:
    """Index caps below the floor of the same asset; a cap of 0 is none."""
    for row in records.assets:
        cap, floor = row.asset.index_cap or 0.0, row.asset.libor_floor or 0.0
        if 0 < cap < floor:
            yield asset_fault(row, f"Index Cap is below the Libor Floor {floor:g}", cap)


def recoveries_out_of_range(records: Records) -> Iterator[Fault]:
    """Recovery rates that are no share of par."""
    for row in records.assets:
        rate = row.asset.mdy_recovery_rate
        if rate is not None and not 0 <= rate <= 1:
            yield asset_fault(row, "Moody's Recovery Rate is not between 0 and 1", rate)


def half_stated_defaults(records: Records) -> Iterator[Fault]:
    """A default flag without its date, or the date without the flag."""
    for row in records.assets:
        asset = row.asset
        if asset.default_asset and asset.date_of_default is None:
            yield asset_fault(row, "in default without a Date of Defaulted")
        elif asset.date_of_default is not None and not asset.default_asset:
            yield asset_fault(row, "has a Date of Defaulted but is not in default", asset.date_of_default)


def unrated_dip_loans(records: Records) -> Iterator[Fault]:
    """DIP loans without the facility rating from which all their ratings follow."""
    for row in records.assets:
        asset = row.asset
        ratings = (asset.mdy_facility_rating, asset.sp_facility_rating)
        if asset.dip and not any(text.strip().upper() not in {"", "NR"} for text in ratings):
            yield asset_fault(row, "a DIP loan without facility rating")


def unclear_commitments(records: Records) -> Iterator[Fault]:
    """Revolvers and delayed drawings that do not state what is undrawn, and undrawn amounts of other assets."""
    for row in records.assets:
        asset, unfunded = row.asset, row.asset.unfunded_amount
        is_commitment = asset.revolver or asset.delay_drawdown
        if is_commitment and unfunded is None:
            kind = "revolver" if asset.revolver else "delayed drawdown loan"
            yield asset_fault(row, f"a {kind} without Unfunded Amount")
        elif unfunded and not (is_commitment or asset.letter_of_credit):
            yield asset_fault(row, "has an Unfunded Amount but is neither revolver nor delayed drawdown", unfunded)
        elif unfunded and asset.facility_size and unfunded > asset.facility_size:
            yield asset_fault(row, f"Unfunded Amount exceeds the Facility Size {asset.facility_size:,.2f}", unfunded)


def half_stated_deferrals(records: Records) -> Iterator[Fault]:
    """Assets that defer interest without being deferrable, or carry a deferred amount without deferring."""
    for row in records.assets:
        asset = row.asset
        if asset.piking and not asset.pik_asset:
            yield asset_fault(row, "is PIKing but no Deferred Interest Bond")
        elif asset.pik_amount and not (asset.piking or asset.pik_asset):
            yield asset_fault(row, "has a PIK Amount but cannot defer interest", asset.pik_amount)


def undated_credit_estimates(records: Records) -> Iterator[Fault]:
    """Credit estimates without the date that says how long they count."""
    for row in records.assets:
        asset = row.asset
        if asset.mdy_credit_est_rating.strip().upper() not in {"", "NR"} and asset.mdy_credit_est_date is None:
            yield asset_fault(row, "a credit estimate without its date", asset.mdy_credit_est_rating)


_ASSET = "asset"
ASSET_RECORD_RULES: tuple[Rule, ...] = (
    Rule(
        "E-MATURITY",
        Scope.RECORD,
        _ASSET,
        "Maturity is after dated date and issue date.",
        "Correct the dates.",
        "seed validator",
        lives_that_end_before_they_begin,
    ),
    Rule(
        "W-FIRSTPAY",
        Scope.RECORD,
        _ASSET,
        "The first payment date is after the dated date and not after maturity.",
        "Correct the date; payments are counted from it, and after maturity there is one at maturity only.",
        "spec 01 §2.4, LQ-09",
        misplaced_first_payments,
    ),
    Rule(
        "W-COUPON",
        Scope.RECORD,
        _ASSET,
        "A floater has index and spread, a fixed-rate asset has a coupon.",
        "Fill them in: a blank spread or coupon pays nothing, a blank index is no LIBOR in the spread tests.",
        "seed validator; spec 01 §1.1; spec 03 §7.8",
        unspecified_coupons,
    ),
    Rule(
        "W-CAP",
        Scope.RECORD,
        _ASSET,
        "An index cap is not below the floor.",
        "Correct cap or floor.",
        "spec 01 LQ-01",
        caps_below_floors,
    ),
    Rule(
        "E-RECOVERY",
        Scope.RECORD,
        _ASSET,
        "A recovery rate is between 0 and 1.",
        "Give the decimal (0.45 for 45 %).",
        "spec 03 §7.9, §8.3",
        recoveries_out_of_range,
    ),
    Rule(
        "W-DEFAULT",
        Scope.RECORD,
        _ASSET,
        "An asset in default has the date of default, and no other asset has one.",
        "Give flag and date together.",
        "spec 01 §1.1 rows 27, 28, LQ-02",
        half_stated_defaults,
    ),
    Rule(
        "W-DIP",
        Scope.RECORD,
        _ASSET,
        "A DIP loan has a facility rating.",
        "Give the facility rating; without one the loan counts as CCC- and Caa3.",
        "spec 03 §8.2, §8.4, Q5",
        unrated_dip_loans,
    ),
    Rule(
        "W-UNFUNDED",
        Scope.RECORD,
        _ASSET,
        "Revolvers and delayed drawdown loans state an unfunded amount within the facility; other assets have none.",
        "Give the amount (0 when fully drawn), or correct the flags.",
        "spec 01 §1.1 rows 16, 29, 30; spec 03 §5 test 12",
        unclear_commitments,
    ),
    Rule(
        "W-PIK",
        Scope.RECORD,
        _ASSET,
        "Only a deferrable asset defers interest or carries deferred interest.",
        "Correct the flags Deferred Interest Bond and PiKing, or the amount.",
        "spec 01 §1.1 rows 24 to 26; spec 03 §7.13",
        half_stated_deferrals,
    ),
    Rule(
        "W-ESTIMATE",
        Scope.RECORD,
        _ASSET,
        "A credit estimate has a date.",
        "Give the date: an estimate counts for 15 months.",
        "spec 03 §8.2",
        undated_credit_estimates,
    ),
)
