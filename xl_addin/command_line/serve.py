"""The calculation server and its keys on the command line; the server is loaded by the command that starts it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from engine.errors import InputError
from xl_addin.command_line import machine
from xl_addin.command_line.terminal import Json, console, opened_desk, print_json, talk

if TYPE_CHECKING:
    from engine.desk.access import ApiKey
    from xl_addin.server.auth.token_file import TokenFile

token_app = typer.Typer(help="The token of the server on this machine.", no_args_is_help=True)
keys_app = typer.Typer(help="API keys of the server's users.", no_args_is_help=True)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 127.0.0.1 by default.")] = None,
    port: Annotated[int | None, typer.Option(help="Port, 8765 by default; 0 takes a free one.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate, as PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Key of the certificate, as PEM.")] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes for heavy calculations; one a core by default.")
    ] = None,
) -> None:
    """Serve functions, commands and the dashboard to Excel, LibreOffice and browsers.

    Example: clodesk serve --port 8765
    """
    from xl_addin.server.run import serve as run_server
    from xl_addin.server.settings import server_settings

    run_server(server_settings(host=host, port=port, tls_cert=tls_cert, tls_key=tls_key, n_workers=workers))


@token_app.command("show")
def show_token() -> None:
    """Print the token that clients on this machine sign in with.

    Example: clodesk token show
    """
    console.print(_token_file().token(), markup=False, highlight=False)


@token_app.command("rotate")
def rotate_token() -> None:
    """Make another token; the one before is refused from now on.

    Example: clodesk token rotate
    """
    console.print(_token_file().rotate(), markup=False, highlight=False)


@keys_app.command("add")
def add_key(
    user: Annotated[str, typer.Argument(help="Who the key is for; the record of calls names them.")],
    role: Annotated[str, typer.Option(help="viewer, analyst, manager or admin.")] = "analyst",
    deal: Annotated[list[str] | None, typer.Option(help="A deal that the key opens; without any, all of them.")] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day on which the key is good.")
    ] = None,
) -> None:
    """Make an API key and print it, once: what is stored is its hash.

    Example: clodesk keys add anna --role analyst --deal "MAG 17" --expires 2027-12-31
    """
    from xl_addin.commands.declare import Role
    from xl_addin.server.auth.api_keys import fresh_key
    from xl_addin.server.auth.users import digest

    if role not in {one.value for one in Role}:
        raise InputError(
            "CLO-3127",
            f"There is no role {role!r}",
            where="--role",
            remedy=f"Use one of {', '.join(one.value for one in Role)}.",
        )
    secret = fresh_key()
    with opened_desk() as desk:
        number = desk.access().add_key(digest(secret), user, role, deal, _end_of(expires))
    talk.print(f"Key {number} of {user}; it is not shown again:", markup=False)
    console.print(secret, markup=False, highlight=False, soft_wrap=True)


@keys_app.command("list")
def list_keys(as_json: Json = False) -> None:
    """List the API keys, without their secrets.

    Example: clodesk keys list
    """
    with opened_desk() as desk:
        found = desk.access().keys()
    if as_json:
        print_json(machine.records(found))
        return
    table = Table("Key", "User", "Role", "Deals", "Made", "Good until", "Standing")
    for key in found:
        deals = "all" if key.deals is None else ", ".join(key.deals)
        until = "" if key.expires_at is None else f"{key.expires_at:%Y-%m-%d}"
        table.add_row(
            str(key.key_id), key.user_name, key.role, deals, f"{key.created_at:%Y-%m-%d}", until, _standing(key)
        )
    console.print(table)


@keys_app.command("revoke")
def revoke_key(number: Annotated[int, typer.Argument(help="Number of the key, from `clodesk keys list`.")]) -> None:
    """Refuse a key from now on.

    Example: clodesk keys revoke 3
    """
    with opened_desk() as desk:
        desk.access().revoke_key(number)
    talk.print(f"Key {number} is refused from now on")


def _standing(key: "ApiKey") -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= datetime.now(UTC) else "good"


def _end_of(day: datetime | None) -> datetime | None:
    """The last second of a day, UTC."""
    return None if day is None else day.replace(hour=23, minute=59, second=59, tzinfo=UTC)


def _token_file() -> "TokenFile":
    from db.settings import settings_of_environment
    from xl_addin.server.auth.token_file import TokenFile

    return TokenFile(settings_of_environment().data_dir)
