"""Orders: confirmed once, at the price that was seen, with money or credit that is there."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import models as m
from app.access.permissions import Right
from app.core import clock
from app.core.errors import Forbidden, NotFound, Refused
from app.core.period import Month
from app.gateways.base import Truth
from app.services import billing, paying, payments
from app.services.shop import fulfilling, orders, spending
from app.services.shop.orders import AlreadyOrdered, Changed
from tests import makers
from tests.services.shop.buying import SYSTEM, TODAY, Buyer


@pytest.fixture(autouse=True)
def on_the_day():
    with clock.standing_at(TODAY):
        yield


def test_who_has_the_money_gets_the_service_at_once(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("500.00")
    olga.put(olga.plan("300.0000"))
    order = olga.order("balance")
    assert (order.state, order.total, order.tax) == ("fulfilled", Decimal("90.00"), Decimal("15.00"))  # 9 of 30 days
    (made,) = olga.subscriptions()
    assert (made.starts_on, made.paid_until, made.ends_on) == (TODAY, dt.date(2026, 12, 1), dt.date(2026, 12, 1))
    room = spending.room_of(session, olga.account.id)
    assert (room.balance, room.outstanding, room.free) == (Decimal("500.00"), Decimal("90.00"), Decimal("410.00"))


@pytest.mark.covers("AST-083")
def test_money_through_a_gateway_starts_the_service_when_it_is_credited(session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan("300.0000"))
    order = olga.order("gateway", way_id=olga.way().id)
    assert order.state == "pending" and olga.subscriptions() == []
    attempt = session.query(m.PaymentAttempt).filter_by(order_id=order.id).one()
    assert attempt.amount == order.total
    olga.pay("90.00")
    assert session.query(m.Outbox).filter_by(topic="fulfil_orders").count() == 1
    assert fulfilling.fulfil_waiting(session, olga.account.id) == [order]
    assert order.state == "fulfilled" and len(olga.subscriptions()) == 1
    assert fulfilling.fulfil_waiting(session, olga.account.id) == []
    assert len(olga.subscriptions()) == 1


def pay_by_card(session: Session, order: m.Order) -> None:
    """The gateway says that an order's own attempt is paid."""
    attempt = session.query(m.PaymentAttempt).filter_by(order_id=order.id).one()
    said = Truth(attempt.order_no, f"x{attempt.id}", "paid", attempt.charged, attempt.currency)
    assert paying.settle(session, session.get_one(m.PaymentWay, attempt.way_id), said) == "paid"


def test_money_of_one_order_fulfils_no_other_one(session: Session) -> None:
    olga = Buyer(session)
    goods, way = olga.plan("300.0000"), olga.way()
    older, paid = (olga.put(goods) and olga.order("gateway", way_id=way.id) for _ in range(2))
    pay_by_card(session, paid)
    with pytest.raises(Refused, match="Do not pay again"):
        orders.pay_again(session, olga.actor, paid.id)
    olga.put(goods)
    with pytest.raises(Refused, match="90.00 UAH are missing"):  # before its wish is done, too
        olga.order("balance")
    assert fulfilling.fulfil_waiting(session, olga.account.id) == [paid]
    assert older.state == "pending" and spending.room_of(session, olga.account.id).free == 0
    olga.pay("90.00")
    assert fulfilling.fulfil_waiting(session, olga.account.id) == [older]


def test_who_may_not_pay_charges_no_saved_card(session: Session) -> None:
    olga = Buyer(session)
    way = olga.way()
    card = m.PaymentMethod(company_id=olga.company.id, way_id=way.id, gateway="sandbox", token="t", state="working")
    session.add(card)
    olga.put(olga.plan("300.0000"))
    session.flush()
    olga.actor = replace(olga.actor, rights=olga.actor.rights - {Right.CABINET_PAYMENTS})
    with pytest.raises(Forbidden):
        olga.order("gateway", method_id=card.id)
    assert not olga.orders() and not session.query(m.PaymentAttempt).count()


def test_what_waits_for_a_gateway_is_not_given_on_credit(session: Session) -> None:
    firm = Buyer(session, with_contract=True, limit="1000.00")
    firm.put(firm.plan("300.0000"))
    order = firm.order("gateway", way_id=firm.way().id)
    firm.pay("1.00")
    assert fulfilling.fulfil_waiting(session, firm.account.id) == []
    assert order.state == "pending" and "89.00" in order.reason
    pay_by_card(session, order)
    assert fulfilling.fulfil_waiting(session, firm.account.id) == [order]


