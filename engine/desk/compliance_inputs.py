"""From a deal's sheet to what compliance tests read: terms, configured tests, weights, portfolio, holdings.

Nothing is skipped and nothing guessed: what cannot be used is an error that names sheet and cell.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.collateral.asset import Asset
from engine.compliance.catalogue import definition_of
from engine.compliance.definition import Definition
from engine.compliance.evaluation import Holdings
from engine.compliance.objective import weight_vector
from engine.compliance.plan import Plan, missing_threshold, plan_of
from engine.compliance.portfolio import Floats, Portfolio, portfolio_of
from engine.compliance.results import Baseline
from engine.compliance.terms import DealTerms, Direction, TestSetting
from engine.deal.contract import AccountNumber
from engine.desk.deal_limits import NO_LIMITS, DealLimits, states_itself
from engine.desk.deal_terms import beside, collection_account, deal_terms
from engine.errors import InputError
from engine.modes import Mode, Quirk
from engine.snapshot import DealSnapshot, Place, PositionRow, TestConfigRow

_DIRECTION, _THRESHOLD = 2, 3
"""Columns of a configured test, counted from its number."""
_WEIGHT = 3
"""Column of a weight, counted from the name of its test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceInputs:
    """A deal ready to be tested.

    baselines: last accepted results by test; weights: objective weights by test; places: where each test, and by
    `weight_places` each weight, stands. own_tests: those that the deal defines itself. left_out: positions that legacy
    mode does not see.
    """

    terms: DealTerms
    settings: tuple[TestSetting, ...]
    baselines: Mapping[int, Baseline]
    weights: Mapping[int, float]
    portfolio: Portfolio
    holdings: Holdings
    places: Mapping[int, str]
    weight_places: Mapping[int, str]
    own_tests: tuple[Definition, ...] = ()
    left_out: tuple[str, ...] = ()

    def plan(self) -> Plan:
        """The tests laid out, once weights and tests are known to fit; raises what `plan_of` and `weight_vector` do."""
        plan = plan_of(self.portfolio, self.terms, self.settings, self.own_tests)
        weight_vector(plan, self.weights, self.weight_places)
        return plan


def compliance_inputs(
    deal: DealSnapshot,
    assets: Iterable[Asset],
    mode: Mode = Mode.STANDARD,
    *,
    limits: DealLimits = NO_LIMITS,
    own_tests: tuple[Definition, ...] = (),
    accepted: Mapping[int, Baseline] | None = None,
    is_universe: bool = False,
) -> ComplianceInputs:
    """What a deal's tests read.

    assets: the asset master, of which an id that comes twice counts with its first row. limits: what the deal's
    document adds to its sheet; own_tests: the tests that it defines, under their ids. accepted: baselines that go
    before the sheet's previous values. is_universe: the portfolio holds every asset that the deal could buy, not only
    those it has.
    """
    where = f"limits of {deal.name}"
    known: dict[str, Asset] = {}
    for asset in assets:
        known.setdefault(asset.blkrock_id, asset)
    par, left_out = held_par(deal, known, mode)
    ids = known if is_universe else par
    facts = limits.facts_of(ids)
    portfolio = portfolio_of((known[name] for name in ids), deal.analysis_date, mode.quirks, facts)
    baselines = _sheet_baselines(deal) | dict(accepted or {})
    added = limits.settings(where, own_tests)
    replaced = {setting.test_id for setting in added}
    own_weights = limits.weight_by_test(where, own_tests)
    return ComplianceInputs(
        terms=deal_terms(deal, mode, limits),
        settings=tuple(
            replace(setting, baseline=baselines[setting.test_id].value) if setting.test_id in baselines else setting
            for setting in _merged(configured_tests(deal, mode, replaced), added)
        ),
        baselines=baselines,
        weights=own_weights or {row.number: row.weight for row in deal.weights},
        portfolio=portfolio,
        holdings=Holdings(_in_order(portfolio, par), principal_cash(deal)),
        places={row.number: str(row.place) for row in deal.tests} | dict.fromkeys(replaced, where),
        weight_places=dict.fromkeys(own_weights, where) or _weight_places(deal),
        own_tests=own_tests,
        left_out=left_out,
    )


def configured_tests(
    deal: DealSnapshot, mode: Mode = Mode.STANDARD, replaced: Iterable[int] = ()
) -> tuple[TestSetting, ...]:
    """The configured tests in the order of the sheet; of those in `replaced` only the number is looked at.

    Raises InputError CLO-1503 for an unknown test, CLO-1505 for a missing threshold, CLO-4050 for a test that is
    neither a minimum nor a maximum.
    """
    others = set(replaced)
    return tuple(_setting(row, mode, is_replaced=row.number in others) for row in deal.tests)


