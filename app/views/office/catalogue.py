"""What is sold: products, plans, their priced components, prices with dates, promotions."""

from typing import Any

from flask_babel import lazy_gettext as _l

from app.models import Category, Component, Plan, PriceVersion, Product, Promotion
from app.models.catalog import CHARGED, PRICE_MODELS
from app.views.office import cells
from app.views.office.desk import Desk
from app.views.office.inputs import TiersField


class Categories(Desk):
    """Shelves of the catalogue."""

    model = Category
    area = "Catalog"
    route_base = "/office/categories"
    names = (_l("Categories"), _l("Category"))
    list_columns = ["name", "code"]
    search_columns = ["name", "code"]
    order_columns = ["code"]
    base_order = ("code", "asc")
    form_columns = ["code", "name"]
    required = frozenset({"code", "name"})
    deletable = True
    keeps_by = _l("Products stand on this shelf. Move them first.")


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
    form_columns = ["seller", "category", "code", "name", "description", "is_on_sale"]
    fixed = frozenset({"seller"})
    required = frozenset({"seller", "code", "name"})
    show_columns = ["seller", "category", "code", "name", "description", "is_on_sale", "attributes"]
    deletable = True
    keeps_by = _l("This product has plans. Take it off sale instead.")


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
        "is_on_sale",
        "for_subscribers",
    ]
    fixed = frozenset({"product", "currency"})
    required = frozenset({"product", "code", "name", "currency", "period_months"})
    hints = {
        "tax_category": _l("«standard», or a category that has rates of its own under Settings, Tax rates."),
        "for_subscribers": _l("Customers switch its parts on and off for their subscribers by themselves."),
    }
    related = ("Components",)
    deletable = True
    keeps_by = _l("This plan has components or subscriptions. Take it off sale instead.")

    def complete(self, item: Any) -> None:
        """A plan belongs to the Seller of its product."""
        item.seller_id = item.product.seller_id


class Components(Desk):
    """Priced parts of plans."""

    model = Component
    area = "Catalog"
    route_base = "/office/components"
    names = (_l("Components"), _l("Component"))
    list_columns = ["name", "code", "plan", "charged", "model", "unit", "included"]
    search_columns = ["name", "code", "plan", "charged", "model"]
    order_columns = ["id"]
    base_order = ("id", "desc")
    form_columns = [
        "plan", "code", "name", "unit", "charged", "tariff", "model", "included", "minimum", "maximum", "step",
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
    }
    related = ("Prices",)
    deletable = True
    keeps_by = _l("This component has prices, usage or charges and stays.")


class Prices(Desk):
    """Prices are versions with dates: a new price is a new row, an old one is never rewritten."""

    model = PriceVersion
    area = "Catalog"
    route_base = "/office/prices"
    names = (_l("Prices"), _l("Price"))
    list_columns = ["component", "component.plan", "valid_from", "valid_to", "unit_price", "per_quantity", "tiers"]
    labels = {"component.plan": _l("Plan")}
    search_columns = ["component", "valid_from", "valid_to"]
    order_columns = ["id"]
    base_order = ("id", "desc")
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


class Promotions(Desk):
    """Promo codes and campaigns."""

    model = Promotion
    area = "Catalog"
    route_base = "/office/promotions"
    names = (_l("Promotions"), _l("Promotion"))
    list_columns = ["code", "name", "percent_bp", "amount", "valid_from", "valid_to", "used", "use_limit"]
    search_columns = ["code", "name", "valid_from", "valid_to"]
    order_columns = ["code"]
    base_order = ("id", "desc")
    form_columns = [
        "seller",
        "code",
        "name",
        "percent_bp",
        "amount",
        "valid_from",
        "valid_to",
        "use_limit",
        "minimum_sum",
        "first_purchase_only",
    ]
    fixed = frozenset({"seller", "code"})
    required = frozenset({"seller", "code", "name", "valid_from"})
    labels = {"percent_bp": _l("Percent off"), "amount": _l("Amount off")}
    deletable = True
    keeps_by = _l("This promotion was given to subscriptions. End it by a date instead.")
