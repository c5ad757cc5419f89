"""Icons as PNG, drawn by code: the same bytes on every machine.

A glyph is a function of the unit square, (0, 0) at the top left: it gives the ink at each point. Ink is drawn at eight
points per pixel and direction and averaged.
"""

import struct
import zlib
from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.float64]
Ink = npt.NDArray[np.bool_]
Glyph = Callable[[Plane, Plane], Ink]

SIZES = (16, 20, 24, 32, 40, 48, 64, 80, 128, 192)
_POINTS = 8
_TILE, _INK = (20, 83, 45), (217, 249, 157)


def _box(x: Plane, y: Plane, left: float, top: float, right: float, bottom: float) -> Ink:
    return (x >= left) & (x <= right) & (y >= top) & (y <= bottom)


def _disc(x: Plane, y: Plane, centre_x: float, centre_y: float, radius: float) -> Ink:
    return (x - centre_x) ** 2 + (y - centre_y) ** 2 <= radius**2


def _tranches(x: Plane, y: Plane) -> Ink:
    """Notes in order of seniority, the widest on top."""
    return _box(x, y, 0.18, 0.20, 0.82, 0.36) | _box(x, y, 0.18, 0.43, 0.64, 0.57) | _box(x, y, 0.18, 0.64, 0.46, 0.80)


def _triangle(x: Plane, y: Plane) -> Ink:
    return (x >= 0.3) & (x <= 0.8) & (np.abs(y - 0.5) <= (0.8 - x) * 0.62)


def _columns(x: Plane, y: Plane) -> Ink:
    return _box(x, y, 0.2, 0.55, 0.36, 0.8) | _box(x, y, 0.42, 0.2, 0.58, 0.8) | _box(x, y, 0.64, 0.38, 0.8, 0.8)


def _cylinder(x: Plane, y: Plane) -> Ink:
    lid = (x - 0.5) ** 2 / 0.09 + (y - 0.28) ** 2 / 0.01
    foot = (x - 0.5) ** 2 / 0.09 + (y - 0.74) ** 2 / 0.01
    body = _box(x, y, 0.2, 0.28, 0.8, 0.74) | (foot <= 1.0) | (lid <= 1.0)
    gap = (lid > 1.0) & (lid <= 1.9) & (y > 0.28)
    return body & ~gap


def _ring(x: Plane, y: Plane) -> Ink:
    """A magnifying glass."""
    along, across = (x - 0.6) + (y - 0.6), np.abs(x - y)
    handle = (along >= 0.0) & (along <= 0.4) & (across <= 0.1)
    return (_disc(x, y, 0.43, 0.43, 0.25) & ~_disc(x, y, 0.43, 0.43, 0.15)) | handle


GLYPHS: dict[str, Glyph] = {
    "clodesk": _tranches,
    "deal": _tranches,
    "run": _triangle,
    "results": _columns,
    "data": _cylinder,
    "tools": _ring,
}
"""The mark of the product, and one glyph for each group of the ribbon."""


@cache
def icon(name: str, size: int) -> bytes:
    """A PNG of size x size pixels: the glyph on a rounded square. Raises KeyError for an unknown name."""
    x, y = _grid(size)
    corner = np.maximum(np.abs(x - 0.5) - 0.32, 0.0) ** 2 + np.maximum(np.abs(y - 0.5) - 0.32, 0.0) ** 2
    tile = _coverage(corner <= 0.18**2, size)
    glyph = _coverage(GLYPHS[name](x, y), size)
    tile_colour, ink_colour = (np.array(colour, dtype=np.float64) for colour in (_TILE, _INK))
    colours = tile_colour + (ink_colour - tile_colour) * glyph[:, :, None]
    return _png(np.dstack([colours, tile * 255.0]))


@cache
def outline(size: int) -> bytes:
    """A PNG of the mark in white on nothing, as the unified manifest wants it."""
    glyph = _coverage(_tranches(*_grid(size)), size)
    return _png(np.dstack([np.full((size, size, 3), 255.0), glyph * 255.0]))


def _grid(size: int) -> tuple[Plane, Plane]:
    points = (np.arange(size * _POINTS, dtype=np.float64) + 0.5) / (size * _POINTS)
    x, y = np.meshgrid(points, points)
    return x, y


def _coverage(ink: Ink, size: int) -> Plane:
    """Share of each pixel that is inked."""
    covered: Plane = ink.reshape(size, _POINTS, size, _POINTS).mean(axis=(1, 3))
    return covered


def _png(pixels: Plane) -> bytes:
    height, width, _ = pixels.shape
    rows = np.rint(pixels).astype(np.uint8)
    # Every row begins with its filter, 0 for none.
    raw = b"".join(b"\x00" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
