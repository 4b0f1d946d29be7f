"""The cart: its page, its lines one by one, and the quick look at it in the header (SMC-46…53, AST-078…082).

Open to everybody: a stranger's cart hangs on a key in their session's cookie and becomes their own at sign-in.
"""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from flask import Flask, abort, current_app, flash, g, has_request_context, redirect, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import get_locale, gettext, ngettext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.access import tenancy
from app.access.permissions import Right
from app.core import clock
from app.core.errors import N_, NotFound, Refused
from app.extensions import db
from app.models import Agreement, CartItem, Plan, Seller, User
from app.rules import parameters, shelves
from app.rules.policies import renewal_on
from app.rules.renewing import EARLY
from app.services import agreements, policies, sign_in
from app.services.shop import carts, catalogue, quotes
from app.services.shop.carts import Basket, Entry
from app.services.shop.quotes import Part, Quote, Wish
from app.views.base import KabinetPage, attempt, open_to_all, say
from app.views.cabinet.frame import day, percent, quantity
from app.views.discounts import told
from app.views.rows import whole
from app.views.security import current_actor
from app.views.shop import months_text, period_text, plain, price_text, trial_text, visited_seller

log = logging.getLogger(__name__)
KEY, COUNT, TERMS, BACK = "cart_key", "cart_count", "cart_terms", "cart_waits"
MINI = 6  # lines in the quick look
NO_STAFF = N_("The cart is for customers. Sign in as a person of a company to buy.")
NOTHING_CHOSEN = N_("Nothing is chosen. Tick what is to be removed.")
TOO_MANY_CODES = N_("Too many wrong promo codes. Try again in %(wait)s seconds.")


# -- whose cart --------------------------------------------------------------------------------------------------------


def install(app: Flask) -> None:
    """Give every page of who may buy the cart in its header."""
    app.context_processor(_header)


def _header() -> dict[str, Any]:
    if not has_request_context() or not request.endpoint:
        return {}
    actor, count = current_actor(), int(session.get(COUNT, 0))
    is_visitor = actor.user_id is None and (count or request.endpoint.startswith(("ShopPage.", "CartPage.")))
    if not is_visitor and not (actor.company_id is not None and actor.may(Right.CABINET_BUY)):
        return {}
    return {"kabinet_cart": {"count": count, "url": url_for("CartPage.index"), "mini": url_for("CartPage.mini")}}


def keep_cart(user: User, key: str) -> None:
    """Take a stranger's cart along where they sign in; what goes wrong here never keeps anybody out."""
    with tenancy.seeing(tenancy.EVERYONE, db.session()):
        try:
            session[COUNT] = carts.merge_into(db.session(), db.session.get_one(User, user.id), key)
            db.session.commit()
        except SQLAlchemyError:
            db.session.rollback()
            log.exception("the cart of user %s stayed behind", user.id)


def _through(service: Callable[..., Any], *args: Any, **named: Any) -> Any:
    """`service(session, …)` as whoever asks may see: strangers look for their key among the carts of nobody."""
    actor = current_actor()
    if actor.company_id is not None:
        return service(db.session(), *args, **named)
    with tenancy.seeing(tenancy.EVERYONE, db.session()):
        result = service(db.session(), *args, **named)
        db.session.flush()
    return result


def _key() -> str:
    return str(session.get(KEY, ""))


def _need_buyer() -> None:
    actor = current_actor()
    if actor.is_staff:
        raise Refused(NO_STAFF)
    if actor.company_id is not None and not actor.may(Right.CABINET_BUY):
        raise Refused(N_("You may not buy for your company. Ask its owner, or to be given the right."))


def terms_of(seller: Seller) -> tuple[Agreement | None, bool]:
    """The terms in force, and whether the box is ticked already: here, or when the company registered."""
    actor, today = current_actor(), clock.today(seller.zone)
    terms, accepted = _through(agreements.in_force_for, seller.id, _locale(), today, actor.company_id)
    return terms, accepted or (terms is not None and session.get(TERMS) == terms.id)


