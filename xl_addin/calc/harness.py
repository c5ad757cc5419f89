"""LibreOffice without a window, with our extension: a real spreadsheet program that other programs can drive (08 §10).

`Office` starts it with a profile and a pipe of its own and ends it by its process handle. What it is told to do runs in
`driver`, a process of a Python that has `uno`.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.errors import BackendError
from xl_addin.calc.build import build
from xl_addin.calc.installation import Installation, find_installation

_PROJECT = Path(__file__).resolve().parents[2]
_END_SECONDS = 10.0
_NO_SETTINGS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CLO_TOKEN_FILE")
# The Python inside LibreOffice looks for its library beside the first python3 on the path: that must not be ours.
_PATH = {"PATH": os.defpath}


class Office:
    """A LibreOffice session. Use it as a context manager: leaving ends every process of it."""

    def __init__(
        self,
        server_url: str,
        token: str = "",
        *,
        extension: bytes | None = None,
        installation: Installation | None = None,
    ) -> None:
        self._installation = installation or find_installation()
        self._extension = build(installation=self._installation) if extension is None else extension
        self._environment = {name: value for name, value in os.environ.items() if name not in _NO_SETTINGS}
        self._environment |= _PATH | {"CLO_SERVER_URL": server_url, "CLO_TOKEN": token}
        self._processes: list[subprocess.Popen[str]] = []
        self._folder = Path()

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="clodesk-office-"))
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def ask(self, operation: str, **arguments: Any) -> Any:
        """What the driver answers. Raises BackendError CLO-2328 with LibreOffice's text when it fails."""
        driver = self._processes[-1]
        if driver.stdin is None or driver.stdout is None:
            raise BackendError("CLO-2328", f"LibreOffice failed to {operation}: it is not running")
        try:
            driver.stdin.write(json.dumps({"do": operation, **arguments}) + "\n")
            driver.stdin.flush()
            line = driver.stdout.readline()
        except OSError:
            line = ""
        answer = json.loads(line) if line else {"failed": self._log()}
        if "failed" in answer:
            raise BackendError("CLO-2328", f"LibreOffice failed to {operation}: {answer['failed']}")
        return answer["ok"]

    def evaluate(self, workbook: Path, *, save_as: Sequence[Path] = ()) -> dict[str, dict[str, Any]]:
        """Every value of a workbook after calculation, by sheet and cell: number, text or error as {"e": code}.

        save_as: copies to leave behind, in the formats that their endings name (.xlsx, .ods, .pdf, .csv).
        """
        document = self.ask("open", url=workbook.resolve().as_uri())
        try:
            self.ask("enter", document=document)
            for path in save_as:
                self.ask("save", document=document, url=path.resolve().as_uri())
            found: dict[str, dict[str, Any]] = self.ask("values", document=document)
        finally:
            self.ask("close", document=document)
        return found

    def _start(self) -> None:
        pipe = f"clodesk-{secrets.token_hex(6)}"
        profile = (self._folder / "profile").as_uri()
        options = ["--headless", "--norestore", "--nodefault", "--nologo", "--nolockcheck"]
        self._run(
            [
                str(self._installation.soffice),
                *options,
                f"-env:UserInstallation={profile}",
                f"--accept=pipe,name={pipe};urp;",
            ],
            self._environment,
            "office.log",
        )
        self._run(
            [str(self._installation.python), "-m", "xl_addin.calc.driver", pipe],
            self._environment | {"PYTHONPATH": str(_PROJECT)},
            "driver.log",
        )
        package = self._folder / "clo.oxt"
        package.write_bytes(self._extension)
        self.ask("install", url=package.as_uri())

    def _run(self, command: Sequence[str], environment: Mapping[str, str], log: str) -> None:
        """Start a process in a group of its own: `soffice` is a script that starts the program."""
        with (self._folder / log).open("w") as told:
            is_driver = bool(self._processes)
            self._processes.append(
                subprocess.Popen(  # noqa: S603 (programs of the installation)
                    command,
                    env=dict(environment),
                    stdin=subprocess.PIPE if is_driver else subprocess.DEVNULL,
                    stdout=subprocess.PIPE if is_driver else told,
                    stderr=told,
                    text=True,
                    start_new_session=True,
                    cwd=self._folder,
                )
            )

    def _log(self) -> str:
        told = [(self._folder / name).read_text(errors="replace").strip() for name in ("driver.log", "office.log")]
        return "\n".join(text for text in told if text) or "the process ended without a word"

    def _end(self) -> None:
        """End the driver, which closes LibreOffice, then whatever is left of both."""
        for process in reversed(self._processes):
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            self._stop(process)
        self._processes.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    @staticmethod
    def _stop(process: "subprocess.Popen[str]") -> None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def evaluate(workbook: Path, server_url: str, token: str = "") -> dict[str, dict[str, Any]]:
    """Every value of a workbook as LibreOffice calculates it against a running server, by sheet and cell."""
    with Office(server_url, token) as office:
        return office.evaluate(workbook)
