"""The agencies' measures, tests 65 to 75, on deals that are added up by hand."""

from dataclasses import replace
from datetime import date

import pytest

from engine.collateral.ratings import LOWEST_RANK
from engine.compliance import agency_fitch, agency_sp
from engine.errors import InputError
from tests.compliance.small_deals import PLAIN, loan, outcome

SP_POOL = [
    loan("a", 30.0, sp_rating="BB", issuer_id="one", sp_industry="tech"),
    loan("b", 20.0, sp_rating="B", issuer_id="one", sp_industry="tech"),
    loan("c", 40.0, sp_rating="B-", issuer_id="two", sp_industry="health", maturity=date(2023, 1, 1)),
    loan("d", 10.0, sp_rating="CCC-", issuer_id="three", sp_industry="health"),
    loan("below", 50.0, sp_rating="CC", issuer_id="four", sp_industry="food"),
    loan("defaulted", 70.0, sp_rating="B", default_asset=True, issuer_id="five", sp_industry="food"),
]
MEAN = (30.0 * 1233.63 + 20.0 * 2859.50 + 40.0 * 3610.11 + 10.0 * 5751.10) / 100.0


def test_spwarf_weighs_the_factors_of_assets_rated_ccc_minus_or_better():
    """CC and defaulted assets are outside; cash is too."""
    found = outcome("sp_weighted_average_rating_factor", SP_POOL, cash=33.0, threshold=3000.0)

    assert found.value == pytest.approx(MEAN)
    assert found.denominator == pytest.approx(100.0)


def test_dispersion_is_the_average_distance_from_spwarf():
    """Par-weighted absolute differences."""
    distance = 30.0 * (MEAN - 1233.63) + 20.0 * abs(2859.50 - MEAN) + 40.0 * (3610.11 - MEAN) + 10.0 * (5751.10 - MEAN)

    assert outcome("sp_default_rate_dispersion", SP_POOL).value == pytest.approx(distance / 100.0)


def test_diversity_measures_count_obligors_and_industries_by_their_weight():
    """Obligors of 50, 40 and 10; industries of 50 and 50."""
    assert outcome("sp_obligor_diversity_measure", SP_POOL).value == pytest.approx(1.0 / (0.25 + 0.16 + 0.01))
    assert outcome("sp_industry_diversity_measure", SP_POOL).value == pytest.approx(2.0)


def test_diversity_of_nothing_is_not_applicable():
    """No asset rated CCC- or better, nothing to measure."""
    found = outcome("sp_obligor_diversity_measure", [loan("below", 50.0, sp_rating="CC")], threshold=10.0)

    assert (found.is_applicable, found.is_passed) == (False, True)


def test_sp_life_runs_to_maturity():
    """1,827 days for 60 of par and 1,096 for 40, from 2020-01-01, in years of 365 days."""
    days = 60.0 * (date(2025, 1, 1) - date(2020, 1, 1)).days + 40.0 * (date(2023, 1, 1) - date(2020, 1, 1)).days

    assert outcome("sp_weighted_average_life", SP_POOL).value == pytest.approx(days / 100.0 / 365.0)


def test_a_rated_asset_without_maturity_is_an_error():
    """CLO-1512; one outside of the measure needs none."""
    with pytest.raises(InputError, match="maturity of a") as error:
        outcome("sp_weighted_average_life", [loan("a", 1.0, maturity=None)])

    assert error.value.number == "CLO-1512"
    pool = [loan("a", 1.0), loan("below", 1.0, sp_rating="CC", maturity=None)]
    assert outcome("sp_weighted_average_life", pool).is_applicable


@pytest.mark.parametrize(
    ("rating", "class_a", "class_b"),
    [
        ("1+", 0.75, 0.85),
        ("1", 0.65, 0.75),
        ("1 (95%)", 0.70, 0.80),
        ("2H", 0.60, 0.70),
        ("2", 0.50, 0.60),
        ("3(65)", 0.45, 0.55),
        ("3 (69%)", 0.45, 0.55),
        ("3L", 0.30, 0.40),
        ("4H", 0.27, 0.35),
        ("5 (15%)", 0.10, 0.15),
        ("6", 0.02, 0.04),
    ],
)
def test_sp_recovery_follows_the_point_estimate_or_the_lower_end_of_its_rating(rating, class_a, class_b):
    """Table 1 of the indentures' S&P Recovery Rate Tables, columns AAA and AA."""
    asset = replace(PLAIN, sp_recovery_rating=rating)

    assert agency_sp.recovery_rate(asset, "AAA") == class_a
    assert agency_sp.recovery_rate(asset, "AA") == class_b


