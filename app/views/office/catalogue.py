"""What is sold: products, plans, their priced components, prices with dates, promotions."""

from typing import Any

from flask import flash
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.core.errors import N_, Refused
from app.extensions import db
from app.models import Category, Component, Plan, PriceVersion, Product, Promotion
from app.models.catalog import CHARGED, PRICE_MODELS, PRODUCT_KINDS
from app.provisioning.registry import PLATFORMS
from app.services.shop import promotions, shelves
from app.views.discounts import told
from app.views.office import cells
from app.views.office.desk import Desk
from app.views.office.inputs import TiersField
from app.views.office.shop_fields import ICONS, OTHER_LANGUAGES, SAID, PictureField, TranslationsField

_PLATFORMS = {"simulated": _l("Simulated platform"), "by_hand": _l("By hand")}


class Categories(Desk):
    """Shelves of the catalogue."""

    model = Category
    area = "Catalog"
    route_base = "/office/categories"
    names = (_l("Categories"), _l("Category"))
    list_columns = ["name", "code", "parent", "position"]
    search_columns = ["name", "code", "parent"]
    order_columns = ["code", "position"]
    base_order = ("code", "asc")
    form_columns = ["parent", "code", "name", "position", "icon", "translations"]
    labels = {"position": _l("Place in the list"), "icon": _l("Picture"), "translations": OTHER_LANGUAGES}
    required = frozenset({"code", "name"})
    options = {"icon": ICONS}
    hints = {
        "position": _l("Smaller numbers stand first; equal ones by name."),
        "icon": _l("Shown where a product has no picture."),
        "translations": SAID,
    }
    own_fields = {"translations": TranslationsField(OTHER_LANGUAGES, description=SAID)}
    formats = {"icon": cells.kind, "translations": cells.structure}
    deletable = True
    keeps_by = _l("Products stand on this shelf. Move them first.")

    def complete(self, item: Any) -> None:
        """A category never stands inside of itself."""
        above, seen = item.parent, {item.id} if item.id else set()
        while above is not None:
            if above is item or above.id in seen:
                raise Refused(N_("A category cannot stand inside of itself. Choose another one above it."))
            seen.add(above.id)
            above = above.parent


class Products(Desk):
    """What is sold."""

    model = Product
    area = "Catalog"
    route_base = "/office/products"
    names = (_l("Products"), _l("Product"))
    list_columns = ["name", "code", "category", "seller", "is_on_sale"]
    search_columns = ["name", "code", "category", "seller", "is_on_sale"]
    order_columns = ["name"]
    base_order = ("name", "asc")
    form_columns = [
        "seller", "category", "code", "name", "description", "kind", "is_on_sale", "position", "image", "instructions",
        "translations",
    ]  # fmt: skip
    fixed = frozenset({"seller"})
    required = frozenset({"seller", "code", "name", "kind"})
    labels = {
        "kind": _l("Kind of product"),
        "position": _l("Place in the list"),
        "image": _l("Picture"),
        "instructions": _l("Instructions"),
        "translations": OTHER_LANGUAGES,
    }
    options = {"kind": PRODUCT_KINDS}
    hints = {
        "kind": _l("Domains and certificates renew 60 days before their end; licences are listed by seats."),
        "position": _l("Smaller numbers stand first; equal ones by name."),
        "instructions": _l("How to set it up: shown to the customer when it is paid."),
    }
    own_fields = {
        "image": PictureField(_l("Picture"), description=_l("PNG, JPEG or WebP, 2 MB at most.")),
        "translations": TranslationsField(
            OTHER_LANGUAGES, description=SAID, parts=("name", "description", "instructions")
        ),
    }
    formats = {"kind": cells.kind, "image": cells.picture, "translations": cells.structure}
    show_columns = [
        "seller", "category", "code", "name", "description", "kind", "is_on_sale", "position", "image", "instructions",
        "translations", "attributes",
    ]  # fmt: skip
    related = ("Plans",)
    deletable = True
    keeps_by = _l("This product has plans. Take it off sale instead.")

    def post_add(self, item: Any) -> None:
        """On the shelves as it is now."""
        shelves.stock(db.session(), item.seller_id, [item.id])

    post_update = post_add

    def pre_delete(self, item: Any) -> None:
        """Off the shelves first."""
        shelves.forget(db.session(), item.id)


