"""Index curves and fixings."""
