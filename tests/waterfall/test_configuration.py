"""Stored feature configurations: reading, writing and applying them (spec 02 §14.9, §16.2, §16.3)."""

from decimal import Decimal

import pytest

from engine.errors import InputError
from engine.liabilities.opening import liability_terms
from engine.liabilities.state import FeeTerm, Policy
from engine.liabilities.terms import IncentiveFee
from engine.modes import Mode
from engine.waterfall import features as f
from engine.waterfall.codes import Destination
from engine.waterfall.configuration import (
    NO_CONFIGURATION,
    Configuration,
    configured,
    read_configuration,
    write_configuration,
)
from engine.waterfall.feature_settings import FEATURE_SETTINGS, read_features, write_features
from engine.waterfall.formatting import format_step
from engine.waterfall.library import load_program
from engine.waterfall.program import Metric
from tests.waterfall.periods import debt, sub_notes, yearly_fees

SPECIFIED = """
{"TURBO_PRINCIPAL": {"oc_buffer": 0.02, "ic_buffer": 0.05, "direction": "BELOW", "fraction": 1.0},
 "DISTRIBUTION_STOPPER": {"oc_buffer": 0.06, "destination": "PRIN"},
 "EQUITY_CATCH_UP": {"kappa": 0.8}}
"""
EVERYTHING = f.Features(
    turbo=f.Turbo(oc_buffer=0.02, ic_buffer=0.05, direction=f.Direction.ABOVE, fraction=0.5),
    claw_back=f.EquityClawBack(hurdle=0.1),
    catch_up=f.EquityCatchUp(share=0.8),
    fee_deferral=f.ManagementFeeDeferral(minimum_irr=0.07),
    fee_sharing=f.IncentiveFeeSharing(manager_part=0.7),
    overlay=f.ReinvestmentOverlay(rate=0.001, cap=60e3),
    performance_hurdle=f.PerformanceHurdle(irr=0.12),
    stopper=f.DistributionStopper(oc_buffer=0.06, destination=Destination.RESERVE, account=8),
    call_protection=f.CallProtectionOverride(moic=1.5),
    excess_spread=f.ExcessSpreadCapture(strike=0.02, share=0.1),
    carve_out=f.SeniorManagementCarveOut(fraction=0.3),
    reserve=f.InterestReserve(target=1e6, cap=2e6, account=7, tranches=("A", "B")),
    admin_cap=f.AdminFeeCap(yearly=250e3),
    coverage=f.CoverageSwitch(has_oc_tests=False),
)
FEES = yearly_fees(40e3, 80e3, 160e3, 320e3)
INCENTIVE = IncentiveFee(hurdle=0.12, share=0.2)
MAG_16 = load_program("MAG 16", frozenset())


def test_the_specified_record_is_read():
    """The example of spec 02 §14.9 gives three features."""
    assert read_features(SPECIFIED) == f.Features(
        turbo=f.Turbo(oc_buffer=0.02, ic_buffer=0.05, direction=f.Direction.BELOW, fraction=1.0),
        stopper=f.DistributionStopper(oc_buffer=0.06, destination=Destination.PRIN),
        catch_up=f.EquityCatchUp(share=0.8),
    )


@pytest.mark.parametrize(
    "features",
    [
        EVERYTHING,
        f.NO_FEATURES,
        read_features(SPECIFIED),
        f.Features(reserve=f.InterestReserve(target=0.0)),
        f.Features(carve_out=f.SeniorManagementCarveOut()),
    ],
)
def test_features_come_back_as_they_were_written(features):
    """Writing and reading a record changes nothing."""
    assert read_features(write_features(features)) == features


def test_every_feature_has_a_name_in_a_record():
    """No feature exists that a record cannot switch on, and each setting fills a field."""
    assert {known.field for known in FEATURE_SETTINGS} == set(f.Features.__slots__)
    for known in FEATURE_SETTINGS:
        assert {setting.field for setting in known.settings} == set(known.record.__slots__)


def test_a_configuration_comes_back_as_it_was_written():
    """Overrides of fees and every feature survive the columns."""
    configuration = Configuration(
        features=EVERYTHING,
        base_fee_rate=0.002,
        junior_fee_rate=0.003,
        incentive_share=0.15,
        incentive_hurdle=0.11,
        trustee_fee=50e3,
    )

    assert read_configuration(write_configuration(configuration)) == configuration
    assert write_configuration(NO_CONFIGURATION) == {}


