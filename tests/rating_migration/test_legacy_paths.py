"""Legacy paths: dates, labels and what moves them, against a reading of spec 04 §6 in texts."""

from datetime import date

import numpy as np
import numpy.typing as npt
import pytest

from engine.collateral.asset import Asset
from engine.collateral.ratings import rating_on
from engine.conventions.days import to_dates
from engine.errors import ClodeskError
from engine.modes import Mode, Quirk, Quirks
from engine.rating_migration.correlation import CorrelationRules, Relationship
from engine.rating_migration.fields import DEFAULTED, MATURED, RATINGS
from engine.rating_migration.legacy_correlation import legacy_rule_matrix
from engine.rating_migration.legacy_generator import LegacyRandom
from engine.rating_migration.legacy_paths import (
    LABELS,
    NO_LABEL,
    LegacyWalk,
    labels_of_draws,
    labels_on_balance_dates,
    lay_out_walk,
    months_of,
    path_dates,
    rating_history,
    simulate_legacy,
    start_label,
)

LEGACY = Mode.LEGACY.quirks
AS_OF = date(2016, 3, 23)
A_PLUS, AA_MINUS, AA_PLUS, A = (RATINGS.index(rating) for rating in ("A+", "AA-", "AA+", "A"))

Floats = npt.NDArray[np.float64]


def asset(key: str, rating: str = "B", maturity: date = date(2017, 3, 23), **fields: object) -> Asset:
    return Asset(blkrock_id=key, sp_rating=rating, maturity=maturity, **fields)  # type: ignore[arg-type]


def matrix() -> Floats:
    """Every rating keeps .70, goes one up or down with .10 each and defaults with the rest; default stays."""
    rows = np.zeros((18, 18))
    for k in range(17):
        rows[k, max(k - 1, 0)] += 0.10
        rows[k, min(k + 1, 16)] += 0.10
        rows[k, k] += 0.70
        rows[k, 17] += 0.10
    rows[17, 17] = 1.0
    return rows


def walk_of(*assets: Asset, quirks: Quirks = LEGACY, **options: object) -> LegacyWalk:
    ids = [item.blkrock_id for item in assets]
    lower = np.eye(len(assets))
    return lay_out_walk(assets, ids, lower, np.cumsum(matrix(), axis=1), AS_OF, 3, quirks, **options)  # type: ignore[arg-type]


def path(walk: LegacyWalk, *draws: float) -> list[str]:
    """Texts of the labels of the one asset of a walk, each draw for one period."""
    labels = labels_of_draws(walk, np.array(draws)[:, np.newaxis])
    return [LABELS[label] for label in labels[:, 0]]


def moves(walk: LegacyWalk, *draws: float) -> list[int]:
    """Signs of the moves of the one asset of a walk, positive for a downgrade."""
    rows = walk.row_of_label[labels_of_draws(walk, np.array(draws)[:, np.newaxis])[:, 0]]
    return [int(step) for step in np.sign(np.diff(rows))]


@pytest.mark.parametrize(
    ("frequency", "n"), [("Quarterly", 30), ("Semi-Annually", 15), ("Annually", 8), ("weekly", 30)]
)
def test_the_path_ends_with_the_first_step_at_or_after_the_last_maturity(frequency: str, n: int) -> None:
    """The example of spec 04 §6; any other text is quarterly."""
    assert path_dates(AS_OF, months_of(frequency), date(2023, 8, 3)).shape == (n + 1,)


def test_month_ends_drift_from_step_to_step() -> None:
    """04 Q33: 31 August, 30 November, 28 February, 28 May; counted from the start it is 31 May."""
    legacy = to_dates(path_dates(date(2016, 8, 31), 3, date(2017, 5, 28)))
    standard = to_dates(path_dates(date(2016, 8, 31), 3, date(2017, 5, 28), LEGACY - {Quirk.MONTH_END_DRIFT}))

    assert legacy == (date(2016, 8, 31), date(2016, 11, 30), date(2017, 2, 28), date(2017, 5, 28))
    assert standard[-1] == date(2017, 5, 31)


def test_a_single_a_plus_migrates_as_double_a_plus() -> None:
    """04 Q1: with a draw of .15 AA+ stays and so does the text A+; in the row of A+ it is kept as well, .95 defaults
    both, and .85 is a downgrade to A for the one, to AA for the other."""
    quirky, right = walk_of(asset("X", "A+")), walk_of(asset("X", "A+"), quirks=LEGACY - {Quirk.A_PLUS_IS_AA_PLUS})

    assert path(quirky, 0.15, 0.85, 0.5, 0.95) == ["A+", "A+", "AA", "AA", "D"]
    assert path(right, 0.15, 0.85, 0.5, 0.95) == ["A+", "A+", "A", "A", "D"]


