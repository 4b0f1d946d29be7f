"""Subscriptions and what hangs on them: parts with dates, usage, seats, options, extensions, requests, orders."""

from flask_babel import lazy_gettext as _l

from app.models import (
    Cart,
    CartItem,
    Extension,
    Option,
    Order,
    OrderLine,
    Request,
    Seat,
    Subscription,
    SubscriptionItem,
    SubscriptionPromotion,
    SuspendedUsage,
    Usage,
)
from app.views.office import cells
from app.views.office.desk import Desk


class Subscriptions(Desk):
    """Plans in force."""

    model = Subscription
    area = "Subscriptions"
    route_base = "/office/subscriptions"
    names = (_l("Subscriptions"), _l("Subscription"))
    list_columns = ["name", "company", "account", "plan", "quantity", "starts_on", "ends_on", "state"]
    search_columns = ["name", "company", "account", "plan", "state", "starts_on", "ends_on"]
    order_columns = ["id"]
    base_order = ("id", "desc")
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
    order_columns = ["id"]
    base_order = ("id", "desc")
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
    order_columns = ["id"]
    base_order = ("id", "desc")
    form_columns = ["subscription", "promotion", "valid_from", "valid_to"]
    required = frozenset({"subscription", "promotion", "valid_from"})


class Usages(Desk):
    """Measured events: read-only, they come from files and gateways."""

    model = Usage
    area = "Subscriptions"
    route_base = "/office/usage"
    names = (_l("Usage"), _l("Usage"))
    list_columns = ["day", "subscription", "component", "quantity", "destination", "source", "source_id"]
    search_columns = ["source", "source_id", "day", "destination"]
    order_columns = ["id"]
    base_order = ("id", "desc")


class SuspendedUsages(Desk):
    """Records that belong to nobody known, with the reason."""

    model = SuspendedUsage
    area = "Subscriptions"
    route_base = "/office/suspended-usage"
    names = (_l("Suspended usage"), _l("Suspended record"))
    list_columns = ["created_at", "reason", "source", "source_id"]
    search_columns = ["reason", "source", "source_id"]
    order_columns = ["id"]
    base_order = ("id", "desc")
    show_columns = ["created_at", "reason", "source", "source_id", "record"]


class Seats(Desk):
    """Licences assigned to people."""

    model = Seat
    area = "Subscriptions"
    route_base = "/office/seats"
    names = (_l("Seats"), _l("Seat"))
    list_columns = ["subscription", "user", "assigned_at"]
    search_columns = ["subscription", "assigned_at"]
    order_columns = ["id"]
    base_order = ("id", "desc")


class Extensions(Desk):
    """Short enlargements of subscriptions."""

    model = Extension
    area = "Subscriptions"
    route_base = "/office/extensions"
    names = (_l("Extensions"), _l("Extension"))
    list_columns = ["subscription", "period_start", "starts_at", "ends_at", "sessions", "bases"]
    search_columns = ["subscription", "period_start"]
    order_columns = ["id"]
    base_order = ("id", "desc")


class Options(Desk):
    """Additional services of subscribers."""

    model = Option
    area = "Subscriptions"
    route_base = "/office/options"
    names = (_l("Options"), _l("Option"))
    list_columns = ["subscriber", "component", "valid_from", "valid_to"]
    search_columns = ["subscriber", "component", "valid_from"]
    order_columns = ["id"]
    base_order = ("id", "desc")
    form_columns = ["subscriber", "component", "valid_from", "valid_to"]
    fixed = frozenset({"subscriber", "component", "valid_from"})
    required = frozenset({"subscriber", "component", "valid_from"})


class Requests(Desk):
    """Work asked for by companies."""

    model = Request
    area = "Subscriptions"
    route_base = "/office/requests"
    names = (_l("Requests"), _l("Request"))
    list_columns = ["id", "kind", "state", "effective_on", "reason", "attempts", "created_at", "done_at"]
    search_columns = ["kind", "state", "effective_on", "reason"]
    order_columns = ["id"]
    base_order = ("id", "desc")
    show_columns = ["id", "kind", "state", "details", "effective_on", "reason", "attempts", "created_at", "done_at"]


class Orders(Desk):
    """What was bought."""

    model = Order
    area = "Subscriptions"
    route_base = "/office/orders"
    names = (_l("Orders"), _l("Order"))
    list_columns = ["number", "account", "total", "currency", "state", "ordered_at"]
    search_columns = ["number", "account", "state"]
    order_columns = ["number"]
    base_order = ("id", "desc")
    related = ("OrderLines",)


class OrderLines(Desk):
    """Lines of orders."""

    model = OrderLine
    area = "Subscriptions"
    route_base = "/office/order-lines"
    names = (_l("Order lines"), _l("Order line"))
    list_columns = ["name", "quantity", "months", "total"]
    search_columns = ["name"]
    order_columns = ["id"]
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
    order_columns = ["id"]
    base_order = ("id", "desc")


class CartItems(Desk):
    """Plans in carts."""

    model = CartItem
    area = "Subscriptions"
    route_base = "/office/cart-items"
    names = (_l("Items of carts"), _l("Item of a cart"))
    list_columns = ["plan", "quantity", "months", "is_selected"]
    search_columns = ["plan"]
    order_columns = ["id"]
    base_order = ("id", "desc")
    menu = False