def terms_first() -> Any:
    """The way back to the cart of who has not accepted the terms in force (SMC-53); None where they have."""
    terms, accepted = terms_of(visited_seller())
    if terms is None or accepted:
        return None
    flash(gettext("Tick that you accept the terms: without it nothing can be ordered."), "warning")
    return redirect(url_for("CartPage.index"))


# -- what the pages show -----------------------------------------------------------------------------------------------


def _locale() -> str:
    return str(get_locale() or "en")


def title_of(plan: Plan) -> str:
    """«Virtual server — VPS-2», once where both have one name."""
    product, own = (catalogue.words_of(row, _locale()).name for row in (plan.product, plan))
    return own if product.lower() in own.lower() else f"{product} — {own}"


def name_of(entry: Entry) -> str:
    """What a line is: the service that is renewed, or the plan that is bought."""
    service, plan = entry.quote.service, entry.quote.plan
    if service is not None and service.name:
        return service.name
    return title_of(plan) if plan else gettext("No longer sold")


def span_of(item: CartItem) -> str:
    """«3 months», or «1 day» of a renewal by the day."""
    return ngettext("%(num)d day", "%(num)d days", item.days) if item.days else months_text(item.months)


def parts_of(quote: Quote) -> list[dict[str, Any]]:
    """The breakdown of a line in the reader's language (AST-079)."""
    by_id = {component.id: component for component in quote.plan.components} if quote.plan else {}
    said = {number: catalogue.words_of(one, _locale()) for number, one in by_id.items()}
    return [_part(part, said.get(part.component_id)) for part in quote.parts]


def _part(part: Part, said: Any) -> dict[str, Any]:
    as_used, name, unit = part.charged == "usage", said and said.name, said and said.unit
    return {
        "part": part,
        "name": name or part.name,
        "value": f"{quantity(part.included if as_used else part.quantity)} {unit or part.unit}",
        "limit": gettext("Present") if part.limit else "",
        "as_used": as_used,
        "unit": unit or part.unit,
    }


def coming(basket: Basket, calendar: Any, today: dt.date) -> list[tuple[dt.date, Decimal, int]]:
    """What will be charged next, and when: (day, sum without discounts, for how many months) of the chosen lines."""
    sums: dict[tuple[dt.date, int], Decimal] = {}
    for entry in basket.chosen:
        if entry.item.auto_renew and not entry.quote.is_trial and entry.quote.next and entry.quote.plan:
            is_early = entry.quote.plan.product.kind in EARLY
            when = max(renewal_on(entry.quote.ends_on, is_early, calendar), today)
            key = (when, entry.item.months)
            sums[key] = sums.get(key, Decimal(0)) + entry.quote.next
    return [(when, amount, months) for (when, months), amount in sorted(sums.items())]


# -- pages -------------------------------------------------------------------------------------------------------------


