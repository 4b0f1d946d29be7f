"""Lists of new names: what was asked for, its judged lines in packs, and how far it is applied."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import BigId, Id, Instant, OfCompany, one_of, ref, text
from app.models.subscription import Request

SOURCES = ("file", "paste", "one", "undo")


class RenameList(OfCompany, Model):
    """A list of new names behind one request: its file, columns, verdicts and progress.

    `due_at` is when a list that no job has begins by itself: a freeze ends, or its command was killed a while ago.
    """

    __tablename__ = "rename_list"
    id: Mapped[Id]
    request_id: Mapped[int] = mapped_column(BigId, sa.ForeignKey("request.id"), unique=True)
    seller_id: Mapped[int] = ref("seller.id")
    source: Mapped[str] = text(8, default="file")
    file_name: Mapped[str] = text(255)
    sha256: Mapped[str] = text(64, index=True)
    columns: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # number, name: places; header: bool
    headers: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    lines: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)  # verdict → lines, as previewed
    outcomes: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)  # outcome → lines, as applied
    takes_suggestions: Mapped[bool] = mapped_column(default=False)
    packs: Mapped[int] = mapped_column(default=0)
    applied_packs: Mapped[int] = mapped_column(default=0)
    is_stopped: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[dt.datetime | None] = mapped_column(Instant, index=True)
    opens_at: Mapped[dt.datetime | None] = mapped_column(Instant)  # it waits, or waited, for the end of a freeze
    promised_by: Mapped[dt.datetime | None] = mapped_column(Instant)
    begun_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    job_id: Mapped[int | None] = ref("job.id", null=True)
    undo_of_id: Mapped[int | None] = ref("request.id", null=True)
    key: Mapped[str | None] = mapped_column(sa.String(80), unique=True)  # the same form sent twice makes one list
    request: Mapped[Request] = relationship(foreign_keys=[request_id])
    undo_of: Mapped[Request | None] = relationship(foreign_keys=[undo_of_id])
    __table_args__ = (one_of("source", SOURCES),)


class RenamePack(OfCompany, Model):
    """Some thousand judged lines of a list: [line, number as written, subscriber, new name, verdict, remark] each."""

    __tablename__ = "rename_pack"
    id: Mapped[Id]
    list_id: Mapped[int] = ref("rename_list.id", index=False)
    position: Mapped[int]
    first_line: Mapped[int]
    counts: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)
    lines: Mapped[str] = mapped_column(sa.Text, default="[]")
    outcomes: Mapped[dict[str, str] | None] = mapped_column(sa.JSON)  # line → what came of it, where not as previewed
    __table_args__ = (sa.UniqueConstraint("list_id", "position"),)
