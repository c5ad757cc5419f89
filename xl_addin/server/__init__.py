"""The calculation server: batches, commands, jobs and pages over HTTP (spec 08 §5)."""
