"""Renewal of services: what is charged when and by what, the form to renew, switches, methods and periods."""

import secrets
from decimal import Decimal
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext, ngettext

from app.access.permissions import Right
from app.core.errors import Refused
from app.core.period import Month
from app.models import PaymentMethod
from app.rules import renewing
from app.rules.lifecycle import OrderState, PaymentMethodState
from app.services import methods
from app.services.shop import owning, renewal_list, renewals, spending
from app.services.shop.order_list import last_day
from app.services.shop.renewal_list import Row
from app.services.shop.telling import named
from app.views.base import attempt, needs, say
from app.views.cabinet import frame, words
from app.views.rows import whole

FORECAST = 3  # months shown above the list


class RenewalsPage(frame.Page):
    """Services that are paid beforehand."""

    route_base = "/my/renewals"

    @expose("/")
    @needs(Right.CABINET_SUBSCRIPTIONS)
    def index(self) -> Any:
        """The list with the next charge of each, and what the months to come will need (AST-150)."""
        after = self.place_asked()
        rows, more = renewal_list.list_renewals(self.session, self.actor, after)
        return self.show(
            "renewals.html",
            rows=rows,
            more=frame.place(more),
            months=[] if after or not rows else self._months(rows, more is not None),
            sentence=charge_sentence,
            period=period_text,
            kinds=words.PRODUCT_KINDS,
            may_buy=self.actor.may(Right.CABINET_BUY),
        )

    def _months(self, rows: list[Row], has_more: bool) -> list[tuple[Month, list[str]]]:
        every = renewal_list.all_of(self.session, self.actor.company_id) if has_more else rows
        since = Month.of(self.today)
        sums = renewal_list.by_month(every, since, FORECAST)
        return [
            (month, [frame.money(sums[code][month], code) for code in sorted(sums)])
            for month in (since.shift(step) for step in range(FORECAST))
        ]

    @expose("/<int:subscription_id>")
    @needs(Right.CABINET_BUY)
    def one(self, subscription_id: int) -> Any:
        """The form to renew: until when it is paid, its state, the periods with their prices (AST-149)."""
        try:
            form = renewals.form_of(self.session, self.actor, subscription_id)
        except Refused as refused:
            flash(say(refused), "warning")
            return redirect(url_for("SubscriptionsPage.one", subscription_id=subscription_id))
        asked = period_asked(request.args.get("period", "")) or (form.chosen, 0)
        chosen = next((one for one in form.choices if one.period == asked), form.choices[-1] if form.choices else None)
        quick = self._quick(form, chosen.quote.first) if chosen and form.waiting is None else None
        return self.show(
            "renewal.html",
            form=form,
            name=named(form.subscription, form.plan),
            chosen=chosen,
            quick=quick,
            period=period_text,
            days_text=days_text,
            key=secrets.token_hex(16),
        )

    def _quick(self, form: renewals.Form, amount: Decimal) -> tuple[str, str, str, bool]:
        """What renews it, in one press: value, label, hint and whether it can be. Other ways are in the checkout."""
        if form.method is not None:
            method, works = form.method, form.method.state == PaymentMethodState.WORKING.value
            hint = "" if works else words.word(words.METHOD_STATES, method.state)
            label = gettext("Renew now by %(name)s", name=method.called)
            return f"card:{method.id}", label, hint, method.state != PaymentMethodState.SETTING_UP.value
        account = form.subscription.account
        balance = next((one.balance for one in self.accounts if one.id == account.id), Decimal(0))
        free = balance - spending.outstanding(self.session, [account.id]).get(account.id, Decimal(0))
        hint = gettext(
            "Free on account %(number)s: %(amount)s", number=account.number, amount=frame.money(free, account.currency)
        )
        return "balance", gettext("Renew now from the balance"), hint, free >= amount

    @expose("/<int:subscription_id>/cart", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def cart(self, subscription_id: int) -> Any:
        """Put the renewal into the cart beside what is bought; how to pay is chosen in the checkout (AST-149)."""
        found = period_asked(request.form.get("period", ""))
        here = redirect(url_for("RenewalsPage.one", subscription_id=subscription_id))
        if found is None:
            flash(gettext("Choose one of the periods."), "danger")
            return here
        if attempt(renewals.put_in_cart, subscription_id, *found, done=gettext("It is in the cart.")) is None:
            return here
        return redirect(url_for("CartPage.index"))

    @expose("/<int:subscription_id>/renew", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def renew(self, subscription_id: int) -> Any:
        """Renew now by what renews it; the same form sent twice is one order."""
        kind, _, number = request.form.get("pay", "").partition(":")
        found, chosen = period_asked(request.form.get("period", "")), whole(number or "0")
        if found is None or chosen is None or kind not in ("balance", "card"):
            flash(gettext("Choose a period and how to pay."), "danger")
            return redirect(url_for("RenewalsPage.one", subscription_id=subscription_id))
        made = attempt(
            renewals.renew,
            subscription_id,
            found[0],
            "balance" if kind == "balance" else "gateway",
            key=request.form.get("key", "")[:64] or secrets.token_hex(16),
            method_id=chosen if kind == "card" else None,
            seen=frame.as_amount(request.form.get("seen", "")),
            days=found[1],
        )
        if made is None:
            period = request.form.get("period", "")
            return redirect(url_for("RenewalsPage.one", subscription_id=subscription_id, period=period))
        if made.state == OrderState.FULFILLED.value:
            until = owning.subscription_of(self.session, self.actor, subscription_id).paid_until
            flash(gettext("Renewed: it is paid until %(day)s.", day=frame.day(last_day(until))), "success")
        else:
            flash(gettext("The saved method is being charged. The service is renewed when the money is there."), "info")
        return redirect(url_for("RenewalsPage.index"))

    @expose("/<int:subscription_id>/switch", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def switch(self, subscription_id: int) -> Any:
        """Automatic renewal on or off."""
        is_on = request.form.get("is_on") == "1"
        done = gettext("It renews by itself now.") if is_on else gettext("It does not renew by itself any more.")
        attempt(renewals.set_auto_renew, subscription_id, is_on, done=done)
        return redirect(
            request.form.get("back") == "one"
            and url_for("SubscriptionsPage.one", subscription_id=subscription_id)
            or url_for("RenewalsPage.index")
        )

    @expose("/<int:subscription_id>/by", methods=["GET"])
    @needs(Right.CABINET_BUY)
    def by(self, subscription_id: int) -> Any:
        """What renews a service, and for how long: the present ones and the others (AST-148, AST-151)."""
        found = owning.subscription_of(self.session, self.actor, subscription_id)
        now = self.session.get(PaymentMethod, found.payment_method_id) if found.payment_method_id else None
        usable = methods.usable(self.session, self.actor, found.account)
        own = renewals.months_of(self.session, found, found.plan)
        return self.show(
            "renewal_by.html",
            subscription=found,
            name=named(found, found.plan),
            now=now,
            others=[one for one in usable if one.id != found.payment_method_id],
            method_states=words.METHOD_STATES,
            months=own,
            choices=renewing.choices(found.plan.period_months, own),
            period=period_text,
        )

    @expose("/<int:subscription_id>/method", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def method(self, subscription_id: int) -> Any:
        """From now on it renews by this method."""
        chosen = whole(request.form.get("method", "") or "0")
        attempt(renewals.set_method, subscription_id, chosen or None, done=gettext("The payment method is changed."))
        return redirect(url_for("RenewalsPage.by", subscription_id=subscription_id))

    @expose("/<int:subscription_id>/period", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def period(self, subscription_id: int) -> Any:
        """From now on it renews for so long."""
        months = whole(request.form.get("months", "")) or 0
        attempt(renewals.set_period, subscription_id, months, done=gettext("The period is changed."))
        return redirect(url_for("RenewalsPage.by", subscription_id=subscription_id))


def period_asked(text: str) -> tuple[int, int] | None:
    """«3» as three months, «d1» as a day: months and days; None for anything else."""
    number = whole(text.removeprefix("d"))
    if not number:
        return None
    return (0, number) if text.startswith("d") else (number, 0)


def days_text(days: int) -> str:
    """«1 day»."""
    return ngettext("%(num)d day", "%(num)d days", days)


def period_text(months: int) -> str:
    """«1 month», «3 months», «1 year»."""
    if months % 12 == 0:
        return ngettext("%(num)d year", "%(num)d years", months // 12)
    return ngettext("%(num)d month", "%(num)d months", months)


def charge_sentence(row: Row) -> str:
    """What is charged on which day, and then how often (AST-147)."""
    if row.next_on is None:
        return ""
    about = {"amount": frame.money(row.price, row.currency), "day": frame.day(row.next_on)}
    if row.months == 1:
        return gettext(
            "%(amount)s (without discounts) will be charged on %(day)s, and then at the end of every month.", **about
        )
    return gettext(
        "%(amount)s (without discounts) will be charged on %(day)s, and then at the end of every period (%(period)s).",
        period=period_text(row.months),
        **about,
    )
