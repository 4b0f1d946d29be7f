"""What a list would do, said line by line before anything is done."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app import models as m
from app.core.errors import NotFound, Refused
from app.services import switching
from tests import makers
from tests.switching.conftest import TODAY


@pytest.mark.covers("A1-16")
def test_every_line_is_told_what_will_come_of_it(house):
    blocked = makers.subscriber(house.session, house.account, state="blocked")
    bare = makers.subscriber(house.session, house.account)
    stranger = makers.subscriber(
        house.session, makers.account(house.session, makers.company(house.session, house.seller))
    )
    first = house.subscribers[0].number
    lines = [first, "+380000000000", stranger.number, f"0{first.removeprefix('+380')}", blocked.number, bare.number]
    batch = house.list_of("\n".join(lines))
    assert house.verdicts(batch) == ["ok", "unknown", "unknown", "duplicate", "not_active", "no_subscription"]


def test_numbers_that_a_program_has_spoiled_are_read_or_said_to_be(house):
    first, second, third = (one.number.removeprefix("+") for one in house.subscribers[:3])
    exact = f"{second[0]}.{second[1:]}E+11"
    batch = house.list_of(f"Номер;Хто\n{first}.0;А\n{exact};Б\n8 {third[2:]};В\n3.80671E+11;Г\n;Д\n")
    assert house.verdicts(batch) == ["ok", "ok", "ok", "shortened", "no_number"]


def test_lines_that_disagree_are_all_refused_and_each_names_one_that_differs(house):
    number, other = (one.number for one in house.subscribers[:2])
    batch = house.list_of(f"Номер;Дія\n{number};on\n{number};on\n{number};off\n{number};on\n{other};on\n{other};on\n")
    assert house.verdicts(batch) == [*["contradiction"] * 4, "ok", "duplicate"]
    details = house.session.scalars(sa.select(m.RequestLine.detail).order_by(m.RequestLine.position)).all()
    assert details[:4] == ["4", "4", "2", "4"]
    summary = batch.details["summary"]
    assert summary["verdicts"] == {"contradiction": 4, "ok": 1, "duplicate": 1} and summary["on"] == 1
    assert summary["sums"]["UAH"]["month"]["total"] == "95.00"


def test_lines_of_different_parts_of_a_long_list_that_disagree_are_refused_too(house, monkeypatch):
    monkeypatch.setattr("app.services.switching.drafts.AT_ONCE", 1)
    monkeypatch.setattr("app.services.switching.looking.PART", 2)
    number, other = (one.number for one in house.subscribers[:2])
    choice = switching.Choice("on", "roaming", TODAY)
    draft = switching.open_draft(house.session, house.actor, house.company.id, choice)
    text = f"Номер;Дія\n{number};on\n{other};on\n{number};on\n{number};off\n"
    switching.take_paste(house.session, house.actor, draft.id, text, "/page")
    look = switching.Look(draft.id, 1)
    while look.step(house.session, house.actor):
        pass
    assert house.verdicts(draft) == ["contradiction", "ok", "contradiction", "contradiction"]
    summary = draft.details["summary"]
    assert summary["verdicts"] == {"contradiction": 3, "ok": 1} and summary["on"] == 1
    assert summary["sums"]["UAH"]["month"]["total"] == "95.00"


def test_names_beside_numbers_without_a_header_are_no_options(house):
    one, two = (row.number for row in house.subscribers[:2])
    assert house.verdicts(house.list_of(f"{one}\tОльга Сікур\n{two}\tТарас Зозуля")) == ["ok", "ok"]
    assert house.verdicts(house.list_of(f"{one}\trecords\n{two}\tтелепатія")) == ["ok", "no_option"]


def test_headers_and_words_of_programs_are_read(house):
    numbers = [one.number for one in house.subscribers]
    words = ("enable", "activate", "disable", "Deactivate")
    rows = [f"{number};records;{word};2026-11-20\n" for number, word in zip(numbers, words, strict=True)]
    batch = house.list_of("number;option_code;operation;effective_date\n" + "".join(rows))
    assert house.verdicts(batch) == ["ok", "ok", "already_off", "already_off"]


def test_a_list_may_say_option_action_and_day_itself(house):
    numbers = [one.number for one in house.subscribers]
    batch = house.list_of(
        "Номер;Послуга;Дія;Дата\n"
        f"{numbers[0]};Запис розмов;увімкнути;2026-11-20\n"
        f"{numbers[1]};records;off;\n"
        f"{numbers[2]};телепатія;on;\n"
        f"{numbers[3]};;може;\n"
        f"{numbers[3]};;on;завтра\n"
    )
    assert house.verdicts(batch) == ["ok", "already_off", "no_option", "no_action", "no_day"]


@pytest.mark.parametrize(
    ("day", "verdict"),
    [(TODAY - dt.timedelta(days=1), "past"), (TODAY, "ok"), (dt.date(2027, 3, 1), "ok")],
)
def test_a_day_that_is_past_is_refused(house, day, verdict):
    assert house.verdicts(house.list_of(house.numbers(0), day=day)) == [verdict]


def test_a_day_in_a_month_that_is_billed_is_refused_with_the_first_open_one(house):
    house.close("2026-11")
    batch = house.list_of(house.numbers(0))
    line = house.session.scalars(sa.select(m.RequestLine)).one()
    assert house.verdicts(batch) == ["closed_month"] and line.detail == "2026-12-01"


def test_a_day_outside_the_subscription_is_refused(house):
    sub = house.session.scalars(sa.select(m.Subscription).order_by(m.Subscription.id)).first()
    sub.starts_on, sub.ends_on = dt.date(2026, 11, 12), dt.date(2026, 11, 20)
    house.session.flush()
    days = [(TODAY, "not_begun"), (dt.date(2026, 11, 15), "ok"), (dt.date(2026, 11, 20), "ended")]
    for day, verdict in days:
        assert house.verdicts(house.list_of(house.numbers(0), day=day)) == [verdict]


def test_a_seller_may_want_some_days_before_an_option_is_switched(house):
    house.session.add(m.Policy(seller_id=house.seller.id, kind="option_lead", settings={"days": 2}))
    house.session.flush()
    assert house.verdicts(house.list_of(house.numbers(0))) == ["too_soon"]
    assert house.verdicts(house.list_of(house.numbers(0), day=TODAY + dt.timedelta(days=2))) == ["ok"]


def test_the_price_effect_is_that_of_the_rest_of_the_month_and_of_a_whole_one(house):
    batch = house.list_of(house.numbers(0, 1), day=dt.date(2026, 11, 16))
    line = house.session.scalars(sa.select(m.RequestLine).limit(1)).one()
    assert (line.first_amount, line.month_amount) == (Decimal("47.5000"), Decimal("95.0000"))
    sums = batch.details["summary"]["sums"]["UAH"]
    assert sums["first"] == {"net": "79.17", "tax": "15.83", "total": "95.00"}
    assert sums["month"] == {"net": "158.33", "tax": "31.67", "total": "190.00"}


def test_a_promotion_of_the_subscription_is_in_the_price_effect(house):
    sub = house.session.scalars(sa.select(m.Subscription).order_by(m.Subscription.id)).first()
    tenth = m.Promotion(
        seller_id=house.seller.id, code="TENTH", name="", percent_bp=1000, valid_from=dt.date(2026, 1, 1)
    )
    house.session.add(tenth)
    house.session.flush()
    house.session.add(
        m.SubscriptionPromotion(
            company_id=house.company.id,
            subscription_id=sub.id,
            promotion_id=tenth.id,
            valid_from=dt.date(2026, 1, 1),
        )
    )
    house.session.flush()
    house.list_of(house.numbers(0), day=dt.date(2026, 12, 1))
    line = house.session.scalars(sa.select(m.RequestLine)).one()
    assert line.month_amount == Decimal("85.5000")


def test_going_back_to_change_the_option_keeps_the_list(house):
    batch = house.list_of(house.numbers(0, 1))
    switching.choose(house.session, house.actor, batch.id, switching.Choice("on", "records", dt.date(2026, 12, 1)))
    lines = house.session.scalars(sa.select(m.RequestLine)).all()
    assert {line.component_id for line in lines} == {house.records.id}
    assert {line.first_amount for line in lines} == {Decimal("45.0000")}


def test_a_filter_means_everybody_who_fits(house):
    switching_on = house.switch(house.numbers(0))
    assert house.states(switching_on) == ["done"]
    draft = switching.open_draft(house.session, house.actor, house.company.id, switching.Choice("on", "roaming", TODAY))
    wanted = switching.Filter(account_id=house.account.id, option="roaming", has_option=False)
    switching.take_filter(house.session, house.actor, draft.id, wanted)
    assert house.verdicts(draft) == ["ok", "ok", "ok"]
    switching.take_filter(house.session, house.actor, draft.id, switching.Filter(option="roaming"))
    assert house.verdicts(draft) == ["already_on"]
    with pytest.raises(Refused):
        switching.take_filter(house.session, house.actor, draft.id, switching.Filter(text="Nobody is called so"))


def test_subscribers_picked_one_by_one_are_a_list(house):
    draft = switching.open_draft(house.session, house.actor, house.company.id, switching.Choice("on", "roaming", TODAY))
    stranger = makers.subscriber(
        house.session, makers.account(house.session, makers.company(house.session, house.seller))
    )
    switching.take_picked(house.session, house.actor, draft.id, [house.subscribers[2].id, stranger.id])
    assert house.verdicts(draft) == ["ok"]


def test_another_company_has_no_such_list(house):
    batch = house.list_of(house.numbers(0))
    other = makers.company(house.session, house.seller)
    stranger = type(house.actor)(None, "x", other.id, rights=house.actor.rights)
    for call in (switching.confirm, switching.undo_batch, switching.judge_again, switching.cancel_waiting):
        with pytest.raises(NotFound):
            call(house.session, stranger, batch.id)


def test_only_parts_for_subscribers_in_the_accounts_currency_are_offered(house):
    assert {one.code for one in switching.offers_of(house.session, house.actor, house.company.id)} == {
        "roaming",
        "records",
    }
    house.session.scalars(sa.select(m.Plan).where(m.Plan.for_subscribers)).one().is_on_sale = False
    house.session.flush()
    assert switching.offers_of(house.session, house.actor, house.company.id) == []


@pytest.mark.parametrize("how", ["plan", "product", "price"])
def test_what_is_withdrawn_from_sale_can_be_switched_off_only(house, how):
    house.switch(house.numbers(0))
    plan = house.session.get_one(m.Plan, house.roaming.plan_id)
    if how == "price":
        price = house.session.scalars(sa.select(m.PriceVersion).filter_by(component_id=house.roaming.id)).one()
        price.valid_to = TODAY
    else:
        (plan if how == "plan" else house.session.get_one(m.Product, plan.product_id)).is_on_sale = False
    house.session.commit()
    assert house.verdicts(house.list_of(house.numbers(0, 1))) == ["no_option", "no_option"]
    batch = house.list_of(house.numbers(0, 1), "off", TODAY + dt.timedelta(days=1))
    assert house.verdicts(batch) == ["ok", "already_off"] and batch.details["called"] == "Роумінг Європа"
    having = switching.Filter(option="roaming", has_option=True)
    assert house.verdicts(switching.take_filter(house.session, house.actor, batch.id, having)) == ["ok"]


def test_of_an_old_and_a_new_option_of_one_code_the_one_that_is_on_is_switched_off(house):
    house.switch(house.numbers(0))
    old = house.session.get_one(m.Plan, house.roaming.plan_id)
    old.is_on_sale = False
    new = makers.plan(house.session, house.seller, "1.0000", for_subscribers=True)
    fresh = makers.component(house.session, new, "99.0000", code="roaming", name="Роумінг")
    house.session.commit()
    house.switch(house.numbers(1))
    batch = house.list_of(house.numbers(0, 1, 2), "off", TODAY + dt.timedelta(days=1))
    assert house.verdicts(batch) == ["ok", "ok", "already_off"] and batch.details["called"] == "Роумінг"
    query = sa.select(m.RequestLine.component_id).where(m.RequestLine.request_id == batch.id)
    found = list(house.session.scalars(query.order_by(m.RequestLine.position)))
    assert found == [house.roaming.id, fresh.id, fresh.id]
