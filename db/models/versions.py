"""What cells depend on: a version for the data of each deal, and the recipes behind object handles."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, String, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import Entity


class DataVersionRow(Entity):
    """Version of the data of a deal, or under `*` of what all deals share; raised in the transaction that writes."""

    __tablename__ = "data_versions"

    tag: Mapped[str] = mapped_column(String(50), primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


class HandleRecipeRow(Entity):
    """What an object handle stands for, so that it can be rebuilt."""

    __tablename__ = "handle_recipes"

    handle: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    recipe: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
