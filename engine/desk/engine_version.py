"""Which code computed a result."""

from functools import cache
from importlib.metadata import version

from engine.numerics import source_hash


@cache
def engine_version() -> str:
    """Version of the product and a hash of the engine's sources: a run of other code is another run."""
    return f"{version('clodesk')}+{source_hash()}"
