"""Correlated moves of ratings: transition matrices for shorter periods, correlations of assets."""
