"""What a company has: its subscriptions, and its subscribers found among tens of thousands."""

import datetime as dt
import tempfile
from decimal import Decimal
from typing import Any, BinaryIO, cast

import sqlalchemy as sa
from flask import abort, jsonify, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l

from app.access.permissions import Right
from app.core.period import Month
from app.models import Subscription
from app.rules import renewing
from app.rules.lifecycle import SubscriptionState
from app.services import policies
from app.services.cabinet import charges, subscribers, subscriptions
from app.services.shop import activating, changing, renewals
from app.views import cells
from app.views.base import attempt, needs
from app.views.cabinet import frame, words
from app.views.exports import KINDS, send_path
from app.views.rows import whole

SUGGESTED = 10
_ABOUT: dict[str, Any] = {  # what happens to a service that does not run yet, or not any more
    "ordered": _l("It is paid and starts in a moment."),
    "processing": _l("It is being started. You get a letter when it is ready."),
    "needs_setup": _l("It is paid and waits to be set up."),
    "out_of_stock": _l(
        "There is none to be had now. It starts as soon as there is; or cancel it, and the money is free."
    ),
    "stopped": _l("It is not paid for any more and is stopped. Renew it, and it runs again."),
    "active": _l("The service is ready to use."),
}


class SubscriptionsPage(frame.Page):
    """Plans in force."""

    route_base = "/my/subscriptions"

    @expose("/")
    @needs(Right.CABINET_SUBSCRIPTIONS)
    def index(self) -> Any:
        """The list with quantities, prices and next charges."""
        return self._list("")

    @expose("/licences")
    @needs(Right.CABINET_SUBSCRIPTIONS)
    def licences(self) -> Any:
        """Licences for one's own premises, apart from cloud services (SMC-66)."""
        return self._list("licence")

    def _list(self, kind: str) -> Any:
        account = self.account_asked()
        wanted = subscriptions.Wanted(
            account_id=account.id if account else None,
            is_live=request.args.get("state") != "all",
            search=request.args.get("q", "").strip()[:60],
            after=whole(request.args["after"]) if "after" in request.args else None,
            kind=kind,
        )
        rows, more = subscriptions.list_subscriptions(self.session, self.actor, self.today, wanted)
        return self.show(
            "subscriptions.html",
            rows=rows,
            more=more,
            wanted=wanted,
            next_charge=self._next_charge(),
            day_of=cells.day_of,
        )

    def _next_charge(self) -> dt.date:
        return Month.of(self.today).shift(1).first_day

    @expose("/<int:subscription_id>")
    @needs(Right.CABINET_SUBSCRIPTIONS)
    def one(self, subscription_id: int) -> Any:
        """Plan, quantity, parts with prices, period, next charge, history."""
        found = subscriptions.subscription_of(self.session, self.actor, subscription_id)
        parts = subscriptions.parts_of(self.session, [found.id], self.today, ended=True).get(found.id, [])
        in_force = [p for p in parts if p.valid_from <= self.today and (p.valid_to is None or p.valid_to > self.today)]
        month_amount = sum((part.month_amount for part in in_force if part.month_amount is not None), Decimal(0))
        may_see_money = self.actor.may(Right.CABINET_DOCUMENTS) or self.actor.may(Right.CABINET_PAYMENTS)
        return self.show(
            "subscription.html",
            subscription=found,
            parts=in_force,
            past=[part for part in parts if part not in in_force],
            month_amount=month_amount,
            price=subscriptions.price_of_one(month_amount, found.quantity),
            ordered_at=self.session.scalar(sa.select(subscriptions.ordered_at(found.id))),
            charges=subscriptions.charges_of(self.session, found) if may_see_money else [],
            next_charge=self._next_charge_of(found),
            is_prepaid=found.paid_until is not None and found.account.contract_id is None,
            may_buy=self.actor.may(Right.CABINET_BUY),
            can_count=changing.is_countable(found, in_force),
            can_resize=changing.is_resizable(found, in_force),
            reason=gettext(found.reason) if found.reason else "",
            about=_ABOUT.get(found.state, ""),
            instructions=instructions_of(found),
        )

    @expose("/<int:subscription_id>/set-up", methods=["GET"])
    @needs(Right.CABINET_BUY)
    def set_up(self, subscription_id: int) -> Any:
        """What is to be done before the service can run (AST-158)."""
        found = subscriptions.subscription_of(self.session, self.actor, subscription_id)
        if found.state != SubscriptionState.NEEDS_SETUP.value:
            return redirect(url_for("SubscriptionsPage.one", subscription_id=subscription_id))
        return self.show(
            "set_up.html",
            subscription=found,
            reason=gettext(found.reason) if found.reason else "",
            instructions=instructions_of(found),
        )

    @expose("/<int:subscription_id>/is-set-up", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def is_set_up(self, subscription_id: int) -> Any:
        """It is set up: let it run."""
        done = gettext("Thank you. The service is being started.")
        attempt(activating.set_up, subscription_id, done=done)
        return redirect(url_for("SubscriptionsPage.one", subscription_id=subscription_id))

    @expose("/<int:subscription_id>/quantity", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def quantity(self, subscription_id: int) -> Any:
        """More or fewer licences from today (SMC-01, SMC-70)."""
        wanted = frame.as_amount(request.form.get("quantity", ""))
        done = gettext("The quantity is changed from today.")
        attempt(changing.set_quantity, subscription_id, wanted, done=done)
        return redirect(url_for("SubscriptionsPage.one", subscription_id=subscription_id))

    @expose("/<int:subscription_id>/suspend", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def suspend(self, subscription_id: int) -> Any:
        """Stop it for a while (SMC-69)."""
        attempt(changing.suspend, subscription_id, done=gettext("The service is suspended."))
        return redirect(url_for("SubscriptionsPage.one", subscription_id=subscription_id))

    @expose("/<int:subscription_id>/activate", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def activate(self, subscription_id: int) -> Any:
        """Let it run again."""
        attempt(changing.activate, subscription_id, done=gettext("The service is active again."))
        return redirect(url_for("SubscriptionsPage.one", subscription_id=subscription_id))

    @expose("/<int:subscription_id>/give-up", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def give_up(self, subscription_id: int) -> Any:
        """Cancel what is out of stock."""
        done = gettext("It is cancelled. The money is free on your account.")
        attempt(activating.cancel, subscription_id, done=done)
        return redirect(url_for("SubscriptionsPage.one", subscription_id=subscription_id))

    def _next_charge_of(self, found: Subscription) -> dt.date | None:
        """The day the running month is billed, or what is paid beforehand is renewed; none after the end."""
        if found.paid_until is not None and found.account.contract_id is None:
            if not found.auto_renew or found.state not in renewals.RENEWED or found.plan.trial_days:
                return None
            kind, failed_on = found.plan.product.kind, found.renew_failed_on
            term = renewing.Term(found.paid_until, found.renew_months or 1, kind, failed_on)
            return max(renewing.attempt_on(term, policies.calendar_for(self.session, found.seller_id)), self.today)
        if found.state not in subscriptions.LIVE or (found.ends_on and found.ends_on <= self.today):
            return None
        return self._next_charge()


def instructions_of(found: Subscription) -> str:
    """How the product is set up and used, in the reader's language."""
    product, language = found.plan.product, str(get_locale() or "en")[:2]
    return str((product.translations or {}).get(language, {}).get("instructions") or product.instructions)


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
