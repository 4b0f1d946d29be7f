"""What a purchase costs, and that the closings of its months bill exactly that."""

import datetime as dt
import random
from decimal import Decimal as D

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Refused
from app.core.period import Month
from app.services import audit, billing
from app.services.shop import promotions, quotes
from app.services.shop.quotes import Wish
from tests import makers

OFFICE = Actor.system("olga")
DAY = dt.date(2026, 11, 22)


def promotion(session, seller, code="TEN", **more):
    known = {"percent_bp": 0, "valid_from": dt.date(2026, 1, 1), "name": ""}
    return makers._put(session, m.Promotion(seller_id=seller.id, code=code, **{**known, **more}))


def close(session, seller, months):
    for month in months:
        run = billing.start_run(session, OFFICE, seller.id, month)
        while billing.run_batch(session, OFFICE, run.id, 1000).left:
            pass
        session.expire_all()
        assert billing.quarantine(session, run.id) == []


def subscribe(session, account, quote):
    """What fulfilment writes for a line."""
    made = makers._put(
        session,
        m.Subscription(
            company_id=account.company_id, seller_id=account.seller_id, account_id=account.id, plan_id=quote.plan.id,
            name=quote.name, starts_on=quote.starts_on, ends_on=quote.ends_on, paid_until=quote.ends_on,
        ),
    )  # fmt: skip
    by_id = {component.id: component for component in quote.plan.components}
    for item in quote.items:
        session.add(
            m.SubscriptionItem(
                company_id=account.company_id,
                subscription_id=made.id,
                component_id=item.component_id,
                name=quotes.item_name(quote.name, quote.plan, by_id[item.component_id]),
                quantity=item.quantity,
                unit_price=item.unit_price,
                valid_from=quote.starts_on,
            )
        )
    if quote.promotion_id:
        session.add(
            m.SubscriptionPromotion(
                company_id=account.company_id, subscription_id=made.id, promotion_id=quote.promotion_id,
                valid_from=quote.starts_on, valid_to=quote.ends_on, off_once=quote.off_once,
            )
        )  # fmt: skip
    session.flush()
    return made


def billed(session, account):
    wanted = sa.select(m.Document).where(m.Document.account_id == account.id, m.Document.kind == "invoice")
    found = session.scalars(wanted).all()
    return sum((d.total for d in found), D(0)), sum((d.tax for d in found), D(0))


def months_between(start, end):
    month, found = Month.of(start), []
    while month.first_day < end:
        found.append(month)
        month = month.shift(1)
    return found


def random_plan(session, seller, rnd):
    included = rnd.random() < 0.6
    plan = makers.plan(
        session, seller, f"{rnd.randint(100, 99999)}.{rnd.randint(0, 9999):04d}", tax_included=included,
        tax_category=rnd.choice(("standard", "standard", "reduced", "exempt")), period_months=rnd.choice((1, 1, 3)),
    )  # fmt: skip
    for _ in range(rnd.randint(0, 3)):
        model = rnd.choice(("flat", "per_unit", "tiered", "volume"))
        part = makers.component(
            session, plan, f"{rnd.randint(0, 400)}.{rnd.randint(0, 99):02d}", name=f"Part {rnd.randint(1, 99)}",
            model=model, charged=rnd.choice(("period", "period", "once", "usage")), included=D(rnd.choice((0, 2))),
            minimum=D(1), maximum=D(100), step=D(1),
        )  # fmt: skip
        version = session.scalars(sa.select(m.PriceVersion).where(m.PriceVersion.component_id == part.id)).one()
        version.per_quantity = rnd.choice((1, 10))
        version.tiers = [["0", "3.3333"], ["10", "2.5"], ["50", "1.1111"]] if model in ("tiered", "volume") else []
        if rnd.random() < 0.4:
            version.valid_to = dt.date(2026, rnd.randint(2, 5), rnd.randint(1, 28))
            session.add(
                m.PriceVersion(
                    component_id=part.id, valid_from=version.valid_to, unit_price=D("12.3456"), tiers=version.tiers
                )
            )
    session.flush()
    session.expire_all()
    return plan


