"""Orders of a company: what awaits payment, what is paid, and one order in full (SMC-62, SMC-63, AST-157, AST-158)."""

from decimal import Decimal
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import get_locale, gettext

from app.access.permissions import Right
from app.core.errors import Refused
from app.models import Order, OrderLine
from app.rules.lifecycle import OrderState
from app.services.shop import catalogue, order_list, orders, reasons
from app.services.shop.order_list import Row, Story
from app.views.base import attempt, needs, needs_one, say
from app.views.cabinet import frame, words
from app.views.rows import whole


class OrdersPage(frame.Page):
    """What the company ordered."""

    route_base = "/my/orders"

    @expose("/")
    @needs_one(Right.CABINET_PAYMENTS, Right.CABINET_BUY)
    def index(self) -> Any:
        """Two blocks: awaiting payment, and paid; the cancelled ones apart."""
        after = whole(request.args.get("after", "") or "0") or None
        is_cancelled = request.args.get("state") == "cancelled"
        states = order_list.CANCELLED if is_cancelled else order_list.DONE
        waiting: list[Row] = []
        if not after and not is_cancelled:
            waiting, _ = order_list.list_orders(
                self.session, self.actor, order_list.WAITING, limit=order_list.MOST_WAITING
            )
        rows, more = order_list.list_orders(self.session, self.actor, states, after)
        return self.show(
            "orders.html",
            waiting=waiting,
            rows=rows,
            more=more,
            after=after,
            is_cancelled=is_cancelled,
            states=words.ORDER_STATES,
            reason_of=reason_of,
            ready=ready_words,
            may_pay=self.actor.may(Right.CABINET_PAYMENTS),
            may_buy=self.actor.may(Right.CABINET_BUY),
            may_see=self.actor.may(Right.CABINET_SUBSCRIPTIONS),
        )

    @expose("/<int:order_id>")
    @needs_one(Right.CABINET_PAYMENTS, Right.CABINET_BUY)
    def one(self, order_id: int) -> Any:
        """An order: lines, what they cost and became, payments, history."""
        story = order_list.story_of(self.session, self.actor, order_id)
        return self.show(
            "order.html",
            story=story,
            order=story.order,
            gone=say(Refused(orders.METHOD_GONE)) if self._has_no_method(story.order) else "",
            states=words.ORDER_STATES,
            reason=reason_of(story.order),
            ready=ready_words,
            parts_of_line=parts_of_line,
            last_day=order_list.last_day,
            instructions=instructions_of(story),
            payment=payment_words(story),
            history=history_of(story),
            may_pay=self.actor.may(Right.CABINET_PAYMENTS),
            may_buy=self.actor.may(Right.CABINET_BUY),
            may_see=self.actor.may(Right.CABINET_SUBSCRIPTIONS),
        )

    def _has_no_method(self, order: Order) -> bool:
        return order.state == OrderState.PENDING.value and orders.is_method_gone(self.session, order)

    @expose("/<int:order_id>/pay", methods=["POST"])
    @needs(Right.CABINET_PAYMENTS)
    def pay(self, order_id: int) -> Any:
        """Once more to the payment system, by the method it was ordered with (AST-077)."""
        made = attempt(orders.pay_again, order_id)
        if made is None:
            return redirect(url_for("OrdersPage.one", order_id=order_id))
        if made.method_id is not None and not made.save_method:
            flash(gettext("The saved method is being charged."), "info")
        return redirect(url_for("PayPage.one", attempt_id=made.id))

    @expose("/<int:order_id>/cancel", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def cancel(self, order_id: int) -> Any:
        """Cancel what waits for its payment."""
        done = gettext("The order is cancelled. Money that comes for it stays on your account.")
        attempt(orders.cancel, order_id, done=done)
        return redirect(url_for("OrdersPage.one", order_id=order_id))

    @expose("/<int:order_id>/again", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def again(self, order_id: int) -> Any:
        """Put the same goods into the cart: another method means another order (AST-077)."""
        if attempt(orders.order_again, order_id) is None:
            return redirect(url_for("OrdersPage.one", order_id=order_id))
        flash(gettext("The goods are in the cart again. Choose how to pay."), "success")
        return redirect(url_for("CartPage.index"))


def reason_of(order: Order) -> str:
    """Why an order waits or was cancelled, in the reader's language."""
    said = reasons.read(order.reason)
    return say(said) if said is not None else ""


def ready_words(state: str) -> str:
    """What a paid service says of itself (AST-158)."""
    return {
        "active": gettext("The service is ready to use"),
        "needs_setup": gettext("Set-up is required"),
    }.get(state, "") or words.word(words.STATES, state)


def parts_of_line(line: OrderLine) -> list[tuple[str, str, str, str]]:
    """The parts of a line as they were shown when it was ordered: name, quantity, now, each next period."""
    locale = str(get_locale() or "en")
    said = {one.id: catalogue.words_of(one, locale) for one in line.plan.components}
    found = []
    for part in line.breakdown:
        own = said.get(part["component_id"])
        by_use = gettext("by use") if part["limit"] else ""
        unit = (own.unit if own else "") or part["unit"]
        found.append(
            (
                (own.name if own else "") or part["name"],
                f"{frame.quantity(Decimal(part['quantity']))} {words.word(words.UNITS, unit)}",
                by_use or frame.money(Decimal(part["first"])),
                by_use or frame.money(Decimal(part["next"])),
            )
        )
    return found


def instructions_of(story: Story) -> list[tuple[str, str]]:
    """How to set up what was bought, product by product, in the reader's language."""
    locale = str(get_locale() or "en")
    found = {}
    for line in story.order.lines:
        said = catalogue.words_of(line.plan.product, locale)
        if said.instructions:
            found[said.name] = said.instructions
    return list(found.items())


def payment_words(story: Story) -> str:
    """By what an order is paid."""
    order = story.order
    if order.method == "invoice":
        return gettext("By invoice, under the contract")
    if order.method == "balance":
        return gettext("From the balance")
    way = frame.in_words(story.attempts[0].way).name if story.attempts else gettext("Online")
    return f"{way}, {gettext('saved method')}" if order.method_id else way


def history_of(story: Story) -> list[dict[str, Any]]:
    """What happened to an order, in its order."""
    texts = {
        "order.place": gettext("Ordered"),
        "order.fulfil": gettext("Confirmed, the service is on its way"),
        "order.cancel": gettext("Cancelled"),
    }
    tones = {"order.fulfil": "good", "order.cancel": "bad"}
    return [
        {
            "title": texts[event.action],
            "text": event.actor if event.user_id is not None else "",
            "at": frame.moment(event.at),
            "tone": tones.get(event.action, ""),
        }
        for event in story.events
        if event.action in texts
    ]
