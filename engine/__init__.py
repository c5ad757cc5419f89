"""The calculations of clodesk: collateral, liabilities, waterfalls, and the desk that runs a deal."""
