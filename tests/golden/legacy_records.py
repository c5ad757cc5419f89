"""Reads the inputs of the golden files, which carry the legacy model's own names, into the engine's records.

Works for any folder laid out as the reference data's golden README says.
"""

from dataclasses import replace
from datetime import date
from typing import Any

from engine.collateral.asset import Asset
from engine.collateral.assumptions import RATING_DRIVEN, AssetAssumptions, Rate, Reinvestment
from engine.collateral.rating_derivation import with_ratings
from engine.deal.contract import Account, AccountNumber, Deal, DealDates, Holding
from engine.liabilities.terms import Fee, FeeBasis, IncentiveFee, SubNotePayment, Tranche
from engine.modes import Mode

Record = dict[str, Any]

ASSET_NAMES = {
    "blkrock_id": "BLKRockID",
    "issue_name": "IssueName",
    "issuer_name": "IssuerName",
    "issuer_id": "IssuerId",
    "tranche": "Tranche",
    "bond_loan": "BondLoan",
    "par_amount": "ParAmount",
    "maturity": "Maturity",
    "coupon_type": "CouponType",
    "payment_freq": "PaymentFreq",
    "cpn_spread": "CpnSpread",
    "libor_floor": "LiborFloor",
    "index_name": "Index",
    "coupon": "Coupon",
    "commit_fee": "CommitFee",
    "unfunded_amount": "UnfundedAmount",
    "facility_size": "FacilitySize",
    "mdy_industry": "MDYIndustry",
    "sp_industry": "SPIndustry",
    "mdy_asset_category": "MDYAssetCategory",
    "sp_priority_category": "SPPriorityCategory",
    "country": "Country",
    "seniority": "Seniority",
    "pik_asset": "PikAsset",
    "piking": "PIKing",
    "pik_amount": "PIKAmount",
    "default_asset": "DefaultAsset",
    "date_of_default": "DateofDefault",
    "delay_drawdown": "DelayDrawdown",
    "revolver": "Revolver",
    "letter_of_credit": "LOC",
    "participation": "Participation",
    "dip": "DIP",
    "convertible": "Converitable",
    "struct_finance": "StructFinance",
    "bridge_loan": "BridgeLoan",
    "current_pay": "CurrentPay",
    "cov_lite": "CovLite",
    "currency": "Currency",
    "wal": "WAL",
    "market_value": "MarketValue",
    "first_lien_last_out": "FLLO",
    "mdy_rating": "MDYRating",
    "mdy_recovery_rate": "MDYRecoveryRate",
    "mdy_dp_rating": "MDYDPRating",
    "mdy_dp_rating_warf": "MDYDPRatingWARF",
    "mdy_facility_rating": "MDYFacilityRating",
    "mdy_facility_outlook": "MDYFacilityOutlook",
    "mdy_issuer_rating": "MDYIssuerRating",
    "mdy_issuer_outlook": "MDYIssuerOutlook",
    "mdy_snr_sec_rating": "MDYSnrSecRating",
    "mdy_snr_unsec_rating": "MDYSNRUnSecRating",
    "mdy_sub_rating": "MDYSubRating",
    "mdy_credit_est_rating": "MDYCreditEstRating",
    "mdy_credit_est_date": "MDYCreditEstDate",
    "sp_facility_rating": "SandPFacilityRating",
    "sp_issuer_rating": "SandPIssuerRating",
    "sp_snr_sec_rating": "SandPSnrSecRating",
    "sp_subordinate_rating": "SandPSubordinate",
    "sp_recovery_rating": "SandPRecRating",
    "dated_date": "DatedDate",
    "issue_date": "IssueDate",
    "first_payment_date": "FirstPaymentDate",
    "amortization_type": "AmortizationType",
    "day_count": "DayCount",
    "index_cap": "LIBORCap",
    "business_day_conv": "BusinessDayConvention",
    "eom_flag": "EOMFlag",
    "amt_issued": "AmtIssued",
    "analyst_opinion": "AnalystOpinion",
    "sp_rating": "SPRating",
}
DATE_NAMES = {
    "maturity",
    "date_of_default",
    "mdy_credit_est_date",
    "dated_date",
    "issue_date",
    "first_payment_date",
}
FLAG_NAMES = {name for name in ASSET_NAMES if isinstance(getattr(Asset(blkrock_id=""), name), bool)}


