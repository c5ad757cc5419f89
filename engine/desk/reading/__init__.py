"""Stored data as cells ask for it: loaded once for a version of the data, answered from memory."""
