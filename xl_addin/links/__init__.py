"""Link repair: formulas of ours that a client stored in its own way, written as another client reads them (08 §11)."""
