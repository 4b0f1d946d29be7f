"""The shop: categories, lists and products, open to everybody; in the cabinet's frame for people of a company."""

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel.core import Locale
from babel.numbers import format_decimal, get_currency_symbol
from flask import current_app, g, jsonify, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import get_locale, gettext, ngettext
from werkzeug.datastructures import CombinedMultiDict

from app.core import clock
from app.core.errors import NotFound
from app.rules.policies import renewal_on
from app.rules.renewing import EARLY
from app.services import policies
from app.services.shop import catalogue, pictures, quotes
from app.services.shop.catalogue import ORDERS, SIZES, Asked, Branch, Front, Offer, Tree, Ware
from app.views.base import KabinetPage, here, open_to_all, say
from app.views.cabinet.frame import as_amount, day, days, percent, quantity
from app.views.exports import send_path
from app.views.rows import whole

LAYOUTS = ("grid", "list")
_SIGN_LOCALE = {"UAH": "uk", "RUB": "ru", "BYN": "be", "PLN": "pl", "KZT": "kk", "CZK": "cs"}  # where a sign is at home
MONTH_OF_PICTURES = 30 * 24 * 3600


def price_text(value: Decimal, currency: str) -> str:
    """«51,72 ₴»: two decimals, up to four where a unit costs parts of them; the sign of the currency (SMC-71)."""
    return _price_in(get_locale() or Locale("en"), value, currency)


@lru_cache(maxsize=10_000)  # a page of a cart says the same sums over and over
def _price_in(locale: Locale, value: Decimal, currency: str) -> str:
    sign = get_currency_symbol(currency, locale=_SIGN_LOCALE.get(currency, "en"))
    places = "#,##0.00" if value == value.quantize(Decimal("0.01")) else "#,##0.00##"
    return f"{format_decimal(value, f'{places};−{places}', locale=locale)}\u00a0{sign}"


def per_text(months: int, count: int, unit: str) -> str:
    """What a price is for: «per month», «per year», «for 1,000 GB», or that it is paid once."""
    if months:
        return period_text(months)
    if not unit:
        return gettext("once")
    if count == 1:
        return gettext("per %(unit)s", unit=unit)
    return gettext("for %(count)s %(unit)s", count=quantity(Decimal(count)), unit=unit)


def period_text(months: int) -> str:
    """«per month», «per year», «for 3 months»."""
    if months == 1:
        return gettext("per month")
    if months == 12:
        return gettext("per year")
    return ngettext("for %(num)d month", "for %(num)d months", months)


def months_text(months: int) -> str:
    """«1 month», «12 months»."""
    return ngettext("%(num)d month", "%(num)d months", months)


def trial_text(days: int) -> str:
    """«30 days free»."""
    return ngettext("%(num)d day free", "%(num)d days free", days)


