"""Synthetic loans of the demo: obligors, terms, ratings, prices and amortisation schedules. All names are invented."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from engine.collateral.asset import Asset
from workbooks.demo.stream import Stream

ID_LETTERS = "BCDFGHJKLMNPQRSTVWXYZ23456789"
ID_PREFIX = "DMO"
TENOR_MONTHS = 84
QUARTERLY_AMORTISATION = 0.0025

FIRST_WORDS = (
    "Alder", "Amber", "Argent", "Ashford", "Aurora", "Beacon", "Birch", "Bluestone", "Briar", "Calder", "Cascade",
    "Cedar", "Clearwater", "Cobalt", "Copper", "Crestline", "Dalton", "Eastgate", "Elmwood", "Ember", "Fairhaven",
    "Falcon", "Foxglove", "Garnet", "Granite", "Greenfield", "Harbor", "Hawthorn", "Highland", "Ironwood", "Juniper",
    "Kestrel", "Lakeshore", "Larch", "Linden", "Marlow", "Meridian", "Northfield", "Oakhurst", "Onyx", "Orchard",
    "Pinnacle", "Quarry", "Redwood", "Ridgeway", "Sable", "Sterling", "Summit", "Tamarack", "Westbrook",
)  # fmt: skip
BUSINESS_BY_INDUSTRY = (
    ("Aerospace & Defense", "Aerospace & Defense", "Aerospace"),
    ("Automotive", "Automotive", "Auto Parts"),
    ("Beverage & Tobacco", "Beverage, Food & Tobacco", "Beverages"),
    ("Building & Development", "Construction & Building", "Building Products"),
    ("Business equipment & services", "Services: Business", "Business Services"),
    ("Cable & satellite television", "Media: Broadcasting & Subscription", "Cable"),
    ("Chemicals & plastics", "Chemicals, Plastics, & Rubber", "Chemicals"),
    ("Containers & glass products", "Containers, Packaging & Glass", "Packaging"),
    ("Drugs", "Healthcare & Pharmaceuticals", "Pharma"),
    ("Ecological services & equipment", "Environmental Industries", "Environmental"),
    ("Electronics/electrical", "High Tech Industries", "Technologies"),
    ("Equipment leasing", "Services: Business", "Leasing"),
    ("Financial intermediaries", "Banking, Finance, Insurance & Real Estate", "Financial"),
    ("Food products", "Beverage, Food & Tobacco", "Foods"),
    ("Food service", "Services: Consumer", "Restaurants"),
    ("Health care", "Healthcare & Pharmaceuticals", "Health"),
    ("Home furnishings", "Consumer goods: Durable", "Home"),
    ("Hotels, motels, inns and casinos", "Hotel, Gaming & Leisure", "Resorts"),
    ("Industrial equipment", "Capital Equipment", "Industrial"),
    ("Insurance", "Banking, Finance, Insurance & Real Estate", "Insurance"),
    ("Leisure", "Hotel, Gaming & Leisure", "Leisure"),
    ("Oil & gas", "Energy: Oil & Gas", "Energy"),
    ("Publishing", "Media: Advertising, Printing & Publishing", "Publishing"),
    ("Retailers (other than food/drug)", "Retail", "Stores"),
    ("Surface transport", "Transportation: Cargo", "Logistics"),
    ("Telecommunications/cellular communications", "Telecommunications", "Telecom"),
    ("Utilities", "Utilities: Electric", "Power"),
)
ENDINGS = (
    "Holdings LLC",
    "Inc",
    "Group LP",
    "Acquisition Corp",
    "Intermediate LLC",
    "Partners LP",
    "International Inc",
)
COUNTRIES = (("USA", 0.90), ("Canada", 0.035), ("United Kingdom", 0.02), ("Luxembourg", 0.025), ("Netherlands", 0.02))


@dataclass(frozen=True, slots=True)
class CreditGrade:
    """Typical terms of a loan by rating: share of the universe, spread as a decimal, price in percent of par."""

    moodys: str
    moodys_facility: str
    sp: str
    share: float
    spread: float
    price: float
    recovery_rate: float


GRADES = (
    CreditGrade("Ba2", "Ba1", "BB", 0.04, 0.0275, 100.0, 0.50),
    CreditGrade("Ba3", "Ba3", "BB-", 0.10, 0.0315, 99.75, 0.45),
    CreditGrade("B1", "Ba3", "B+", 0.24, 0.0365, 99.25, 0.50),
    CreditGrade("B2", "B1", "B", 0.38, 0.0415, 98.5, 0.50),
    CreditGrade("B3", "B2", "B-", 0.19, 0.0485, 96.0, 0.50),
    CreditGrade("Caa1", "B3", "CCC+", 0.035, 0.0575, 87.5, 0.50),
    CreditGrade("Caa2", "Caa1", "CCC", 0.015, 0.0675, 78.0, 0.50),
)


@dataclass(frozen=True, slots=True)
class SinkPayment:
    """One scheduled principal payment of a loan, in currency of the whole issue."""

    blkrock_id: str
    on: date
    amount: float


@dataclass(frozen=True, slots=True)
class _Obligor:
    name: str
    issuer_id: str
    sp_industry: str
    mdy_industry: str
    country: str
    grade: CreditGrade


def synthetic_loans(n_assets: int, as_of: date, current_index: float, stream: Stream) -> tuple[Asset, ...]:
    """`n_assets` loans outstanding on `as_of`, about six in seven of them of different obligors."""
    obligors: list[_Obligor] = []
    used_names: set[str] = set()
    used_ids: set[str] = set()
    loans = []
    for _ in range(n_assets):
        is_second_loan = len(obligors) > 5 and stream.chance(0.14)
        if not is_second_loan:
            obligors.append(_new_obligor(used_names, len(obligors), stream))
        obligor = stream.pick(obligors) if is_second_loan else obligors[-1]
        loans.append(_loan(obligor, _new_id(used_ids, stream), as_of, current_index, stream))
    return tuple(loans)


def amortisation(loan: Asset) -> tuple[SinkPayment, ...]:
    """Quarterly instalments of 0.25 % of the issue and the balloon at maturity; empty for a bullet."""
    if loan.amortization_type != "Scheduled" or loan.first_payment_date is None or loan.maturity is None:
        return ()
    issued = loan.amt_issued or 0.0
    payments = []
    left, on = issued, loan.first_payment_date
    while (loan.maturity - on).days > 20:
        payments.append(SinkPayment(loan.blkrock_id, on, issued * QUARTERLY_AMORTISATION))
        left -= issued * QUARTERLY_AMORTISATION
        on = month_end(add_months(on, 3))
    payments.append(SinkPayment(loan.blkrock_id, loan.maturity, left))
    return tuple(payments)


def add_months(on: date, months: int) -> date:
    """The same day `months` later, clipped to the end of the month."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1]))