class Plans(Desk):
    """Ways to buy a product, with their components and prices beside them."""

    model = Plan
    area = "Catalog"
    route_base = "/office/plans"
    names = (_l("Plans"), _l("Plan"))
    list_columns = ["name", "code", "product", "currency", "period_months", "tax_included", "is_on_sale"]
    search_columns = ["name", "code", "product", "currency", "is_on_sale"]
    order_columns = ["name"]
    base_order = ("name", "asc")
    form_columns = [
        "product",
        "code",
        "name",
        "currency",
        "tax_included",
        "tax_category",
        "period_months",
        "trial_days",
        "renews_daily",
        "is_on_sale",
        "for_subscribers",
        "needs_identifier",
        "platform",
        "translations",
    ]
    labels = {
        "renews_daily": _l("Renewed by the day too"),
        "needs_identifier": _l("Bought for a domain name"),
        "platform": _l("Platform"),
        "translations": OTHER_LANGUAGES,
    }
    options = {"platform": [(name, _PLATFORMS.get(name, name)) for name in PLATFORMS]}
    own_fields = {"translations": TranslationsField(OTHER_LANGUAGES, description=SAID)}
    formats = {"translations": cells.structure}
    fixed = frozenset({"product", "currency"})
    required = frozenset({"product", "code", "name", "currency", "period_months"})
    hints = {
        "tax_category": _l("«standard», or a category that has rates of its own under Settings, Tax rates."),
        "for_subscribers": _l("Customers switch its parts on and off for their subscribers by themselves."),
        "trial_days": _l("More than 0: free for so many days, once a company, and never renewed."),
        "renews_daily": _l("Customers may renew it for days, each at its share of the month's price."),
        "needs_identifier": _l("The customer writes the name it is for when ordering."),
        "platform": _l("Who makes a bought service run."),
    }
    related = ("Components",)
    deletable = True
    keeps_by = _l("This plan has components or subscriptions. Take it off sale instead.")

    def complete(self, item: Any) -> None:
        """A plan belongs to the Seller of its product."""
        item.seller_id = item.product.seller_id

    def post_add(self, item: Any) -> None:
        """The product's card as it is now."""
        shelves.stock(db.session(), item.seller_id, [item.product_id])

    post_update = post_delete = post_add

    def pre_delete(self, item: Any) -> None:
        """The card may point at this plan: it is made anew without it."""
        shelves.forget(db.session(), item.product_id)


class Components(Desk):
    """Priced parts of plans."""

    model = Component
    area = "Catalog"
    route_base = "/office/components"
    names = (_l("Components"), _l("Component"))
    list_columns = ["name", "code", "plan", "charged", "model", "unit", "included"]
    search_columns = ["name", "code", "plan", "charged", "model"]
    form_columns = [
        "plan", "code", "name", "unit", "charged", "tariff", "model", "included", "minimum", "maximum", "step",
        "translations",
    ]  # fmt: skip
    fixed = frozenset({"plan"})
    required = frozenset({"plan", "code", "name", "unit"})
    options = {"charged": CHARGED, "model": PRICE_MODELS}
    hints = {
        "model": _l(
            "Flat: one price. Per unit: price × quantity. By steps: each part at its step. By volume: all at one step."
        ),
        "included": _l("So many units cost nothing."),
        "tariff": _l("For what is charged by usage: each record is rated by it, and the price is not used."),
        "maximum": _l("With a least, a most or a step the customer sets how much by a slider."),
    }
    labels = {"translations": OTHER_LANGUAGES}
    own_fields = {"translations": TranslationsField(OTHER_LANGUAGES, description=SAID, parts=("name", "unit"))}
    formats = {"translations": cells.structure}
    related = ("Prices",)
    deletable = True
    keeps_by = _l("This component has prices, usage or charges and stays.")

    def post_add(self, item: Any) -> None:
        """The product's card as it is now."""
        shelves.stock_of_plans(db.session(), [item.plan_id])

    post_update = post_delete = post_add