def day(text: str | None) -> date | None:
    """An ISO date, or None."""
    return date.fromisoformat(text) if text else None


def known_day(text: str) -> date:
    """An ISO date that must be there."""
    return date.fromisoformat(text)


def asset(record: Record) -> Asset:
    """The engine's asset of a legacy asset record."""
    values: Record = {}
    for name, legacy in ASSET_NAMES.items():
        value = record.get(legacy)
        if name in DATE_NAMES:
            value = day(value)
        elif name in FLAG_NAMES:
            value = bool(value)
        elif name == "payment_freq":
            value = int(value) if value not in (None, "") else None
        elif value is None:
            continue
        values[name] = value
    return Asset(**values)


def rate(value: Any) -> Rate:
    """A number, or a vector as a tuple."""
    return tuple(float(item) for item in value) if isinstance(value, list) else float(value or 0.0)


def assumptions(record: Record) -> AssetAssumptions:
    """Prepayment, default, severity and lag of a legacy asset record."""
    cdr = record.get("DefaultRate", 0.0)
    return AssetAssumptions(
        cpr=rate(record.get("PrePayRate", 0.0)),
        cdr=RATING_DRIVEN if isinstance(cdr, str) else rate(cdr),
        severity=rate(record.get("Severity", 0.0)),
        recovery_lag_months=float(record.get("Lag") or 0),
    )


def dated(rows: list[list[Any]] | None) -> tuple[tuple[date, Any], ...]:
    """(date, value) rows."""
    return tuple((known_day(on), value) for on, value in rows or ())


def holding(record: Record, sp_history: list[list[Any]] | None = None) -> Holding:
    """An asset with its position, schedule, assumptions and rating histories."""
    legacy = record["asset"]
    return Holding(
        asset=asset(legacy),
        par=float(legacy["ParAmount"]),
        assumptions=assumptions(legacy),
        amortization=dated(record.get("principal_schedule")),
        sp_rating_history=dated(sp_history if sp_history is not None else record.get("sp_rating_history")),
        moodys_rating_history=dated(record.get("moody_rating_history")),
        has_final_dates=True,
    )


def tranche(record: Record) -> Tranche:
    """One liability."""
    return Tranche(
        name=record["name"],
        original_balance=float(record["original_balance"]),
        current_balance=float(record["current_balance"]),
        deferred_balance=float(record["deferred_balance"]),
        price=record["price"],
        spread=record["spread"],
        discount_margin=record["dm"],
        is_deferrable=record["pikable"],
        oc_trigger=record["oc_trigger"],
        ic_trigger=record["ic_trigger"],
        day_count=record["day_count"],
        is_equity=record["is_equity"],
        is_fixed=record["coupon_type"] == "Fixed",
    )


def fee(record: Record) -> Fee:
    """One fee."""
    return Fee(
        name=record["name"],
        basis=FeeBasis(record["type"].upper()),
        percentage=record["percentage"],
        fixed_amount=float(record["fixed_amount"]),
        day_count=record["day_count"],
        unpaid_balance=float(record["unpaid_balance"]),
        has_interest_on_unpaid=record["interest_on_fee"],
        interest_spread=record["interest_spread"],
    )


ACCOUNT_NUMBERS = {
    "payment": AccountNumber.PAYMENT,
    "collection": AccountNumber.COLLECTION,
    "ramp_up": AccountNumber.RAMP_UP,
    "revolver_funding": AccountNumber.REVOLVER_FUNDING,
    "expense_reserve": AccountNumber.EXPENSE_RESERVE,
    "custodial": AccountNumber.CUSTODIAL,
    "supplemental_reserve": AccountNumber.SUPPLEMENTAL_RESERVE,
    "interest_reserve": AccountNumber.INTEREST_RESERVE,
    "funding_note": AccountNumber.FUNDING_NOTE,
}


