"""What a simulated path of ratings is reported as: the 45 legacy fields by period, and what they lack (spec 04 §8).

Every field is a row of a `(N_FIELDS, T + 1, S)` array, float64: counts of loans, balances in currency, rates as
decimals; column 0 is the start of the simulation.
"""

from engine.collateral.ratings import SP_STATE_CCC, sp_state_text

N_PERFORMING = SP_STATE_CCC
"""Rating states a loan can perform in, AAA to CCC; state codes are 0-based in this package."""

DEFAULTED, MATURED = N_PERFORMING, N_PERFORMING + 1
N_STATES = N_PERFORMING + 2

RATINGS = tuple(sp_state_text(state) for state in range(1, N_PERFORMING + 1))
"""Texts of the performing states, best first."""

_SUFFIXES = tuple(rating.replace("+", "P").replace("-", "M") for rating in RATINGS)

LEGACY_FIELDS = (
    *(f"NUM{suffix}" for suffix in _SUFFIXES),
    *(f"BAL{suffix}" for suffix in _SUFFIXES),
    "NUMPERDEF",
    "BALPERDEF",
    "NUMDEF",
    "BALDEF",
    "NUMMAT",
    "BALMAT",
    "NUMPERF",
    "BALPERF",
    "UPGRADES",
    "DOWNGRADES",
    "CDR",
)
"""The names of the legacy model: defaults in the period and so far, loans that matured in the period, principal repaid
so far, performing loans, moves of the period without defaults, annualised default rate 1 - (1 - q)^(12/m)."""

ADDED_FIELDS = ("NUMMATTODATE", "BALPERMAT", "CDRSIMPLE", "DEFAULTRATE")
"""Loans matured so far, principal repaid in the period, default rate times periods a year, BALDEF over opening par."""

FIELDS = (*LEGACY_FIELDS, *ADDED_FIELDS)
N_FIELDS = len(FIELDS)
ROW_OF_FIELD = {name: row for row, name in enumerate(FIELDS)}
