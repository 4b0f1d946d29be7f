"""Subscriptions and what hangs on them: parts with dates, usage, seats, options, extensions, requests, orders."""

from typing import Any

from flask import g, redirect, request, url_for
from flask_appbuilder.actions import action
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.access.permissions import Right
from app.extensions import db
from app.models import (
    Cart,
    CartItem,
    Extension,
    Option,
    Order,
    OrderLine,
    Request,
    Seat,
    Seller,
    Subscription,
    SubscriptionItem,
    SubscriptionPromotion,
    SuspendedUsage,
    Usage,
)
from app.services.switching import desk
from app.views.base import OfficePage, attempt, needs
from app.views.office import cells, order_page
from app.views.office.desk import Desk
from app.views.security import current_actor


class Subscriptions(Desk):
    """Plans in force."""

    model = Subscription
    area = "Subscriptions"
    route_base = "/office/subscriptions"
    names = (_l("Subscriptions"), _l("Subscription"))
    list_columns = ["name", "company", "account", "plan", "quantity", "starts_on", "ends_on", "state"]
    search_columns = ["name", "company", "account", "plan", "state", "starts_on", "ends_on"]
    form_columns = ["account", "plan", "subscriber", "name", "quantity", "starts_on", "ends_on", "auto_renew", "state"]
    fixed = frozenset({"account", "plan", "starts_on"})
    required = frozenset({"account", "plan", "quantity", "starts_on"})
    hints = {
        "name": _l("As the customer knows it; the plan's name where empty."),
        "ends_on": _l("The first day it is no longer in force. Leave empty while it goes on."),
        "state": _l("A new subscription is active at once unless you choose otherwise."),
    }
    related = ("SubscriptionItems", "SubscriptionPromotions")
    keeps_by = _l("A subscription is ended by a date, never deleted.")

    def complete(self, item: Subscription) -> None:
        """The Seller and the name follow from account and plan."""
        item.seller_id = item.account.seller_id
        item.name = item.name or item.plan.name


class SubscriptionItems(Desk):
    """Parts of subscriptions in force from a day to a day."""

    model = SubscriptionItem
    area = "Subscriptions"
    route_base = "/office/subscription-items"
    names = (_l("Subscribed components"), _l("Subscribed component"))
    list_columns = ["name", "subscription", "component", "quantity", "unit_price", "valid_from", "valid_to"]
    search_columns = ["name", "subscription", "component", "valid_from", "valid_to"]
    form_columns = ["subscription", "component", "name", "quantity", "unit_price", "valid_from", "valid_to"]
    fixed = frozenset({"subscription", "component", "valid_from"})
    required = frozenset({"subscription", "component", "quantity", "valid_from"})
    hints = {
        "unit_price": _l("Agreed with this customer; the price list's where empty."),
        "valid_to": _l("A change of quantity ends this row on a day and begins another on the same day."),
    }
    formats = {"unit_price": cells.unit_price}


class SubscriptionPromotions(Desk):
    """Promotions given to subscriptions."""

    model = SubscriptionPromotion
    area = "Subscriptions"
    route_base = "/office/subscription-promotions"
    names = (_l("Given promotions"), _l("Given promotion"))
    list_columns = ["promotion", "subscription", "valid_from", "valid_to"]
    search_columns = ["promotion", "subscription", "valid_from"]
    form_columns = ["subscription", "promotion", "valid_from", "valid_to"]
    required = frozenset({"subscription", "promotion", "valid_from"})


class Usages(Desk):
    """Measured events: read-only, they come from files and gateways."""

    model = Usage
    area = "Subscriptions"
    route_base = "/office/usage"
    names = (_l("Usage"), _l("Usage"))
    list_columns = [
        "day", "subscription", "component", "quantity", "other_number", "destination", "time_class", "amount",
        "source", "source_id",
    ]  # fmt: skip
    search_columns = ["source", "source_id", "day", "destination"]
    formats = {"time_class": cells.kind}


class SuspendedUsages(Desk):
    """Records that belong to nobody known, with the reason."""

    model = SuspendedUsage
    area = "Subscriptions"
    route_base = "/office/suspended-usage"
    names = (_l("Suspended usage"), _l("Suspended record"))
    list_columns = ["created_at", "reason", "source", "source_id"]
    search_columns = ["reason", "source", "source_id"]
    show_columns = ["created_at", "reason", "source", "source_id", "record"]


class Seats(Desk):
    """Licences assigned to people."""

    model = Seat
    area = "Subscriptions"
    route_base = "/office/seats"
    names = (_l("Seats"), _l("Seat"))
    list_columns = ["subscription", "user", "assigned_at"]
    search_columns = ["subscription", "assigned_at"]


class Extensions(Desk):
    """Short enlargements of subscriptions."""

    model = Extension
    area = "Subscriptions"
    route_base = "/office/extensions"
    names = (_l("Extensions"), _l("Extension"))
    list_columns = ["subscription", "period_start", "starts_at", "ends_at", "sessions", "bases"]
    search_columns = ["subscription", "period_start"]


