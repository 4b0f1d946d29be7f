"""An order in the office: everything about it, cancelling with a reason, a second look at money that came for it."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext, ngettext

from app.access.permissions import Right
from app.core.actor import Actor
from app.extensions import db
from app.models import Company, Order, User
from app.services.shop import fulfilling, order_list, orders, reasons, spending
from app.views.base import OfficePage, attempt, needs, say


def story_of(order_id: int, actor: Actor) -> dict[str, Any]:
    """Everything `office/order.html` shows."""
    story = order_list.story_of(db.session(), actor, order_id)
    order = story.order
    why = reasons.read(order.reason)
    is_open = order.state == "pending"
    return {
        "title": gettext("Order %(number)s", number=order.number),
        "story": story,
        "order": order,
        "company": db.session.get(Company, order.company_id),
        "person": db.session.get(User, order.asked_by) if order.asked_by else None,
        "reason": say(why) if why is not None else "",
        "last_day": order_list.last_day,
        "room": spending.room_of(db.session(), order.account_id) if is_open else None,
    }


class OrderPage(OfficePage):
    """What staff do with an order."""

    route_base = "/office/order"

    @expose("/<int:order_id>/cancel", methods=["POST"])
    @needs(Right.SUBSCRIPTIONS_WRITE)
    def cancel(self, order_id: int) -> Any:
        """Cancel it, also after payment; its customer reads the reason."""
        done = gettext("The order is cancelled; its money, less the days it ran, is free on the account.")
        attempt(orders.cancel, order_id, request.form.get("reason", ""), done=done)
        return redirect(url_for("Orders.show", pk=order_id))

    @expose("/<int:order_id>/fulfil", methods=["POST"])
    @needs(Right.SUBSCRIPTIONS_WRITE)
    def fulfil(self, order_id: int) -> Any:
        """Look at the account's waiting orders again: money that was held has been credited meanwhile."""
        found: Order = self.row(Order, order_id)
        made = attempt(lambda session, actor: fulfilling.fulfil_waiting(session, found.account_id))
        if isinstance(made, list) and made:
            count = len(made)
            flash(ngettext("%(num)d order is fulfilled.", "%(num)d orders are fulfilled.", count), "success")
        elif made is not None:
            flash(gettext("The money is not there yet; the order says what is missing."), "info")
        return redirect(url_for("Orders.show", pk=order_id))
