"""More or less of a service that is paid beforehand: what it costs by days, and the order for it (SMC-70)."""

import secrets
from decimal import Decimal
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import get_locale, gettext

from app.access.permissions import Right
from app.core.errors import Refused
from app.models import Account, Order
from app.services import methods, paying
from app.services.shop import catalogue, changing, resizing, spending
from app.services.shop.resizing import Change, Size
from app.services.shop.telling import named
from app.views.base import attempt, needs, say
from app.views.cabinet import frame, words
from app.views.cabinet.checkout import after
from app.views.rows import whole
from app.views.shop import plain

WAYS = {"balance": "balance", "card": "gateway", "way": "gateway"}


class SizePage(frame.Page):
    """The size of a service: how many, or its parameters."""

    route_base = "/my/size"

    @expose("/<int:subscription_id>")
    @needs(Right.CABINET_BUY)
    def one(self, subscription_id: int) -> Any:
        """What there is, what is wanted, and what that costs by days."""
        wanted = self._wanted(request.args)
        try:
            change = changing.look(self.session, self.actor, subscription_id, wanted)
        except Refused as refused:
            flash(say(refused), "warning")
            if wanted is None:
                return redirect(url_for("SubscriptionsPage.one", subscription_id=subscription_id))
            change = changing.look(self.session, self.actor, subscription_id)
        return self.show(
            "size.html",
            change=change,
            name=named(change.subscription, change.plan),
            fields=self._fields(change),
            is_changed=bool(change.ended or change.begun),
            key=secrets.token_hex(16),
            plain=plain,
        )

    @expose("/<int:subscription_id>/pay")
    @needs(Right.CABINET_BUY)
    def pay(self, subscription_id: int) -> Any:
        """How to pay what it becomes dearer by; ordering compares with the sum that was shown."""
        wanted, seen = self._wanted(request.args), frame.as_amount(request.args.get("seen", ""))
        if wanted is None or seen is None:
            return redirect(url_for("SizePage.one", subscription_id=subscription_id))
        found = changing.service_of(self.session, self.actor, subscription_id)
        return self.show(
            "size_pay.html",
            subscription=found,
            name=named(found, found.plan),
            given=self._as_args(wanted),
            amount=seen,
            ways=self._ways(found.account, seen),
            payers=self.payer_choices(),
            here=_address(subscription_id, request.args.to_dict(), "SizePage.pay"),
            back=_address(subscription_id, self._as_args(wanted)),
            key=secrets.token_hex(16),
        )

    @expose("/<int:subscription_id>", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def change(self, subscription_id: int) -> Any:
        """Change it: ordered where it becomes dearer; the same form sent twice is one order."""
        kind, _, number = request.form.get("pay", "balance").partition(":")
        wanted, chosen = self._wanted(request.form), whole(number or "0")
        seen = frame.as_amount(request.form.get("seen", ""))
        if wanted is None or chosen is None or kind not in WAYS or seen is None:
            flash(gettext("The form was not complete. Look at it and confirm again."), "danger")
            return redirect(url_for("SizePage.one", subscription_id=subscription_id))
        made = attempt(
            changing.resize,
            subscription_id,
            wanted,
            WAYS[kind],
            key=request.form.get("key", "")[:64] or secrets.token_hex(16),
            seen=seen,
            method_id=chosen if kind == "card" else None,
            way_id=chosen if kind == "way" else None,
            payer_id=whole(request.form.get("payer", "") or "0") or None,
        )
        if made is None:
            return redirect(_address(subscription_id, self._as_args(wanted)))
        if isinstance(made, Order):
            return after(self, made.id)
        flash(gettext("It is changed. What is different begins on the day that was shown."), "success")
        return redirect(url_for("SubscriptionsPage.one", subscription_id=subscription_id))

    @staticmethod
    def _wanted(given: Any) -> Size | None:
        """The size a form or an address names; None where it names none."""
        values = {name: frame.as_amount(text) for name, text in given.items() if name.startswith("p_")}
        known = {name[2:]: value for name, value in values.items() if value is not None}
        many = frame.as_amount(given.get("quantity", ""))
        return Size(many if many is not None else Decimal(1), known) if known or many is not None else None

    @staticmethod
    def _as_args(wanted: Size) -> dict[str, str]:
        found = {f"p_{code}": f"{value.normalize():f}" for code, value in wanted.parameters.items()}
        return found or {"quantity": f"{wanted.quantity.normalize():f}"}

    def _fields(self, change: Change) -> list[dict[str, Any]]:
        """What may be set: name, label, present and wanted value, limits."""
        locale = str(get_locale() or "en")
        ranges = resizing.ranges_of(change.plan)
        if not ranges:
            return [_field("quantity", gettext("Quantity"), change.now.quantity, change.then.quantity, (1, None, 1))]
        said = {c.code: catalogue.words_of(c, locale) for c in change.plan.components}
        return [
            _field(
                f"p_{one.code}",
                f"{said[one.code].name or one.name}, {words.word(words.UNITS, said[one.code].unit or one.unit)}",
                change.now.parameters[one.code],
                change.then.parameters[one.code],
                (one.minimum, one.maximum, one.step),
            )
            for one in ranges
        ]

    def _ways(self, account: Account, amount: Decimal) -> list[tuple[str, str, str, bool]]:
        """Value, label, hint and whether it can be chosen: the balance, saved methods, ways to pay online."""
        balance = next((one.balance for one in self.accounts if one.id == account.id), Decimal(0))
        free = balance - spending.outstanding(self.session, [account.id]).get(account.id, Decimal(0))
        hint = gettext(
            "Free on account %(number)s: %(amount)s", number=account.number, amount=frame.money(free, account.currency)
        )
        found = [("balance", gettext("From the balance"), hint, free >= amount)]
        for method in methods.usable(self.session, self.actor, account):
            state = words.word(words.METHOD_STATES, method.state)
            found.append((f"card:{method.id}", method.called, state, True))
        if self.actor.may(Right.CABINET_PAYMENTS):
            for offer in paying.offers_for(self.session, account, amount):
                said = gettext("To pay: %(amount)s", amount=frame.money(offer.charged, account.currency))
                found.append((f"way:{offer.way.id}", frame.in_words(offer.way).name, said, offer.refusal is None))
        return found


def _address(subscription_id: int, given: dict[str, Any], page: str = "SizePage.one") -> str:
    return url_for(page, **{**given, "subscription_id": subscription_id})


def _field(name: str, label: str, now: Decimal, then: Decimal, limits: tuple[Any, Any, Any]) -> dict[str, Any]:
    names = zip(("min", "max", "step"), limits, strict=True)
    attrs = {key: f"{Decimal(value).normalize():f}" for key, value in names if value is not None}
    return {"name": name, "label": label, "now": now, "then": then, "attrs": attrs}
