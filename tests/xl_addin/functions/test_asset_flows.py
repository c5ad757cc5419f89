"""Single assets in cells: the flows that their deal was run on, and spreads that explain their prices."""

from datetime import date, timedelta

import numpy as np
import pytest

from db.asset_flows import AMOUNT_COLUMNS
from engine.desk.desk import Desk
from tests.xl_addin.conftest import CallCell
from tests.xl_addin.functions.conftest import RATES_UP
from tests.xl_addin.functions.tables import column, numbers, records
from workbooks.demo import DEAL_NAME

_EPOCH = date(1899, 12, 30)
_INTEREST = AMOUNT_COLUMNS.index("interest_payment")
_PRINCIPAL = ("scheduled_principal", "unscheduled_principal", "recoveries", "loss")


@pytest.fixture(scope="module")
def held(ran_desk: Desk) -> dict[str, float]:
    """Par by asset of the demo deal."""
    return dict(ran_desk.views(ran_desk.data_versions()).deal(DEAL_NAME).par_by_id)


@pytest.mark.parametrize("scenario", ["STRESS", RATES_UP])
def test_an_asset_flows_as_in_the_run_of_its_deal(
    demo: CallCell, ran_desk: Desk, held: dict[str, float], scenario: str
) -> None:
    """Row for row the flows that the stored run kept, in the scenario asked for, on the run's assumption set."""
    run = next(run for run in ran_desk.runs(DEAL_NAME) if run.scenario == scenario)
    with ran_desk._store.read() as work:
        stored = work.runs.flows(run)
    assert stored is not None
    name = stored.ids[7]
    rows = stored.asset_index == 7

    table = demo("CLO_ASSET_CASHFLOW", name, held[name], None, scenario)

    assert table[0] == [
        "payment_date",
        "accrual_begin",
        "accrual_end",
        "beg_balance",
        "defaults",
        "mv_defaults",
        "interest",
        "scheduled_principal",
        "unscheduled_principal",
        "recoveries",
        "cash_total",
        "loss",
        "default_balance",
        "mv_default_balance",
    ]
    np.testing.assert_array_equal(numbers(table, "beg_balance"), stored.amounts[0, rows])
    np.testing.assert_array_equal(numbers(table, "interest"), stored.amounts[_INTEREST, rows])
    paid = [_EPOCH + timedelta(days=cell["d"]) for cell in column(table, "payment_date")]
    assert paid == stored.payment_date[rows].astype(object).tolist()


def test_principal_comes_back_or_is_lost(demo: CallCell, held: dict[str, float]) -> None:
    """Over its life principal, recoveries and losses of an asset add up to its par, 1,000,000 where none is given."""
    for name, par in list(held.items())[:5]:
        given, default = demo("CLO_ASSET_CASHFLOW", name, par), demo("CLO_ASSET_CASHFLOW", name)

        assert sum(numbers(given, part).sum() for part in _PRINCIPAL) == pytest.approx(par, rel=1e-9)
        assert sum(numbers(default, part).sum() for part in _PRINCIPAL) == pytest.approx(1e6, rel=1e-9)
        np.testing.assert_allclose(
            numbers(given, "cash_total"),
            sum(numbers(given, part) for part in ("interest", *_PRINCIPAL[:3])),
            rtol=1e-12,
        )


def test_without_a_run_the_workbook_decides(cell: CallCell) -> None:
    """An asset of a deal that was never run follows the vectors of its workbook: it prepays and defaults."""
    table = cell("CLO_ASSET_CASHFLOW", "BRSHGTU58")

    assert numbers(table, "unscheduled_principal").sum() > 0.0
    assert numbers(table, "defaults").sum() > 0.0


def test_a_lower_price_is_a_wider_spread(demo: CallCell, held: dict[str, float]) -> None:
    """Spreads fall with the price; without a price it is the one of the list."""
    name = next(iter(held))
    spreads = [demo("CLO_ASSET_ZSPREAD", name, price) for price in (90.0, 95.0, 100.0)]
    listed = {row["blkrock_id"]: row for row in records(demo("CLO_COLLATERAL_SPREADS", DEAL_NAME))}

    assert spreads == sorted(spreads, reverse=True)
    assert listed[name]["z_spread"] == demo("CLO_ASSET_ZSPREAD", name)
    assert listed[name]["z_spread"] == demo("CLO_ASSET_ZSPREAD", name, listed[name]["market_value"], "workbook")
    assert demo("CLO_ASSET_ZSPREAD", name, 95.0, "illustrative") != spreads[1]


def test_a_loan_below_par_spreads_more_than_its_contract(cell: CallCell) -> None:
    """Just below par the spread lies a little above the contract's: neither prepayments nor defaults count."""
    rows = records(cell("CLO_COLLATERAL_SPREADS", "Mag 17", "Market Value >= 99.5 AND Market Value <= 100"))
    above = [row["z_spread"] - row["coupon_spread"] for row in rows if isinstance(row["z_spread"], float)]

    assert len(above) > 40
    assert min(above) > 0.0
    assert max(above) < 0.006


def test_the_list_leaves_out_what_has_no_spread(cell: CallCell) -> None:
    """Neither defaulted nor unpriced assets; the universe is what is listed without a deal."""
    universe = records(cell("CLO_COLLATERAL_SPREADS"))
    deal = records(cell("CLO_COLLATERAL_SPREADS", "Mag 17", "Market Value < 95"))

    assert all(row["market_value"] > 0.0 for row in universe)
    assert {row["blkrock_id"] for row in deal} < {row["blkrock_id"] for row in universe}
    assert all(row["market_value"] < 95.0 for row in deal)


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        (("CLO_ASSET_CASHFLOW", "DMORKTBCY"), "#N/A", "The closest: DMORKTBCX"),
        (("CLO_ASSET_CASHFLOW", "DMORKTBCX", None, "2015-01-01"), "#N/A", "CLO-4070: No workbook of 2015-01-01"),
        (("CLO_ASSET_CASHFLOW", "DMORKTBCX", None, None, "HOT"), "#N/A", "CLO-4018"),
        (("CLO_ASSET_ZSPREAD", "DMORKTBCX", -5), "#N/A", "CLO-2184: -5 is no price"),
        (("CLO_ASSET_ZSPREAD", "DMORKTBCX", 98, "no set"), "#N/A", "CLO-4017"),
        (("CLO_COLLATERAL_SPREADS", DEAL_NAME, "Colour = red"), "#VALUE!", "CLO-1182"),
        (("CLO_COLLATERAL_SPREADS", "Demo 2"), "#N/A", "CLO-3013"),
    ],
)
def test_what_is_not_there_says_so(demo: CallCell, call: tuple[object, ...], code: str, said: str) -> None:
    """The cell error of the situation, with a number and what to do."""
    answer = demo(*call)

    assert answer["e"] == code
    assert said in answer["m"]
