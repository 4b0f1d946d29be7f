"""Renewal of services: what is charged when and by what, the form to renew, switches, methods and periods."""

import secrets
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext, ngettext

from app.access.permissions import Right
from app.core.errors import Refused
from app.core.period import Month
from app.models import Account, PaymentAttempt, PaymentMethod
from app.rules import renewing
from app.rules.lifecycle import OrderState
from app.services import methods, paying
from app.services.shop import renewal_list, renewals, spending
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
        asked = whole(request.args.get("months", "")) or form.chosen
        chosen = next((one for one in form.choices if one.months == asked), form.choices[0] if form.choices else None)
        return self.show(
            "renewal.html",
            form=form,
            name=named(form.subscription, form.plan),
            chosen=chosen,
            ways=self._ways(form.subscription.account, chosen.quote.first) if chosen else [],
            wanted=self._wanted(form),
            payers=self.payer_choices() if chosen else [],
            waiting_attempt=self._attempt_of(form.waiting.id) if form.waiting else None,
            period=period_text,
            key=secrets.token_hex(16),
        )

    def _wanted(self, form: renewals.Form) -> str:
        method_id = form.subscription.payment_method_id
        return f"card:{method_id}" if method_id else "balance"

    def _ways(self, account: Account, amount: Decimal) -> list[tuple[str, str, str, bool]]:
        """Value, label, hint and whether it can be chosen: the balance, saved methods, ways to pay online."""
        balance = next((one.balance for one in self.accounts if one.id == account.id), Decimal(0))
        free = balance - spending.outstanding(self.session, [account.id]).get(account.id, Decimal(0))
        hint = gettext(
            "Free on account %(number)s: %(amount)s", number=account.number, amount=frame.money(free, account.currency)
        )
        found = [("balance", gettext("From the balance"), hint, free >= amount)]
        for method in methods.usable(self.session, self.actor, account):
            found.append(
                (f"card:{method.id}", method.name or method.mask, words.word(words.METHOD_STATES, method.state), True)
            )
        if self.actor.may(Right.CABINET_PAYMENTS):
            for offer in paying.offers_for(self.session, account, amount):
                said = gettext("To pay: %(amount)s", amount=frame.money(offer.charged, account.currency))
                found.append((f"way:{offer.way.id}", offer.way.name, said, offer.refusal is None))
        return found

    def _attempt_of(self, order_id: int) -> PaymentAttempt | None:
        query = sa.select(PaymentAttempt).where(PaymentAttempt.order_id == order_id)
        return self.session.scalars(query.order_by(PaymentAttempt.id.desc()).limit(1)).first()

    @expose("/<int:subscription_id>/renew", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def renew(self, subscription_id: int) -> Any:
        """Renew now; the same form sent twice is one order."""
        kind, _, number = request.form.get("pay", "").partition(":")
        months, chosen = whole(request.form.get("months", "")), whole(number or "0")
        if months is None or chosen is None or kind not in ("balance", "card", "way"):
            flash(gettext("Choose a period and how to pay."), "danger")
            return redirect(url_for("RenewalsPage.one", subscription_id=subscription_id))
        made = attempt(
            renewals.renew,
            subscription_id,
            months,
            "balance" if kind == "balance" else "gateway",
            key=request.form.get("key", "")[:64] or secrets.token_hex(16),
            method_id=chosen if kind == "card" else None,
            way_id=chosen if kind == "way" else None,
            payer_id=whole(request.form.get("payer", "") or "0") or None,
            seen=frame.as_amount(request.form.get("seen", "")),
        )
        if made is None:
            return redirect(url_for("RenewalsPage.one", subscription_id=subscription_id, months=months))
        return self._after(made, subscription_id)

    def _after(self, made: Any, subscription_id: int) -> Any:
        found = self._attempt_of(made.id)
        if made.state == OrderState.FULFILLED.value:
            until = renewals.subscription_of(self.session, self.actor, subscription_id).paid_until
            flash(gettext("Renewed: it is paid until %(day)s.", day=frame.day(until)), "success")
        elif made.method_id:
            flash(gettext("The saved method is being charged. The service is renewed when the money is there."), "info")
        elif found is not None:
            return redirect(url_for("PayPage.one", attempt_id=found.id))
        else:
            flash(gettext("Order %(number)s waits for its payment.", number=made.number), "info")
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
        found = renewals.subscription_of(self.session, self.actor, subscription_id)
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
