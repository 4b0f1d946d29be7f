"""Saved ways to pay of a company: listed, added without buying, renamed, deleted (AST-134…144)."""

import secrets
from decimal import Decimal
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import get_locale, gettext

from app.access.permissions import Right
from app.extensions import db
from app.gateways.base import GatewayError, Keeping, Order
from app.gateways.registry import can_forget
from app.models import Account, Payer, PaymentMethod, PaymentWay
from app.services import methods
from app.services.attempts import gateway_of
from app.services.cabinet import payers
from app.views.base import attempt, needs
from app.views.cabinet import frame
from app.views.cabinet.frame import in_words
from app.views.cabinet.paying import leave, outside
from app.views.rows import whole


class MethodsPage(frame.Page):
    """The account's balance and what is saved at payment systems."""

    route_base = "/my/methods"

    @expose("/")
    @needs(Right.CABINET_PAYMENTS)
    def index(self) -> Any:
        """Name, way to pay, state, and how many services each renews."""
        rows = methods.list_methods(self.session, self.actor)
        ways = methods.names_of_ways(self.session, rows, str(get_locale() or "en"))
        linked = methods.linked(self.session, self.actor)
        return self.show(
            "methods.html",
            rows=rows,
            ways=ways,
            linked=linked,
            reasons={row.id: gettext(row.reason) for row in rows if row.reason},
        )

    @expose("/add")
    @needs(Right.CABINET_PAYMENTS)
    def add(self) -> Any:
        """The way, then the payer; the card itself is asked for by the payment system."""
        line = self.account_asked(needed=True)
        ways = methods.ways_to_save(self.session, self.session.get_one(Account, line.id)) if line else []
        way_id = whole(request.args.get("way", "") or "0")
        way = next((one for one in ways if one.id == way_id), None)
        return self.show(
            "method_add.html",
            account=line,
            ways=ways,
            ways_options=[(one.id, in_words(one).name, in_words(one).description) for one in ways],
            way=way,
            payers=[(str(one.id), one.name) for one in payers.list_payers(self.session, self.actor)] if way else [],
            key=secrets.token_hex(16),
        )

    @expose("/begin", methods=["POST"])
    @needs(Right.CABINET_PAYMENTS)
    def begin(self) -> Any:
        """Keep what was chosen, and to the payment system's page."""
        line, way_id = self.account_asked(needed=True), whole(request.form.get("way", ""))
        payer_id = whole(request.form.get("payer", "") or "0")
        if line is None or way_id is None:
            flash(gettext("Choose a way to pay."), "danger")
            return redirect(url_for("MethodsPage.add"))
        key = request.form.get("key", "")[:64] or secrets.token_hex(16)
        made = attempt(methods.begin_saving, line.id, way_id, key=key, payer_id=payer_id or None)
        return self._go(made) if made is not None else redirect(url_for("MethodsPage.add"))

    @expose("/<int:method_id>/go", methods=["POST"])
    @needs(Right.CABINET_PAYMENTS)
    def go(self, method_id: int) -> Any:
        """To the payment system's page once more."""
        return self._go(methods.method_of(self.session, self.actor, method_id))

    def _go(self, method: PaymentMethod) -> Any:
        back = url_for("MethodsPage.one", method_id=method.id)
        if method.state != "setting_up":
            return redirect(back)
        way = self.session.get_one(PaymentWay, method.way_id)
        order = self._order(method)
        try:
            gateway = gateway_of(self.session, way, current_app.config["SECRET_KEY"])
            if not isinstance(gateway, Keeping):
                raise GatewayError("This gateway keeps no cards.", permanent=True)
            handover = gateway.hand_over_saving(order)
            method.external_id = handover.external_id or method.external_id
            db.session.commit()
        except GatewayError:
            db.session.rollback()
            flash(gettext("The payment system does not answer. Nothing was saved; try again in a minute."), "danger")
            return redirect(back)
        return leave(self, way, handover, order.return_url)

    def _order(self, method: PaymentMethod) -> Order:
        account = self.session.get_one(Account, method.account_id)
        payer = self.session.get(Payer, method.payer_id)
        return Order(
            method.order_no,
            Decimal("0.00"),
            account.currency,
            gettext("Saving a payment method, account %(number)s", number=account.number),
            outside(url_for("MethodsPage.one", method_id=method.id)),
            outside(url_for("CallbackPage.receive", way_id=method.way_id)),
            self.actor.locale,
            True,
            payer.email if payer else "",
        )

    @expose("/<int:method_id>")
    @needs(Right.CABINET_PAYMENTS)
    def one(self, method_id: int) -> Any:
        """A method with its state; its name can be changed."""
        found = methods.method_of(self.session, self.actor, method_id)
        return self.show(
            "method.html",
            method=found,
            way=self.session.get(PaymentWay, found.way_id) if found.way_id else None,
            payer=self.session.get(Payer, found.payer_id) if found.payer_id else None,
            renews=methods.renewed_by(self.session, found),
            reason=gettext(found.reason) if found.reason else "",
        )

    @expose("/<int:method_id>/rename", methods=["POST"])
    @needs(Right.CABINET_PAYMENTS)
    def rename(self, method_id: int) -> Any:
        """Another name."""
        attempt(methods.rename, method_id, request.form.get("name", ""), done=gettext("The name is kept."))
        return redirect(url_for("MethodsPage.one", method_id=method_id))

    @expose("/<int:method_id>/delete", methods=["GET", "POST"])
    @needs(Right.CABINET_PAYMENTS)
    def delete(self, method_id: int) -> Any:
        """What hangs on it is named first, and switched off with it (AST-144)."""
        found = methods.method_of(self.session, self.actor, method_id)
        if request.method == "POST":
            if attempt(methods.delete, method_id, done=gettext("The payment method is deleted.")) is None:
                return redirect(url_for("MethodsPage.one", method_id=method_id))
            return redirect(url_for("MethodsPage.index"))
        return self.show(
            "method_delete.html",
            method=found,
            renews=methods.renewed_by(self.session, found),
            tops_up=methods.tops_up(self.session, found),
            forgets=can_forget(found.gateway),
        )