def random_wishes(session, seller, rnd, code):
    wishes = []
    for _ in range(rnd.randint(1, 4)):
        plan = random_plan(session, seller, rnd)
        chosen = {c.code: D(rnd.randint(1, 100)) for c in plan.components if c.maximum and c.charged != "usage"}
        count = rnd.choice((1, 1, 2, 7))
        wishes.append(
            Wish(plan.id, D(count), 3 * rnd.randint(1, 2), chosen, promo_code=code if rnd.random() < 0.3 else "")
        )
    return wishes


@pytest.mark.covers("AST-078", "AST-079")
@pytest.mark.parametrize("rounding", ["carry", "line"])
@pytest.mark.parametrize("seed", range(6))
def test_closings_bill_to_the_cent_what_a_purchase_was_quoted(session, seller, account, seed, rounding):
    rnd = random.Random(f"{rounding}{seed}")
    seller.rounding = rounding
    percent = (
        {"percent_bp": rnd.randint(1, 10000)} if rnd.random() < 0.5 else {"amount": D(rnd.randint(1, 90000)) / 100}
    )
    promotion(session, seller, "ORDER", **percent, valid_to=dt.date(2026, 2, 1))
    promotion(session, seller, "LINE", amount=D("100.00"))
    day = dt.date(2026, 1, rnd.randint(1, 31))
    wishes = random_wishes(session, seller, rnd, "LINE")
    found = quotes.quote(session, seller, wishes, day, rnd.choice(("", "ORDER")), account.company_id)
    assert found.refusal is None
    for line in found.lines:
        assert sum(p.first_total for p in line.parts) == line.first + line.discount == line.price
        assert sum(p.next_total for p in line.parts) == line.next
        subscribe(session, account, line)
    assert sum(line.first for line in found.lines) == found.total
    last = max(line.ends_on for line in found.lines)
    with clock.standing_at(last + dt.timedelta(days=9)):
        close(session, seller, months_between(day, last))
    assert billed(session, account) == (found.total, found.tax)


def bill_a_gift(session, seller, account):
    """500.00 off three months of 660.00 from 22 November: 198.00 cannot bear it, December takes the rest."""
    promotion(session, seller, "GIFT", amount=D("500.00"), name="Подарунок")
    line = quotes.quote(
        session, seller, [Wish(makers.plan(session, seller, "660").id, months=3)], DAY, "gift", account.company_id
    ).lines[0]
    assert (line.first, line.discount, line.next) == (D("1018.00"), D("500.00"), D("1980.00"))
    subscribe(session, account, line)
    with clock.standing_at(dt.date(2027, 2, 10)):
        close(session, seller, months_between(DAY, line.ends_on))
    wanted = sa.select(m.Charge.month, m.Charge.amount).where(m.Charge.kind == "discount").order_by(m.Charge.month)
    taken = [(month.month, amount) for month, amount in session.execute(wanted)]
    assert taken == [(11, D("-198.0000")), (12, D("-302.0000"))]
    assert billed(session, account)[0] == line.first


def test_an_amount_off_is_billed_once_and_never_more_than_the_price(session, seller, account):
    bill_a_gift(session, seller, account)


@pytest.mark.postgres
def test_an_amount_off_is_billed_once_on_postgresql(session, seller, account):
    bill_a_gift(session, seller, account)


def test_closing_a_month_with_an_amount_off_again_bills_nothing_more(session, seller, account):
    promotion(session, seller, "GIFT", amount=D("50.00"))
    line = quotes.quote(
        session, seller, [Wish(makers.plan(session, seller, "660").id, months=2)], DAY, "GIFT", account.company_id
    ).lines[0]
    subscribe(session, account, line)
    with clock.standing_at(dt.date(2027, 1, 10)):
        for _ in range(2):
            close(session, seller, [Month(2026, 11), Month(2026, 12)])
    assert billed(session, account)[0] == line.first == D("808.00")
    assert [name for name, count, _ in audit.check_all(session) if count] == []


