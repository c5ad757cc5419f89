"""What a call may use beside its arguments: the desk, the versions of its data, the log of cell errors."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.desk.desk import Desk
from engine.desk.reading.views import Views
from engine.desk.versions import DataVersions


class ErrorLog:
    """The latest error of each cell, by workbook and address; the oldest go first when it is full."""

    def __init__(self, most: int = 50_000) -> None:
        self._most = most
        self._texts: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, workbook: str, cell: str, text: str | None) -> None:
        """Remember the error of a cell; None: the cell is well again."""
        if not cell:
            return
        key = (workbook, _plain(cell))
        with self._lock:
            self._texts.pop(key, None)
            if text is not None:
                self._texts[key] = text
                if len(self._texts) > self._most:
                    self._texts.popitem(last=False)

    def of_cell(self, workbook: str, cell: str) -> str | None:
        """The error of a cell, None for a cell that is well."""
        with self._lock:
            return self._texts.get((workbook, _plain(cell)))

    def latest(self, workbook: str) -> tuple[str, str] | None:
        """Address and text of the newest error of a workbook."""
        with self._lock:
            for (book, cell), text in reversed(self._texts.items()):
                if book == workbook:
                    return cell, text
        return None

    def of_workbook(self, workbook: str) -> list[tuple[str, str]]:
        """Address and text of every error of a workbook, newest first."""
        with self._lock:
            return [(cell, text) for (book, cell), text in reversed(self._texts.items()) if book == workbook]


def _plain(cell: str) -> str:
    return cell.replace("$", "").replace("'", "").upper()


@dataclass(slots=True)
class CallContext:
    """One batch of calls of one user: its data do not change underneath it.

    get_desk opens the database when the first call needs it: a function of dates alone works without one.
    client: which face asks, client_fingerprint: of the catalogue that it was built from. job_status: state of a job in
    words, None for one that nobody here knows.
    """

    get_desk: Callable[[], Desk]
    errors: ErrorLog = field(default_factory=ErrorLog)
    workbook: str = ""
    user: str = ""
    client: str = ""
    client_fingerprint: str = ""
    job_status: Callable[[str], str | None] = lambda _job: None
    _versions: DataVersions | None = None

    @property
    def desk(self) -> Desk:
        return self.get_desk()

    @property
    def versions(self) -> DataVersions:
        """Versions of the stored data, read once for the batch."""
        if self._versions is None:
            self._versions = self.desk.data_versions()
        return self._versions

    @property
    def views(self) -> Views:
        """Stored data as cells ask for it."""
        return self.desk.views(self.versions)
