"""Schema revisions: each a short module, its statements frozen as text in `sql`."""