@pytest.mark.covers("AST-078", "AST-147")
def test_the_rest_of_november_first_and_a_whole_month_then(session, seller):
    line = quotes.quote(session, seller, [Wish(makers.plan(session, seller, "660").id)], DAY).lines[0]
    assert (line.first, line.tax, line.ends_on, line.next) == (D(198), D(33), dt.date(2026, 12, 1), D(660))


def test_tax_not_in_the_price_is_added_to_it(session, seller):
    plan = makers.plan(session, seller, "600", tax_included=False)
    line = quotes.quote(session, seller, [Wish(plan.id)], DAY).lines[0]
    assert (line.first, line.tax, line.next, line.tax_included) == (D("216.00"), D("36.00"), D("720.00"), False)


def test_an_amount_off_is_what_the_customer_pays_less_though_tax_is_on_top(session, seller):
    promotion(session, seller, "FIFTY", amount=D("50.00"))
    wishes = [Wish(makers.plan(session, seller, p, tax_included=False).id) for p in ("600", "300")]
    found = quotes.quote(session, seller, wishes, DAY, "FIFTY")
    assert found.discount == D("50.00")
    assert [line.discount for line in found.lines] == [D("33.34"), D("16.66")]


@pytest.mark.covers("AST-080")
def test_a_server_is_priced_part_by_part_with_what_is_paid_as_used(session, seller):
    plan = makers.plan(session, seller, "495")
    makers.component(session, plan, "0", code="panel", name="Panel")
    makers.component(
        session, plan, "0.5", code="traffic", name="Traffic", unit="GiB", charged="usage", included=D(5120)
    )
    makers.component(
        session, plan, "60", code="ipv4", name="IPv4", unit="pcs", included=D(1), minimum=D(1), maximum=D(8), step=D(1)
    )
    session.expire_all()
    line = quotes.quote(session, seller, [Wish(plan.id, parameters={"ipv4": D(3)})], DAY).lines[0]
    told = {p.code: (p.quantity, p.limit, p.first_total, p.next_total) for p in line.parts[1:]}
    assert told == {
        "panel": (D(1), "", D(0), D(0)),
        "traffic": (D(1), "present", D(0), D(0)),
        "ipv4": (D(3), "", D("36.00"), D("120.00")),
    }
    assert (line.parts[2].included, line.parts[2].unit_price) == (D(5120), D("0.5"))
    assert (line.first, line.next) == (D("184.50"), D("615.00"))


@pytest.mark.covers("AST-146")
@pytest.mark.parametrize(
    ("value", "why"),
    [("5", "at least 10"), ("110", "at most 100"), ("15", "in steps of 10 from 10")],
)
def test_a_parameter_outside_its_range_is_refused_with_a_sentence(session, seller, value, why):
    plan = makers.plan(session, seller)
    makers.component(session, plan, "2", code="domains", name="Domains", minimum=D(10), maximum=D(100), step=D(10))
    session.expire_all()
    line = quotes.quote(session, seller, [Wish(plan.id, parameters={"domains": D(value)})], DAY).lines[0]
    assert why in str(line.refusal)


