"""xlwings without the part of it that is not free: import it from here (spec 08 §1).

On import xlwings looks for its paid modules and goes on when it finds none. They are hidden from it, so that none of
their code runs in our processes, whether or not they are on the disk.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_PAID = ("xlwings.pro", "xlwings.server", "xlwings.reports")


class _Hidden(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in _PAID or fullname.startswith("xlwings.pro."):
            raise ModuleNotFoundError(f"{fullname} is not used", name=fullname)
        return None


if not any(isinstance(finder, _Hidden) for finder in sys.meta_path):
    sys.meta_path.insert(0, _Hidden())

import xlwings  # noqa: E402  (after the finder is in place)

__all__ = ["xlwings"]