def plain(value: Decimal) -> str:
    """A number as a form's field takes it: «0.5», «100»."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def visited_seller() -> Any:
    """The Seller of this visit, found once a request."""
    if "shop_seller" not in g:
        from app.extensions import db
        from app.views.security import current_actor

        country = current_app.config["KABINET"].default_country
        g.shop_seller = catalogue.seller_of_visit(db.session(), current_actor(), country)
    return g.shop_seller


def chosen_currency() -> str:
    """The currency a visitor chose (kept in the session), "" where none."""
    asked = request.args.get("currency", "")
    if len(asked) == 3 and asked.isascii() and asked.isalpha():
        session["shop_currency"] = asked.upper()
    return str(session.get("shop_currency", ""))


def _page_url(number: int) -> str:
    return here(page=number)


class ShopPage(KabinetPage):
    """The catalogue."""

    route_base = "/shop"
    template_folder = None

    # -- lists --------------------------------------------------------------------------------------------------------

    @expose("/")
    @open_to_all
    def index(self) -> Any:
        """Everything there is, or what a search finds."""
        return self._list("")

    @expose("/category/<code>")
    @open_to_all
    def category(self, code: str) -> Any:
        """What stands in a category and those below it."""
        return self._list(code)

    def _list(self, code: str) -> Any:
        front = self._front()
        tree = catalogue.tree_of(self.session, front)
        try:
            branch = tree.find(code) if code else None
        except NotFound:
            return self._missing(front, gettext("There is no such category, or nothing is for sale in it now."))
        asked = self._asked()
        leaf = catalogue.list_products(self.session, front, tree, branch, asked)
        return self._show(
            "list.html",
            front,
            tree=tree,
            branch=branch,
            asked=asked,
            leaf=leaf,
            page_url=_page_url,
            **self._labels(tree, branch),
        )

    def _asked(self) -> Asked:
        args = self.page_args(*ORDERS)
        return Asked(args.search, args.order, args.number, self._kept("size", [str(n) for n in SIZES], "15"))

    def _kept(self, name: str, known: Any, default: str) -> Any:
        """A choice of the address, kept in the session for the next list; an unknown one is no choice."""
        asked = request.args.get(name, "")
        if asked in known and asked != session.get(f"shop_{name}", default):
            session[f"shop_{name}"] = asked
        found = session.get(f"shop_{name}", default)
        found = found if found in known else default
        return int(found) if name == "size" else found

    def _labels(self, tree: Tree, branch: Branch | None) -> dict[str, Any]:
        return {
            "path": tree.path(branch) if branch else [],
            "layout": self._kept("layout", LAYOUTS, "grid"),
            "orders": [
                ("position", gettext("By position")),
                ("name", gettext("By name")),
                ("cheap", gettext("Cheaper first")),
                ("dear", gettext("Dearer first")),
                ("new", gettext("Newest first")),
            ],
            "sizes": [(str(size), gettext("%(count)s a page", count=size)) for size in SIZES],
        }

    # -- a product ----------------------------------------------------------------------------------------------------

    @expose("/product/<path:code>", methods=["GET", "POST"])
    @open_to_all
    def product(self, code: str) -> Any:
        """A product, its plans, and what the chosen one costs as it is set; a POST only counts again."""
        front = self._front()
        try:
            ware = catalogue.show_product(self.session, front, code)
        except NotFound:
            return self._missing(front, gettext("This product is not sold, or no longer. Look for another one."))
        offer = self._offer_asked(ware)
        said = self._said(offer) if offer else {}
        category = ware.product.category
        total = self._total(front, offer, said) if offer else None  # first: it reads the prices of all parts
        return self._show(
            "product.html",
            front,
            ware=ware,
            offer=offer,
            said=said,
            others=catalogue.priced(self.session, front, offer) if offer else [],
            total=total,
            category=category,
            category_name=catalogue.words_of(category, front.locale).name if category else "",
        )

    @expose("/total")
    @open_to_all
    def total(self) -> Any:
        """What a plan costs as it is set, for the live total of the product's page: {html, refusal}."""
        front = self._front()
        offer = catalogue.show_offer(self.session, front, whole(request.args.get("plan", "")) or 0)
        html = self.render_template(
            "shop/_total.html", total=self._total(front, offer, self._said(offer)), **self._shared()
        )
        return jsonify(html=html)

    def _offer_asked(self, ware: Ware) -> Offer | None:
        wanted = whole(request.values.get("plan", ""))
        fitting = [offer for offer in ware.offers if offer.plan.id == wanted]
        return next(iter(fitting or ware.offers), None)

    def _said(self, offer: Offer) -> dict[str, Any]:
        """What the form says of an offer; what it does not say stands where it begins."""
        form = CombinedMultiDict([request.form, request.args])
        months = whole(form.get("months", ""))
        many = as_amount(form.get("quantity", ""))
        return {
            "months": months if months in offer.periods else offer.periods[0],
            "quantity": many if many is not None else Decimal(1),
            "parameters": {one.code: self._amount(form, one) for one in offer.parameters},
            "identifier": form.get("identifier", "").strip()[:253],
            "promo": form.get("promo", "").strip()[:64],
            "auto_renew": "auto_renew" in form or "renewal" not in form,
        }

    @staticmethod
    def _amount(form: Any, one: catalogue.Parameter) -> Decimal:
        given = as_amount(form.get(f"p_{one.code}", ""))
        return one.start if given is None else given

    def _total(self, front: Front, offer: Offer, said: dict[str, Any]) -> dict[str, Any]:
        """The sums of AST-146: as it is set, and at the start of every slider."""
        start = {one.code: one.start for one in offer.parameters}
        common = {"plan_id": offer.plan.id, "months": said["months"], "promo_code": said["promo"]}
        wish = quotes.Wish(
            quantity=said["quantity"], parameters=said["parameters"], identifier=said["identifier"], **common
        )
        base = quotes.Wish(quantity=said["quantity"], parameters=start, identifier=said["identifier"], **common)
        today = clock.today(front.seller.zone)
        company_id = self.actor.company_id
        found = quotes.quote(self.session, front.seller, [wish, base], today, company_id=company_id)
        quote, basic = found.lines
        refusal = quote.refusal
        return {
            "offer": offer,
            "quote": quote,
            "refusal": say(refusal) if refusal else "",
            "base": basic.next if refusal is None and basic.refusal is None else None,
            "currency": offer.plan.currency,
            "months": said["months"],
            "charged_on": self._charged_on(front, quote, today) if said["auto_renew"] else None,
        }

    def _charged_on(self, front: Front, quote: quotes.Quote, today: dt.date) -> dt.date | None:
        """The day the next period is charged by itself (AST-147); None where nothing is."""
        if quote.refusal is not None or quote.plan is None or quote.is_trial or not quote.next:
            return None
        calendar = policies.calendar_for(self.session, front.seller.id)
        return max(renewal_on(quote.ends_on, quote.plan.product.kind in EARLY, calendar), today)

    # -- pictures -----------------------------------------------------------------------------------------------------

    @expose("/picture/<sha256>")
    @open_to_all
    def picture(self, sha256: str) -> Any:
        """A product's picture; the same address is the same picture for ever."""
        path = pictures.find(current_app.config["KABINET"].data_dir, sha256)
        g.kept_for = MONTH_OF_PICTURES
        return send_path(path, f"{sha256[:12]}.webp", "image/webp", inline=True)

    # -- the frame ----------------------------------------------------------------------------------------------------

    def _front(self) -> Front:
        return catalogue.open_front(self.session, visited_seller(), chosen_currency(), str(get_locale() or "en"))

    def _missing(self, front: Front, text: str) -> Any:
        return self._show("missing.html", front, text=text), 404

    def _shared(self) -> dict[str, Any]:
        return {
            "price_text": price_text,
            "per_text": per_text,
            "period_text": period_text,
            "months_text": months_text,
            "trial_text": trial_text,
            "quantity": quantity,
            "plain": plain,
            "percent": percent,
            "day": day,
            "days": days,
            "here": here,
        }

    def _show(self, template: str, front: Front, **values: Any) -> Any:
        currencies = [
            {"code": code, "url": url_for("ShopPage.index", currency=code), "active": code == front.currency}
            for code in front.currencies
        ]
        if request.method == "GET":
            currencies = [{**one, "url": here(currency=one["code"], page=None)} for one in currencies]
        return self.render_template(
            f"shop/{template}",
            front=front,
            currencies=currencies,
            kabinet_active="ShopPage",
            **self._shared(),
            **values,
        )