@pytest.mark.covers("AST-076")
def test_what_cannot_be_bought_says_why(session, seller):
    monthly, yearly = makers.plan(session, seller), makers.plan(session, seller, period_months=12)
    domain, gone = makers.plan(session, seller, needs_identifier=True), makers.plan(session, seller, is_on_sale=False)
    theirs, euro = makers.plan(session, makers.seller(session)), makers.plan(session, seller, currency="EUR")
    for wish, why in (
        (Wish(monthly.id, D("1.5")), "whole number from 1 to 999"),
        (Wish(yearly.id, months=6), "whole periods of 12 months"),
        (Wish(monthly.id, months=37), "for 36 months at most"),
        (Wish(monthly.id, parameters={"turbo": D(1)}), "cannot be chosen here any more"),
        (Wish(domain.id, identifier="не домен"), "Write the domain name"),
        (Wish(gone.id), "no longer sold"),
        (Wish(theirs.id), "no longer sold"),
        (Wish(987654), "no longer sold"),
    ):
        assert why in str(quotes.quote(session, seller, [wish], DAY).lines[0].refusal)
    assert quotes.quote(session, seller, [Wish(domain.id, identifier="приклад.укр")], DAY).refusal is None
    both = quotes.quote(session, seller, [Wish(monthly.id), Wish(euro.id)], DAY)
    assert "an order of its own" in str(both.refusal) and both.total == D("36.00")


@pytest.mark.covers("SMC-52")
def test_a_trial_is_free_beside_paid_items_and_is_given_once(session, seller, account):
    trial, paid = makers.plan(session, seller, trial_days=30), makers.plan(session, seller)
    wishes = [Wish(trial.id), Wish(paid.id)]
    found = quotes.quote(session, seller, wishes, DAY, company_id=account.company_id)
    free, other = found.lines
    assert (free.first, free.ends_on, free.next, free.is_trial) == (D(0), dt.date(2026, 12, 22), D(0), True)
    assert found.total == other.first == D("36.00")
    subscribe(session, account, free)
    again = quotes.quote(session, seller, wishes, DAY, company_id=account.company_id)
    assert "given once" in str(again.lines[0].refusal)
    twice = quotes.quote(session, seller, [wishes[0], wishes[0]], DAY)
    assert [line.refusal is None for line in twice.lines] == [True, False]
    with clock.standing_at(dt.date(2027, 1, 9)):
        close(session, seller, [Month(2026, 11), Month(2026, 12)])
    assert billed(session, account) == (D(0), D(0))


def test_a_renewal_costs_what_the_closings_bill_for_its_months(session, seller, account):
    plan = makers.plan(session, seller, "660")
    subscription = makers.subscription(session, account, plan, quantity=D(3), starts_on=DAY)
    tenth = promotion(session, seller, percent_bp=1000)
    session.add(
        m.SubscriptionPromotion(
            company_id=account.company_id, subscription_id=subscription.id, promotion_id=tenth.id, valid_from=DAY
        )
    )
    session.flush()
    line = quotes.quote_renewal(session, subscription, 2, dt.date(2026, 12, 1))
    assert (line.first, line.discount, line.next, line.ends_on) == (D(3564), D(396), D(3960), dt.date(2027, 2, 1))
    with clock.standing_at(dt.date(2027, 2, 9)):
        close(session, seller, [Month(2026, 12), Month(2027, 1)])
    assert billed(session, account)[0] == line.first
    subscription.plan.trial_days = 30
    assert "A trial is not renewed" in str(quotes.quote_renewal(session, subscription, 2, DAY).refusal)


def test_a_long_cart_asks_the_database_no_more_than_a_short_one(session, seller, account):
    promotion(session, seller, "FIRST", percent_bp=500, first_purchase_only=True)
    plans = [makers.plan(session, seller, trial_days=30 * (n == 0)) for n in range(20)]

    def statements(count):
        session.expunge_all()
        seen = []
        listen = lambda *args: seen.append(args[2])  # noqa: E731
        event.listen(session.get_bind(), "before_cursor_execute", listen)
        found = quotes.quote(
            session, session.get_one(m.Seller, seller_id), [Wish(p) for p in ids[:count]], DAY, "FIRST", company_id
        )
        event.remove(session.get_bind(), "before_cursor_execute", listen)
        assert found.refusal is None
        return len(seen) - 1  # the Seller

    seller_id, company_id, ids = seller.id, account.company_id, [p.id for p in plans]
    session.flush()
    assert statements(2) == statements(20) == 5