def deal_dates(record: Record) -> DealDates:
    """The date inputs of a deal."""
    return DealDates(
        pricing=day(record["pricing_date"]),
        closing=known_day(record["closing_date"]),
        effective=day(record["effective_date"]),
        first_payment=known_day(record["first_payment_date"]),
        no_call=known_day(record["no_call_date"]),
        reinvestment_end=known_day(record["reinvestment_end_date"]),
        maturity=known_day(record["stated_maturity"]),
        payment_day=record["payment_day"],
        months_between_payments=record["months_between_payments"],
        interest_determination_days=record["interest_determination_days"],
        determination_days=record["determination_days"],
        business_day_convention=record["business_day_convention"],
    )


def reinvestment(record: Record) -> Reinvestment:
    """The reinvestment block of the cash-flow inputs, with their legacy spellings."""
    return Reinvestment(
        spread=record["Reinvestment Spread"],
        floor=record["Reinvestment Floor"],
        maturity_months=record["Reinvestment Maturity"],
        price=record["Reinvestment Price"],
        cpr=rate(record["Reinvestment CPR"]),
        cdr=rate(record["Reinvestment CDR"]),
        severity=rate(record["Reinverstment Severity"]),
        recovery_lag_months=record["Reinvestment Lag"],
        pre_type=record["Pre Reinvestment Type"],
        pre_fraction=record["Pre Reinvestment %"],
        post_type=record["Post Reinvestment"],
        post_fraction=record["Post Reinvestment%"],
    )


def deal(case: Record) -> Deal:
    """The deal of a golden deal file."""
    inputs = case["inputs"]
    clo, cash_flow = inputs["clo_inputs"], inputs["cf_inputs"]
    histories = inputs["sp_rating_histories"] or {}
    is_rating_driven = inputs["use_rating_migration"]
    as_of = known_day(inputs["dates"]["analysis_date"])
    holdings = [holding(item, histories.get(item["asset"]["BLKRockID"])) for item in inputs["assets"]]
    holdings = [replace(item, asset=with_ratings(item.asset, as_of, Mode.LEGACY.quirks)) for item in holdings]
    return Deal(
        deal_id=case["deal"],
        name=case["deal"],
        program=inputs["waterfall"].upper(),
        dates=deal_dates(inputs["dates"]),
        holdings=tuple(_rating_driven(item) if is_rating_driven else item for item in holdings),
        accounts=tuple(
            Account(number=ACCOUNT_NUMBERS[name], name=name, interest=cash["interest"], principal=cash["principal"])
            for name, cash in inputs["accounts"].items()
        ),
        tranches=tuple(tranche(item) for item in inputs["liabilities"]),
        fees=tuple(fee(item) for item in inputs["fees"]),
        incentive_fee=IncentiveFee(
            hurdle=inputs["incentive_fee"]["hurdle"],
            share=inputs["incentive_fee"]["rate"],
            payments=tuple(
                SubNotePayment(on, float(amount)) for on, amount in dated(inputs["incentive_fee"]["sub_note_payments"])
            ),
        ),
        reinvestment=reinvestment(cash_flow),
        interest_diversion_trigger=inputs["interest_diversion_trigger"],
        event_of_default_trigger=inputs["event_of_default_trigger"],
        current_index=clo["Current LIBOR"],
        purchased_accrued_interest=float(clo["Purchase Finance Accrued Interest"]),
        opening_fee_basis=float(clo["Beg Fee Basis"]),
        is_event_of_default=clo["Event of Default"],
        call_threshold=cash_flow["Call when Quarterly Sub Dist <"],
        liquidation_price=cash_flow["Liquidation Price"],
        ccc_limit=clo["CCC Asset Haircut Percent"],
        ccc_liquidation_price=cash_flow["CCC Liquidation Price"],
    )


def _rating_driven(item: Holding) -> Holding:
    """The deal runs of the legacy model pass the text RATING for every asset when rating migration is on."""
    return replace(item, assumptions=replace(item.assumptions, cdr=RATING_DRIVEN))
