"""How kernels are compiled: one decorator, one cache folder named by the hash of every kernel source.

numba's disk cache looks at the file of the function alone and would go on running the old machine code of a callee that
changed in another file. The folder's name therefore covers all sources that hold kernels.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

_PACKAGE = Path(__file__).resolve().parent


_SOURCE_PATTERNS = ("kernels*.py", "state.py", "codes.py", "numerics.py", "borrowing.py")


def kernel_sources(package: Path = _PACKAGE) -> tuple[Path, ...]:
    """Every source file whose content is compiled in, kernels and the layouts they read, in a fixed order."""
    return tuple(sorted(path for pattern in _SOURCE_PATTERNS for path in package.rglob(pattern)))


def kernel_hash(package: Path = _PACKAGE) -> str:
    """Sixteen hex digits over the names and contents of all kernel sources."""
    digest = hashlib.sha256()
    for path in kernel_sources(package):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def source_hash(package: Path = _PACKAGE) -> str:
    """Sixteen hex digits over all sources and programs of the engine, by which results of other code are told apart."""
    digest = hashlib.sha256()
    for path in sorted((*package.rglob("*.py"), *package.rglob("*.waterfall"))):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_root() -> Path:
    """Folder for everything that clodesk may rebuild: CLODESK_CACHE_DIR, or clodesk under the user's cache folder."""
    named = os.environ.get("CLODESK_CACHE_DIR")
    if named:
        return Path(named)
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "clodesk"


os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_root() / "kernels" / kernel_hash()))

import numba  # noqa: E402  (the cache folder has to be named before numba reads its settings)

setattr(numba.config, "CACHE_DIR", os.environ["NUMBA_CACHE_DIR"])  # noqa: B010 (numba makes its settings at run time)
"""Again for a process that had imported numba before this module."""

F = TypeVar("F", bound=Callable[..., Any])

_plain = numba.njit(cache=True, nogil=True)
_parallel = numba.njit(cache=True, nogil=True, parallel=True)
_inlined = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)


def kernel(function: F, /) -> F:
    """Compile a pure function of arrays and scalars; cached on disk, releases the GIL."""
    return cast("F", _plain(function))


def parallel_kernel(function: F, /) -> F:
    """As `kernel`, with a parallel outer loop."""
    return cast("F", _parallel(function))


def inlined_kernel(function: F, /) -> F:
    """As `kernel`, compiled into its caller and without error paths, both of which keep reference counting alive.

    The function itself has to rule out zero divisors.
    """
    return cast("F", _inlined(function))
