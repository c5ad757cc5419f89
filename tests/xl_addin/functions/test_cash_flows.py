"""Cash flows in cells are those of the stored run (spec 06 §11.3)."""

import numpy as np
import pytest

from engine.deal.results import POOL_COLUMNS, TRANCHE_COLUMNS, DealResult
from engine.desk.desk import Desk
from tests.xl_addin.conftest import CallCell
from tests.xl_addin.functions.tables import column, numbers, records
from workbooks.demo import DEAL_NAME
from xl_addin.functions.run_tables import payee

_SPELT = "demo1"


@pytest.fixture(scope="module")
def stress(ran_desk: Desk) -> DealResult:
    return ran_desk.latest_run(DEAL_NAME, "STRESS").result


def test_the_collateral_is_that_of_the_run(demo: CallCell, stress: DealResult) -> None:
    """Original and bought assets, and their sum, in the columns of the run."""
    pools = {
        pool: demo("CLO_COLLATERAL_CASHFLOW", _SPELT, pool, None, "stress")
        for pool in ("original", "reinvest", "total")
    }

    assert pools["original"][0] == ["period", *POOL_COLUMNS]
    for name, place in (("interest", 5), ("net_loss", 9)):
        np.testing.assert_array_equal(numbers(pools["original"], name), stress.original_pool[:, place])
        np.testing.assert_array_equal(
            numbers(pools["total"], name), numbers(pools["original"], name) + numbers(pools["reinvest"], name)
        )


def test_the_waterfall_begins_with_the_proceeds(demo: CallCell, stress: DealResult) -> None:
    """One row a period with its dates and amounts; without headers the first row is the first period."""
    table = demo("CLO_WATERFALL", _SPELT, None, None, "STRESS")
    bare = demo("CLO_WATERFALL", _SPELT, None, None, "STRESS", None, False)

    assert table[0] == [
        "period",
        "payment_date",
        "collection_begin",
        "collection_end",
        "interest_proceeds",
        "principal_proceeds",
        "principal_payments",
        "reinvested",
        "index_rate",
    ]
    assert table[1:] == bare
    np.testing.assert_array_equal(numbers(table, "interest_proceeds"), stress.deal[:, 0])
    np.testing.assert_array_equal(numbers(table, "index_rate"), stress.deal[:, 4])
    assert column(table, "period") == list(range(1, len(stress.deal) + 1))


def test_steps_hand_the_cash_on(demo: CallCell) -> None:
    """Within a section what one step leaves is what the next one has: the payments explain where the cash went."""
    steps = records(demo("CLO_WATERFALL", _SPELT, "steps", None, "STRESS"))
    first = [row for row in steps if row["period"] == 1 and row["section"] == "INT"]

    before = [row["remaining"] + row["paid"] for row in first]
    np.testing.assert_allclose(before[1:], [row["remaining"] for row in first[:-1]], atol=1e-6)
    assert first[0]["payee"] == "Trustee Fee"
    assert first[3]["payee"] == "Class X, Class A-1, Class A-2"
    assert all(row["due"] in ("", row["paid"]) for row in steps)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("FEE SR", "Base Manager Fee"),
        ("?REINV DIVERT ID 0.5", "principal proceeds"),
        ("INT {B-1 B-2}~", "Class B-1, Class B-2"),
        ("?CC=C ?!POST PIK C", "Class C"),
        ("PRN SUB", "Sub Notes"),
        ("FEE ODD", "ODD"),
        ("", ""),
    ],
)
def test_who_a_step_pays(step: str, expected: str) -> None:
    """Fees and classes by name, whatever the conditions in front of the step."""
    assert payee(step) == expected


def test_a_class_shows_its_statement(demo: CallCell, stress: DealResult) -> None:
    """Columns of the run under the published names; balances roll; interest and principal add up to the totals."""
    table = demo("CLO_TRANCHE_CASHFLOW", _SPELT, "e", None, "STRESS")
    place = stress.tranche_names.index("Class E")
    n = len(table) - 1

    assert n == stress.last_calculated[place]
    assert table[0][2:] == [
        "coupon",
        "beg_balance",
        "interest_accrued",
        "interest_paid",
        "principal_paid",
        "end_balance",
        "deferred_begin",
        "deferred_accrued",
        "deferred_interest_paid",
        "deferred_principal_paid",
        "deferred_end",
    ]
    for spec, name in zip(table[0][2:], TRANCHE_COLUMNS, strict=True):
        np.testing.assert_array_equal(numbers(table, spec), stress.tranche("Class E", name)[:n])
    np.testing.assert_allclose(
        numbers(table, "beg_balance") - numbers(table, "principal_paid"), numbers(table, "end_balance"), atol=1e-6
    )
    total = sum(
        numbers(table, name).sum()
        for name in ("interest_paid", "principal_paid", "deferred_interest_paid", "deferred_principal_paid")
    )
    paid = sum(demo("CLO_TRANCHE_METRIC", _SPELT, "E", metric, None, None, "STRESS") for metric in _TOTALS)
    assert paid == pytest.approx(total, rel=1e-12)


_TOTALS = ("total_interest", "total_principal")


def test_every_word_for_the_equity_finds_it(demo: CallCell) -> None:
    """Sub Notes, Equity and subordinated notes are one class."""
    tables = [demo("CLO_TRANCHE_CASHFLOW", _SPELT, word) for word in ("Sub Notes", "EQUITY", "subordinated notes")]

    assert tables[0] == tables[1] == tables[2]
    assert numbers(tables[0], "beg_balance")[0] == 45_000_000.0


def test_fees_roll(demo: CallCell, stress: DealResult) -> None:
    """What was owed and accrued is paid or owed; the incentive fee is that of the run."""
    fee = demo("CLO_FEE_CASHFLOW", _SPELT, "base manager fee", None, "STRESS")
    incentive = demo("CLO_INCENTIVE_FEE", _SPELT, None, "STRESS")

    assert fee[0] == ["period", "basis", "beg_unpaid", "accrued", "paid", "end_unpaid"]
    owed = numbers(fee, "beg_unpaid") + numbers(fee, "accrued")
    np.testing.assert_allclose(owed - numbers(fee, "paid"), numbers(fee, "end_unpaid"), atol=1e-6)
    np.testing.assert_array_equal(numbers(incentive, "threshold"), stress.incentive[:, 0])


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        (("CLO_TRANCHE_CASHFLOW", _SPELT, "Class AA-1"), "#N/A", "CLO-2170: There is no class 'Class AA-1'"),
        (("CLO_TRANCHE_CASHFLOW", _SPELT, "Class AA-1"), "#N/A", "The closest: Class A-1"),
        (("CLO_FEE_CASHFLOW", _SPELT, "Fee"), "#N/A", "CLO-2172: There is no fee 'Fee'"),
        (("CLO_COLLATERAL_CASHFLOW", _SPELT, "sold"), "#VALUE!", "Choose original, reinvest, total"),
        (("CLO_WATERFALL", "Demo 2"), "#N/A", "Demo 2"),
        (("CLO_WATERFALL", _SPELT, None, None, "STRESS", "legacy"), "#N/A", "CLO-4014: Demo 1 has no stored run"),
        (("CLO_WATERFALL", _SPELT, None, "2001-01-31"), "#N/A", "2001-01-31"),
    ],
)
def test_what_is_not_there_says_so(demo: CallCell, call: tuple[object, ...], code: str, said: str) -> None:
    """The cell error of the situation, with a number and what to do."""
    answer = demo(*call)

    assert answer["e"] == code
    assert said in answer["m"]
