"""Documents that people write and runs take: waterfalls, their features, scenarios, assumption sets."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from db.scenarios import NamedContent
from db.store import Store
from engine.deal.assumptions import BUILT_IN_SCENARIOS, AssumptionSet, Scenario
from engine.desk import assumption_sets, choices
from engine.errors import InputError, located
from engine.modes import Mode
from engine.waterfall.compiler import program_hash
from engine.waterfall.feature_settings import read_features, write_features
from engine.waterfall.library import program_text
from engine.waterfall.parser import parse_program


class Documents:
    """The documents of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def set_waterfall(self, deal: str, text: str, effective: date) -> int:
        """Store a program text as the deal's waterfall; returns its version. Raises ProgramError for a wrong text."""
        program = parse_program(text)
        with self._store.begin() as work:
            name = work.snapshots.deal(deal).deal.name
            saved = work.waterfalls.save(name, text, program_hash(program), effective_date=effective, deal_name=name)
            return saved.version

    def set_features(self, deal: str, text: str, where: str) -> tuple[str, ...]:
        """Switch on the features of a JSON text for a deal, in place of earlier ones; the names of what is on.

        An empty object switches everything off. Raises InputError for an unknown feature or a value that it cannot use.
        """
        with located(where):
            features = write_features(read_features(text))
        with self._store.begin() as work:
            name = work.snapshots.deal(deal).deal.name
            work.waterfalls.remove_mag(name)
            if features:
                work.waterfalls.save_mag(name, name.upper().replace(" ", "_")[:10], features=features)
        return tuple(features)

    def waterfall_text(self, name: str, mode: Mode = Mode.STANDARD) -> str:
        """Text of a deal's stored waterfall, or of a program that ships with clodesk."""
        with self._store.read() as work:
            stored = work.waterfalls.waterfalls(name)
            return stored[0].program if stored else program_text(name, mode)

    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios that ship with clodesk and those that were stored, by name; a stored one takes its place."""
        with self._store.read() as work:
            names = {*BUILT_IN_SCENARIOS, *(item.name for item in work.scenarios.documents())}
            return tuple(choices.scenario(work, name) for name in sorted(names))

    def store_scenarios(self, scenarios: Sequence[Scenario]) -> None:
        """Store scenarios under their names in capitals, all of them or none."""
        with self._store.begin() as work:
            for one in scenarios:
                content = {name: value for name, value in asdict(one).items() if name not in ("name", "description")}
                work.scenarios.save(NamedContent(name=one.name.upper(), description=one.description, content=content))

    def assumption_sets(self) -> tuple[AssumptionSet, ...]:
        """The sets that ship with clodesk and those that were stored, by name."""
        with self._store.read() as work:
            known = assumption_sets.built_in()
            for item in work.assumption_sets.documents():
                known[item.name] = assumption_sets.from_content(item.content, item.name)
            return tuple(known[name] for name in sorted(known))

    def assumption_set(self, name: str) -> AssumptionSet:
        """A set by its name; the workbook's own is no text to show, and an InputError."""
        with self._store.read() as work:
            return choices.assumption_set(work, name, None)

    def store_assumption_set(self, text: str, where: str) -> AssumptionSet:
        """Store an assumption set from its JSON text under the name it gives itself."""
        chosen = assumption_sets.from_json(text, where)
        if chosen.name == assumption_sets.WORKBOOK:
            raise InputError(
                "CLO-4015",
                f"The name '{chosen.name}' means what a workbook itself says",
                where=where,
                remedy="Give the set another name.",
            )
        with self._store.begin() as work:
            work.assumption_sets.save(assumption_sets.to_document(chosen))
        return chosen