def test_a_move_down_to_single_a_plus_counts_as_one_up() -> None:
    """04 Q1: AA- to A+ is an upgrade, to the row of AA+, from which a draw of .05 leads to AAA."""
    quirky, right = walk_of(asset("X", "AA-")), walk_of(asset("X", "AA-"), quirks=LEGACY - {Quirk.A_PLUS_IS_AA_PLUS})

    assert path(quirky, 0.85, 0.05, 0.5, 0.5) == ["AA-", "A+", "AAA", "AAA", "AAA"]
    assert moves(quirky, 0.85, 0.05, 0.5, 0.5) == [-1, -1, 0, 0]
    assert path(right, 0.85, 0.05, 0.5, 0.5) == ["AA-", "A+", "AA-", "AA-", "AA-"]
    assert moves(right, 0.85, 0.05, 0.5, 0.5) == [1, -1, 0, 0]


def test_maturity_comes_before_migration() -> None:
    """04 Q6: a loan that matures a day before the first date cannot default, whatever is drawn; a day later it can."""
    before, on = walk_of(asset("X", maturity=date(2016, 6, 22))), walk_of(asset("X", maturity=date(2016, 6, 23)))

    assert path(before, 1.0 - 1e-9) == ["B", "M"]
    assert path(on, 1.0 - 1e-9) == ["B", "D"]


def test_a_draw_past_the_last_probability_leaves_a_blank() -> None:
    """04 Q28: the asset is then nowhere until the row of default calls it, which keeps it blank, or maturity."""
    walk = walk_of(asset("X"))
    walk.cumulative[14, 17] = 1.0 - 1e-12

    assert path(walk, 1.0 - 1e-13, 0.5, 0.5, 0.5) == ["B", "", "", "", ""]
    assert NO_LABEL not in labels_of_draws(walk, np.full((4, 1), 1.0 - 1e-11))


@pytest.mark.parametrize("rating", ["CCC+", "CCC", "CCC-", "CC", "C"])
def test_everything_below_b_starts_as_ccc_and_loses_its_notch(rating: str) -> None:
    """Spec 04 §6, 04 Q31: the history has the rating itself today and CCC from the first date on, without a move."""
    walk = walk_of(asset("X", rating))
    labels = labels_of_draws(walk, np.full((4, 1), 0.5))

    assert [text for _, text in rating_history(walk, labels, 0, rating)] == [rating, "CCC", "CCC", "CCC", "CCC"]


