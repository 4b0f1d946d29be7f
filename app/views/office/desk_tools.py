"""Small pages of the office: the search, answers to tickets, the outbox's «try again», the catcher of demo mail."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import abort, current_app, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.models import CaughtMail, Outbox, Ticket
from app.rules.lifecycle import OutboxState
from app.services import documents, overview, tickets, trail
from app.views.base import OfficePage, attempt, needs
from app.views.exports import send_path
from app.views.office.labels import word

PAGES = {
    "company": "Companies.show",
    "payer": "Companies.show",
    "account": "Accounts.show",
    "subscriber": "Subscribers.show",
}


class SearchPage(OfficePage):
    """One box for everything: companies, accounts, documents, subscribers, tax codes."""

    route_base = "/office/search"

    @expose("/")
    @needs(Right.OFFICE_READ)
    def index(self) -> Any:
        """What was found; one single answer is opened at once."""
        words = request.args.get("q", "").strip()[:100]
        found = [self._shown(one) for one in overview.search(self.session, self.actor, words)]
        if len(found) == 1:
            return redirect(found[0]["url"])
        return self.render_template("office/search.html", title=gettext("Search"), words=words, found=found)

    def _shown(self, one: overview.Found) -> dict[str, str]:
        names = {
            "company": gettext("Company"),
            "payer": gettext("Payer"),
            "account": gettext("Account"),
            "subscriber": gettext("Subscriber"),
        }
        page = PAGES.get(one.kind, "Documents.show")
        kind = names.get(one.kind) or word(one.kind)
        return {"kind": kind, "title": one.title, "text": one.text, "url": url_for(page, pk=one.id)}


class TicketPage(OfficePage):
    """Answers to the questions of companies."""

    route_base = "/office/ticket"

    @expose("/<pk>/reply", methods=["POST"])
    @needs(Right.TICKETS_WRITE)
    def index(self, pk: str) -> Any:
        """Write to the company."""
        ticket = self.row(Ticket, pk)
        attempt(tickets.reply, ticket.id, request.form.get("body", ""), done=gettext("The answer is sent."))
        return redirect(url_for("Tickets.show", pk=ticket.id))

    @expose("/<pk>/archive", methods=["POST"])
    @needs(Right.TICKETS_WRITE)
    def archive(self, pk: str) -> Any:
        """Put a settled question away."""
        ticket = self.row(Ticket, pk)
        attempt(tickets.archive, ticket.id, done=gettext("The ticket is archived. A new message opens it again."))
        return redirect(url_for("Tickets.show", pk=ticket.id))


class OutboxPage(OfficePage):
    """Effects set aside after too many tries."""

    route_base = "/office/outbox-again"

    @expose("/<pk>", methods=["POST"])
    @needs(Right.BILLING_RUN)
    def index(self, pk: str) -> Any:
        """Try a parked effect again."""
        wish = self.row(Outbox, pk)
        attempt(try_again, wish.id, done=gettext("It is tried again within seconds."))
        return redirect(url_for("Outboxes.show", pk=wish.id))


def try_again(session: Any, actor: Actor, wish_id: int) -> Outbox:
    """Put a parked or waiting effect back to the front."""
    actor.need(Right.BILLING_RUN)
    wish = session.get(Outbox, wish_id)
    if wish.state == OutboxState.DONE.value:
        raise Refused(N_("It is done already."))
    wish.state, wish.attempts, wish.due_at, wish.rung_at = OutboxState.PENDING.value, 0, clock.now(), None
    trail.record(session, actor, "outbox.again", "outbox", wish.id, company_id=wish.company_id)
    return wish


def _letters(words: str) -> Any:
    query = sa.select(CaughtMail).order_by(CaughtMail.id.desc())
    return query.where(overview.starts_with(CaughtMail.recipient, words)) if words else query


def _names(parts: list[dict[str, Any]]) -> list[str]:
    return [str(one.get("name") or one.get("file_name") or "") for one in parts if isinstance(one, dict)]


class MailboxPage(OfficePage):
    """Mail kept here instead of sent, where no SMTP server is set."""

    route_base = "/office/mail"

    @expose("/")
    @needs(Right.MAIL_READ)
    def index(self) -> Any:
        """The letters, the newest first."""
        args = self.page_args(size=25)
        return self.render_template(
            "office/mailbox.html",
            title=gettext("Caught mail"),
            shown=self.paginate(_letters(args.search), args),
            words=args.search,
            files=self.files("export_list", q=args.search),
        )

    @expose("/export/<fmt>")
    @needs(Right.MAIL_READ, Right.EXPORTS_RUN)
    def export_list(self, fmt: str) -> Any:
        """The letters found, as a file: to whom, about what, with which attachments; not what they say."""
        titles = [gettext("When"), gettext("To"), gettext("Subject"), gettext("Attachments")]
        rows = (
            [one.created_at, one.recipient, one.subject, ", ".join(_names(one.attachments or []))]
            for one in self.session.scalars(_letters(self.page_args().search))
        )
        return self.export(gettext("Caught mail"), titles, rows, fmt)

    @expose("/<pk>")
    @needs(Right.MAIL_READ)
    def show(self, pk: str) -> Any:
        """One letter with its attachments."""
        mail = self.row(CaughtMail, pk)
        return self.render_template("office/mail.html", title=mail.subject, mail=mail, parts=mail.attachments or [])

    @expose("/<pk>/attachment/<int:place>")
    @needs(Right.MAIL_READ)
    def attachment(self, pk: str, place: int) -> Any:
        """An attachment of a letter."""
        parts = self.row(CaughtMail, pk).attachments or []
        if place >= len(parts):
            abort(404)
        part = parts[place]
        name = str(part.get("name") or f"attachment-{place + 1}")
        return send_path(self._file(part), name, str(part.get("media_type") or "application/octet-stream"))

    def _file(self, part: dict[str, Any]) -> Path:
        digest = str(part.get("sha256", ""))
        path = documents.path_of(current_app.config["KABINET"].files_dir, digest)
        if len(digest) != 64 or not digest.isalnum() or not path.is_file():
            abort(404)
        return path