def test_thresholds_come_from_the_columns_of_both_tables():
    """A feature switched on by `true` takes its settings from the columns; decimals of the database are numbers."""
    configuration = read_configuration(
        {
            "config_id": 1,
            "interest_reserve_target": Decimal("1000000.00"),
            "interest_reserve_cap": Decimal("2000000.00"),
            "senior_mgmt_fee_rate": Decimal("0.0015"),
            "incentive_hurdle_rate": Decimal("0.1300"),
            "admin_fee_cap": Decimal("250000.00"),
            "enable_oc_tests": True,
            "enable_ic_tests": False,
        },
        {
            "mag_version": "MAG_16",
            "equity_hurdle_rate": Decimal("0.1300"),
            "equity_catch_up_rate": Decimal("0.8"),
            "turbo_oc_buffer": Decimal("0.02"),
            "turbo_ic_buffer": Decimal("0.05"),
            "incentive_fee_sharing_pct": Decimal("0.25"),
            "minimum_equity_irr": Decimal("0.07"),
            "features": {
                "TURBO_PRINCIPAL": {"fraction": 0.5, "ic_buffer": 0.04},
                "PERFORMANCE_HURDLE": True,
                "INCENTIVE_FEE_SHARING": True,
                "INTEREST_RESERVE": {"tranches": ["A", "B"]},
                "EQUITY_CLAW_BACK": False,
            },
        },
    )

    assert configuration == Configuration(
        features=f.Features(
            turbo=f.Turbo(oc_buffer=0.02, ic_buffer=0.04, fraction=0.5),
            catch_up=f.EquityCatchUp(share=0.8),
            fee_sharing=f.IncentiveFeeSharing(manager_part=0.75),
            performance_hurdle=f.PerformanceHurdle(irr=0.13),
            reserve=f.InterestReserve(target=1e6, cap=2e6, tranches=("A", "B")),
            admin_cap=f.AdminFeeCap(yearly=250e3),
            coverage=f.CoverageSwitch(has_ic_tests=False),
        ),
        base_fee_rate=0.0015,
        incentive_hurdle=0.13,
    )


def test_a_threshold_alone_switches_nothing_on():
    """Columns with buffers and hurdles, and tests left enabled, leave the deal as it is."""
    columns = {
        "turbo_oc_buffer": 0.02,
        "turbo_ic_buffer": 0.05,
        "equity_hurdle_rate": 0.1,
        "minimum_equity_irr": 0.07,
        "enable_oc_tests": True,
        "features": None,
    }

    assert read_configuration(columns) == NO_CONFIGURATION


def test_the_record_switches_off_what_a_column_would_switch_on():
    """`false` in the record wins over a catch-up rate."""
    columns = {"equity_catch_up_rate": 0.8, "features": {"EQUITY_CATCH_UP": False}}

    assert read_configuration(columns) == NO_CONFIGURATION


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (
            {"TURBO": {}},
            "CLO-1261: TURBO is not a feature of a waterfall, at the features. Use TURBO_PRINCIPAL, EQUITY_CLAW_BACK, "
            "EQUITY_CATCH_UP, MANAGEMENT_FEE_DEFERRAL, INCENTIVE_FEE_SHARING, REINVESTMENT_OVERLAY, "
            "PERFORMANCE_HURDLE, DISTRIBUTION_STOPPER, CALL_PROTECTION_OVERRIDE, EXCESS_SPREAD_CAPTURE, "
            "SENIOR_MANAGEMENT_CARVE_OUT, INTEREST_RESERVE, ADMIN_FEE_CAP, COVERAGE_TESTS.",
        ),
        (
            {"EQUITY_CATCH_UP": {"share": 0.8}},
            "CLO-1262: share is not a setting of the feature, at feature EQUITY_CATCH_UP. Use kappa.",
        ),
        (
            {"TURBO_PRINCIPAL": {"oc_buffer": 0.02}},
            "CLO-1263: The feature needs ic_buffer, at feature TURBO_PRINCIPAL. Give a ratio as a decimal, for example "
            "0.02, or fill the column turbo_ic_buffer.",
        ),
        (
            {"EQUITY_CATCH_UP": {"kappa": 80}},
            "CLO-1264: Value 80 cannot be used, at feature EQUITY_CATCH_UP, kappa. Give a fraction from 0 to 1, for "
            "example 0.75.",
        ),
        (
            {"EQUITY_CATCH_UP": {"kappa": "0.8"}},
            "CLO-1264: Value '0.8' cannot be used, at feature EQUITY_CATCH_UP, kappa. Give a fraction from 0 to 1, for "
            "example 0.75.",
        ),
        (
            {"DISTRIBUTION_STOPPER": {"oc_buffer": 0.06, "destination": "ESCROW"}},
            "CLO-1264: Value 'ESCROW' cannot be used, at feature DISTRIBUTION_STOPPER, destination. Give one of PRIN, "
            "NOTES, RESERVE.",
        ),
        (
            {"ADMIN_FEE_CAP": 250000},
            "CLO-1264: Value 250000 cannot be used, at feature ADMIN_FEE_CAP. Give an object with yearly, or true or "
            "false.",
        ),
        (
            '{"ADMIN_FEE_CAP": ',
            "CLO-1265: The features cannot be read, line 1, column 19: Expecting value, at the features. Give one JSON "
            'object, for example {"EQUITY_CATCH_UP": {"kappa": 0.8}}.',
        ),
        (
            ["EQUITY_CATCH_UP"],
            "CLO-1265: The features cannot be read, it is not an object, at the features. Give one JSON object, for "
            'example {"EQUITY_CATCH_UP": {"kappa": 0.8}}.',
        ),
    ],
)
def test_a_record_that_cannot_be_used_says_what_is_allowed(record, message):
    """Each mistake names the feature, the setting and the allowed values."""
    with pytest.raises(InputError) as caught:
        read_features(record)

    assert str(caught.value) == message


