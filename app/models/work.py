"""Work in the background and its traces: jobs, the outbox, imports, mappings, the audit trail, caught mail."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Id, Instant, MaybeOfCompany, Stamped, one_of, ref, state, text
from app.rules.lifecycle import JobState, OutboxState


class Job(MaybeOfCompany, Model):
    """Background work with progress and a result. `name` is a value of services.work.JobName."""

    __tablename__ = "job"
    id: Mapped[Id]
    name: Mapped[str] = text(40)
    title: Mapped[str] = text(255)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    params: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    state: Mapped[str] = state(JobState, JobState.QUEUED)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = text(500)
    result: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON)
    cancel_asked: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    key: Mapped[str | None] = mapped_column(sa.String(160), unique=True)  # the same work is asked for once
    rung_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    started_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    beat_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    finished_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    __table_args__ = (one_of("state", JobState),)


class Outbox(MaybeOfCompany, Model):
    """An effect (a file, a mail) wished for in the transaction that caused it; a relay rings until it is done."""

    __tablename__ = "outbox"
    id: Mapped[Id]
    topic: Mapped[str] = text(30)
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    key: Mapped[str] = mapped_column(sa.String(160), unique=True)
    state: Mapped[str] = state(OutboxState, OutboxState.PENDING, index=False)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[dt.datetime] = mapped_column(Instant)
    rung_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    error: Mapped[str] = text(500)
    __table_args__ = (one_of("state", OutboxState), sa.Index("ix_outbox_state_due_at", "state", "due_at"))


class ImportMapping(Stamped, Model):
    """Which column of a file is which field, saved under a name."""

    __tablename__ = "import_mapping"
    id: Mapped[Id]
    kind: Mapped[str] = text(20)
    name: Mapped[str] = text(80)
    mapping: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    __table_args__ = (sa.UniqueConstraint("kind", "name"),)


class ImportBatch(MaybeOfCompany, Model):
    """A file that came in: its digest, mapping, verdicts and result."""

    __tablename__ = "import_batch"
    id: Mapped[Id]
    seller_id: Mapped[int | None] = ref("seller.id", null=True)
    kind: Mapped[str] = text(20)
    file_name: Mapped[str] = text(255)
    sha256: Mapped[str] = text(64, index=True)
    mapping: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    options: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    state: Mapped[str] = text(12, default="previewed")  # previewed | applying | applied | failed | undone
    lines: Mapped[int] = mapped_column(default=0)
    accepted: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    warned: Mapped[int] = mapped_column(default=0)
    applied_through: Mapped[int] = mapped_column(default=0)  # the last line already written
    job_id: Mapped[int | None] = ref("job.id", null=True)
    rejects_sha256: Mapped[str] = text(64)
    created_by: Mapped[str] = text(200)


class AuditEvent(MaybeOfCompany, Model):
    """Who did what to which row, chained by digests: an edit, a deletion or a cut tail shows."""

    __tablename__ = "audit_event"
    id: Mapped[Id]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    actor: Mapped[str] = text(200)
    action: Mapped[str] = text(60, index=True)
    target: Mapped[str] = text(60)
    target_id: Mapped[str] = text(40)
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    digest: Mapped[str] = text(64)
    __table_args__ = (sa.Index("ix_audit_event_target_target_id", "target", "target_id"),)


class CaughtMail(MaybeOfCompany, Model):
    """A mail kept here instead of sent, where no SMTP server is set (the demo's catcher page)."""

    __tablename__ = "caught_mail"
    id: Mapped[Id]
    message_id: Mapped[str] = mapped_column(sa.String(200), unique=True)
    recipient: Mapped[str] = text(200)
    subject: Mapped[str] = text(255)
    body: Mapped[str] = mapped_column(sa.Text)
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
