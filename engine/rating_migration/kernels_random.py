"""Counter-based random numbers: Philox 4x32-10 words and standard normals made of them (spec 04 §11.4).

A word is a pure function of the key (the seed) and the counter (block of four rows, period, simulation, stream), so
that any part of a simulation can be drawn alone. Loops run along simulations and write one array each, which is what
makes them vector instructions; nothing is contracted or reordered, so that every machine draws the same bits.
"""

import numpy as np
import numpy.typing as npt

from engine.numerics import inlined_kernel as kernel
from engine.numerics import kernel as outlined_kernel

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Words = npt.NDArray[np.uint32]
Ints = npt.NDArray[np.int64]
Ints32 = npt.NDArray[np.int32]

WORDS_A_BLOCK = 4

_MULTIPLIER_0, _MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL_0, _WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)

_SIGN = np.uint32(0x80000000)
UNIT = 2.0**-32
"""A word times this is a uniform number."""
_ONES = np.int32(0x7FFFFFFF)
_ROOT_HALF_BITS = np.int64(0x3FE6A09E667F3BCD)
_ROOT_HALF_BITS_32 = np.int32(0x3F3504F3)
_LN2 = 0.6931471805599453

# The normal quantile of u is (u - 1/2) times a function of w = -ln(4 u (1 - u)), here a quotient of two polynomials
# fitted over all u that 32 bits can make: at most 7e-11 off.
_P0, _P1, _P2 = 2.506628273198935, 0.8136288207240083, 0.1640707171502027
_P3, _P4, _P5 = 0.023293055849188678, 0.0023468930471904218, 0.00016968384417765807
_P6, _P7, _P8 = 9.760815747714766e-06, 7.283960811613627e-07, 4.615569094398986e-09
_Q1, _Q2, _Q3 = 0.06279153876534539, 0.03598397973758176, 0.0016884381259579817
_Q4, _Q5, _Q6 = 0.00033542235887566615, 9.002117001308879e-06, 1.3230019913717767e-06
_Q7, _Q8 = 2.8380126999169353e-08, 3.8410141193780685e-11

_F = np.float32
_HALF_32, _ONE_32, _TWO_32, _FOUR_32 = _F(0.5), _F(1.0), _F(2.0), _F(4.0)
_UNIT_32, _LN2_32 = _F(UNIT), _F(_LN2)
_THIRD, _FIFTH = _F(1 / 3), _F(1 / 5)
_A0, _A1, _A2 = _F(2.506622072399497), _F(1.1826629034729699), _F(0.26938081736000175)
_A3, _A4, _A5 = _F(0.03958748670548485), _F(0.003675487449504922), _F(2.5210706365479073e-05)
_B1, _B2 = _F(0.2100060834796064), _F(0.03943780748675361)
_B3, _B4 = _F(0.005430201747242579), _F(0.0001704076006583674)

SINGLE_MARGIN = 5e-5
"""More than a normal in single precision, with what is added to it here, can be off."""


@kernel
def philox_words(
    key_0: int, key_1: int, block: int, period: int, counter: Words, stream: int, flip: Words, words: Words
) -> None:
    """Words of one block of rows for many simulations.

    counter : (B,) uint32, third word of the counter for each simulation; flip : (B,) uint32, 0, or all ones where
    the mirrored number is wanted; words : (4, B) uint32, written
    """
    first, second, third, fourth = words[0], words[1], words[2], words[3]
    for s in range(counter.shape[0]):
        x0, x1, x2, x3 = np.uint64(block), np.uint64(period), np.uint64(counter[s]), np.uint64(stream)
        k0, k1 = np.uint64(key_0), np.uint64(key_1)
        for _ in range(10):
            product_0, product_1 = _MULTIPLIER_0 * x0, _MULTIPLIER_1 * x2
            x0, x1, x2, x3 = (
                (product_1 >> _HALF) ^ x1 ^ k0,
                product_1 & _LOW,
                (product_0 >> _HALF) ^ x3 ^ k1,
                product_0 & _LOW,
            )
            k0, k1 = (k0 + _WEYL_0) & _LOW, (k1 + _WEYL_1) & _LOW
        first[s], second[s] = np.uint32(x0) ^ flip[s], np.uint32(x1) ^ flip[s]
        third[s], fourth[s] = np.uint32(x2) ^ flip[s], np.uint32(x3) ^ flip[s]


@kernel
def normals_of(
    words: Words, variance: Floats, bits: Ints, mantissa: Floats, mantissa_bits: Ints, normals: Floats
) -> None:
    """Standard normals of words, the quantiles of (word + 1/2) / 2^32; all (B,).

    variance, mantissa : float64 scratch; bits and mantissa_bits : the same memory seen as int64
    """
    n = words.shape[0]
    for i in range(n):
        normals[i] = (np.float64(np.int32(words[i] ^ _SIGN)) + 0.5) * UNIT
    for i in range(n):
        distance = abs(normals[i])
        variance[i] = (0.5 - distance) * (0.5 + distance) * 4.0
    for i in range(n):
        pattern = bits[i]
        exponent = (pattern - _ROOT_HALF_BITS) >> 52
        mantissa_bits[i] = pattern - (exponent << 52)
        bits[i] = exponent
    for i in range(n):
        ratio = (mantissa[i] - 1.0) / (mantissa[i] + 1.0)
        normals[i] = normals[i] * quantile_factor(ratio, np.float64(bits[i]))


