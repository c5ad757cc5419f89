"""Command lines as documents show them: whether the commands exist and take what they are given."""

import shlex
from collections.abc import Iterator

import typer

from xl_addin.command_line import app as cli


def commands() -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Every command with its full name."""
    root = typer.main.get_command(cli.app)
    for name, command in root.commands.items():
        if hasattr(command, "commands"):
            yield from ((f"{name} {inner}", found) for inner, found in command.commands.items())
        else:
            yield name, command


COMMANDS = tuple(commands())


def parse(line: str) -> None:
    """Let the command line read a line, as a shell would hand it over, without doing anything."""
    words = shlex.split(line, comments=True)
    words = words[: words.index(">")] if ">" in words else words
    assert words[0] == "clodesk"
    command, rest = typer.main.get_command(cli.app), words[1:]
    while hasattr(command, "commands"):
        assert rest, line
        assert rest[0] in command.commands, line
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context("clodesk", rest)
