"""Business events, findings of imports, records of jobs, and messages to go out (spec 07 §3.8)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.payouts.columns import Audited, Key, PayoutEntity, choice
from engine.payouts.enums import BusinessEventType, FindingSeverity


class BusinessEventRow(Audited, PayoutEntity):
    """One event in the life of a contract; events apply in the order of effective date, event date and sequence."""

    __tablename__ = "business_events"
    __table_args__ = (
        UniqueConstraint("contract_id", "event_reference", postgresql_nulls_not_distinct=True),
        CheckConstraint("after_version >= before_version", name="versions"),
        Index("ix_business_events_order", "contract_id", "effective_date", "event_date", "sequence"),
    )

    id: Mapped[Key]
    event_reference: Mapped[str]
    event_type: Mapped[BusinessEventType] = choice("event_type", BusinessEventType)
    event_qualifier: Mapped[str | None]
    intent: Mapped[str | None]
    event_date: Mapped[date]
    effective_date: Mapped[date]
    sequence: Mapped[int] = mapped_column(server_default=text("1"))
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"))
    instruction: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    before_version: Mapped[int | None]
    after_version: Mapped[int | None]
    idempotency_key: Mapped[str | None] = mapped_column(unique=True)
    cdm_document: Mapped[dict[str, Any] | None]


class ImportFindingRow(Audited, PayoutEntity):
    """What was noticed while a document was imported; pointer is an RFC 6901 pointer into it."""

    __tablename__ = "import_findings"
    __table_args__ = (
        Index("ix_import_findings_import_id", "import_id"),
        Index("ix_import_findings_contract_id", "contract_id"),
        Index("ix_import_findings_open", "severity", "code", postgresql_where=text("NOT resolved")),
    )

    id: Mapped[Key]
    import_id: Mapped[UUID]
    contract_id: Mapped[UUID | None] = mapped_column(ForeignKey("contracts.id"))
    file_name: Mapped[str | None]
    severity: Mapped[FindingSeverity] = choice("severity", FindingSeverity)
    code: Mapped[str]
    pointer: Mapped[str] = mapped_column(server_default="")
    message: Mapped[str]
    resolved: Mapped[bool] = mapped_column(server_default=text("false"))


class JobRunRow(PayoutEntity):
    """One run of a job, or one step of it on one subject: when, on what, how it ended."""

    __tablename__ = "job_runs"
    __table_args__ = (
        CheckConstraint("status IN ('RUNNING', 'FINISHED', 'FAILED')", name="status"),
        CheckConstraint("(status = 'RUNNING') = (finished_at IS NULL)", name="finished_at"),
        Index("ix_job_runs_kind", "kind", "subject", "started_at"),
        Index("ix_job_runs_as_of", "as_of"),
    )

    run_id: Mapped[Key]
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="")
    as_of: Mapped[date | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    finished_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    status: Mapped[str] = mapped_column(server_default="RUNNING")
    error: Mapped[str | None]


class PayoutOutboxRow(PayoutEntity):
    """A message that leaves once the transaction that wrote it is committed."""

    __tablename__ = "payout_outbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=False), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]]
