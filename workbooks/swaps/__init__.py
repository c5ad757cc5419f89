"""Files of swaps: market data that come in as sheets."""
