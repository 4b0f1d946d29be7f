"""The checkout: how to pay, in whose name, and the confirmation; each step can be taken back (SMC-57…60, AST-088…099).

What was chosen so far travels in the session's cookie; the confirmation carries all of it in its form, so another tab
changes nothing of what is confirmed here.
"""

import secrets
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core.errors import DomainError, Forbidden, NotFound, Refused
from app.extensions import db
from app.gateways.registry import can_keep
from app.models import Order, Payer, PaymentAttempt, PaymentWay
from app.rules.lifecycle import OrderState
from app.services.cabinet import payers
from app.services.shop import checkout, orders
from app.services.shop.checkout import Desk, Tile
from app.services.shop.order_list import last_day
from app.services.shop.orders import AlreadyOrdered, Checkout
from app.services.shop.quotes import Part, Quote
from app.views.base import needs, say
from app.views.cabinet import frame, words
from app.views.cabinet.payers import kind_tabs, lines_of
from app.views.cart import TERMS, parts_of, terms_first, title_of
from app.views.rows import whole

CHOSEN = "checkout"  # in the session: account, pay, payer, save, renew
NO_PAYER = ("balance", "invoice")  # paid in the name of the account's own payer


def steps(now: int) -> list[Any]:
    """The steps of a checkout, those behind with their links."""
    found: list[Any] = [
        (gettext("Payment method"), url_for("CheckoutPage.index")),
        (gettext("Payer"), url_for("CheckoutPage.payer")),
        (gettext("Confirmation"), ""),
    ]
    return found if now != 2 or _state().get("pay") not in NO_PAYER else [found[0], gettext("Payer"), found[2]]


def _state() -> dict[str, Any]:
    found = session.get(CHOSEN)
    return dict(found) if isinstance(found, dict) else {}


