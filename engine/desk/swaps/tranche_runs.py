"""Which stored run a tranche is priced from, and what that run says of it."""

from datetime import date
from functools import reduce

import numpy as np

from db.identifiers import deal_key, tranche_key
from db.runs import DEAL, FINISHED, StoredRun
from db.store import UnitOfWork
from engine.closest import did_you_mean
from engine.conventions.day_count import parse_day_count
from engine.deal.results import DealResult, Floats
from engine.desk.records import RunOutcome
from engine.errors import InputError
from engine.modes import Mode
from engine.payouts.tranche_returns import TrancheFlows


def run_for(
    work: UnitOfWork, deal: str, as_of: date, *, run_id: int | None, scenario: str, max_age_days: int
) -> StoredRun:
    """The run of a number, or the newest finished one of a scenario up to a day, checked against deal and day.

    Raises InputError CLO-4101 for a run of another deal, of a later day, more than max_age_days old or not finished.
    """
    run = _newest(work, deal, as_of, scenario) if run_id is None else work.runs.get(run_id)
    if run.deal_id != deal_key(deal):
        raise _unusable(run, f"is of {run.deal_id}, not of {deal}")
    if run.kind == DEAL and run.status != FINISHED:
        raise did_not_finish(run)
    if run.as_of > as_of:
        raise _unusable(run, f"starts on {run.as_of} and says nothing of {as_of}")
    age = (as_of - run.as_of).days
    if age > max_age_days:
        raise _unusable(run, f"is of {run.as_of}, {age} days before {as_of}; at most {max_age_days} are allowed")
    return run


def _newest(work: UnitOfWork, deal: str, as_of: date, scenario: str) -> StoredRun:
    """The last finished run of the latest day up to `as_of`."""
    found = [
        run
        for run in work.runs.runs(deal, limit=1000)
        if run.status == FINISHED and run.scenario == scenario.upper() and run.as_of <= as_of
    ]
    if not found:
        raise InputError(
            "CLO-4101",
            f"{deal} has no finished run of scenario {scenario.upper()} up to {as_of}",
            remedy=f'Run it first: clodesk run "{deal}" --assumptions NAME.',
        )
    return max(found, key=lambda run: (run.as_of, run.started_at, run.run_id))


def _unusable(run: StoredRun, problem: str) -> InputError:
    return InputError(
        "CLO-4101",
        f"Run {run.run_id} {problem}",
        remedy="Run the deal as of a day shortly before, or name another run; `clodesk results` lists them.",
    )


def did_not_finish(run: StoredRun) -> InputError:
    """The error of a run that has no cash flows to its end."""
    reason = f": {run.failure_text}" if run.failure_text else ""
    return InputError(
        "CLO-4101",
        f"Run {run.run_id} did not reach its end ({run.status}){reason}",
        remedy="Put the deal right and run it again, or name another run; `clodesk results` lists them.",
    )


def place_of(result: DealResult, deal: str, tranche: str) -> int:
    """Position of a tranche, in any spelling, among those of a run; InputError CLO-4100 where it is not among them."""
    keys = [tranche_key(name) for name in result.tranche_names]
    if tranche_key(tranche) not in keys:
        raise InputError(
            "CLO-4100",
            f"{deal} has no tranche {tranche!r}",
            remedy=did_you_mean(tranche, result.tranche_names, f"It has {', '.join(result.tranche_names)}."),
        )
    return keys.index(tranche_key(tranche))


def tranche_flows(work: UnitOfWork, run: StoredRun, outcome: RunOutcome, place: int) -> TrancheFlows:
    """What the run says of the tranche, up to its last period with a balance."""
    result = outcome.result
    name, n = result.tranche_names[place], int(result.last_calculated[place])
    terms = work.snapshots.deal(run.deal_id, run.as_of).deal.tranches[place]

    def column(*names: str) -> Floats:
        return reduce(np.add, (result.tranche(name, one)[:n] for one in names))

    return TrancheFlows(
        original_balance=outcome.summary.tranche_inputs[place].original_balance,
        run_date=run.as_of,
        payment_dates=tuple(result.dates.payment[:n].astype(object).tolist()),
        coupon=column("coupon"),
        balance_begin=column("balance_begin"),
        balance_end=column("balance_end"),
        interest_accrued=column("interest_accrued"),
        interest_paid=column("interest_paid"),
        deferred_paid=column("deferred_interest_paid", "deferred_principal_paid"),
        principal_paid=column("principal_paid"),
        day_count=parse_day_count(terms.day_count, Mode(run.mode).quirks),
    )
