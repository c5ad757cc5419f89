"""Contracts compiled for valuation: kept beside the version they were made of, and in memory while it stands.

A compiled contract is right for one version of the contract, of the code and of the calendars; its key names all three.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from db.payouts.compiled import CompiledRepository
from db.payouts.contracts import ContractRepository
from engine.errors import ClodeskError
from engine.numerics import source_hash
from engine.payouts.book.compiling import TABLES, compile_contract
from engine.payouts.book.keeping import packed, unpacked
from engine.payouts.book.tables import CompiledContract
from engine.payouts.dates.calendars import CenterCalendars


@cache
def code_version() -> str:
    """The code that this process runs: files that change under it are another version only for the next one."""
    return source_hash()


@dataclass(frozen=True, slots=True)
class Failure:
    """A contract that could not take part, and why."""

    contract_reference: str
    error: ClodeskError


@dataclass(slots=True)
class CompiledShelf:
    """What was compiled so far, by reference, with the key it was compiled under."""

    _kept: dict[str, tuple[str, CompiledContract]] = field(default_factory=dict)

    def of(
        self,
        contracts: ContractRepository,
        stored: CompiledRepository,
        references: Sequence[str],
        calendars: CenterCalendars,
        calendars_key: str,
    ) -> tuple[list[CompiledContract], list[Failure]]:
        """The compiled contracts of these references in their order, and those whose terms cannot be compiled.

        What has to be compiled anew is stored for the next process.
        """
        code = f"{code_version()} {calendars_key}"
        keys = {name: f"{version} {code}" for name, version in contracts.versions_of(references).items()}
        missing = [name for name in references if name in keys and self._kept.get(name, ("",))[0] != keys[name]]
        for name, content in stored.load(missing, code):
            self._kept[name] = (keys[name], unpacked(content, TABLES))
        missing = [name for name in missing if self._kept.get(name, ("",))[0] != keys[name]]
        failures: list[Failure] = []
        made: list[tuple[str, int, bytes]] = []
        for item in contracts.stream(missing):
            name = item.contract.contract_reference
            self._kept.pop(name, None)
            try:
                compiled = compile_contract(item.contract, calendars)
            except ClodeskError as error:
                failures.append(Failure(name, error))
                continue
            self._kept[name] = (keys[name], compiled)
            made.append((name, item.version, packed(compiled)))
        stored.save(made, code)
        failed = {failure.contract_reference for failure in failures}
        return [self._kept[name][1] for name in references if name in keys and name not in failed], failures
