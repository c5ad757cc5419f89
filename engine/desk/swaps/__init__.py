"""The use cases of the second book: import and keep swaps, run their days, settle, report (spec 07 §21)."""