class Prices(Desk):
    """Prices are versions with dates: a new price is a new row, an old one is never rewritten."""

    model = PriceVersion
    area = "Catalog"
    route_base = "/office/prices"
    names = (_l("Prices"), _l("Price"))
    list_columns = ["component", "component.plan", "valid_from", "valid_to", "unit_price", "per_quantity", "tiers"]
    labels = {"component.plan": _l("Plan")}
    search_columns = ["component", "valid_from", "valid_to"]
    form_columns = ["component", "valid_from", "valid_to", "unit_price", "per_quantity", "tiers"]
    fixed = frozenset({"component", "valid_from"})
    required = frozenset({"component", "valid_from", "unit_price", "per_quantity"})
    hints = {"valid_to": _l("Leave empty while this price holds. A new price from a day on is a new row.")}
    formats = {"unit_price": cells.unit_price, "tiers": cells.structure}
    own_fields = {
        "tiers": TiersField(
            _l("Steps of the price"),
            description=_l("For prices by steps or by volume, a step a line: «from quantity; price»."),
        )
    }
    keeps_by = _l("This price stands behind charges and stays.")
    deletable = True

    def post_add(self, item: Any) -> None:
        """The product's card as it is now."""
        part = db.session.get_one(Component, item.component_id)
        shelves.stock_of_plans(db.session(), [part.plan_id])

    post_update = post_delete = post_add


class Promotions(Desk):
    """Promo codes and campaigns."""

    model = Promotion
    area = "Catalog"
    route_base = "/office/promotions"
    names = (_l("Promotions"), _l("Promotion"))
    list_columns = ["code", "name", "percent_bp", "amount", "valid_from", "valid_to", "used", "use_limit"]
    search_columns = ["code", "name", "valid_from", "valid_to"]
    order_columns = ["code"]
    form_columns = [
        "seller", "code", "name", "translations", "product", "percent_bp", "amount", "valid_from", "valid_to",
        "use_limit", "minimum_sum", "first_purchase_only",
    ]  # fmt: skip
    show_columns = [*form_columns, "used"]
    fixed = frozenset({"seller", "code"})
    required = frozenset({"seller", "code", "name", "valid_from"})
    own_fields = {"translations": TranslationsField(OTHER_LANGUAGES, description=SAID)}
    formats = {"translations": cells.structure}
    labels = {
        "translations": OTHER_LANGUAGES,
        "percent_bp": _l("Percent off"),
        "amount": _l("Amount off"),
        "used": _l("Used"),
        "use_limit": _l("Uses at most"),
        "minimum_sum": _l("From a sum of"),
        "first_purchase_only": _l("For a first purchase only"),
    }
    hints = {
        "code": _l("What customers type in the cart; large and small letters are the same."),
        "name": _l("Customers read it in the cart and on the invoice."),
        "product": _l("Empty: for a whole order."),
        "amount": _l("Off an order once, tax included; shared among its lines by their prices."),
        "valid_to": _l("The first day it no longer counts; empty: no end."),
        "use_limit": _l("So many orders; empty: any number."),
    }
    deletable = True
    keeps_by = _l("This promotion was given to subscriptions. End it by a date instead.")

    def complete(self, item: Any) -> None:
        """One kind of discount, for goods of one Seller, days in order."""
        promotions.settle(item)

    def post_add(self, item: Any) -> None:
        """Show what customers will read."""
        flash(gettext("Customers read: «%(text)s»", text=told(item, item.seller.currency)), "info")

    post_update = post_add
