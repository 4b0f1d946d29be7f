"""Forms of the office: what may be edited is saved and noted; what is wrong comes back filled, with a sentence."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from tests import makers


@pytest.fixture
def company(session: Session) -> m.Company:
    made = makers.company(session, makers.seller(session))
    session.commit()
    return made


@pytest.fixture
def office(app: Flask, session: Session) -> FlaskClient:
    client = app.test_client()
    makers.sign_in(client, makers.user(session, "back_office"))
    return client


def save(client: FlaskClient, address: str, /, **fields: object):
    token = makers._token(client.get(address).get_data(as_text=True))
    answer = client.post(address, data={"csrf_token": token, **fields}, follow_redirects=True)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:1500]
    return answer.get_data(as_text=True)


def payer_of(company: m.Company, **more: object) -> dict[str, object]:
    known = {"company": company.id, "kind": "legal_entity", "country": "UA", "name": "ТОВ «Вишня»"}
    return {**known, "tax_code": "32855961", **more}


def test_a_company_is_added_and_the_trail_says_by_whom(office, session, company):
    save(
        office,
        "/office/companies/add",
        code="vyshnia",
        name="ТОВ «Вишня»",
        seller=company.seller_id,
        country="UA",
        locale="uk",
        state="active",
    )
    made = session.query(m.Company).filter_by(code="vyshnia").one()
    assert made.domain_prefix is None
    assert session.query(m.AuditEvent).filter_by(target="company", target_id=str(made.id)).count() == 1


@pytest.mark.covers("SMC-24", "SMC-28")
@pytest.mark.parametrize("other", [{"domain_prefix": "fabrikam"}, {"country": "PL"}, {"address": "Львів"}])
def test_country_address_and_domain_stay_after_registration(office, session, company, other):
    company.domain_prefix, company.address = "contoso", "Київ"
    session.commit()
    same = {"code": company.code, "seller": company.seller_id, "locale": "uk", "state": "active"}
    same |= {"country": "UA", "address": "Київ", "domain_prefix": "contoso", "name": "ТОВ «Нова назва»"}
    page = save(office, f"/office/companies/edit/{company.id}", **{**same, **other})
    assert "cannot be changed" in page
    session.expire_all()
    assert (company.domain_prefix, company.country, company.address) == ("contoso", "UA", "Київ")
    save(office, f"/office/companies/edit/{company.id}", **same)
    session.expire_all()
    assert company.name == "ТОВ «Нова назва»"


def test_a_taken_code_brings_the_form_back_filled(office, session, company):
    page = save(
        office,
        "/office/companies/add",
        code=company.code,
        name="ТОВ «Друга»",
        seller=company.seller_id,
        country="UA",
        locale="uk",
        state="active",
    )
    assert "ТОВ «Друга»" in page
    assert session.query(m.Company).count() == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"tax_code": "32855962"}, "check digit of ЄДРПОУ"),
        ({"tax_code": ""}, "Enter ЄДРПОУ"),
        ({"iban": "UA213223130000026007233566002"}, "IBAN"),
        ({"country": "RU", "tax_code": "7707083893", "kpp": ""}, "Enter КПП"),
    ],
)
def test_a_payers_codes_are_checked_as_its_country_has_them(office, session, company, wrong, sentence):
    page = save(office, "/office/payers/add", **payer_of(company, **wrong))
    assert sentence in page
    assert session.query(m.Payer).count() == 0


def test_a_payer_is_saved_with_its_codes_normalised(office, session, company):
    save(office, "/office/payers/add", **payer_of(company, iban="UA21 3223 1300 0002 6007 2335 6600 1"))
    assert session.query(m.Payer).one().iban == "UA213223130000026007233566001"


def test_a_new_account_belongs_to_the_company_of_its_payer(office, session, company):
    payer = makers.payer(session, company)
    session.commit()
    save(
        office,
        "/office/accounts/add",
        payer=payer.id,
        seller=company.seller_id,
        number="7700001",
        currency="UAH",
        state="active",
        delivery="collect",
        delivery_format="pdf",
    )
    assert session.query(m.Account).one().company_id == company.id


def test_a_change_of_delivery_keeps_what_was_in_force(office, session, company):
    account = makers.account(session, company)
    session.commit()
    fields = {"payer": account.payer_id, "state": "active", "delivery": "email", "delivery_format": "xlsx"}
    save(office, f"/office/accounts/edit/{account.id}", **fields, delivery_addresses="books@example.org")
    session.expire_all()
    history = session.query(m.DeliveryChange).order_by(m.DeliveryChange.id).all()
    assert [one.delivery for one in history] == ["collect", "email"]
    assert (account.delivery, account.delivery_addresses) == ("email", "books@example.org")


def test_a_price_with_steps_is_a_new_version(office, session, company):
    plan = makers.plan(session, session.get(m.Seller, company.seller_id))
    part = session.query(m.Component).filter_by(plan_id=plan.id).one()
    session.commit()
    save(
        office,
        "/office/prices/add",
        component=part.id,
        valid_from="2026-12-01",
        unit_price="1,2345",
        per_quantity="1",
        tiers="0; 1.5\n100; 1,25",
    )
    made = session.query(m.PriceVersion).filter_by(valid_from=dt.date(2026, 12, 1)).one()
    assert made.unit_price == Decimal("1.2345")
    assert made.tiers == [["0", "1.5"], ["100", "1.25"]]


def test_a_tax_rate_is_typed_in_percent(app, session):
    client = makers.sign_in(app.test_client(), makers.user(session, "administrator"))
    save(
        client,
        "/office/tax-rates/add",
        country="PL",
        category="standard",
        rate_bp="23",
        valid_from="2031-01-01",
    )
    assert session.query(m.TaxRate).filter_by(country="PL", valid_from=dt.date(2031, 1, 1)).one().rate_bp == 2300


def test_what_is_in_use_is_not_deleted_and_the_sentence_says_what_to_do(office, session, company):
    account = makers.account(session, company)
    session.commit()
    token = makers._token(office.get(f"/office/companies/show/{company.id}").get_data(as_text=True))
    answer = office.post(f"/office/companies/delete/{company.id}", data={"csrf_token": token}, follow_redirects=True)
    assert "Close it instead" in answer.get_data(as_text=True)
    assert session.get(m.Account, account.id) is not None


def test_a_list_is_exported_as_it_is_filtered(office, session, company):
    makers.company(session, session.get(m.Seller, company.seller_id), name="АТ «Інша»", code="insha")
    session.commit()
    text = office.get("/office/companies/export/csv?_flt_0_name=АТ").get_data().decode("utf-8-sig")
    assert "АТ «Інша»" in text
    assert company.name not in text


def test_a_parked_effect_is_tried_again(app, office, session):
    from app.core import clock

    wish = m.Outbox(topic="send_delivery", payload={}, key="k", state="parked", attempts=10, due_at=clock.now())
    session.add(wish)
    session.commit()
    page = office.get(f"/office/outbox/show/{wish.id}").get_data(as_text=True)
    assert "Try again" in page
    office.post(f"/office/outbox-again/{wish.id}", data={"csrf_token": makers._token(page)})
    session.expire_all()
    assert (wish.state, wish.attempts) == ("pending", 0)


def test_support_may_not_write(app, session, company):
    support = makers.sign_in(app.test_client(), makers.user(session, "support"))
    assert support.get("/office/companies/add").status_code in (302, 403)
    assert support.get(f"/office/companies/edit/{company.id}").status_code in (302, 403)


def test_a_number_is_released_rests_and_is_given_again(office, session, company):
    first, second = makers.account(session, company), makers.account(session, makers.company(session, company.seller))
    line = makers.subscriber(session, first, number="+380671230001", name="Олена")
    plan = makers.subscription(session, first, makers.plan(session, company.seller, "10.0000"), subscriber_id=line.id)
    session.commit()
    edit = {"name": "Олена Бойко", "state": "released"}
    page = save(office, f"/office/subscribers/edit/{line.id}", **edit)
    assert "End them first" in page
    plan.ends_on = plan.starts_on
    session.commit()
    save(office, f"/office/subscribers/edit/{line.id}", **edit)
    session.expire_all()
    assert line.released_on == clock.today("Europe/Kyiv")
    assert session.scalar(sa.select(m.SubscriberName.old_name)) == "Олена"  # staff's renaming is in the history too
    new = {"account": second.id, "number": line.number, "name": "Нова", "state": "active"}
    assert "rests for 90 days" in save(office, "/office/subscribers/add", **new)
    month = (line.released_on + dt.timedelta(days=90)).strftime("%Y-%m")
    assert "1 number can be given again" in office.get(f"/office/policy-calendar/?month={month}").get_data(as_text=True)
    line.released_on -= dt.timedelta(days=90)
    session.commit()
    save(office, "/office/subscribers/add", **new)
    rows = session.execute(
        sa.select(m.Subscriber.company_id, m.Subscriber.name).where(m.Subscriber.number == "+380671230001")
    )
    assert rows.all() == [(second.company_id, "Нова")]
    assert "is on the account" in save(office, "/office/subscribers/add", **{**new, "account": first.id})
