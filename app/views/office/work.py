"""Work: tickets, notices, jobs, the outbox, imports, the audit trail and caught mail."""

from typing import Any

import sqlalchemy as sa
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.extensions import db
from app.models import (
    AuditEvent,
    ImportBatch,
    ImportMapping,
    Job,
    Notice,
    NoticePreference,
    Outbox,
    Ticket,
    TicketMessage,
    User,
)
from app.services import tickets
from app.views.cabinet import words
from app.views.office import cells, codes
from app.views.office.desk import Desk


def _title(text: str) -> str:
    """A job's title: ours are texts to translate, a person's stand as they are."""
    return gettext(text) if text else ""


def _department(code: str) -> str:
    """Whom a question is for, as the customer chose it."""
    return words.word(words.DEPARTMENTS, code) if code else ""


class Tickets(Desk):
    """Questions of companies; a ticket's own page is `ticket_page`."""

    model = Ticket
    area = "Tickets"
    route_base = "/office/tickets"
    names = (_l("Tickets"), _l("Ticket"))
    list_columns = ["subject", "company", "department", "state", "created_at"]
    search_columns = ["subject", "company", "department", "state"]
    formats = {"department": _department}
    own_choices = {"department": words.DEPARTMENTS}

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """The conversation, and a place to answer."""
        ticket = self._rows_of([pk])[0]
        self.update_redirect()
        messages = tickets.messages_of(db.session(), ticket)
        writers = {one.user_id for one in messages if one.user_id}
        found = sa.select(User.id).where(User.id.in_(writers), User.company_id.is_(None))
        staff = set(db.session.scalars(found))
        return self.render_template(
            "office/ticket.html",
            title=ticket.subject,
            ticket=ticket,
            department=_department(ticket.department),
            messages=messages,
            staff=staff,
            about=tickets.about(db.session(), ticket),
        )


class TicketMessages(Desk):
    """What was written."""

    model = TicketMessage
    area = "Tickets"
    route_base = "/office/ticket-messages"
    names = (_l("Messages"), _l("Message"))
    list_columns = ["created_at", "author", "body"]
    search_columns = ["author", "body"]
    base_order = ("id", "asc")
    menu = False


class Notices(Desk):
    """Messages to people."""

    model = Notice
    area = "Tickets"
    route_base = "/office/notices"
    names = (_l("Notices"), _l("Notice"))
    list_columns = ["created_at", "event", "channel", "recipient", "subject", "state", "sent_at", "read_at"]
    formats = {"channel": cells.kind, "event": codes.event, "state": codes.letter}
    search_columns = ["event", "channel", "state", "recipient", "subject"]
    own_choices = {"event": codes.EVENTS, "state": codes.LETTERS}
    show_columns = ["created_at", "event", "channel", "recipient", "subject", "body", "state", "sent_at", "read_at"]


class NoticePreferences(Desk):
    """Which notices people want."""

    model = NoticePreference
    area = "Tickets"
    route_base = "/office/notice-preferences"
    names = (_l("Notice preferences"), _l("Notice preference"))
    list_columns = ["user_id", "notice_class", "channel", "is_on"]
    labels = {"user_id": _l("Person no."), "notice_class": _l("Class"), "is_on": _l("On")}
    formats = {"notice_class": codes.notice_class, "channel": cells.kind}
    own_choices = {"notice_class": codes.CLASSES}
    search_columns = ["notice_class", "channel"]
    menu = False


class Jobs(Desk):
    """Background work."""

    model = Job
    area = "Jobs"
    route_base = "/office/jobs"
    names = (_l("Jobs"), _l("Job"))
    list_columns = ["id", "title", "name", "state", "done", "total", "created_at", "finished_at"]
    labels = {"name": _l("Kind of work"), "done": _l("Done"), "total": _l("Of")}
    formats = {"name": codes.job, "title": _title}
    own_choices = {"name": codes.JOBS}
    search_columns = ["title", "name", "state"]
    show_columns = [
        "title",
        "name",
        "state",
        "done",
        "total",
        "message",
        "result",
        "params",
        "attempts",
        "created_at",
        "started_at",
        "finished_at",
    ]


class Outboxes(Desk):
    """Effects wished for: files, mails. A parked one can be tried again on its page."""

    model = Outbox
    area = "Jobs"
    route_base = "/office/outbox"
    names = (_l("Outbox"), _l("Wish in the outbox"))
    show_template = "office/outbox.html"
    list_columns = ["id", "topic", "state", "attempts", "due_at", "error", "key"]
    search_columns = ["topic", "state", "error", "key"]
    show_columns = ["topic", "state", "attempts", "due_at", "rung_at", "error", "payload", "key", "created_at"]
    formats = {"error": cells.brief, "topic": codes.topic}
    own_choices = {"topic": codes.TOPICS}


class ImportBatches(Desk):
    """Files that came in."""

    model = ImportBatch
    area = "Imports"
    read_as = "run"
    route_base = "/office/import-batches"
    names = (_l("Imported files"), _l("Imported file"))
    list_columns = ["id", "kind", "file_name", "state", "lines", "accepted", "rejected", "created_by", "created_at"]
    search_columns = ["kind", "file_name", "state", "created_by"]
    formats = {"kind": cells.kind, "state": cells.state}


class ImportMappings(Desk):
    """Which column is which field, saved under names."""

    model = ImportMapping
    area = "Imports"
    read_as = write_as = "run"
    route_base = "/office/import-mappings"
    names = (_l("Import mappings"), _l("Import mapping"))
    list_columns = ["name", "kind", "created_at"]
    search_columns = ["name", "kind"]
    show_columns = ["name", "kind", "mapping"]
    form_columns = ["name", "mapping"]
    required = frozenset({"name", "mapping"})
    formats = {"kind": cells.kind}
    addable = False
    deletable = True


class AuditEvents(Desk):
    """Who did what to which row; chained by digests."""

    model = AuditEvent
    area = "Audit"
    route_base = "/office/audit"
    names = (_l("Audit trail"), _l("Audit event"))
    list_columns = ["at", "actor", "action", "target", "target_id", "details"]
    formats = {"details": cells.brief, "action": codes.action, "target": codes.thing}
    own_choices = {"action": codes.ACTIONS, "target": codes.THINGS}
    search_columns = ["actor", "action", "target", "target_id", "at"]
    order_columns = ["action"]
    show_columns = ["at", "actor", "action", "target", "target_id", "details", "digest"]