@pytest.mark.parametrize("value", [True, float("nan"), float("inf"), -0.1, 1.01])
def test_a_fraction_is_a_finite_number_from_0_to_1(value):
    """Flags, non-numbers and percentages are refused."""
    with pytest.raises(InputError, match="CLO-1264"):
        read_features({"INCENTIVE_FEE_SHARING": {"manager_part": value}})


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"management_fee_sharing_pct": 0.7, "incentive_fee_sharing_pct": 0.2},
            "CLO-1267: The parts 0.7 and 0.2 are not the whole incentive fee, at columns management_fee_sharing_pct "
            "and incentive_fee_sharing_pct. Give parts that sum to 1, or one of them.",
        ),
        (
            {"senior_mgmt_fee_rate": 15},
            "CLO-1264: Value 15 cannot be used, at column senior_mgmt_fee_rate. Give a yearly rate as a decimal from 0 "
            "to 1, for example 0.001.",
        ),
    ],
)
def test_columns_that_cannot_be_used_say_what_is_allowed(columns, message):
    """Each mistake names its column."""
    with pytest.raises(InputError) as caught:
        read_configuration(columns)

    assert str(caught.value) == message


def test_an_unknown_column_is_refused():
    """A column that no table has is not passed over."""
    with pytest.raises(InputError, match="CLO-1266: turbo_buffer is not a column of a waterfall configuration"):
        read_configuration({"turbo_buffer": 0.1})


def test_fees_and_incentive_fee_are_overridden():
    """Rates replace percentages, the trustee's amount its fixed part, hurdle and share those of the incentive fee."""
    result = configured(
        MAG_16,
        FEES,
        INCENTIVE,
        Configuration(
            base_fee_rate=0.002, junior_fee_rate=0.003, trustee_fee=50e3, incentive_hurdle=0.11, incentive_share=0.15
        ),
    )

    assert [(fee.percentage, fee.fixed_amount) for fee in result.fees] == [
        (0.0, 50e3),
        (0.0, 80e3),
        (0.002, 160e3),
        (0.003, 320e3),
    ]
    assert (result.incentive_fee.hurdle, result.incentive_fee.share) == (0.11, 0.15)
    assert result.program is MAG_16


def test_features_reach_program_terms_and_call():
    """Edits stand in the program, extra fee components in the terms of the base fee, the multiple beside them."""
    result = configured(MAG_16, FEES, INCENTIVE, Configuration(features=EVERYTHING))
    terms = result.terms(
        liability_terms(
            (debt("A", 100e6, 0.04), sub_notes()),
            result.fees,
            incentive_share=0.2,
            oc_triggers=(),
            ic_triggers=(),
            quirks=frozenset(),
        )
    )

    assert "?F:STOP SWEEP 1 RESERVE 8" in [format_step(step) for step in result.program.interest]
    assert list(terms.fee[2, FeeTerm.OVERLAY_RATE :]) == [0.001, 60e3, 0.02, 0.1]
    assert (result.policy, terms.policy) == (Policy.OC_CURES_OFF, Policy.OC_CURES_OFF)
    assert result.call_protection == 1.5
    assert result.metrics == frozenset(Metric)


def test_no_configuration_changes_nothing():
    """Without features the deal's own program, fees and incentive fee come back, and nothing has to be measured."""
    result = configured(MAG_16, FEES, INCENTIVE, NO_CONFIGURATION)

    assert (result.program, result.fees, result.incentive_fee) == (MAG_16, FEES, INCENTIVE)
    assert (result.policy, result.call_protection, result.metrics) == (0, None, frozenset())


@pytest.mark.parametrize("configuration", [Configuration(features=EVERYTHING), Configuration(trustee_fee=1.0)])
def test_legacy_programs_take_no_configuration(configuration):
    """Neither a feature nor a changed fee exists in legacy mode, but an empty configuration is harmless."""
    legacy = load_program("MAG 16", Mode.LEGACY.quirks)

    assert configured(legacy, FEES, INCENTIVE, NO_CONFIGURATION).program is legacy
    with pytest.raises(InputError, match="CLO-1241: The legacy model has no optional features"):
        configured(legacy, FEES, INCENTIVE, configuration)


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        (Configuration(trustee_fee=1.0), "CLO-1268: The configuration changes the Trustee Fee"),
        (
            Configuration(features=f.Features(reserve=f.InterestReserve(target=1.0, tranches=("A", "Z")))),
            "CLO-1269: The interest reserve covers class Z, which the waterfall does not have",
        ),
        (
            Configuration(
                features=f.Features(
                    stopper=f.DistributionStopper(oc_buffer=0.06, destination=Destination.RESERVE),
                )
            ),
            "CLO-1270: The distribution stopper fills a reserve without saying which",
        ),
    ],
)
def test_a_configuration_that_does_not_fit_the_deal_is_refused(configuration, message):
    """The deal has no trustee fee, the program no class Z, the stopper no account."""
    with pytest.raises(InputError, match=message):
        configured(MAG_16, FEES[1:], INCENTIVE, configuration)
