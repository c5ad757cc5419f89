"""Building `clo.xlam` from source: VBA, ribbon, sheets, package; the same input gives the same bytes (spec 08 §7)."""
