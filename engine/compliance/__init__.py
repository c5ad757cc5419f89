"""Concentration, quality and coverage tests of a deal's collateral (spec 03)."""
