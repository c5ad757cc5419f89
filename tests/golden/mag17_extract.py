"""The assets of MAG 17 as data/mag17/assets.csv holds them: texts by header, to be read as fields of an asset."""

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from engine.collateral.asset import WORKBOOK_FIELDS, Asset, AssetField, FieldKind

Row = Mapping[str, str]


def extract_rows(reference: Path) -> list[Row]:
    """The rows of the extract, in the order of the deal's positions."""
    with (reference / "data" / "mag17" / "assets.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def extract_value(item: AssetField, row: Row) -> Any:
    """What a row says of a field, as the field holds it."""
    text = row[item.header.strip()]
    if item.kind is FieldKind.TEXT:
        return text
    if item.kind is FieldKind.FLAG:
        return text in {"Yes", "True"}
    if not text:
        return None
    if item.kind is FieldKind.DAY:
        return date.fromisoformat(text)
    return int(text) if item.kind is FieldKind.COUNT else float(text)


def extract_asset(row: Row) -> Asset:
    """The asset of a row."""
    return Asset(**{item.name: extract_value(item, row) for item in WORKBOOK_FIELDS})


def extract_par(row: Row) -> float:
    """Par of the position, currency."""
    return float(row["MAG17_Par_Amount"])
