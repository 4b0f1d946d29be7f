"""What a company has: its subscriptions, and its subscribers found among tens of thousands."""

import datetime as dt
import tempfile
from typing import Any, BinaryIO, cast

from flask import abort, jsonify, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core.period import Month
from app.models import Subscription
from app.services.cabinet import charges, subscribers, subscriptions
from app.views.base import needs
from app.views.cabinet import frame, words
from app.views.exports import KINDS, send_path
from app.views.rows import whole

SUGGESTED = 10


class SubscriptionsPage(frame.Page):
    """Plans in force."""

    route_base = "/my/subscriptions"

    @expose("/")
    @needs(Right.CABINET_SUBSCRIPTIONS)
    def index(self) -> Any:
        """The list with quantities, prices and next charges."""
        account = self.account_asked()
        wanted = subscriptions.Wanted(
            account_id=account.id if account else None,
            is_live=request.args.get("state") != "all",
            search=request.args.get("q", "").strip()[:60],
            after=whole(request.args["after"]) if "after" in request.args else None,
        )
        rows, more = subscriptions.list_subscriptions(self.session, self.actor, self.today, wanted)
        return self.show("subscriptions.html", rows=rows, more=more, wanted=wanted, next_charge=self._next_charge())

    def _next_charge(self) -> dt.date:
        return Month.of(self.today).shift(1).first_day

    @expose("/<int:subscription_id>")
    @needs(Right.CABINET_SUBSCRIPTIONS)
    def one(self, subscription_id: int) -> Any:
        """Plan, quantity, parts with prices, period, next charge, history."""
        found = subscriptions.subscription_of(self.session, self.actor, subscription_id)
        parts = subscriptions.parts_of(self.session, [found.id], self.today, ended=True).get(found.id, [])
        in_force = [p for p in parts if p.valid_from <= self.today and (p.valid_to is None or p.valid_to > self.today)]
        may_see_money = self.actor.may(Right.CABINET_DOCUMENTS) or self.actor.may(Right.CABINET_PAYMENTS)
        return self.show(
            "subscription.html",
            subscription=found,
            parts=in_force,
            past=[part for part in parts if part not in in_force],
            month_amount=sum(part.month_amount or 0 for part in in_force),
            charges=subscriptions.charges_of(self.session, found) if may_see_money else [],
            next_charge=self._next_charge_of(found),
        )

    def _next_charge_of(self, found: Subscription) -> dt.date | None:
        """The day the running month is billed; none after the subscription's end."""
        if found.state not in subscriptions.LIVE or (found.ends_on and found.ends_on <= self.today):
            return None
        return self._next_charge()


class SubscribersPage(frame.Page):
    """Lines of the accounts."""

    route_base = "/my/subscribers"

    @expose("/")
    @needs(Right.CABINET_SUBSCRIBERS)
    def index(self) -> Any:
        """The list by number, with search by any part of number or name (A1-10)."""
        account = self.account_asked()
        search, after = request.args.get("q", "").strip()[:60], request.args.get("after", "")[:32]
        found = subscribers.find(self.session, self.actor, search, account.id if account else None, after)
        numbers = {line.id: line.number for line in self.accounts}
        return self.show(
            "subscribers.html", rows=found.rows, more=found.more, search=search, account=account, numbers=numbers
        )

    @expose("/find")
    @needs(Right.CABINET_SUBSCRIBERS)
    def find(self) -> Any:
        """The first ten that match, as a remote select wants them."""
        found = subscribers.find(self.session, self.actor, request.args.get("q", "")[:60], limit=SUGGESTED)
        rows = [
            {
                "id": row["id"],
                "text": f"{row['number']} · {row['name']}",
                "url": url_for("SubscribersPage.one", subscriber_id=row["id"]),
            }
            for row in found.rows
        ]
        return jsonify(results=rows, pagination={"more": bool(found.more)})

    @expose("/list.<fmt>")
    @needs(Right.CABINET_SUBSCRIBERS)
    def download(self, fmt: str) -> Any:
        """Every subscriber as XLSX or CSV: a list to fill in with new names."""
        if fmt not in KINDS or self.actor.company_id is None:
            abort(404)
        out = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115  # Flask closes it when it is sent
        said = {**{title: gettext(title) for title in subscribers.COLUMNS}, "Subscribers": gettext("Subscribers")}

        def translate(text: str) -> str:
            return said.get(text) or words.word(words.STATES, text)

        subscribers.write_list(self.session, self.actor, self.actor.company_id, fmt, out, translate=translate)
        out.seek(0)
        return send_path(cast(Any, out), f"{gettext('Subscribers')}.{fmt}", KINDS[fmt])

    @expose("/<int:subscriber_id>")
    @needs(Right.CABINET_SUBSCRIBERS)
    def one(self, subscriber_id: int) -> Any:
        """A subscriber with its services, charges and former names."""
        found = subscribers.subscriber_of(self.session, self.actor, subscriber_id)
        may_see_money = self.actor.may(Right.CABINET_DOCUMENTS)
        return self.show(
            "subscriber.html",
            subscriber=found,
            services=subscribers.services_of(self.session, found),
            names=subscribers.names_of(self.session, found),
            charges=charges.charges_of_subscriber(self.session, found, self.today) if may_see_money else [],
        )