@pytest.mark.parametrize(
    ("differences", "class_a"),
    [
        ({}, 0.50),
        ({"cov_lite": True}, 0.41),
        ({"bond_loan": "BOND"}, 0.41),
        ({"sp_priority_category": "Senior Unsecured Loan/Second Lien Loan"}, 0.18),
        ({"first_lien_last_out": True}, 0.18),
        ({"seniority": "Senior Unsecured"}, 0.18),
    ],
)
def test_without_recovery_rating_the_priority_of_the_asset_decides(differences, class_a):
    """Group A jurisdictions."""
    assert agency_sp.recovery_rate(replace(PLAIN, sp_recovery_rating="NR", **differences), "AAA") == class_a


@pytest.mark.parametrize("text", ["7", "3X", "2 (101%)", "RR2"])
def test_a_text_that_is_no_recovery_rating_is_an_error(text):
    """CLO-1514 names asset and text."""
    with pytest.raises(InputError, match="loan") as error:
        outcome("sp_weighted_average_recovery_class_a", [loan("loan", 1.0, sp_recovery_rating=text)])

    assert error.value.number == "CLO-1514"


def test_recovery_is_averaged_over_performing_par():
    """60 at 3H, 40 unrated and senior secured."""
    pool = [
        loan("a", 60.0, sp_recovery_rating="3H"),
        loan("b", 40.0, sp_recovery_rating=""),
        loan("defaulted", 90.0, default_asset=True),
    ]

    assert outcome("sp_weighted_average_recovery_class_a", pool).value == pytest.approx(0.6 * 0.40 + 0.4 * 0.50)
    assert outcome("sp_weighted_average_recovery_class_b", pool).value == pytest.approx(0.6 * 0.50 + 0.4 * 0.55)


def test_rating_factors_and_recovery_rates_are_monotonous():
    """A worse rating has no lower factor, a lower estimate no higher rate, a junior class no lower one."""
    for factors in (agency_sp.RATING_FACTORS, agency_fitch.RATING_FACTORS):
        assert sorted(factors) == list(factors)
    assert len(agency_fitch.RATING_FACTORS) == LOWEST_RANK
    for rating in ("1+", "1", "2H", "2L", "3H", "3L", "4H", "4L", "5H", "5L", "6", ""):
        rates = [
            agency_sp.recovery_rate(replace(PLAIN, sp_recovery_rating=rating), r) for r in agency_sp.LIABILITY_RATINGS
        ]
        assert sorted(rates) == rates


def test_fitch_takes_the_lower_of_moodys_and_sp_where_it_does_not_rate():
    """B2 and BB count as B, Caa1 and B as CCC+; a rank stated as fact goes first."""
    pool = [
        loan("a", 50.0, mdy_dp_rating="B2", sp_rating="BB"),
        loan("b", 30.0, mdy_dp_rating="Caa1", sp_rating="B"),
        loan("c", 20.0, mdy_dp_rating="B2", sp_rating="B", fitch_rank=12),
    ]
    factor = (50.0 * 23.671 + 30.0 * 41.111 + 20.0 * 11.844) / 100.0

    assert outcome("fitch_weighted_average_rating_factor", pool).value == pytest.approx(factor)


@pytest.mark.parametrize("rank", [0, 22, 14.5])
def test_a_fitch_rank_that_does_not_exist_is_an_error(rank):
    """CLO-1514 for a performing asset."""
    with pytest.raises(InputError, match="Fitch rank") as error:
        outcome("fitch_weighted_average_rating_factor", [loan("a", 1.0, fitch_rank=rank)])

    assert error.value.number == "CLO-1514"


