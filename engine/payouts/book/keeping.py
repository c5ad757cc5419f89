"""A compiled contract as bytes and back: a header that says what there is, then the rows of each table as they lie."""

from collections.abc import Iterable
from json import dumps, loads

import numpy as np

from engine.payouts.book.tables import CompiledContract, Table


def packed(compiled: CompiledContract) -> bytes:
    """The bytes of a compiled contract."""
    header = {
        "contract": compiled.contract_reference,
        "names": {kind: list(texts) for kind, texts in compiled.names.items()},
        "rows": {name: len(records) for name, records in compiled.tables.items()},
    }
    text = dumps(header, separators=(",", ":")).encode()
    return b"".join(
        (len(text).to_bytes(4, "little"), text, *(records.tobytes() for records in compiled.tables.values()))
    )


def unpacked(stored: bytes, tables: Iterable[Table]) -> CompiledContract:
    """The compiled contract of its bytes, made by the same version of the code. Records are read-only."""
    layout = {target.name: target.dtype for target in tables}
    start = 4 + int.from_bytes(stored[:4], "little")
    header = loads(stored[4:start])
    records = {}
    for name, count in header["rows"].items():
        records[name] = np.frombuffer(stored, layout[name], count, start)
        start += count * layout[name].itemsize
    return CompiledContract(
        header["contract"], records, {kind: tuple(texts) for kind, texts in header["names"].items()}
    )
