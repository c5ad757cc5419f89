"""Trades before they are made: what they do to every test, which is best, and the best of all allowed (spec 05)."""