# -- promo codes -------------------------------------------------------------------------------------------------------


@pytest.mark.covers("SMC-50")
def test_each_reason_a_code_does_not_count_is_a_sentence(session, seller, account):
    plan = makers.plan(session, seller)
    goods = [(plan.product_id, D("36.00"))]
    promotion(session, seller, "LATER", percent_bp=1, valid_from=dt.date(2026, 12, 1))
    promotion(session, seller, "OVER", percent_bp=1, valid_to=dt.date(2026, 11, 22))
    promotion(session, seller, "USED", percent_bp=1, use_limit=1, used=1)
    promotion(session, seller, "LARGE", percent_bp=1, minimum_sum=D("36.01"))
    promotion(session, seller, "OTHER", percent_bp=1, product_id=makers.plan(session, seller).product_id)
    promotion(session, seller, "FIRST", percent_bp=1, first_purchase_only=True)
    promotion(session, seller, "AMOUNT", amount=D(1))
    promotion(session, makers.seller(session), "THEIRS", percent_bp=1)
    order = m.Order(
        company_id=account.company_id, account_id=account.id, payer_id=account.payer_id, number="1",
        currency="UAH", total=D(0), tax=D(0), ordered_at=clock.now(),
    )  # fmt: skip
    session.add(order)
    session.flush()
    for code, why in (
        ("nonsense", "There is no promo code nonsense."),
        ("THEIRS", "There is no promo code THEIRS."),
        ("LATER", "counts from 2026-12-01"),
        ("OVER", "has run out"),
        ("USED", "as often as it may be"),
        ("LARGE", "counts from 36.01 UAH"),
        ("OTHER", "is for another product"),
        ("FIRST", "for a first purchase only"),
    ):
        with pytest.raises(Refused, match=why):
            promotions.check(session, seller, code, goods=goods, day=DAY, company_id=account.company_id)
    with pytest.raises(Refused, match="only for prices in UAH"):
        promotions.check(session, seller, "AMOUNT", goods=goods, day=DAY, currency="EUR")
    order.state = "cancelled"
    session.flush()
    first = promotions.check(session, seller, " first ", goods=goods, day=DAY, company_id=account.company_id)
    assert first.code == "FIRST"


@pytest.mark.covers("SMC-50")
def test_a_code_of_an_order_or_of_one_product(session, seller):
    one, two = makers.plan(session, seller, "600"), makers.plan(session, seller, "300")
    promotion(session, seller, "TEN", percent_bp=1000)
    promotion(session, seller, "HALF", percent_bp=5000, product_id=two.product_id)
    whole = quotes.quote(session, seller, [Wish(one.id), Wish(two.id)], DAY, "TEN")
    assert ([x.discount for x in whole.lines], whole.total, whole.subtotal) == ([D(18), D(9)], D(243), D(270))
    part = quotes.quote(session, seller, [Wish(one.id), Wish(two.id)], DAY, "HALF")
    assert [x.discount for x in part.lines] == [D(0), D(45)]
    own = quotes.quote(session, seller, [Wish(one.id), Wish(two.id, promo_code="half")], DAY, "TEN")
    assert [x.discount for x in own.lines] == [D(18), D(45)]
    wrong = quotes.quote(session, seller, [Wish(one.id, promo_code="HALF")], DAY)
    assert "another product" in str(wrong.refusal) and wrong.lines[0].refusal is None


def test_a_code_is_never_used_more_often_than_allowed(session, seller):
    code = promotion(session, seller, percent_bp=1000, use_limit=2)
    promotions.use(session, code.id)
    promotions.use(session, code.id)
    with pytest.raises(Refused, match="TEN has been used as often as it may be"):
        promotions.use(session, code.id)
    promotions.give_back(session, code.id)
    promotions.use(session, code.id)
    session.expire_all()
    assert code.used == 2
