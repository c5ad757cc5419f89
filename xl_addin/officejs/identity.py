"""Who the add-in is in each environment: id, name and namespace, the same in both kinds of manifest (spec 08 §9.1)."""

import uuid
from dataclasses import dataclass
from enum import Enum
from importlib.metadata import version

from xl_addin.commands.declare import Command, commands


class Environment(Enum):
    """Where an add-in belongs. Only production has no namespace: its function names are those of every other face."""

    DEV = "dev"
    UAT = "uat"
    PROD = "prod"


@dataclass(frozen=True, slots=True)
class Identity:
    """id: never changes for an environment; namespace: stands before function names, None in production."""

    id: str
    name: str
    namespace: str | None


# Drawn once; ids of the environments derive from it and so never change.
_FAMILY = uuid.UUID("6b3c1f0e-5a51-4c0b-9f0d-6f4d1c6a2e11")
DESCRIPTION = "Deals, tests, cash flows and trades of CLOs as functions, buttons and charts."
VENDOR = "clodesk"
TAB, TAB_LABEL = "tabClo", "CLO"
PANE = "clo_show_pane"
PANE_LABEL, PANE_TIP = "Task pane", "Show pickers, commands, jobs, functions, errors and charts of the current deal."


def identity(environment: Environment) -> Identity:
    """Id, display name and namespace of the add-in of an environment."""
    suffix = "" if environment is Environment.PROD else f" {environment.value.upper()}"
    namespace = None if environment is Environment.PROD else f"CLO{environment.value.upper()}"
    return Identity(str(uuid.uuid5(_FAMILY, environment.value)), f"clodesk{suffix}", namespace)


def release() -> tuple[int, int, int]:
    """Version of the installed distribution as three numbers."""
    parts = [int("".join(filter(str.isdigit, part)) or 0) for part in version("clodesk").split(".")]
    major, minor, patch = (*parts, 0, 0, 0)[:3]
    return major, minor, patch


def grouped_commands() -> dict[str, list[Command]]:
    """The commands by group, both in the order of the ribbon."""
    groups: dict[str, list[Command]] = {}
    for command in commands():
        groups.setdefault(command.group, []).append(command)
    return groups


def shortened(text: str, most: int) -> str:
    """A text of at most so many characters, cut at a word."""
    return text if len(text) <= most else text[: most - 3].rsplit(" ", 1)[0] + "..."