class Options(Desk):
    """Additional services of subscribers."""

    model = Option
    area = "Subscriptions"
    route_base = "/office/options"
    names = (_l("Options"), _l("Option"))
    list_columns = ["subscriber", "component", "valid_from", "valid_to"]
    search_columns = ["subscriber", "component", "valid_from"]
    form_columns = ["subscriber", "component", "valid_from", "valid_to"]
    fixed = frozenset({"subscriber", "component", "valid_from"})
    required = frozenset({"subscriber", "component", "valid_from"})


class Requests(Desk):
    """Work asked for by companies; what of options failed is tried again here, refused, or marked as done by hand."""

    model = Request
    area = "Subscriptions"
    route_base = "/office/requests"
    names = (_l("Requests"), _l("Request"))
    show_template = "office/request.html"
    list_columns = ["id", "company", "kind", "subscriber", "component", "state", "effective_on", "reason", "created_at"]
    search_columns = ["company", "subscriber", "kind", "state", "effective_on", "reason", "reference"]
    options = {"kind": ("rename", "option_on", "option_off")}
    labels = {"reference": _l("Operator's reference")}
    show_columns = [
        *("id", "company", "kind", "account", "subscriber", "component", "state", "effective_on", "reason"),
        *("reference", "attempts", "created_at", "done_at", "details"),
    ]

    @action("again", _l("Try again"), "", "fa-rotate-right", single=False)
    def again(self, items: list[Request]) -> Any:
        """Put the failed ones of the chosen back into the queue."""
        attempt(desk.try_again, [item.id for item in items], done=gettext("They are tried again within seconds."))

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """The request, with what can be done about it."""
        item = self._rows_of([pk])[0]
        seller = db.session.get(Seller, item.account.seller_id) if item.account is not None else None
        is_open = item.parent_id is not None and item.state in ("new", "queued", "sent", "failed")
        g.request_shown = {"item": item, "is_open": is_open, "operator": seller.operator if seller is not None else ""}
        return super().show(pk)


class RequestDeskPage(OfficePage):
    """What is done about one request."""

    route_base = "/office/request"

    @expose("/<pk>/again", methods=["POST"])
    @needs(Right.SUBSCRIPTIONS_WRITE)
    def again(self, pk: str) -> Any:
        """Send a failed one again."""
        found = self.row(Request, pk)
        attempt(desk.try_again, [found.id], done=gettext("It is tried again within seconds."))
        return redirect(url_for("Requests.show", pk=pk))

    @expose("/<pk>/done", methods=["POST"])
    @needs(Right.SUBSCRIPTIONS_WRITE)
    def done(self, pk: str) -> Any:
        """It was switched by hand."""
        attempt(desk.mark_done, self.row(Request, pk).id, done=gettext("It is done and will be billed from its day."))
        return redirect(url_for("Requests.show", pk=pk))

    @expose("/<pk>/refuse", methods=["POST"])
    @needs(Right.SUBSCRIPTIONS_WRITE)
    def refuse(self, pk: str) -> Any:
        """It will not be done, for a reason the customer reads."""
        found = self.row(Request, pk)
        attempt(desk.refuse, found.id, request.form.get("reason", ""), done=gettext("The request is refused."))
        return redirect(url_for("Requests.show", pk=pk))


class Orders(Desk):
    """What was bought."""

    model = Order
    area = "Subscriptions"
    route_base = "/office/orders"
    names = (_l("Orders"), _l("Order"))
    list_columns = ["number", "account", "kind", "method", "total", "currency", "state", "ordered_at"]
    search_columns = ["number", "account", "state", "payer", "promo_code", "ordered_at"]
    order_columns = ["number"]
    related = ("OrderLines",)
    labels = {"method": _l("Payment method")}
    formats = {"kind": cells.kind, "method": cells.kind}

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """What was ordered, how it is paid, and what may be done about it."""
        order = self._rows_of([pk])[0]
        self.update_redirect()
        return self.render_template("office/order.html", **order_page.story_of(order.id, current_actor()))


class OrderLines(Desk):
    """Lines of orders."""

    model = OrderLine
    area = "Subscriptions"
    route_base = "/office/order-lines"
    names = (_l("Order lines"), _l("Order line"))
    list_columns = ["name", "quantity", "months", "total"]
    search_columns = ["name"]
    base_order = ("id", "asc")
    menu = False


class Carts(Desk):
    """What is being bought."""

    model = Cart
    area = "Subscriptions"
    route_base = "/office/carts"
    names = (_l("Carts"), _l("Cart"))
    list_columns = ["id", "company", "currency", "promo_code", "created_at"]
    search_columns = ["promo_code", "currency"]


class CartItems(Desk):
    """Plans in carts."""

    model = CartItem
    area = "Subscriptions"
    route_base = "/office/cart-items"
    names = (_l("Items of carts"), _l("Item of a cart"))
    list_columns = ["plan", "quantity", "months", "is_selected"]
    search_columns = ["plan"]
    menu = False