class CheckoutPage(frame.Page):
    """From the cart to an order."""

    route_base = "/my/checkout"

    def _keep(self, **facts: Any) -> None:
        session[CHOSEN] = {**_state(), **facts}

    def _desk(self) -> Desk:
        """What is being ordered; Refused where there is nothing."""
        try:
            return checkout.open_desk(self.session, self.actor, _state().get("account"))
        except NotFound:
            self._keep(account=None)
            return checkout.open_desk(self.session, self.actor)

    def _tiles(self, desk: Desk, only: str = "") -> list[Tile]:
        line = next((one for one in self.accounts if one.id == desk.account.id), None)
        return checkout.tiles(self.session, self.actor, desk, line.balance if line else None, only)

    def _away(self, error: DomainError) -> Any:
        """Where an explanation leads: to the order, or back to the cart."""
        db.session.rollback()
        text = say(error)
        if all(text != said for _, said in session.get("_flashes", [])):  # ordering may have said so just now
            flash(text, "warning")
        if isinstance(error, AlreadyOrdered):
            return redirect(url_for("OrdersPage.one", order_id=error.order_id))
        return redirect(url_for("CartPage.index"))

    # -- 1: how to pay -------------------------------------------------------------------------------------------------

    @expose("/")
    @needs(Right.CABINET_READ)
    def index(self) -> Any:
        """The ways to pay with what each costs."""
        if not self.actor.may(Right.CABINET_BUY):
            return self.show("checkout_closed.html", who=checkout.who_may_buy(self.session, self.actor))
        if TERMS not in session:  # asked once a visit; ordering asks again
            if (away := terms_first()) is not None:
                return away
            session[TERMS] = 0
        wanted = whole(request.args.get("account", "") or "0")
        if wanted:
            self._keep(account=wanted)
        try:
            desk = self._desk()
        except Refused as error:
            return self._away(error)
        found = self._tiles(desk)
        usable = [one.value for one in found if one.refusal is None]
        value = _state().get("pay")
        return self.show(
            "checkout.html",
            steps=steps(0),
            desk=desk,
            tiles=found,
            say=say,
            value=value if value in usable else (usable[0] if usable else ""),
            may_pay=self.actor.may(Right.CABINET_PAYMENTS),
        )

    @expose("/", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def choose(self) -> Any:
        """Keep the way to pay, and on to the payer where one is needed."""
        value = request.form.get("pay", "")[:40]
        if not value:
            flash(gettext("Choose how to pay."), "danger")
            return redirect(url_for("CheckoutPage.index"))
        self._keep(pay=value, account=whole(request.form.get("account", "") or "0"))
        return redirect(url_for("CheckoutPage.confirm" if value in NO_PAYER else "CheckoutPage.payer"))

    # -- 2: in whose name ----------------------------------------------------------------------------------------------

    @expose("/payer")
    @needs(Right.CABINET_BUY)
    def payer(self) -> Any:
        """The payers of the company; one may be added or edited right here (AST-099)."""
        kind = request.args.get("kind", "")
        every = payers.list_payers(self.session, self.actor)
        shown = [one for one in every if not kind or one.kind == kind]
        chosen = whole(request.args.get("payer", "") or "0") or _state().get("payer")
        if chosen not in [one.id for one in every]:
            chosen = shown[0].id if shown else None
        here = url_for("CheckoutPage.payer", kind=kind or None)
        return self.show(
            "checkout_payer.html",
            steps=steps(1),
            payers=[(one, lines_of(one)) for one in shown],
            tabs=kind_tabs(every, kind, lambda k: url_for("CheckoutPage.payer", kind=k or None)),
            kind=kind,
            chosen=chosen if any(one.id == chosen for one in shown) else (shown[0].id if shown else None),
            back=here,
        )

    @expose("/payer", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def choose_payer(self) -> Any:
        """Keep the payer, and on to the confirmation."""
        payer_id = whole(request.form.get("payer", "") or "0")
        if not payer_id:
            flash(gettext("Choose the payer, or add a new one."), "danger")
            return redirect(url_for("CheckoutPage.payer"))
        self._keep(payer=payers.payer_of(self.session, self.actor, payer_id).id)
        return redirect(url_for("CheckoutPage.confirm"))

    # -- 3: the confirmation -------------------------------------------------------------------------------------------

    @expose("/confirm")
    @needs(Right.CABINET_BUY)
    def confirm(self) -> Any:
        """Everything once more: goods, payer, method, sums, renewal."""
        try:
            desk = self._desk()
        except Refused as error:
            return self._away(error)
        value = str(_state().get("pay", "")) or "balance"
        tile = checkout.chosen(self._tiles(desk, value), value)
        if tile is None:
            return redirect(url_for("CheckoutPage.index"))
        payer = self._payer_of(desk, tile)
        return self.show(
            "checkout_confirm.html",
            steps=steps(2),
            desk=desk,
            tile=tile,
            payer=payer,
            payer_lines=lines_of(payer),
            lines=[
                (item, quote, _name(quote), _parts(quote))
                for item, quote in zip(desk.items, desk.quotes.lines, strict=True)
            ],
            last_day=last_day,
            renew=_state().get("renew") or {},
            keeps=tile.kind == "way"
            and tile.way is not None
            and can_keep(tile.way.gateway)
            and self.actor.may(Right.CABINET_PAYMENTS),  # AST-141
            save=bool(_state().get("save")),
            terms=orders.terms_of(tile.charged, tile.cashback) if tile.way is not None else "",
            key=secrets.token_hex(16),
        )

    def _payer_of(self, desk: Desk, tile: Tile) -> Payer:
        chosen = _state().get("payer") if tile.value not in NO_PAYER else None
        found = self.session.get(Payer, chosen) if chosen else None
        if found is None or found.company_id != self.actor.company_id:
            found = self.session.get_one(Payer, desk.account.payer_id)
        return found

    @expose("/place", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def place(self) -> Any:
        """Order it: once, whatever is pressed how often and in how many tabs."""
        if (away := terms_first()) is not None:
            return away
        form = request.form
        renew = {item: f"renew-{item}" in form for text in form.getlist("item") if (item := whole(text))}
        self._keep(renew={str(item): is_on for item, is_on in renew.items()}, save="save" in form)
        kind, _, number = form.get("pay", "").partition(":")
        chosen, cart_id, account_id = whole(number or "0"), whole(form.get("cart", "")), whole(form.get("account", ""))
        if cart_id is None or account_id is None or chosen is None or not form.get("key"):
            flash(gettext("The form was not complete. Look at it and confirm again."), "danger")
            return redirect(url_for("CheckoutPage.confirm"))
        asked = Checkout(
            cart_id,
            account_id,
            kind if kind in NO_PAYER else orders.GATEWAY,
            form.get("seen", ""),
            way_id=chosen if kind == "way" else None,
            method_id=chosen if kind == "saved" else None,
            payer_id=whole(form.get("payer", "") or "0") or None,
            save_method="save" in form,
            terms=form.get("terms", ""),
            auto_renew=renew,
        )
        try:
            made = orders.place(self.session, self.actor, asked, form["key"][:64])
            order_id = made.id
            db.session.commit()
        except (NotFound, Forbidden):
            db.session.rollback()
            raise
        except AlreadyOrdered as error:
            return self._away(error)
        except DomainError as error:
            db.session.rollback()
            flash(say(error), "danger")
            return redirect(url_for("CheckoutPage.confirm"))
        session.pop(CHOSEN, None)
        session["cart_count"] = 0
        return after(self, order_id)


def after(page: frame.Page, order_id: int) -> Any:
    """Where an order leads: straight to the payment system, or to the order itself."""
    order = page.session.get_one(Order, order_id)
    if order.state == OrderState.PENDING.value and order.way_id is not None and page.actor.may(Right.CABINET_PAYMENTS):
        begun = (
            sa.select(PaymentAttempt.id)
            .where(PaymentAttempt.order_id == order.id, PaymentAttempt.state.in_(("new", "sent")))
            .order_by(PaymentAttempt.id.desc())
        )
        attempt_id = page.session.scalar(begun.limit(1))
        way = page.session.get_one(PaymentWay, order.way_id)
        if attempt_id is not None and way.gateway != "bank_transfer":
            return redirect(url_for("PayPage.go", attempt_id=attempt_id), code=307)  # the same form, to the gateway
        if attempt_id is not None:
            return redirect(url_for("PayPage.one", attempt_id=attempt_id))
    if order.state == OrderState.FULFILLED.value:
        flash(gettext("Order %(number)s is placed. We make it run now.", number=order.number), "success")
    elif order.method_id is not None:
        flash(gettext("Order %(number)s is placed. The saved method is being charged.", number=order.number), "success")
    else:
        flash(gettext("Order %(number)s waits for its payment.", number=order.number), "info")
    return redirect(url_for("OrdersPage.one", order_id=order.id))


def _name(quote: Quote) -> str:
    """What a line is: the service that is renewed, or the plan that is bought."""
    if quote.service is not None and quote.service.name:
        return quote.service.name
    return title_of(quote.plan) if quote.plan else ""


def _amount(part: Part, unit: str) -> str:
    shown = part.included if part.charged == "usage" else part.quantity
    return f"{frame.quantity(shown)} {words.word(words.UNITS, unit)}"


def _parts(quote: Quote) -> list[tuple[str, str, str, str]]:
    """The parts of a line: name, quantity, now, each next period."""
    by_use = gettext("by use")
    return [
        (
            one["name"],
            _amount(one["part"], one["unit"]),
            by_use if one["as_used"] else frame.money(one["part"].first_total),
            by_use if one["as_used"] else frame.money(one["part"].next_total),
        )
        for one in parts_of(quote)
    ]
