"""Tests 1 to 54 in standard mode, one plain loop a test straight from the table of spec 03 §5: slow, and an oracle.

Nothing is shared with the engine but the asset record and the deal's inputs; the assets come with ratings filled in.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.collateral.asset import Asset
from engine.compliance.terms import DealTerms

# fmt: off
MOODYS = [
    "Aaa", "Aa1", "Aa2", "Aa3", "A1", "A2", "A3", "Baa1", "Baa2", "Baa3", "Ba1", "Ba2", "Ba3", "B1", "B2",
    "B3", "Caa1", "Caa2", "Caa3", "Ca", "C"
]
SP = [
    "AAA", "AA+", "AA", "AA-", "A+", "A", "A-", "BBB+", "BBB", "BBB-", "BB+", "BB", "BB-", "B+", "B", "B-",
    "CCC+", "CCC", "CCC-", "CC", "C"
]
FACTORS = [
    1, 10, 20, 40, 70, 120, 180, 260, 360, 610, 940, 1350, 1766, 2220, 2720, 3490, 4770, 6500, 8070, 10000,
    10000
]
# fmt: on
G1 = {"AUSTRALIA", "NETHERLANDS", "NEW ZEALAND", "UNITED KINGDOM"}
G2 = {"GERMANY", "SWEDEN", "SWITZERLAND"}
G3 = {"AUSTRIA", "BELGIUM", "DENMARK", "FINLAND", "FRANCE", "ICELAND", "LIECHTENSTEIN", "LUXEMBOURG", "NORWAY", "SPAIN"}
TAX = {"BAHAMAS", "BERMUDA", "BRITISH VIRGIN ISLANDS", "CAYMAN ISLANDS", "CHANNEL ISLANDS", "NETHERLANDS ANTILLES"}
JUNIOR = "SENIOR UNSECURED LOAN/SECOND LIEN LOAN"
SECURED_BY_MOODYS, JUNIOR_BY_MOODYS = "MOODY\u2019S SENIOR SECURED LOAN", "MOODY\u2019S NON-SENIOR SECURED LOAN"


@dataclass(frozen=True)
class Slow:
    """Value of a test with its parts, and the threshold where the test computes its own."""

    value: float
    numerator: float = 0.0
    denominator: float = 0.0
    threshold: float | None = None


Position = tuple[Asset, float]
Of = Callable[[Asset], bool]


def slow_test(test_id: int, positions: Iterable[Position], cash: float, terms: DealTerms) -> Slow:
    """One test of positions (asset, par) with a par above 0; value 0 where there is nothing to divide by."""
    held = [(asset, par) for asset, par in positions if par != 0.0]
    performing = [(asset, par) for asset, par in held if not asset.default_asset]
    cpa = math.fsum(par for _, par in performing) + cash
    if test_id in SHARES:
        return _over(math.fsum(par for asset, par in performing if SHARES[test_id](asset, terms)), cpa)
    if test_id in RANKS:
        return _over(_ranked(performing, *RANKS[test_id]), cpa)
    if test_id == 1:
        loans = math.fsum(par for asset, par in performing if _fold(asset.bond_loan) == "LOAN")
        junior = math.fsum(par for asset, par in performing if _category(asset) == JUNIOR_BY_MOODYS)
        return _over(loans - junior + cash, cpa)
    if test_id == 12:
        return _over(math.fsum(asset.unfunded_amount or 0.0 for asset, _ in performing), cpa)
    if test_id == 45:
        return _over(0.0, cpa)
    if test_id == 47:
        return _over(cpa, cpa)
    if test_id == 37:
        return Slow(_diversity(performing))
    if test_id == 38:
        return _over(
            cash + math.fsum(par * _junior_value(asset) for asset, par in held), terms.number(_DENOMINATOR, 38)
        )
    return _average(test_id, performing, terms)


def _over(numerator: float, denominator: float) -> Slow:
    return Slow(numerator / denominator if denominator > 0.0 else 0.0, numerator, denominator)


_DENOMINATOR = "junior_oc_denominator"


def _fold(text: str) -> str:
    return text.strip().upper()


def _category(asset: Asset) -> str:
    return _fold(asset.mdy_asset_category).replace("'", "\u2019")


def _is_below_b_minus(rating: str, scale: list[str]) -> bool:
    return rating in scale[scale.index("Caa1" if "Caa1" in scale else "CCC+") :]


def _is_second_lien(asset: Asset) -> bool:
    return _fold(asset.sp_priority_category) == JUNIOR


def _is_not_senior_secured_loan(asset: Asset) -> bool:
    return not (_fold(asset.seniority) == "SENIOR SECURED" and _fold(asset.bond_loan) == "LOAN")


def _facility(asset: Asset) -> float:
    return asset.facility_size or 0.0


def _is_small(asset: Asset) -> bool:
    return _facility(asset) < (150e6 if _fold(asset.country) == "USA" else 250e6)


def _is_long_dated(asset: Asset, terms: DealTerms) -> bool:
    return asset.maturity is not None and terms.stated_maturity is not None and asset.maturity > terms.stated_maturity


def _inside(countries: set[str]) -> Callable[[Asset, DealTerms], bool]:
    return lambda asset, terms: _fold(asset.country) in countries


def _outside(countries: set[str]) -> Callable[[Asset, DealTerms], bool]:
    return lambda asset, terms: _fold(asset.country) not in countries


SHARES: dict[int, Callable[[Asset, DealTerms], bool]] = {
    2: lambda asset, terms: _is_not_senior_secured_loan(asset) or _is_second_lien(asset),
    7: lambda asset, terms: _is_below_b_minus(asset.mdy_rating, MOODYS),
    8: lambda asset, terms: (asset.payment_freq or 0) < 4,
    9: lambda asset, terms: asset.coupon_type == "FIXED",
    10: lambda asset, terms: asset.current_pay,
    11: lambda asset, terms: asset.dip,
    13: lambda asset, terms: asset.participation,
    14: _outside({"USA"}),
    15: _inside(TAX | {"CANADA"}),
    16: _outside({"USA", "CANADA", "UK", "UNITED KINGDOM"}),
    17: _inside(G1 | G2 | G3),
    18: _inside(G1),
    20: _inside(G2),
    22: _inside(G3),
    24: _inside(TAX),
    28: lambda asset, terms: asset.bridge_loan,
    29: lambda asset, terms: asset.cov_lite,
    30: lambda asset, terms: asset.pik_asset,
    31: lambda asset, terms: _is_small(asset),
    40: lambda asset, terms: _is_below_b_minus(asset.sp_rating, SP),
    41: _inside({"CANADA"}),
    42: lambda asset, terms: asset.letter_of_credit,
    43: _is_long_dated,
    44: lambda asset, terms: _fold(asset.seniority) != "SENIOR SECURED",
    48: lambda asset, terms: asset.participation,
    53: lambda asset, terms: _facility(asset) < 200e6,
}


def _issuer(asset: Asset) -> str:
    return asset.issuer_id


def _country(asset: Asset) -> str:
    return _fold(asset.country)


RANKS: dict[int, tuple[Callable[[Asset], str], Of, int]] = {
    3: (_issuer, lambda asset: not asset.dip, 6),
    4: (_issuer, lambda asset: not asset.dip, 1),
    5: (_issuer, lambda asset: asset.dip, 1),
    6: (_issuer, _is_second_lien, 1),
    19: (_country, lambda asset: _country(asset) in G1, 1),
    21: (_country, lambda asset: _country(asset) in G2, 1),
    23: (_country, lambda asset: _country(asset) in G3, 1),
    25: (lambda asset: asset.sp_industry, lambda asset: True, 4),
    26: (lambda asset: asset.sp_industry, lambda asset: True, 2),
    27: (lambda asset: asset.sp_industry, lambda asset: True, 1),
    49: (lambda asset: _fold(asset.mdy_industry), lambda asset: True, 1),
    50: (lambda asset: _fold(asset.mdy_industry), lambda asset: True, 2),
    51: (lambda asset: _fold(asset.mdy_industry), lambda asset: True, 3),
    52: (lambda asset: _fold(asset.mdy_industry), lambda asset: True, 4),
}


def _ranked(performing: list[Position], of: Callable[[Asset], str], counts: Of, rank: int) -> float:
    sums: dict[str, float] = {}
    for asset, par in performing:
        if counts(asset):
            sums[of(asset)] = sums.get(of(asset), 0.0) + par
    ordered = sorted(sums.values(), reverse=True)
    return ordered[rank - 1] if len(ordered) >= rank else 0.0


def _junior_value(asset: Asset) -> float:
    if asset.default_asset:
        return (asset.market_value or 0.0) / 100.0
    return (asset.mdy_recovery_rate or 0.0) if asset.piking else 1.0


def _weighted(positions: list[Position], of: Callable[[Asset], float]) -> Slow:
    return _over(math.fsum(par * of(asset) for asset, par in positions), math.fsum(par for _, par in positions))


def _spread(asset: Asset, libor: float) -> float:
    if "LIBOR" not in asset.index_name.upper():
        return (asset.coupon or 0.0) - libor
    return (asset.cpn_spread or 0.0) + max((asset.libor_floor or 0.0) - libor, 0.0)


def _factor(asset: Asset) -> float:
    return float(FACTORS[MOODYS.index(asset.mdy_dp_rating_warf)]) if asset.mdy_dp_rating_warf in MOODYS else 10000.0


def _average(test_id: int, performing: list[Position], terms: DealTerms) -> Slow:
    recovery = _weighted(performing, lambda asset: asset.mdy_recovery_rate or 0.0)
    if test_id in (32, 39, 46):
        floating = [(asset, par) for asset, par in performing if asset.coupon_type == "FLOAT"]
        found = _weighted(floating, lambda asset: _spread(asset, terms.number("current_libor", test_id)))
    elif test_id == 33:
        found = recovery
    elif test_id == 34:
        fixed = [(asset, par) for asset, par in performing if asset.coupon_type == "FIXED"]
        found = _weighted(fixed, lambda asset: asset.coupon or 0.0)
    elif test_id == 35:
        found = _weighted(performing, lambda asset: asset.wal or 0.0)
    else:
        found = _weighted(performing, _factor)
    return Slow(found.value, found.numerator, found.denominator, _threshold(test_id, recovery.value, terms))


def _threshold(test_id: int, recovery: float, terms: DealTerms) -> float | None:
    if test_id == 32:
        base = terms.number("weighted_average_spread", 32)
        return base - (100.0 * recovery - 43.0) * (0.00065 if base >= 0.031 else 0.0005)
    if test_id == 39:
        pivot, factor = terms.number("warr_threshold", 39), terms.number("was_factor", 39)
        return terms.number("weighted_average_spread", 39) - (recovery - pivot) * 100.0 * factor
    if test_id in (36, 54):
        pivot = 0.43 if test_id == 36 else terms.number("warr_threshold", 54)
        return terms.number("warf_threshold", 36) + (recovery - pivot) * 100.0 * terms.number("warf_factor", 36)
    return None


def _diversity(performing: list[Position]) -> float:
    par_of: dict[str, float] = {}
    industry_of: dict[str, str] = {}
    for asset, par in performing:
        par_of[asset.issuer_id] = par_of.get(asset.issuer_id, 0.0) + par
        industry_of.setdefault(asset.issuer_id, _fold(asset.mdy_industry))
    units: dict[str, float] = {}
    mean = sum(par_of.values()) / len(par_of) if par_of else 0.0
    for issuer, par in par_of.items():
        industry = industry_of[issuer]
        units[industry] = units.get(industry, 0.0) + min(1.0, par / mean)
    return sum(_industry_score(unit) for unit in units.values())


def _industry_score(units: float) -> float:
    """Table of spec 03 §8.6, unit sums rounded half up to one decimal."""
    if units > 19.95:
        return 5.0
    tenths = math.floor(units * 10.0 + 0.5 + 1e-9)
    for floor, score, width in ((100, 4.0, 100), (60, 3.0, 40), (30, 2.0, 30), (10, 1.0, 20)):
        if tenths > floor:
            return round(score + (tenths - floor) / width, 4)
    return tenths / 10.0