def test_default_and_maturity_are_final() -> None:
    """Nothing is drawn upon any more, and histories end there; a defaulted asset has its rating of today only."""
    walk = walk_of(asset("X"), asset("Y", default_asset=True), asset("Z", maturity=date(2016, 7, 1)))
    labels = labels_of_draws(walk, np.array([[0.95, 0.0, 0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))

    assert labels[1:, 0].tolist() == [DEFAULTED] * 4
    assert labels[:, 1].tolist() == [DEFAULTED] * 5
    assert labels[2:, 2].tolist() == [MATURED] * 3
    assert rating_history(walk, labels, 0, "B") == ((AS_OF, "B"), (date(2016, 6, 23), "D"))
    assert rating_history(walk, labels, 1, "B") == ((AS_OF, "B"),)
    assert rating_history(walk, labels, 2, "B")[-1] == (date(2016, 9, 23), "M")


def slow_path(start: str, draws: Floats, cumulative: Floats) -> list[str]:
    """Spec 04 §6 in texts, for an asset that outlives the path."""
    state = {text: k for k, text in enumerate((*RATINGS, "D"))} | {"A+": AA_PLUS}
    found = [start]
    for draw in draws:
        if found[-1] == "D":
            found.append("D")
            continue
        row = cumulative[state[found[-1]]]
        text = (*RATINGS, "D")[next(j for j in range(18) if row[j] > 0.0 and draw < row[j])]
        found.append(text if state[text] != state[found[-1]] else found[-1])
    return found


def test_paths_are_those_of_a_slow_reading() -> None:
    """All ratings through 40 periods of random draws."""
    random = np.random.default_rng(8)
    walk = walk_of(
        *(asset(f"{i}-{k}", rating, date(2026, 3, 23)) for i in range(5) for k, rating in enumerate(RATINGS))
    )
    draws = random.uniform(0.0, 0.99, size=(walk.n_periods, len(walk.ids)))
    labels = labels_of_draws(walk, draws)

    for i, start in enumerate(RATINGS * 5):
        assert [LABELS[label] for label in labels[:, i]] == slow_path(start, draws[:, i], walk.cumulative)


def test_simulations_follow_each_other_in_one_stream() -> None:
    """Twenty at once are the twenty of single calls, and every one of them draws for all assets and periods."""
    walk = walk_of(asset("X"), asset("Y", "BB"), asset("Z", "AA-", date(2018, 3, 23)))
    together, one_by_one = LegacyRandom(12), LegacyRandom(12)
    found = simulate_legacy(walk, 20, together)
    single = [simulate_legacy(walk, 1, one_by_one)[:, :, 0] for _ in range(20)]

    assert found.dtype == np.uint8
    assert (found == np.stack(single, axis=2)).all()
    assert together.n_drawn == 20 * walk.n_periods * 3


def test_a_deal_draws_for_the_assets_of_others_and_leaves_them_alone() -> None:
    """Spec 04 §4.4: on the same horizon the deal's assets have the paths of the whole pool's run."""
    assets = [asset(f"A{i}", rating) for i, rating in enumerate(("B", "CCC", "BB", "B-"))]
    whole = simulate_legacy(walk_of(*assets), 30, LegacyRandom(5))
    deal = simulate_legacy(walk_of(*assets, deal_ids=frozenset({"A1", "A3"})), 30, LegacyRandom(5))

    assert (deal[:, [1, 3]] == whole[:, [1, 3]]).all()
    assert (deal[:, [0, 2]] == deal[0, [0, 2]]).all()


def test_an_asset_outside_the_matrix_only_lengthens_the_run() -> None:
    """04 Q12: it has no path, but its maturity is the horizon."""
    assets = [asset("X"), asset("Y", maturity=date(2020, 3, 23))]
    walk = lay_out_walk(assets, ["X"], np.eye(1), np.cumsum(matrix(), axis=1), AS_OF, 3)

    assert walk.ids == ("X",)
    assert walk.n_periods == 16


def test_balances_see_what_a_look_up_in_the_history_gives() -> None:
    """LQ-35, 04 Q33: at month ends the grids differ, and a look-up between two entries may find the one before."""
    assets = [asset("X", maturity=date(2017, 12, 31)), asset("Y", "CCC", maturity=date(2017, 6, 30))]
    walk = lay_out_walk(assets, ["X", "Y"], np.eye(2), np.cumsum(matrix(), axis=1), date(2016, 5, 31), 3)
    labels = simulate_legacy(walk, 40, LegacyRandom(9))
    seen = labels_on_balance_dates(walk, labels)

    assert np.flatnonzero(walk.dates != walk.balance_dates).tolist() == [4, 5, 6]
    assert (seen != labels).any()
    assert (labels_on_balance_dates(walk, labels, LEGACY - {Quirk.DESCENDING_SORT_MIDDLE}) == labels).all()
    for i, rating in enumerate(("B", "CCC")):
        for s in range(40):
            history = rating_history(walk, labels[:, :, s], i, rating)
            for t, on in enumerate(to_dates(walk.balance_dates)):
                assert LABELS[seen[t, i, s]] == rating_on(rating, history, on, LEGACY, finds_exact_day=True)


def test_a_defaulted_asset_is_fifteen_notches_from_a_b() -> None:
    """04 Q14: .40 less 15 notches of .02 in the industry; blank issuers are one; standard mode leaves the asset out."""
    assets = [
        asset("X", issuer_id="I", sp_industry="Health care"),
        asset("Y", "D", issuer_id="J", sp_industry="Health care", default_asset=True),
        asset("Z", "B-"),
        asset("W", "BB", sp_industry="health care"),
    ]
    rules = CorrelationRules(Relationship(0.9, 0.1), Relationship(0.4, 0.02), Relationship(0.1, 0.01))
    found = legacy_rule_matrix(assets, rules)

    assert found[0].tolist() == pytest.approx([1.0, 0.1, 0.09, 0.07])
    assert found[2, 3] == pytest.approx(0.5)
    assert (found == found.T).all()
    assert rules.rule_matrix(assets).excluded == ("Y",)


def refused(*assets: Asset, ids: tuple[str, ...] = ("X",)) -> str:
    with pytest.raises(ClodeskError) as error:
        lay_out_walk(assets, ids, np.eye(len(ids)), np.cumsum(matrix(), axis=1), AS_OF, 3)
    return error.value.number


def test_what_has_no_path_is_refused() -> None:
    """CLO-1845 an id of the matrix or the deal that the pool has not, CLO-1846 no rating, CLO-1847 no maturity."""
    assert refused(asset("X"), ids=("X", "GONE")) == "CLO-1845"
    assert refused(asset("X", "NR")) == "CLO-1846"
    assert refused(Asset(blkrock_id="X", sp_rating="B")) == "CLO-1847"
    assert start_label(asset("X", "D")) == DEFAULTED
    with pytest.raises(ClodeskError, match="CLO-1845"):
        walk_of(asset("X"), deal_ids=frozenset({"X", "GONE"}))


def test_a_pool_that_has_matured_has_its_start_only() -> None:
    """No step leads nowhere: one column, drawn from nothing."""
    walk, random = walk_of(asset("X", maturity=AS_OF), asset("Y", "BB", maturity=AS_OF)), LegacyRandom(1)

    assert simulate_legacy(walk, 4, random).shape == (1, 2, 4)
    assert random.n_drawn == 0


def test_no_simulations_are_refused() -> None:
    """CLO-1848."""
    with pytest.raises(ClodeskError) as error:
        simulate_legacy(walk_of(asset("X")), 0, LegacyRandom(1))
    assert error.value.number == "CLO-1848"
