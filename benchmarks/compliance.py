"""All compliance tests of a deal beside a plain loop over its assets for every test."""

from benchmarks.figures import Figure, Unit, median_seconds
from engine.collateral.rating_derivation import with_ratings
from engine.compliance.evaluation import Holdings, evaluate
from engine.compliance.plan import plan_of
from engine.compliance.portfolio import portfolio_of
from tests.compliance.made_portfolios import AS_OF, Made, made
from tests.compliance.slow_tests import slow_test

TARGETS = {195: 1e-3, 1004: 3e-3}
"""Most seconds for all tests, by the number of loans."""
LEGACY_TESTS = range(1, 55)
_REPEATS, _LOOP_REPEATS, _CALLS = 50, 3, 20


def evaluation_seconds(deal: Made, repeats: int) -> float:
    """Seconds for all 91 tests of new holdings on a prepared plan."""
    plan, held = deal.plan, deal.holdings
    books = [Holdings(held.par * (1.0 + 1e-6 * call), held.cash) for call in range(_CALLS)]

    def call() -> None:
        for book in books:
            evaluate(plan, book)

    return median_seconds(call, repeats) / _CALLS


def loop_seconds(deal: Made, repeats: int) -> float:
    """Seconds for the first 54 tests by a loop over the assets each, the ratings already derived."""
    positions = list(zip(deal.portfolio.assets, deal.holdings.par.tolist(), strict=True))

    def call() -> None:
        for test_id in LEGACY_TESTS:
            slow_test(test_id, positions, deal.holdings.cash, deal.terms)

    return median_seconds(call, repeats)


def first_seconds(deal: Made, repeats: int) -> float:
    """Seconds from asset records to results: ratings, columns, plan and one evaluation."""
    facts = {
        name: dict(zip(deal.portfolio.ids, values.tolist(), strict=True))
        for name, values in deal.portfolio.extra.items()
    }

    def call() -> None:
        portfolio = portfolio_of(deal.portfolio.assets, AS_OF, deal.portfolio.quirks, facts)
        evaluate(plan_of(portfolio, deal.terms, deal.settings), deal.holdings)

    return median_seconds(call, repeats)


def first_loop_seconds(deal: Made, repeats: int) -> float:
    """Seconds for the same of the first 54 tests by loops."""

    def call() -> None:
        rated = [with_ratings(asset, AS_OF) for asset in deal.portfolio.assets]
        positions = list(zip(rated, deal.holdings.par.tolist(), strict=True))
        for test_id in LEGACY_TESTS:
            slow_test(test_id, positions, deal.holdings.cash, deal.terms)

    return median_seconds(call, repeats)


def run(*, is_quick: bool) -> list[Figure]:
    """All tests of a deal and of a universe of loans, on a prepared plan and from asset records."""
    repeats = 5 if is_quick else _REPEATS
    found = []
    for n, target in TARGETS.items():
        deal = made(n, 1)
        found += [
            Figure(
                name=f"all 91 tests of {n:,} loans, prepared plan",
                amount=evaluation_seconds(deal, repeats),
                unit=Unit.MILLISECOND,
                alternative="54 of them, each a plain loop over the assets",
                alternative_amount=loop_seconds(deal, _LOOP_REPEATS),
                target=target,
            ),
            Figure(
                name=f"all 91 tests of {n:,} loans, from asset records",
                amount=first_seconds(deal, _LOOP_REPEATS),
                unit=Unit.MILLISECOND,
                alternative="ratings and the same loops",
                alternative_amount=first_loop_seconds(deal, _LOOP_REPEATS),
            ),
        ]
    return found
