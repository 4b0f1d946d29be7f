"""Activation in the office: tasks that platforms leave to people, failed ones, and what is out of stock."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.access.permissions import Right
from app.models import PlatformOrder
from app.provisioning.platforms import Outcome
from app.services.shop import attending
from app.services.shop.telling import named
from app.views import cells
from app.views.base import OfficePage, attempt, needs
from app.views.exports import all_of
from app.views.office import numbers

ACTIONS: dict[str, Any] = {
    "create": _l("Make the service"),
    "change": _l("Change the service"),
    "suspend": _l("Stop the service"),
    "resume": _l("Let the service run again"),
    "end": _l("Take the service away"),
}
SAID = {"done": Outcome.DONE, "needs_setup": Outcome.NEEDS_SETUP, "out_of_stock": Outcome.OUT_OF_STOCK}


class ActivationPage(OfficePage):
    """What waits for a person before a service runs."""

    route_base = "/office/activation"

    @expose("/")
    @needs(Right.SUBSCRIPTIONS_READ)
    def index(self) -> Any:
        """Every task that waits, the oldest first."""
        after = numbers.whole(request.args.get("after"))
        rows, more = attending.waiting(self.session, self.actor, after)
        return self.render_template(
            "office/activation.html",
            title=gettext("Activation"),
            rows=[shown(row) for row in rows],
            more=more,
            is_later=after is not None,
            may_write=self.actor.may(Right.SUBSCRIPTIONS_WRITE),
            files=self.files("export_list"),
        )

    @expose("/export/<fmt>")
    @needs(Right.SUBSCRIPTIONS_READ, Right.EXPORTS_RUN)
    def export_list(self, fmt: str) -> Any:
        """All of them as a file."""
        titles = [gettext("Task"), gettext("Company"), gettext("Account"), gettext("Subscription"), gettext("Quantity")]
        rows = (
            [str(ACTIONS.get(one.action, one.action)), one.subscription.company.name, one.subscription.account.number]
            + [named(one.subscription, one.subscription.plan), one.subscription.quantity, one.platform, one.created_at]
            for one in all_of(lambda after: attending.waiting(self.session, self.actor, after))
        )
        return self.export(gettext("Activation"), [*titles, gettext("Platform"), gettext("Since")], rows, fmt)

    @expose("/<int:order_id>/say", methods=["POST"])
    @needs(Right.SUBSCRIPTIONS_WRITE)
    def say(self, order_id: int) -> Any:
        """Done, to be set up, or out of stock: the customer is told."""
        outcome = SAID.get(request.form.get("outcome", ""))
        if outcome is None:
            flash(gettext("Choose what came of it."), "danger")
        else:
            done = gettext("It is written down; the customer is told.")
            attempt(attending.say, order_id, outcome, request.form.get("reason", ""), done=done)
        return redirect(url_for("ActivationPage.index"))

    @expose("/<int:order_id>/again", methods=["POST"])
    @needs(Right.SUBSCRIPTIONS_WRITE)
    def again(self, order_id: int) -> Any:
        """Give it to the platform once more."""
        attempt(attending.try_again, order_id, done=gettext("It is given to the platform again."))
        return redirect(url_for("ActivationPage.index"))


def shown(row: PlatformOrder) -> dict[str, Any]:
    """A task as its panel says it."""
    subscription = row.subscription
    return {
        "id": row.id,
        "name": named(subscription, subscription.plan),
        "action": str(ACTIONS.get(row.action, row.action)),
        "company": subscription.company.name,
        "account": subscription.account.number,
        "plan": subscription.plan.name,
        "quantity": cells.amount(subscription.quantity),
        "platform": row.platform,
        "since": cells.moment(row.created_at),
        "reason": gettext(row.reason) if row.reason else "",
        "is_open": row.state in ("sent", "failed"),
        "is_again": row.state in ("failed", "rejected"),
    }