def test_fitch_recovery_is_the_stated_rate_or_that_of_the_seniority():
    """RR2 stated; then strong, moderate and weak."""
    pool = [
        loan("stated", 40.0, fitch_recovery_rate=0.60),
        loan("loan", 30.0),
        loan("bond", 20.0, bond_loan="BOND"),
        loan("second lien", 10.0, sp_priority_category="Senior Unsecured Loan/Second Lien Loan"),
    ]
    rate = (40.0 * 0.60 + 30.0 * 0.80 + 20.0 * 0.45 + 10.0 * 0.20) / 100.0

    assert outcome("fitch_weighted_average_recovery_rate", pool).value == pytest.approx(rate)


def test_fitch_ccc_excess_says_how_far_beyond_the_limit_or_how_much_room_is_left():
    """10 of 100 against 7.5 %: 2.5 too many; against 15 %: room for 5."""
    pool = [loan("a", 70.0), loan("b", 10.0, sp_rating="CCC+")]
    over, under = (outcome(74, pool, cash=20.0, fitch_ccc_limit=limit) for limit in (0.075, 0.15))

    assert (over.value, over.is_passed, over.cushion) == (pytest.approx(0.025), False, pytest.approx(-2.5))
    assert (under.value, under.is_passed, under.cushion) == (pytest.approx(-0.05), True, pytest.approx(5.0))


MATRIX = {
    "matrix_factor_300_50": 2400.0,
    "matrix_factor_300_60": 2500.0,
    "matrix_factor_400_50": 2800.0,
    "matrix_factor_400_60": 3000.0,
    "matrix_modifier_300_50": 50.0,
    "matrix_modifier_300_60": 52.0,
    "matrix_modifier_400_50": 60.0,
    "matrix_modifier_400_60": 64.0,
    "matrix_recovery": 0.43,
}


@pytest.mark.parametrize(
    ("spread", "diversity", "factor", "modifier"),
    [(0.03, 50.0, 2400.0, 50.0), (0.04, 60.0, 3000.0, 64.0), (0.035, 50.0, 2600.0, 55.0), (0.035, 55.0, 2675.0, 56.5)],
)
def test_moodys_limit_is_read_off_the_matrix_and_moved_by_recovery(spread, diversity, factor, modifier):
    """Between points by interpolation; 45 % of recovery is 2 points above the matrix."""
    elected = {"matrix_spread": spread, "matrix_diversity": diversity}
    found = outcome(75, [loan("a", 1.0)], threshold=None, **MATRIX, **elected)

    assert found.value == 2720.0
    assert found.threshold == pytest.approx(factor + 2.0 * modifier)


def test_the_recovery_adjustment_and_the_limit_have_stops():
    """Recovery counts up to 44 %, the limit never exceeds 2,420."""
    elected = {"matrix_spread": 0.03, "matrix_diversity": 50.0}
    capped = outcome(75, [loan("a", 1.0)], **MATRIX, **elected, highest_recovery=0.44)
    stopped = outcome(75, [loan("a", 1.0)], **MATRIX, **elected, highest_rating_factor=2420.0)

    assert capped.threshold == pytest.approx(2450.0)
    assert stopped.threshold == pytest.approx(2420.0)


@pytest.mark.parametrize(("spread", "diversity"), [(0.029, 55.0), (0.041, 55.0), (0.035, 49.0), (0.035, 61.0)])
def test_an_election_outside_of_the_matrix_is_an_error(spread, diversity):
    """CLO-1518 says what may be elected."""
    with pytest.raises(InputError) as error:
        outcome(75, [loan("a", 1.0)], **MATRIX, matrix_spread=spread, matrix_diversity=diversity)

    assert error.value.number == "CLO-1518"


def test_a_matrix_with_a_gap_is_an_error():
    """CLO-1517 names the point that is missing."""
    gap = {name: value for name, value in MATRIX.items() if name != "matrix_modifier_400_50"}
    with pytest.raises(InputError, match="matrix_modifier_400_50") as error:
        outcome(75, [loan("a", 1.0)], **gap, matrix_spread=0.03, matrix_diversity=50.0)

    assert error.value.number == "CLO-1517"