class CartPage(KabinetPage):
    """The cart of whoever asks."""

    route_base = "/cart"
    template_folder = None

    @expose("/")
    @open_to_all
    def index(self) -> Any:
        """Every line with its price, the totals, and what comes next."""
        return self._page()

    def _page(self) -> Any:
        seller = visited_seller()
        basket = _through(carts.basket_of, seller, _key(), self.actor)
        session[COUNT] = len(basket.entries)
        today = clock.today(seller.zone)
        terms, agreed = terms_of(seller) if basket.entries else (None, False)
        return self._show(
            "cart.html",
            basket=basket,
            currency=basket.quotes.currency,
            coming=coming(basket, policies.calendar_for(self.session, seller.id), today) if basket.chosen else [],
            terms=terms,
            agreed=agreed,
            terms_country=seller.country,
            told=told,
            is_open=request.args.get("details", "") == "all",
        )

    @expose("/mini")
    @open_to_all
    def mini(self) -> Any:
        """The quick look, for the header's menu (SMC-47)."""
        basket = _through(carts.basket_of, visited_seller(), _key(), self.actor)
        session[COUNT] = len(basket.entries)
        return self.render_template(
            "shop/_mini.html",
            basket=basket,
            entries=basket.entries[:MINI],
            more=max(len(basket.entries) - MINI, 0),
            currency=basket.quotes.currency,
            name_of=name_of,
            **self._shared(),
        )

    @expose("/add", methods=["POST"])
    @open_to_all
    def add(self) -> Any:
        """Put a plan into the cart as it was set on the product's page."""
        plan_id = whole(request.form.get("plan", "")) or 0
        if self._try(self._add, plan_id) is None:
            return redirect(self._back_to(plan_id))
        if request.form.get("do") == "pay":
            return self._pay_now()
        flash(gettext("It is in the cart."), "success")
        return redirect(url_for("CartPage.index"))

    def _pay_now(self) -> Any:
        """Straight to the checkout with what was just added; over the cart where the terms wait to be accepted."""
        terms, accepted = terms_of(visited_seller())
        if terms is not None and not accepted:
            flash(gettext("It is in the cart. Accept the terms there and go on."), "info")
            return redirect(url_for("CartPage.index"))
        return self._on_to_checkout(terms)

    def _add(self, db_session: Session, plan_id: int) -> Any:
        _need_buyer()
        if self.actor.user_id is None and not _key():
            session[KEY] = carts.new_key()
            session.permanent = True
        seller = visited_seller()
        plan = quotes.load_plans(db_session, [plan_id]).get(plan_id)
        wish = self._wish(plan, plan_id)
        cart = carts.cart_of(db_session, _key(), self.actor)
        renews = "auto_renew" in request.form or "renewal" not in request.form  # a box that is not ticked is not sent
        item = carts.add(db_session, seller, cart, wish, auto_renew=renews)
        if request.form.get("do") == "pay":
            carts.select(db_session, cart, [item.id])
        session[COUNT] = len(carts.items_of(db_session, cart))
        return item

    def _wish(self, plan: Plan | None, plan_id: int) -> Wish:
        form = request.form
        months = whole(form.get("months", "")) or (plan.period_months if plan else 1)
        return Wish(
            plan_id,
            parameters.number(form.get("quantity", "1") or "1"),
            months,
            self._chosen(plan),
            form.get("identifier", "").strip()[:253],
            form.get("promo", "").strip()[:64],
        )

    @staticmethod
    def _chosen(plan: Plan | None) -> dict[str, Decimal]:
        ranges = quotes.ranges_of(plan) if plan else []
        given = {one.code: request.form.get(f"p_{one.code}", "").strip() for one in ranges}
        return {one.code: parameters.number(given[one.code]) if given[one.code] else one.default for one in ranges}

    def _back_to(self, plan_id: int) -> str:
        plan = self.session.get(Plan, plan_id)
        if plan is None or not plan.product.is_on_sale:
            return url_for("ShopPage.index")
        return url_for("ShopPage.product", code=plan.product.code, plan=plan.id)

    # -- the form of the whole cart ------------------------------------------------------------------------------------

    @expose("/update", methods=["POST"])
    @open_to_all
    def update(self) -> Any:
        """What the form says (chosen lines, quantities), then what its button means."""
        deed, _, which = request.form.get("do", "update").partition(":")
        saved = self._try(self._save, deed, whole(which) if which else None)
        if saved is None or deed not in ("checkout",):
            return redirect(url_for("CartPage.index", details=request.args.get("details") or None))
        return self._check_out()

    def _save(self, db_session: Session, deed: str, which: int | None) -> bool:
        _need_buyer()
        cart, items = carts.find(db_session, _key(), self.actor)
        if cart is None:
            raise NotFound()
        seller = visited_seller()
        basket = carts.priced(db_session, seller, cart, items)
        carts.note_seen(db_session, basket)
        self._take_form(db_session, basket)
        deeds: dict[str, Callable[[], Any]] = {
            "all": lambda: carts.select(db_session, cart, [e.item.id for e in basket.entries if e.refusal is None]),
            "none": lambda: carts.select(db_session, cart, []),
            "remove": lambda: carts.remove(db_session, cart, [which or 0]),
            "remove-chosen": lambda: self._remove_chosen(db_session, cart, items),
            "promo": lambda: self._set_promo(db_session, cart, request.form.get("promo", "")),
            "promo-off": lambda: carts.set_promo(db_session, seller, cart, ""),
            "line-promo": lambda: self._set_promo(db_session, cart, request.form.get(f"promo_{which}", ""), which),
            "line-promo-off": lambda: carts.set_promo(db_session, seller, cart, "", which),
        }
        if deed in deeds:
            deeds[deed]()
        if deed in ("update", "checkout"):  # Enter in the field of a code presses «Update»
            self._take_codes(db_session, cart, items)
        session[COUNT] = len(carts.items_of(db_session, cart))
        return True

    def _take_form(self, db_session: Session, basket: Basket) -> None:
        """Quantities and chosen lines as the form has them; a line that is not in it stays as it was."""
        assert basket.cart is not None
        shown = {whole(text) for text in request.form.getlist("shown")}
        chosen = {whole(text) for text in request.form.getlist("chosen")}
        for entry in basket.entries:
            item = entry.item
            if item.id in shown and entry.refusal is None:
                item.is_selected = item.id in chosen
            text = request.form.get(f"quantity_{item.id}", "").strip()
            if item.id in shown and text and parameters.number(text) != item.quantity:
                carts.change(db_session, visited_seller(), basket.cart, item.id, quantity=parameters.number(text))
        db_session.flush()

    def _take_codes(self, db_session: Session, cart: Any, items: Iterable[CartItem]) -> None:
        """Codes that were written into the form, for the order and for its lines."""
        for item_id in (None, *(item.id for item in items)):
            code = request.form.get("promo" if item_id is None else f"promo_{item_id}", "").strip()
            if code:
                self._set_promo(db_session, cart, code, item_id)

    @staticmethod
    def _remove_chosen(db_session: Session, cart: Any, items: Iterable[CartItem]) -> None:
        chosen = [item.id for item in items if item.is_selected]
        if not chosen:
            raise Refused(NOTHING_CHOSEN)
        carts.remove(db_session, cart, chosen)

    def _set_promo(self, db_session: Session, cart: Any, code: str, item_id: int | None = None) -> None:
        """A code, where this visitor has not guessed too often: wrong ones make them wait (`services.sign_in`)."""
        secret = current_app.config["SECRET_KEY"]
        who, where = f"promo|{cart.key}", f"promo|{request.remote_addr or ''}"
        name_hash, address_hash = (sign_in.hashed(text, secret) for text in (who, where))
        wait = sign_in.wait_seconds(db_session, name_hash, address_hash)
        if wait:
            raise Refused(TOO_MANY_CODES, wait=wait)
        try:
            carts.set_promo(db_session, visited_seller(), cart, code, item_id)
        except Refused:
            g.wrong_code = (name_hash, address_hash)
            raise

    def _check_out(self) -> Any:
        """To the checkout with the chosen lines, once the terms are accepted (SMC-53); strangers sign in first."""
        seller = visited_seller()
        basket = _through(carts.basket_of, seller, _key(), self.actor)
        back = redirect(url_for("CartPage.index"))
        if not basket.chosen:
            flash(gettext("Choose what to order: tick at least one line of the cart."), "warning")
            return back
        refusal = basket.quotes.promo_refusal or next((e.quote.promo_refusal for e in basket.chosen), None)
        if refusal is not None:
            flash(say(refusal), "danger")
            return back
        terms, _ = terms_of(seller)
        if terms is not None and request.form.get("agree") != "1":
            session.pop(TERMS, None)
            flash(gettext("Tick that you accept the terms: without it nothing can be ordered."), "warning")
            return back
        return self._on_to_checkout(terms)

    def _on_to_checkout(self, terms: Agreement | None) -> Any:
        session[TERMS] = terms.id if terms is not None else 0
        if self.actor.company_id is None:
            session[BACK] = True
            return redirect(url_for("CartPage.enter"))
        return redirect("/my/checkout/")

    @expose("/enter")
    @open_to_all
    def enter(self) -> Any:
        """Sign in or register; the cart waits and comes along."""
        if self.actor.company_id is not None:
            return redirect(url_for("CartPage.index"))
        if self.actor.user_id is not None:
            return redirect(self.appbuilder.get_url_for_index)
        return self._show("enter.html", back=url_for("CartPage.index"))

    # -- one line ------------------------------------------------------------------------------------------------------

    @expose("/item/<int:item_id>", methods=["GET", "POST"])
    @open_to_all
    def item(self, item_id: int) -> Any:
        """Edit a line: its parameters, length, quantity, renewal."""
        found = self._entry(item_id)
        if found.item.subscription_id is not None:
            return redirect(url_for("RenewalsPage.one", subscription_id=found.item.subscription_id))
        if request.method == "POST":
            if self._try(self._change, item_id) is not None:
                flash(gettext("The cart is up to date."), "success")
                return redirect(url_for("CartPage.index"))
            found = self._entry(item_id)
        plan = found.quote.plan
        if plan is None:
            abort(404)
        wish = carts.wish_of(found.item)
        values = {one.code: wish.parameters.get(one.code, one.default) for one in quotes.ranges_of(plan)}
        given = {code: request.form.get(f"p_{code}", plain(value)) for code, value in values.items()}
        names = {c.code: catalogue.words_of(c, _locale()) for c in plan.components}
        return self._show(
            "item.html",
            entry=found,
            plan=plan,
            title=title_of(plan),
            ranges=[(one, names[one.code]) for one in quotes.ranges_of(plan)],
            given=given,
            offered=shelves.periods_of(plan.period_months, plan.trial_days),
            currency=plan.currency,
        )

    def _entry(self, item_id: int) -> Entry:
        cart, items = _through(carts.find, _key(), self.actor)
        mine = [item for item in items if item.id == item_id]
        if cart is None or not mine:
            abort(404)
        entry: Entry = _through(carts.priced, visited_seller(), cart, mine).entries[0]
        return entry

    def _change(self, db_session: Session, item_id: int) -> Any:
        _need_buyer()
        cart, items = carts.find(db_session, _key(), self.actor)
        if cart is None or all(item.id != item_id for item in items):
            raise NotFound()
        plan = quotes.load_plans(db_session, [next(i.plan_id for i in items if i.id == item_id)]).popitem()[1]
        wish = self._wish(plan, plan.id)
        return carts.change(
            db_session,
            visited_seller(),
            cart,
            item_id,
            quantity=wish.quantity,
            months=wish.months,
            chosen=wish.parameters,
            identifier=wish.identifier if plan.needs_identifier else None,
            auto_renew=request.form.get("auto_renew") == "1",
        )

    # -- the frame -----------------------------------------------------------------------------------------------------

    def _try(self, service: Callable[..., Any], *args: Any) -> Any:
        """`service(session, …)`, committed; None where it refused (said on the page, nothing written)."""
        result = attempt(lambda *_: _through(service, *args))
        if result is None:
            self._count_wrong_code()
        return result

    @staticmethod
    def _count_wrong_code() -> None:
        if "wrong_code" in g:
            with tenancy.seeing(tenancy.EVERYONE, db.session()):
                sign_in.note_failure(db.session(), *g.pop("wrong_code"))
                db.session.commit()

    def _shared(self) -> dict[str, Any]:
        return {
            "price_text": price_text,
            "period_text": period_text,
            "months_text": months_text,
            "trial_text": trial_text,
            "quantity": quantity,
            "percent": percent,
            "plain": plain,
            "day": day,
            "say": say,
            "last_day": lambda ends_on: ends_on - dt.timedelta(days=1),
        }

    def _show(self, template: str, **values: Any) -> Any:
        named = {
            "title_of": title_of,
            "name_of": name_of,
            "span_of": span_of,
            "parts_of": parts_of,
            **self._shared(),
            **values,
        }
        return self.render_template(
            f"shop/{template}", front={"currencies": []}, currencies=[], kabinet_active="ShopPage", **named
        )