def test_too_little_money_keeps_the_order_waiting_and_says_what_is_missing(session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan("300.0000"))
    order = olga.order("gateway", way_id=olga.way().id)
    olga.pay("89.99")
    assert fulfilling.fulfil_waiting(session, olga.account.id) == []
    assert order.state == "pending" and "0.01" in order.reason


def test_money_already_ordered_with_is_not_spent_twice(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("100.00")
    goods = olga.plan("300.0000")
    olga.put(goods)
    olga.order("balance")
    olga.put(goods)
    with pytest.raises(Refused, match="80.00 UAH are missing"):
        olga.order("balance")


@pytest.mark.covers("SMC-55", "AST-109")
def test_a_contract_customer_gets_it_at_once_within_the_credit_and_no_further(session: Session) -> None:
    firm = Buyer(session, with_contract=True, limit="100.00")
    goods = firm.plan("300.0000")
    firm.put(goods)
    order = firm.order("invoice")
    assert (order.state, order.paid_at) == ("fulfilled", None)
    session.refresh(firm.limit)
    assert firm.limit.used == Decimal("90.00")
    firm.put(goods)
    with pytest.raises(Refused, match="80.00 UAH too little"):
        firm.order("invoice")
    with pytest.raises(Refused, match="missing"):
        firm.order("balance")
    firm.pay("100.00")
    assert firm.order("invoice").state == "fulfilled"
    session.refresh(firm.limit)
    assert firm.limit.used == Decimal("80.00")


def test_a_blocked_limit_is_no_credit_and_says_so(session: Session) -> None:
    firm = Buyer(session, with_contract=True, limit="1000.00")
    firm.limit.blocked_on = TODAY
    firm.put(firm.plan())
    with pytest.raises(Refused, match="blocked by unpaid invoices"):
        firm.order("invoice")


def test_only_customers_with_a_contract_pay_by_invoice(session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan())
    with pytest.raises(Refused, match="contract"):
        olga.order("invoice")


def test_the_same_key_is_the_same_order_and_with_other_contents_is_refused(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("500.00")
    olga.put(olga.plan("300.0000"))
    asked = olga.checkout("balance")
    first = orders.place(session, olga.actor, asked, "one-key")
    assert orders.place(session, olga.actor, asked, "one-key") is first
    other = orders.Checkout(asked.cart_id, asked.account_id, "gateway", asked.seen, way_id=olga.way().id)
    with pytest.raises(AlreadyOrdered) as refused:
        orders.place(session, olga.actor, other, "one-key")
    assert refused.value.order_id == first.id
    assert len(olga.orders()) == 1


def test_a_second_tab_orders_nothing_and_is_led_to_the_order(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("500.00")
    olga.put(olga.plan("300.0000"))
    asked = olga.checkout("balance")
    first = orders.place(session, olga.actor, asked, "tab-1")
    with pytest.raises(AlreadyOrdered, match="Nothing was ordered again") as refused:
        orders.place(session, olga.actor, asked, "tab-2")
    assert refused.value.order_id == first.id and len(olga.orders()) == 1


def test_an_empty_cart_orders_nothing(session: Session) -> None:
    olga = Buyer(session)
    with pytest.raises(Refused, match="Nothing is selected"):
        orders.place(session, olga.actor, orders.Checkout(olga.cart.id, olga.account.id, "balance", ""), "k")


@pytest.mark.covers("AST-081")
def test_only_what_is_selected_is_ordered_and_the_rest_stays_in_the_cart(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("500.00")
    olga.put(olga.plan("300.0000"))
    left = olga.put(olga.plan("60.0000"))
    left.is_selected = False
    session.flush()
    order = olga.order("balance")
    assert [line.total for line in order.lines] == [Decimal("90.00")]
    assert [item.id for item in session.query(m.CartItem)] == [left.id]


def test_a_price_that_changed_meanwhile_is_explained_and_nothing_is_ordered(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("500.00")
    plan = olga.plan("300.0000")
    olga.put(plan)
    asked = olga.checkout("balance")
    session.query(m.PriceVersion).filter_by(component_id=plan.components[0].id).update({"unit_price": Decimal(600)})
    session.expire_all()
    with pytest.raises(Changed, match="180.00 UAH now"):
        orders.place(session, olga.actor, asked, "k")
    assert olga.orders() == []


def test_what_was_looked_at_yesterday_is_confirmed_again_today(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("500.00")
    olga.put(olga.plan("300.0000"))
    asked = olga.checkout("balance")
    with clock.standing_at(TODAY + dt.timedelta(days=1)), pytest.raises(Changed, match="80.00 UAH now"):
        orders.place(session, olga.actor, asked, "k")


def promo(olga: Buyer, **more: object) -> m.Promotion:
    known = {"seller_id": olga.seller.id, "code": f"PROMO{makers._next()}", "percent_bp": 1000}
    known |= {"valid_from": dt.date(2026, 1, 1), "use_limit": 1}
    made = m.Promotion(**{**known, **more})
    olga.session.add(made)
    olga.session.flush()
    return made


def test_a_promo_code_used_up_meanwhile_is_explained(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("500.00")
    olga.put(olga.plan("300.0000"))
    code = promo(olga)
    olga.cart.promo_code = code.code
    asked = olga.checkout("balance")
    code.used = 1
    session.flush()
    with pytest.raises(Refused, match="used as often as it may be"):
        orders.place(session, olga.actor, asked, "k")
    assert olga.orders() == []


def test_a_waiting_order_keeps_its_promo_code_and_gives_it_back_when_cancelled(session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan("300.0000"))
    code = promo(olga, first_purchase_only=True)
    olga.cart.promo_code = code.code
    order = olga.order("gateway", way_id=olga.way().id)
    session.refresh(code)
    assert (order.total, order.discount, code.used) == (Decimal("81.00"), Decimal("9.00"), 1)
    olga.pay("50.00")
    assert fulfilling.fulfil_waiting(session, olga.account.id) == [] and order.state == "pending"
    orders.cancel(session, olga.actor, order.id)
    session.refresh(code)
    assert (order.state, code.used) == ("cancelled", 0)


def test_a_discount_of_an_order_is_billed_as_it_was_ordered(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("500.00")
    olga.put(olga.plan("300.0000"), months=2)
    olga.cart.promo_code = promo(olga).code
    order = olga.order("balance")
    assert order.total == Decimal("351.00")  # 90 % of 90 + 300
    run_months(session, olga, "2026-11", "2026-12")
    assert billed(session, olga) == Decimal("351.00")
    assert spending.room_of(session, olga.account.id).free == Decimal("149.00")


def run_months(session: Session, olga: Buyer, *months: str) -> None:
    """Make everything run and close these months, each on the first day of the next."""
    from app.core.period import Month

    for made in olga.subscriptions():
        made.state = "active"
    session.flush()
    for text in months:
        month = Month.parse(text)
        with clock.standing_at(month.shift(1).first_day):
            run = billing.start_run(session, SYSTEM, olga.seller.id, month)
            while billing.run_batch(session, SYSTEM, run.id).left:
                pass
            session.flush()


def billed(session: Session, olga: Buyer) -> Decimal:
    total = sa.select(sa.func.sum(m.Document.total)).where(
        m.Document.account_id == olga.account.id, m.Document.kind == "invoice"
    )
    return session.scalar(total) or Decimal(0)


def test_closings_charge_exactly_what_was_ordered_and_settle_it_from_the_advance(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("1000.00")
    olga.put(olga.plan("100.0000"), months=3)
    order = olga.order("balance")
    room = spending.room_of(session, olga.account.id)
    assert (order.total, room.outstanding) == (Decimal("230.00"), Decimal("230.00"))
    for month, left in (("2026-11", "200.00"), ("2026-12", "100.00"), ("2027-01", "0.00")):
        run_months(session, olga, month)
        with clock.standing_at(dt.date(2027, 2, 2)):
            room = spending.room_of(session, olga.account.id)
        assert (room.outstanding, room.free) == (Decimal(left), Decimal("770.00"))
    assert billed(session, olga) == order.total


def test_on_the_last_day_of_a_month_one_day_is_paid_for(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("500.00")
    olga.put(olga.plan("300.0000"))
    with clock.standing_at(dt.date(2026, 11, 30)):
        order = olga.order("balance")
    (made,) = olga.subscriptions()
    assert (order.total, made.paid_until) == (Decimal("10.00"), dt.date(2026, 12, 1))


def test_an_order_paid_over_the_end_of_the_month_is_not_done_dearer(session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan("300.0000"))
    with clock.standing_at(dt.date(2026, 11, 30)):
        order = olga.order("gateway", way_id=olga.way().id)
    with clock.standing_at(dt.date(2026, 12, 1)):
        olga.pay("10.00")
        assert fulfilling.fulfil_waiting(session, olga.account.id) == []
    assert order.state == "cancelled" and "300.00" in order.reason
    assert spending.room_of(session, olga.account.id).free == Decimal("10.00")


def test_an_order_paid_days_later_costs_only_the_days_that_are_left(session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan("300.0000"))
    order = olga.order("gateway", way_id=olga.way().id)
    with clock.standing_at(dt.date(2026, 11, 25)):
        olga.pay("90.00")
        fulfilling.fulfil_waiting(session, olga.account.id)
        assert (order.state, order.total) == ("fulfilled", Decimal("60.00"))
        assert spending.room_of(session, olga.account.id).free == Decimal("30.00")
    assert olga.subscriptions()[0].starts_on == dt.date(2026, 11, 25)


def test_its_own_payment_pays_an_order_although_older_invoices_are_open(session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan("300.0000"))
    order = olga.order("gateway", way_id=olga.way().id)
    attempt = session.query(m.PaymentAttempt).filter_by(order_id=order.id).one()
    olga.pay("90.00")
    attempt.state = "paid"
    session.add(m.Payment(**_debt(olga)))
    session.flush()
    assert fulfilling.fulfil_waiting(session, olga.account.id) == [order]


def _debt(olga: Buyer) -> dict[str, object]:
    return {
        "company_id": olga.company.id,
        "seller_id": olga.seller.id,
        "account_id": olga.account.id,
        "paid_on": TODAY,
        "currency": "UAH",
        "amount": Decimal("1.00"),
        "key": f"x{makers._next()}",
    }


def test_a_customer_cancels_what_waits_and_the_attempt_ends_with_it(session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan())
    order = olga.order("gateway", way_id=olga.way().id)
    orders.cancel(session, olga.actor, order.id)
    attempt = session.query(m.PaymentAttempt).filter_by(order_id=order.id).one()
    assert (order.state, attempt.state) == ("cancelled", "expired")
    olga.pay("90.00")
    assert fulfilling.fulfil_waiting(session, olga.account.id) == []
    assert spending.room_of(session, olga.account.id).free == Decimal("90.00")


def test_a_paid_order_is_cancelled_by_staff_alone_and_its_money_is_free_again(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("90.00")
    olga.put(olga.plan("300.0000"))
    order = olga.order("balance")
    with pytest.raises(Refused, match="is paid"):
        orders.cancel(session, olga.actor, order.id)
    with pytest.raises(Refused, match="Say why"):
        orders.cancel(session, SYSTEM, order.id)
    orders.cancel(session, SYSTEM, order.id, "Ordered by mistake")
    (made,) = olga.subscriptions()
    assert (order.state, order.reason, made.state) == ("cancelled", "Ordered by mistake", "ended")
    assert made.ends_on == made.starts_on  # it never ran: nothing is charged
    assert spending.room_of(session, olga.account.id).free == Decimal("90.00")
    assert len(olga.orders()) == 1 and session.query(m.OrderLine).count() == 1


def test_strangers_orders_carts_and_accounts_are_not_there(session: Session) -> None:
    olga, other = Buyer(session), Buyer(session)
    other.pay("500.00")
    other.put(other.plan())
    asked = other.checkout("balance")
    with pytest.raises(NotFound):
        orders.place(session, olga.actor, asked, "k")
    order = orders.place(session, other.actor, asked, "k")
    for look in (orders.order_of, orders.cancel, orders.pay_again):
        with pytest.raises(NotFound):
            look(session, olga.actor, order.id)
    mine = olga.put(olga.plan())
    assert mine.cart_id == olga.cart.id
    with pytest.raises(NotFound):
        orders.place(session, olga.actor, orders.Checkout(olga.cart.id, other.account.id, "balance", ""), "k2")


def test_who_may_not_buy_orders_nothing(session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan())
    asked = olga.checkout("balance")
    from dataclasses import replace

    clerk = replace(olga.actor, rights=olga.actor.rights - {"cabinet_subscriptions.write"})
    with pytest.raises(Forbidden):
        orders.place(session, clerk, asked, "k")


def test_a_trial_costs_nothing_ends_by_itself_and_is_billed_as_nothing(session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan("300.0000", trial_days=14))
    order = olga.order("gateway")
    assert (order.state, order.total) == ("fulfilled", Decimal("0.00"))
    (made,) = olga.subscriptions()
    assert (made.ends_on, made.auto_renew) == (TODAY + dt.timedelta(days=14), False)
    run_months(session, olga, "2026-11", "2026-12")
    assert billed(session, olga) == Decimal(0)


def test_old_orders_are_cleared_away_and_their_money_stays_if_it_comes_later(session: Session) -> None:
    from app.services.shop import expiring

    olga = Buyer(session)
    olga.put(olga.plan())
    order = olga.order("gateway", way_id=olga.way().id)
    with clock.standing_at(dt.date(2026, 11, 29)):
        assert sum(expiring.expire(session, SYSTEM, olga.seller.id)) == 0
    with clock.standing_at(dt.date(2026, 12, 1)):
        assert sum(expiring.expire(session, SYSTEM, olga.seller.id)) == 1  # a new month, a dearer price
    assert order.state == "cancelled" and "300.00" in order.reason
    olga.put(olga.plan())
    with clock.standing_at(dt.date(2026, 12, 1)):
        late = olga.order("gateway", way_id=olga.way().id)
    with clock.standing_at(
        dt.date(
            2026,
            12,
            15,
        )
    ):
        assert sum(expiring.expire(session, SYSTEM, olga.seller.id)) == 0
    with clock.standing_at(dt.date(2026, 12, 16)):
        assert sum(expiring.expire(session, SYSTEM, olga.seller.id)) == 1
        olga.pay("300.00")
        assert fulfilling.fulfil_waiting(session, olga.account.id) == []
    assert late.state == "cancelled" and '"days": "14"' in late.reason


def test_an_order_is_paid_again_by_the_same_method_after_a_failure(session: Session) -> None:
    olga = Buyer(session)
    olga.put(olga.plan())
    order = olga.order("gateway", way_id=olga.way().id)
    first = session.query(m.PaymentAttempt).filter_by(order_id=order.id).one()
    assert orders.pay_again(session, olga.actor, order.id) is first  # it goes on
    first.state = "failed"
    session.flush()
    second = orders.pay_again(session, olga.actor, order.id)
    assert (second.id != first.id, second.way_id, second.amount) == (True, first.way_id, order.total)


def test_people_of_the_company_are_told_in_their_language(session: Session) -> None:
    olga = Buyer(session)
    olga.user.locale = "uk"
    olga.put(olga.plan())
    order = olga.order("gateway", way_id=olga.way().id)
    olga.pay("90.00")
    fulfilling.fulfil_waiting(session, olga.account.id)
    told = session.query(m.Notice).filter_by(user_id=olga.user.id, channel="in_app").order_by(m.Notice.id).all()
    assert [one.event for one in told if one.event.startswith("order")] == ["order_placed", "order_done"]
    assert order.number in told[0].subject and "Замовлення" in told[0].subject


@pytest.mark.covers("SMC-54")
def test_the_invoice_of_an_order_on_credit_is_formed_and_mailed_by_itself(session: Session) -> None:
    firm = Buyer(session, with_contract=True, limit="100.00")
    firm.account.delivery, firm.account.delivery_addresses = "email", "books@example.org"
    firm.put(firm.plan("300.0000"))
    firm.order("invoice")
    run_months(session, firm, "2026-11")
    invoice = session.query(m.Document).filter_by(account_id=firm.account.id, kind="invoice").one()
    assert (invoice.total, invoice.contract_id) == (Decimal("90.00"), firm.account.contract_id)
    wishes = session.query(m.Outbox).filter_by(topic="mail_document")
    assert [wish.payload["document_id"] for wish in wishes] == [invoice.id]
    room = spending.room_of(session, firm.account.id)
    assert (room.balance, room.outstanding, room.used) == (Decimal("-90.00"), Decimal("0.00"), Decimal("90.00"))


def test_the_worker_fulfils_what_money_came_for_and_twice_is_once(app, session: Session) -> None:
    from jobs import context

    olga = Buyer(session)
    olga.put(olga.plan("300.0000"))
    order = olga.order("gateway", way_id=olga.way().id)
    olga.pay("90.00")
    wish = session.query(m.Outbox).filter_by(topic="fulfil_orders").one()
    session.commit()
    for _ in range(2):
        context.perform_wish(session, app.config["KABINET"], wish.id)
    session.expire_all()
    assert (wish.state, order.state, len(olga.subscriptions())) == ("done", "fulfilled", 1)


def test_every_night_unpaid_orders_are_cleared_away_and_limits_are_right_again(app, session: Session) -> None:
    from app.services import work
    from app.services.work import JobName
    from jobs import context

    olga = Buyer(session)
    olga.put(olga.plan("300.0000"))
    order = olga.order("gateway", way_id=olga.way().id)
    firm = Buyer(session, with_contract=True, limit="100.00")
    firm.put(firm.plan("300.0000"))
    firm.order("invoice")
    firm.pay("90.00")
    session.refresh(firm.limit)
    firm.limit.used = Decimal("90.00")  # as something left it that is not counted in at once
    job = work.order_job(session, SYSTEM, JobName.EXPIRE_ORDERS)
    session.commit()
    with clock.standing_at(TODAY + dt.timedelta(days=15)):
        context.perform_job(session, app.config["KABINET"], job.id)
    session.expire_all()
    assert (job.state, job.result["figures"]) == ("done", {"cancelled": 1, "limits": 1})
    assert (order.state, firm.limit.used) == ("cancelled", Decimal("0.00"))


def test_a_renewal_is_an_order_that_prolongs_what_there_is(session: Session) -> None:
    olga = Buyer(session)
    olga.pay("1000.00")
    olga.put(olga.plan("300.0000"))
    olga.order("balance")
    (made,) = olga.subscriptions()
    made.state = "active"
    order = orders.place_renewal(session, olga.actor, made, 2, "balance", key="renew")
    assert (order.kind, order.total, order.state) == ("renewal", Decimal("600.00"), "fulfilled")
    assert made.paid_until == made.ends_on == dt.date(2027, 2, 1) and len(olga.subscriptions()) == 1
    assert orders.place_renewal(session, olga.actor, made, 2, "balance", key="renew") is order
    with pytest.raises(Refused, match="missing"):
        orders.place_renewal(session, olga.actor, made, 2, "balance", key="again")


def test_a_running_service_that_staff_cancels_keeps_the_days_it_ran_and_frees_the_others(session):
    with clock.standing_at(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)):
        olga = Buyer(session)
        olga.pay("700.00")
        olga.put(olga.plan("300.0000"), 3)
        order = olga.order("balance")
        (made,) = olga.subscriptions()
        made.state = "active"
        waiting = olga.put(olga.plan("30.0000")) and olga.order("gateway", way_id=olga.way().id)
    assert order.total == Decimal("690.00")
    with clock.standing_at(dt.datetime(2026, 12, 11, 12, tzinfo=dt.UTC)):
        orders.cancel(session, SYSTEM, order.id, "Moved to another plan")
        room = spending.room_of(session, olga.account.id)
    (line,) = order.lines
    assert (made.state, made.ends_on) == ("ended", dt.date(2026, 12, 11))
    assert line.kept == Decimal("90.00") + Decimal("96.77")  # 9 of 30 and 10 of 31 days
    assert (room.outstanding, room.free) == (line.kept, Decimal("700.00") - line.kept)
    wish = session.query(m.Outbox).filter_by(key=f"freed:{order.id}").one()
    assert wish.topic == "fulfil_orders" and waiting.state == "pending"
    for month in (Month(2026, 11), Month(2026, 12)):
        with clock.standing_at(dt.datetime.combine(month.shift(1).first_day, dt.time(12), dt.UTC)):
            run = billing.start_run(session, SYSTEM, olga.seller.id, month)
            while billing.run_batch(session, SYSTEM, run.id).left:
                pass
    billed = sum(session.scalars(sa.select(m.Document.total).where(m.Document.kind == "invoice")).all())
    assert billed == line.kept
    assert spending.room_of(session, olga.account.id).free == Decimal("700.00") - billed


def test_money_that_comes_gives_credit_back_at_once(session):
    with clock.standing_at(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)):
        olga = Buyer(session, with_contract=True, limit="1000.00")
        olga.put(olga.plan("300.0000"), 3)
        olga.order("invoice")
        session.refresh(olga.limit)
        used = olga.limit.used
        paid = olga.pay("50.00")
        session.refresh(olga.limit)
        assert used > 50 and olga.limit.used == used - Decimal("50.00")
        payments.reverse_payment(session, SYSTEM, paid.id)
        session.refresh(olga.limit)
        assert olga.limit.used == used
