"""Feedback: questions of a company to the provider's specialists (A1-11)."""

from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.services import tickets
from app.services.cabinet import subscribers
from app.views.base import attempt, needs
from app.views.cabinet import frame
from app.views.rows import whole


class TicketsPage(frame.Page):
    """Questions and answers."""

    route_base = "/my/tickets"

    @expose("/")
    @needs(Right.CABINET_TICKETS)
    def index(self) -> Any:
        """What is open, or the archive."""
        archived = request.args.get("archived") == "1"
        after = whole(request.args["after"]) if "after" in request.args else None
        rows, more = tickets.list_tickets(self.session, self.actor, archived=archived, after=after)
        return self.show("tickets.html", rows=rows, more=more, archived=archived)

    @expose("/new", methods=["GET", "POST"])
    @needs(Right.CABINET_TICKETS)
    def new(self) -> Any:
        """Ask; a refused form comes back filled."""
        form = request.form
        if request.method == "POST":
            made = attempt(
                tickets.open_ticket,
                form.get("subject", ""),
                form.get("body", ""),
                department=form.get("department", ""),
                account_id=whole(form.get("account")),
                subscriber_id=whole(form.get("subscriber")),
                done=gettext("Your question is with us. The answer appears here."),
            )
            if made is not None:
                return redirect(url_for("TicketsPage.one", ticket_id=made.id))
        asked = whole(request.values.get("subscriber"))
        subscriber = (
            subscribers.subscriber_of(self.session, self.actor, asked) if asked and self._sees_subscribers else None
        )
        page = self.show("ticket_new.html", form=request.values, subscriber=subscriber)
        return (page, 422) if request.method == "POST" else page

    @property
    def _sees_subscribers(self) -> bool:
        return bool(self.actor.may(Right.CABINET_SUBSCRIBERS))

    @expose("/<int:ticket_id>", methods=["GET", "POST"])
    @needs(Right.CABINET_TICKETS)
    def one(self, ticket_id: int) -> Any:
        """The conversation, and a place to go on."""
        if request.method == "POST":
            body = request.form.get("body", "")
            if attempt(tickets.reply, ticket_id, body, done=gettext("Your message is sent.")) is not None:
                return redirect(url_for("TicketsPage.one", ticket_id=ticket_id))
        ticket = tickets.ticket_of(self.session, self.actor, ticket_id)
        messages = tickets.messages_of(self.session, ticket)
        about = tickets.about(self.session, ticket)
        page = self.show("ticket.html", ticket=ticket, messages=messages, about=about, form=request.form)
        return (page, 422) if request.method == "POST" else page

    @expose("/<int:ticket_id>/archive", methods=["POST"])
    @needs(Right.CABINET_TICKETS)
    def archive(self, ticket_id: int) -> Any:
        """Put a settled question away."""
        attempt(tickets.archive, ticket_id, done=gettext("It is in the archive. A new message opens it again."))
        return redirect(url_for("TicketsPage.index"))