def month_end(on: date) -> date:
    """The last calendar day of the month."""
    return date(on.year, on.month, calendar.monthrange(on.year, on.month)[1])


def _new_obligor(used: set[str], number: int, stream: Stream) -> _Obligor:
    sp_industry, mdy_industry, business = stream.pick(BUSINESS_BY_INDUSTRY)
    while (name := f"{stream.pick(FIRST_WORDS)} {business} {stream.pick(ENDINGS)}") in used:
        pass
    used.add(name)
    grade = stream.weighted([(grade, grade.share) for grade in GRADES])
    return _Obligor(name, f"DEMO{number + 1:05d}", sp_industry, mdy_industry, stream.weighted(COUNTRIES), grade)


def _new_id(used: set[str], stream: Stream) -> str:
    while (new := ID_PREFIX + "".join(stream.pick(ID_LETTERS) for _ in range(6))) in used:
        pass
    used.add(new)
    return new


def _loan(obligor: _Obligor, blkrock_id: str, as_of: date, current_index: float, stream: Stream) -> Asset:
    grade = obligor.grade
    months_left = stream.whole(36, TENOR_MONTHS - 3)
    maturity = add_months(as_of, months_left) + timedelta(days=stream.whole(-14, 14))
    issued_on = add_months(maturity, -TENOR_MONTHS)
    frequency = stream.weighted(((4, 0.95), (2, 0.03), (12, 0.02)))
    is_fixed = stream.chance(0.015)
    floor = 0.0 if is_fixed else stream.weighted(((0.01, 0.83), (0.0075, 0.12), (0.0, 0.05)))
    spread = 0.0 if is_fixed else round(grade.spread + stream.whole(-2, 2) * 0.0025, 6)
    facility = stream.whole(8, 120) * 25_000_000.0
    is_second_lien = not is_fixed and stream.chance(0.03)
    coupon = 0.0725 if is_fixed else max(floor, current_index) + spread
    return Asset(
        blkrock_id=blkrock_id,
        issue_name=obligor.name.upper(),
        issuer_name=obligor.name.upper(),
        issuer_id=obligor.issuer_id,
        tranche="TL-2L" if is_second_lien else stream.pick(("TL", "TL-B", "TL-B1", "TL-B2")),
        bond_loan="LOAN",
        par_amount=0.0,
        maturity=maturity,
        coupon_type="FIXED" if is_fixed else "FLOAT",
        payment_freq=frequency,
        cpn_spread=spread,
        libor_floor=floor,
        index_name="6M Libor" if frequency == 2 else "3M Libor",
        coupon=coupon,
        commit_fee=0.0,
        unfunded_amount=0.0,
        facility_size=facility,
        mdy_industry=obligor.mdy_industry,
        sp_industry=obligor.sp_industry,
        mdy_asset_category="Moody\u2019s Non-Senior Secured loan"
        if is_second_lien
        else "Moody\u2019s Senior Secured loan",
        sp_priority_category="Senior Unsecured Loan/Second Lien Loan" if is_second_lien else "Senior Secured Loan",
        country=obligor.country,
        seniority="Second Lien" if is_second_lien else "Senior Secured",
        pik_amount=0.0,
        cov_lite=stream.chance(0.55),
        participation=stream.chance(0.01),
        delay_drawdown=stream.chance(0.02),
        currency="USD",
        wal=round(months_left / 12 * 0.97, 2),
        market_value=round(min(100.75, grade.price + stream.uniform(-1.5, 1.0) - 3.0 * is_second_lien), 3),
        mdy_rating=grade.moodys_facility,
        mdy_recovery_rate=grade.recovery_rate - 0.15 * is_second_lien,
        mdy_dp_rating=grade.moodys,
        mdy_dp_rating_warf=grade.moodys,
        mdy_facility_rating=grade.moodys_facility,
        mdy_issuer_rating=grade.moodys,
        mdy_snr_sec_rating=grade.moodys_facility,
        mdy_snr_unsec_rating="NR",
        mdy_sub_rating="NR",
        sp_facility_rating=grade.sp,
        sp_issuer_rating=grade.sp,
        sp_snr_sec_rating="NR",
        sp_subordinate_rating="NR",
        sp_recovery_rating="5" if is_second_lien else stream.pick(("2", "3", "3H", "3L", "4")),
        dated_date=issued_on,
        issue_date=issued_on,
        first_payment_date=month_end(add_months(issued_on, 12 // frequency)),
        amortization_type="Bullet" if is_second_lien or is_fixed or frequency != 4 else "Scheduled",
        day_count="30/360" if is_fixed else "ACTUAL/360",
        index_cap=0.0,
        business_day_conv="Mod Following",
        eom_flag=True,
        amt_issued=facility,
        analyst_opinion=stream.weighted((("Hold", 0.6), ("Buy", 0.3), ("Sale", 0.1))),
    )
