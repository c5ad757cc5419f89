"""Colours and letters of the house, which every workbook that clodesk writes shares; colours as #RRGGBB."""

INK, ACCENT, PALE, ALERT, AMBER, GOOD = "#1F2A44", "#2F5D8C", "#E9EFF6", "#B3261E", "#B26A00", "#2E7D4F"
FONT, FONT_SIZE = "Arial", 10
