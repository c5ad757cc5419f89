"""The LibreOffice Calc face: an extension built from the catalogue, the harness that drives Calc, the UNO applier."""
