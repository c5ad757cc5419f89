"""Who may use the calculation server, and what was asked of it."""

from datetime import datetime

from sqlalchemy import ARRAY, BigInteger, DateTime, Double, Identity, Integer, String, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from db.models.metadata import Entity


class ApiKeyRow(Entity):
    """A key of a user, as the SHA-256 of its secret. deals: keys of the deals that it opens, NULL for all."""

    __tablename__ = "api_keys"

    key_id: Mapped[int] = mapped_column(Integer, Identity(always=False), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    deals: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class AuditRow(Entity):
    """One batch or one command: who asked when for what, and how it went.

    subject: functions with their counts, or the command. failure: empty where it was answered.
    """

    __tablename__ = "audit_log"

    audit_id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    request_id: Mapped[str] = mapped_column(String(40))
    user_name: Mapped[str] = mapped_column(String(200))
    client: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(Text)
    deals: Mapped[list[str]] = mapped_column(ARRAY(Text))
    n_calls: Mapped[int] = mapped_column(Integer)
    n_known: Mapped[int] = mapped_column(Integer)
    n_errors: Mapped[int] = mapped_column(Integer)
    milliseconds: Mapped[float] = mapped_column(Double)
    failure: Mapped[str] = mapped_column(Text)
