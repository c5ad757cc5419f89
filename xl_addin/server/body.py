"""Reading the body of a request: its size is limited before anything of it is parsed."""

import asyncio

from fastapi import Request

from xl_addin.server.errors import RequestError

MOST_BYTES = 8 << 20
_SECONDS = 30.0


async def read_body(request: Request, most: int = MOST_BYTES) -> bytes:
    """The bytes of a body. Raises RequestError CLO-3105 for too many of them, CLO-3107 where they do not arrive."""
    stated = request.headers.get("content-length", "")
    if stated.isdigit() and int(stated) > most:
        raise too_large(most)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise too_large(most)
                parts.append(part)
    except TimeoutError:
        raise RequestError(
            "CLO-3107",
            f"The request did not arrive within {_SECONDS:.0f} s",
            status=408,
            code="#N/A",
            remedy="Try again; check the network.",
            headers={"Connection": "close"},
        ) from None
    return b"".join(parts)


def too_large(most: int) -> RequestError:
    """413 for a body of more bytes than the server reads."""
    return RequestError(
        "CLO-3105",
        f"The request has more than {most >> 20} MiB",
        status=413,
        remedy="Send smaller ranges, or several requests.",
        headers={"Connection": "close"},
    )
