"""Price, yield, spreads, average life, duration and IRR of cash-flow vectors, and small statistics."""
