"""What the tables of performance payouts share: number scales, closed lists, keys, audit columns (spec 07 §0.3)."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CHAR,
    CheckConstraint,
    DateTime,
    Dialect,
    FetchedValue,
    ForeignKeyConstraint,
    Numeric,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DOMAIN, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator

from db.models.metadata import METADATA

MONEY = Numeric(28, 10)
QUANTITY = Numeric(28, 10)
PRICE = Numeric(28, 12)
RATE = Numeric(20, 15)
FX = Numeric(28, 15)
RATIO = Numeric(20, 12)
CURRENCY = DOMAIN("ccy", CHAR(3), constraint_name="ck_ccy_letters", check=text("VALUE ~ '^[A-Z]{3}$'"))
"""Three capital letters; a domain, so that no column can forget the check."""

Money = Annotated[Decimal, mapped_column(MONEY)]
Quantity = Annotated[Decimal, mapped_column(QUANTITY)]
Price = Annotated[Decimal, mapped_column(PRICE)]
Rate = Annotated[Decimal, mapped_column(RATE)]
Fx = Annotated[Decimal, mapped_column(FX)]
Ratio = Annotated[Decimal, mapped_column(RATIO)]
Currency = Annotated[str, mapped_column(CURRENCY)]
Key = Annotated[UUID, mapped_column(primary_key=True, default=uuid4, server_default=text("gen_random_uuid()"))]
"""A key made by the application; the server's default serves rows that are written by hand."""

CURRENT_USER = text("COALESCE(NULLIF(current_setting('clodesk.user', true), ''), session_user::text)")
"""Who works, as `Store.begin` tells the server; outside of it the login."""


class PayoutEntity(DeclarativeBase):
    """A table of performance payouts; texts have no length, instants are in UTC."""

    metadata = METADATA
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy reads it)
        str: Text(),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB(),
        list[str]: ARRAY(Text),
    }


class Audited:
    """Who wrote a row and who changed it last; a trigger of revision 0008 sets the second pair."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=900)
    created_by: Mapped[str] = mapped_column(server_default=CURRENT_USER, sort_order=901)
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.now(), server_onupdate=FetchedValue(), sort_order=902
    )
    updated_by: Mapped[str] = mapped_column(server_default=CURRENT_USER, server_onupdate=FetchedValue(), sort_order=903)


class ClosedText(TypeDecorator[StrEnum]):
    """The value of a member of a closed list, as text; read back as the member."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.kind(value)


def one_of(column: str, kind: type[StrEnum], *, but: tuple[StrEnum, ...] = ()) -> CheckConstraint:
    """The check that a column holds a member of a closed list, or nothing where it may be null."""
    values = ", ".join(f"'{member.value}'" for member in kind if member not in but)
    return CheckConstraint(f"{column} IN ({values})", name=column)


def choice(
    column: str,
    kind: type[StrEnum],
    default: StrEnum | None = None,
    *,
    but: tuple[StrEnum, ...] = (),
    is_key: bool = False,
) -> MappedColumn[Any]:
    """A column of a closed list with its check; `but` are members that this column may not hold."""
    return mapped_column(
        column,
        ClosedText(kind),
        one_of(column, kind, but=but),
        primary_key=is_key,
        server_default=None if default is None else default.value,
    )


def leg_of_contract() -> ForeignKeyConstraint:
    """contract_id and leg_id together: a leg of another contract is refused (spec 07 D-04)."""
    return ForeignKeyConstraint(["contract_id", "leg_id"], ["contract_legs.contract_id", "contract_legs.id"])