@kernel
def quantile_factor(ratio: float, exponent: float) -> float:
    """Normal quantile over (u - 1/2), of 4 u (1 - u) = 2^exponent (1 + ratio) / (1 - ratio)."""
    square = ratio * ratio
    series = 1 / 5 + square * (1 / 7 + square * (1 / 9 + square * (1 / 11 + square * (1 / 13 + square * (1 / 15)))))
    w = -(2.0 * ratio * (1.0 + square * (1 / 3 + square * series)) + exponent * _LN2)
    p = _P4 + w * (_P5 + w * (_P6 + w * (_P7 + w * _P8)))
    p = _P0 + w * (_P1 + w * (_P2 + w * (_P3 + w * p)))
    q = _Q4 + w * (_Q5 + w * (_Q6 + w * (_Q7 + w * _Q8)))
    q = 1.0 + w * (_Q1 + w * (_Q2 + w * (_Q3 + w * q)))
    return p / q


@kernel
def normal_of(word: int, variance: Floats, bits: Ints, mantissa: Floats, mantissa_bits: Ints) -> float:
    """The normal of one word, bit for bit that of `normals_of`; scratch as there, of which entry 0 is used."""
    centred = (np.float64(np.int32(np.uint32(word) ^ _SIGN)) + 0.5) * UNIT
    distance = abs(centred)
    variance[0] = (0.5 - distance) * (0.5 + distance) * 4.0
    pattern = bits[0]
    exponent = (pattern - _ROOT_HALF_BITS) >> 52
    mantissa_bits[0] = pattern - (exponent << 52)
    ratio = (mantissa[0] - 1.0) / (mantissa[0] + 1.0)
    return centred * quantile_factor(ratio, np.float64(exponent))


@kernel
def quick_normals_of(
    words: Words, tail: Singles, bits: Ints32, mantissa: Singles, mantissa_bits: Ints32, normals: Singles
) -> None:
    """The normals of `normals_of` in single precision, less than SINGLE_MARGIN off; three times as fast.

    tail, mantissa : (B,) float32 scratch; bits and mantissa_bits : the same memory seen as int32
    """
    n = words.shape[0]
    for i in range(n):
        signed = np.int32(words[i] ^ _SIGN)
        normals[i] = (np.float32(signed) + _HALF_32) * _UNIT_32
    for i in range(n):
        signed = np.int32(words[i] ^ _SIGN)
        # The distance from the nearer end in whole units: 1/2 - |u - 1/2| would lose it in single precision.
        folded = _ONES ^ (signed ^ (signed >> np.int32(31)))
        end = (np.float32(folded) + _HALF_32) * _UNIT_32
        tail[i] = end * (_ONE_32 - end) * _FOUR_32
    for i in range(n):
        pattern = bits[i]
        exponent = (pattern - _ROOT_HALF_BITS_32) >> np.int32(23)
        mantissa_bits[i] = pattern - (exponent << np.int32(23))
        bits[i] = exponent
    for i in range(n):
        ratio = (mantissa[i] - _ONE_32) / (mantissa[i] + _ONE_32)
        square = ratio * ratio
        log = _TWO_32 * ratio * (_ONE_32 + square * (_THIRD + square * _FIFTH))
        w = -(log + np.float32(bits[i]) * _LN2_32)
        p = _A0 + w * (_A1 + w * (_A2 + w * (_A3 + w * (_A4 + w * _A5))))
        q = _ONE_32 + w * (_B1 + w * (_B2 + w * (_B3 + w * _B4)))
        normals[i] = normals[i] * (p / q)


@outlined_kernel
def normal_rows(
    key_0: int, key_1: int, period: int, stream: int, counter: Words, flip: Words, words: Words, scratch: Floats,
    bits: Ints, normals: Floats,
) -> None:  # fmt: skip
    """Standard normals of every row of a stream in one period.

    words : (4, B) uint32, scratch; scratch : (2, B) float64 and bits : (2, B) int64, the same memory
    normals : (n, B) float64, written
    """
    n = normals.shape[0]
    for block in range((n + WORDS_A_BLOCK - 1) // WORDS_A_BLOCK):
        philox_words(key_0, key_1, block, period, counter, stream, flip, words)
        for i in range(WORDS_A_BLOCK * block, min(WORDS_A_BLOCK * (block + 1), n)):
            normals_of(words[i - WORDS_A_BLOCK * block], scratch[0], bits[0], scratch[1], bits[1], normals[i])
