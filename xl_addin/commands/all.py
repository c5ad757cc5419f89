"""Every command, in the order of the ribbon."""
