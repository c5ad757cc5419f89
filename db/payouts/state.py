"""A contract as one JSON document: what `contract_versions.state` holds, and how it comes back.

The document is complete, defaults included, so that a default that changes later does not change an old version.
"""

from pydantic import TypeAdapter, ValidationError

from engine.errors import BackendError
from engine.payouts.terms.contract import Contract

_CONTRACT = TypeAdapter(Contract)


def state_of(contract: Contract) -> bytes:
    """The document of a contract."""
    return _CONTRACT.dump_json(contract)


def contract_of(state: str | bytes) -> Contract:
    """The contract of a document. BackendError CLO-1981 for one that this version does not understand."""
    try:
        return _CONTRACT.validate_json(state)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BackendError(
            "CLO-1981",
            f"A stored contract cannot be read: {first['msg']}",
            where=f"contract_versions.state {place}",
            remedy="Bring the schema up to date: clodesk db upgrade.",
        ) from error