def _setting(row: TestConfigRow, mode: Mode, *, is_replaced: bool) -> TestSetting:
    definition = definition_of(row.number, str(row.place))
    if is_replaced:
        return TestSetting(test_id=row.number, direction=definition.direction)
    level = None if isinstance(row.threshold, str) else row.threshold
    if level is None and not row.overwrite and not states_itself(definition):
        raise missing_threshold(definition, str(beside(row.place, _THRESHOLD)))
    return TestSetting(
        test_id=row.number, direction=_direction(row, mode), threshold=level, overwrite=row.overwrite or None
    )


def _direction(row: TestConfigRow, mode: Mode) -> Direction:
    text = row.direction.strip().upper()
    if text == "MAX":
        return Direction.MAX
    if text == "MIN" or Quirk.UNKNOWN_DIRECTION_IS_MINIMUM in mode.quirks:
        return Direction.MIN
    raise InputError(
        "CLO-4050",
        f"Test {row.number} ({row.name}) is neither a minimum nor a maximum",
        where=str(beside(row.place, _DIRECTION)),
        remedy="Write Min or Max; the legacy model takes anything but Max for a minimum.",
    )


def _merged(sheet: Iterable[TestSetting], added: Iterable[TestSetting]) -> list[TestSetting]:
    """The tests of the sheet, those of the document in their places, the others of the document behind them."""
    rest, merged = list(added), []
    for setting in sheet:
        own = next((item for item in rest if item.test_id == setting.test_id), None)
        merged.append(own or setting)
        if own is not None:
            rest.remove(own)
    return merged + rest


def _sheet_baselines(deal: DealSnapshot) -> dict[int, Baseline]:
    return {row.number: Baseline(value=row.previous_value) for row in deal.tests if row.previous_value is not None}


def _weight_places(deal: DealSnapshot) -> dict[int, str]:
    return {row.number: str(beside(row.place, _WEIGHT)) for row in deal.weights}


def held_par(
    deal: DealSnapshot, known: Mapping[str, Asset], mode: Mode = Mode.STANDARD
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Par by asset id, repeated ids added up, and the ids that legacy mode leaves out (spec 01 LQ-05).

    Raises InputError CLO-4011 with every position whose asset is not known, CLO-4052 for an asset held short.
    """
    unknown = [row for row in deal.positions if row.blkrock_id not in known]
    if unknown and mode is Mode.STANDARD:
        raise _unknown_positions(deal, unknown)
    par: dict[str, float] = {}
    last: dict[str, Place] = {}
    for row in deal.positions:
        if row.blkrock_id in known:
            par[row.blkrock_id] = par.get(row.blkrock_id, 0.0) + row.par
            last[row.blkrock_id] = row.place
    for name, amount in par.items():
        if amount < 0.0 and mode is Mode.STANDARD:
            raise InputError(
                "CLO-4052",
                f"The deal holds {amount:,.2f} of {name}",
                where=str(beside(last[name], 1)),
                remedy="A position cannot be negative: correct the par.",
            )
    return par, tuple(row.blkrock_id for row in unknown)


def _unknown_positions(deal: DealSnapshot, unknown: list[PositionRow]) -> InputError:
    listed = ", ".join(f"{row.blkrock_id} ({row.place.cell})" for row in unknown)
    return InputError(
        "CLO-4011",
        f"{len(unknown)} of {len(deal.positions)} positions are not in the asset list: {listed}",
        where=f"sheet '{unknown[0].place.sheet}'",
        remedy="Add the assets to All Assets and import again, or test in legacy mode, which leaves them out.",
    )


def principal_cash(deal: DealSnapshot) -> float:
    """Principal of the collection account, the only cash that tests see; CLO-4053 where there is no such account."""
    account = collection_account(deal)
    if account is not None:
        return account.principal
    raise InputError(
        "CLO-4053",
        f"{deal.name} has no account {int(AccountNumber.COLLECTION)} (Collection)",
        where=f"'{deal.name} Inputs'!F4",
        remedy="Enter the account, with 0 where it is empty.",
    )


def _in_order(portfolio: Portfolio, par: Mapping[str, float]) -> Floats:
    return np.array([par.get(name, 0.0) for name in portfolio.ids], np.float64)
