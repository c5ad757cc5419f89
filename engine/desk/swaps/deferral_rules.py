"""Rules by which payments are put off: stored, replaced, ended (spec 07 §18.3). What they decide is in `deferrals`."""

from dataclasses import replace

from db.payouts.work import PayoutWork
from db.store import Store
from engine.closest import did_you_mean
from engine.errors import InputError
from engine.payouts.deferral import DeferralRule, DeferralScope
from engine.payouts.money import minor_digits

_ROOM_BETWEEN_RULES = 10


class DeferralRules:
    """The deferral rules of one store. A rule is named by its id or the beginning of it.

    Raises ReferenceDataError CLO-1977 where no id begins so, InputError CLO-4114 where several do.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self, *, only_active: bool = False) -> tuple[DeferralRule, ...]:
        """Rules in the order in which they are asked. InputError CLO-1979 for one whose scope cannot be read."""
        with self._store.read() as work:
            return work.payouts.deferrals.rules(only_active=only_active)

    def offered_priority(self, replaces: str | None = None) -> int:
        """The priority of the rule that is replaced; else one to be asked after all active rules, with room between."""
        with self._store.read() as work:
            found = work.payouts.deferrals.rules()
            if replaces is not None:
                replaced = work.payouts.deferrals.rule_id(replaces)
                return next(rule.priority for rule in found if rule.rule_id == replaced)
        return max((rule.priority for rule in found if rule.is_active), default=0) + _ROOM_BETWEEN_RULES

    def add(self, rule: DeferralRule, *, replaces: str | None = None) -> DeferralRule:
        """Store a rule, in place of the one that `replaces` names; what comes back has the id of the database.

        A party may be given by its name. Raises InputError CLO-4111 where another active rule has the priority,
        CLO-4112 for a party that nobody knows, CLO-4113 for an amount that is not positive, CLO-1956 for a currency
        that is none, ReferenceDataError CLO-1983 for a contract that is not stored.
        """
        with self._store.begin() as work:
            deferrals = work.payouts.deferrals
            if replaces is not None:
                deferrals.deactivate_rule(deferrals.rule_id(replaces))
            for other in deferrals.rules(only_active=True):
                if other.priority == rule.priority:
                    raise InputError(
                        "CLO-4111",
                        f"Rule {other.rule_id} has priority {rule.priority} already, and rules are asked in that order",
                        where="priority",
                        remedy="Give another number, the lower the earlier; or replace that rule.",
                    )
            return deferrals.add_rule(replace(rule, scope=_known_scope(work.payouts, rule.scope)))

    def end(self, rule_id: str) -> str:
        """End a rule and give its whole id; what it put off stays put off, and is still released as the rule says."""
        with self._store.begin() as work:
            ended = work.payouts.deferrals.rule_id(rule_id)
            work.payouts.deferrals.deactivate_rule(ended)
            return ended


def _known_scope(work: PayoutWork, scope: DeferralScope) -> DeferralScope:
    """The scope with its party's identifier, once everything it names is found to exist."""
    if scope.contract_reference is not None:
        work.contracts.load(scope.contract_reference)
    if scope.currency is not None:
        minor_digits(scope.currency)
    if scope.amount_below is not None and scope.amount_below <= 0:
        raise InputError(
            "CLO-4113",
            f"No amount is below {scope.amount_below}",
            where="amount_below",
            remedy="Give a positive amount; the sign of a cash flow does not count.",
        )
    if scope.party is None:
        return scope
    return replace(scope, party=_identifier(work, scope.party))


def _identifier(work: PayoutWork, party: str) -> str:
    """The identifier of a party that is given by it or by its name."""
    parties = work.deferrals.parties()
    meant = [identifier for identifier, name in parties.items() if party in (identifier, name)]
    if party in meant or len(meant) == 1:
        return party if party in meant else meant[0]
    problem = f"{len(meant)} parties are called {party!r}" if meant else f"No swap has a party {party!r}"
    remedy = f"Give one of the identifiers {', '.join(sorted(meant))}."
    if not meant:
        known = [*parties, *parties.values()]
        remedy = did_you_mean(party, known, "See the parties with clodesk swaps show REFERENCE.")
    raise InputError("CLO-4112", problem, where="party", remedy=remedy)
