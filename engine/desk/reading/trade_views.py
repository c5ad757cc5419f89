"""Deals as trades and objectives see them, kept for as long as their data stay the same; nothing here is stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from db.store import UnitOfWork
from engine.compliance.evaluation import Evaluation, evaluate
from engine.compliance.objective import objective, objectives, weight_vector
from engine.desk import compliance
from engine.desk.reading.views import Views
from engine.desk.trading import deal_for_trading
from engine.modes import Mode
from engine.trading.trades import Settlement, TradedDeal


@dataclass(frozen=True, slots=True)
class WeightedTest:
    """One test of an objective with its weight; contribution: what it adds to the weighted sum."""

    test_id: int
    label: str
    value: float
    weight: float
    contribution: float


@dataclass(frozen=True, slots=True)
class TestedDeal:
    """The tests of a deal as it stands, and the weights of its objective by test."""

    __test__ = False

    evaluation: Evaluation
    weights: Mapping[int, float]

    def objective(self, weights: Mapping[int, float]) -> float:
        """The objective under weights by test, 0 where a limit is broken; raises what `weight_vector` raises."""
        return objective(self.evaluation, weights)

    def contributions(self) -> tuple[WeightedTest, ...]:
        """The tests with a weight, in the order of the deal's weights; they add up to the objective of a deal that
        breaks no limit."""
        evaluation, plan = self.evaluation, self.evaluation.plan
        vector = weight_vector(plan, self.weights)
        parts = objectives(plan, np.diag(vector), evaluation.value, evaluation.threshold)
        places = [plan.place_of[test] for test in self.weights if test in plan.place_of]
        return tuple(
            WeightedTest(
                plan.definitions[place].id,
                plan.definitions[place].label,
                float(evaluation.value[place]),
                float(vector[place]),
                float(parts[place]),
            )
            for place in places
        )


def tested_deal(views: Views, deal: str, as_of: date | None, mode: Mode) -> TestedDeal:
    """The tests of a deal at a date; raises what compliance raises for inputs that do not fit."""
    view = views.deal(deal, as_of)

    def load(work: UnitOfWork) -> TestedDeal:
        inputs = compliance.inputs_of(work, compliance.request_of(work, view.deal.name, view.as_of, mode))
        return TestedDeal(evaluate(inputs.plan(), inputs.holdings), inputs.weights)

    return views.loaded("tested deal", view.deal.name, view.as_of, mode, deal=deal, load=load)


def traded_deal(views: Views, deal: str, as_of: date | None, mode: Mode) -> TradedDeal:
    """A deal at a date over all assets that it could hold."""
    view = views.deal(deal, as_of)
    return views.loaded(
        "traded deal",
        view.deal.name,
        view.as_of,
        mode,
        deal=deal,
        load=lambda work: deal_for_trading(work, view.deal.name, view.as_of, mode, Settlement()).traded,
    )
