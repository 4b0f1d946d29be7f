"""The doors: from a stranger to a customer, and a new password for who forgot theirs."""

import datetime as dt
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.core import clock
from app.domains.base import DomainsError
from app.domains.own import OwnRegister
from app.models import Account, Agreement, AgreementAcceptance, Company, OneTimeCode, Outbox, Payer, Policy, User
from tests import makers
from tests.views.forms import code_in, letters, post

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
STRONG = "Violet-Harbour-42"
OLGA = {
    "password": STRONG,
    "again": STRONG,
    "given_name": "Olga",
    "surname": "Sikur",
    "display_name": "Olga Sikur",
    "phone_country": "UA",
    "phone": "067 123 45 67",
}
OTHER = {"new": "Other-Harbour-42", "again": "Other-Harbour-42"}
CONTOSO = {
    "name": "ТОВ «Контосо»",
    "country": "UA",
    "address": "вул. Садова, 1",
    "address_more": "офіс 7",
    "postal_code": "01001",
    "city": "Київ",
    "phone": "+380441234567",
    "prefix": "Contoso",
    "prefix_again": "contoso",
    "agree": "1",
}


@pytest.fixture
def client(app: Flask, session: Session) -> FlaskClient:
    makers.seller(session)
    session.commit()
    return app.test_client()


def prove(app: Flask, session: Session, client: FlaskClient, email: str = "olga@contoso.example") -> None:
    assert post(client, "/register/", email=email).location == "/register/code"
    assert post(client, "/register/code", code=code_in(letters(app, session)[-1])).location == "/register/person"


def introduce(app: Flask, session: Session, client: FlaskClient, **other: str) -> None:
    """The account form, and the code that came to the telephone."""
    assert post(client, "/register/person", **{**OLGA, **other}).location == "/register/telephone"
    message = letters(app, session)[-1]
    assert message.subject == "SMS"
    assert post(client, "/register/telephone", code=message.body.split()[0]).location == "/register/company"


def agreement(session: Session) -> Agreement:
    seller = session.query(makers.m.Seller).one()
    made = Agreement(
        seller_id=seller.id, version=1, locale="en", title="Terms", body="Be fair.", valid_from=dt.date(2026, 1, 1)
    )
    session.add(made)
    session.commit()
    return made


@pytest.mark.covers("SMC-03", "SMC-04", "SMC-05", "SMC-06", "SMC-07", "SMC-08", "SMC-13", "SMC-14")
@pytest.mark.covers("SMC-15", "SMC-16", "SMC-21", "SMC-22", "SMC-23", "SMC-25", "SMC-26", "SMC-30", "SMC-33")
def test_olga_registers_her_company(app: Flask, session: Session, client: FlaskClient) -> None:
    terms = agreement(session)
    prove(app, session, client)
    introduce(app, session, client)
    assert client.get("/my/documents/").location == "/register/company"  # nothing else is open to her yet
    assert post(client, "/register/company", **CONTOSO, agreement=terms.id).location == "/"
    assert client.get("/").status_code == 200
    user = session.query(User).one()
    assert (user.username, user.display_name, user.phone, user.is_first) == (
        "olga@contoso.example",
        "Olga Sikur",
        "+380671234567",
        True,
    )
    company = session.query(Company).one()
    assert (company.name, company.domain_prefix, company.code) == ("ТОВ «Контосо»", "contoso", "contoso")
    assert (company.address, company.country) == ("вул. Садова, 1, офіс 7", "UA")
    assert session.query(Payer).one().legal_city == "Київ"
    assert session.query(Account).one().currency == "UAH"
    assert session.query(AgreementAcceptance).one().agreement_id == terms.id
    welcome = letters(app, session)[-1]
    assert "olga@contoso.example" in welcome.body and welcome.recipient == "olga@contoso.example"
    suffix = app.config["KABINET"].domain_suffix
    assert f"Your name in the online services: contoso{suffix}\n" in welcome.body and suffix


@pytest.mark.covers("SMC-16", "SMC-20")
def test_a_mistyped_number_is_corrected_before_registration_goes_on(app: Flask, session: Session, client: Any) -> None:
    seller = session.query(makers.m.Seller).one()
    session.add(Policy(seller_id=seller.id, kind="second_factor", settings={"demanded": True}))
    prove(app, session, client)
    post(client, "/register/person", **{**OLGA, "phone": "067 999 99 99"})
    page = client.get("/register/telephone").get_data(as_text=True)
    assert "+380 67 999 9999" in page and 'name="later"' not in page
    stray = letters(app, session)[-1]
    for data in ({"later": "1"}, {"code": "000000"}):  # the provider demands it at each sign-in, so it must be right
        post(client, "/register/telephone", **data)
        assert client.get("/register/company").location == "/register/telephone"
    assert post(client, "/register/skip", page="/register/telephone").location == "/register/company"
    assert session.query(Company).count() == 0
    assert 'name="phone"' in client.get("/register/telephone?change=1").get_data(as_text=True)
    number = {"phone": "067 123 45 67", "phone_country": "UA"}
    assert post(client, "/register/telephone", **number, way="call").status_code == 200
    call = letters(app, session)[-1]
    assert (call.recipient, call.subject) == ("+380671234567", "CALL")
    assert post(client, "/register/telephone", code=stray.body.split()[0]).status_code == 200  # of the other number
    assert post(client, "/register/telephone", code=call.body.split()[0]).location == "/register/company"
    assert session.query(User).one().phone_confirmed_at is not None


@pytest.mark.covers("SMC-31")
def test_the_number_is_confirmed_later_where_no_seller_demands_it(app: Flask, session: Session, client: Any) -> None:
    prove(app, session, client)
    post(client, "/register/person", **OLGA)
    assert client.get("/register/company").location == "/register/telephone"
    assert post(client, "/register/telephone", later="1").location == "/register/company"
    assert post(client, "/register/skip", page="/register/company").location == "/"
    assert "Not confirmed" in client.get("/profile/factors/").get_data(as_text=True)


@pytest.mark.covers("SMC-31")
def test_who_needs_no_domain_goes_on_without_a_company(app: Flask, session: Session, client: FlaskClient) -> None:
    prove(app, session, client)
    introduce(app, session, client)
    token = makers._token(client.get("/register/company").get_data(as_text=True))
    assert client.post("/register/skip", data={"csrf_token": token}).location == "/"
    assert client.get("/").status_code == 200
    assert session.query(Company).one().name == "Olga Sikur" and session.query(Company).one().domain_prefix is None
    assert session.query(Payer).one().kind == "individual"
    assert "online services" not in letters(app, session)[-1].body  # no domain, no empty line for it


@pytest.mark.covers("SMC-09")
def test_the_address_can_be_changed_before_the_account_is_made(app: Flask, session: Session, client: Any) -> None:
    post(client, "/register/", email="wrong@contoso.example")
    assert "wrong@contoso.example" in client.get("/register/").get_data(as_text=True)
    prove(app, session, client, "left@contoso.example")
    assert '<a href="/register/">Change the address</a>' in client.get("/register/person").get_data(as_text=True)
    prove(app, session, client, "right@contoso.example")
    post(client, "/register/person", **OLGA)
    assert session.query(User).one().email == "right@contoso.example"


def test_a_code_of_one_address_makes_no_account_of_another(app: Flask, session: Session, client: FlaskClient) -> None:
    prove(app, session, client)
    with client.session_transaction() as cookie:
        cookie["register"] = {**cookie["register"], "email": "boss@vega.example"}
    assert post(client, "/register/person", **OLGA).status_code == 200
    assert session.query(User).count() == 0


@pytest.mark.covers("SMC-10", "SMC-11", "SMC-12", "SMC-32")
@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("password", "Sh0rt!", "8 characters"),
        ("password", "alllowercase", "three of these four"),
        ("again", "Other-Harbour-42", "differ"),
        ("given_name", "Ольга", "Latin letters only"),
        ("surname", "Sikur1", "Latin letters only"),
        ("display_name", "", "name to be shown"),
        ("phone", "12", "phone"),
    ],
)
def test_a_wrong_field_is_said_and_the_form_stays_filled(
    app: Flask, session: Session, client: FlaskClient, field: str, value: str, said: str
) -> None:
    prove(app, session, client)
    again = {"again": value} if field == "password" else {}
    page = post(client, "/register/person", **{**OLGA, field: value, **again})
    text = page.get_data(as_text=True)
    assert page.status_code == 200 and said.lower() in text.lower()
    assert "067 123 45 67" in text or field == "phone"
    assert STRONG not in text  # a password is never written back
    assert session.query(User).count() == 0


@pytest.mark.covers("SMC-27", "SMC-29")
def test_a_taken_or_wrong_domain_name_is_refused(app: Flask, session: Session, client: FlaskClient) -> None:
    makers.company(session, domain_prefix="contoso")
    session.commit()
    prove(app, session, client)
    introduce(app, session, client)

    def asked(prefix: str) -> Any:
        return client.get("/register/domain", query_string={"prefix": prefix}).json

    assert asked("contoso")["free"] is False and "taken" in asked("Contoso")["text"]
    assert asked("admin")["free"] is False and asked("кит")["free"] is False and asked("a-b")["free"] is False
    assert asked("contoso7")["free"] is True
    page = post(client, "/register/company", **CONTOSO)
    assert "taken" in page.get_data(as_text=True) and "вул. Садова, 1" in page.get_data(as_text=True)
    assert post(client, "/register/company", **{**CONTOSO, "prefix": "contoso7"}).status_code == 200  # not twice
    same = {"prefix": "contoso7", "prefix_again": "contoso7"}
    assert post(client, "/register/company", **{**CONTOSO, **same}).status_code == 302


def test_a_register_that_is_down_is_said_and_nothing_is_founded(
    app: Flask, session: Session, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(register: OwnRegister, prefix: str) -> bool:
        raise DomainsError("no route to host")

    prove(app, session, client)
    introduce(app, session, client)
    monkeypatch.setattr(OwnRegister, "is_free", down)
    asked = client.get("/register/domain", query_string={"prefix": "contoso"})
    assert asked.status_code == 200 and asked.json["free"] is False and "does not answer" in asked.json["text"]
    page = post(client, "/register/company", **CONTOSO)
    assert page.status_code == 200 and "does not answer" in page.get_data(as_text=True)
    assert session.query(Company).count() == 0


def test_nobody_asks_about_domains_from_outside(client: FlaskClient) -> None:
    assert client.get("/register/domain?prefix=contoso").status_code == 404


def test_without_the_agreement_there_is_no_registration(app: Flask, session: Session, client: FlaskClient) -> None:
    agreement(session)
    prove(app, session, client)
    introduce(app, session, client)
    page = post(client, "/register/company", **{**CONTOSO, "agree": ""})
    assert page.status_code == 200 and session.query(Company).count() == 0
    assert "Be fair." in client.get("/register/agreement").get_data(as_text=True)


@pytest.mark.covers("SMC-30")
def test_the_agreement_accepted_is_the_one_that_was_shown(app: Flask, session: Session, client: FlaskClient) -> None:
    shown = agreement(session)
    poland = makers.seller(session, country="PL")
    known = {"version": 1, "locale": "en", "body": "Bądź fair.", "valid_from": dt.date(2026, 1, 1)}
    theirs = Agreement(seller_id=poland.id, title="Terms of Poland", **known)
    session.add(theirs)
    session.commit()
    prove(app, session, client)
    introduce(app, session, client)
    chosen = {**CONTOSO, "country": "PL"}
    page = post(client, "/register/company", **chosen, agreement=shown.id).get_data(as_text=True)
    assert "Another agreement is in force" in page and session.query(Company).count() == 0
    assert f'name="agreement" value="{theirs.id}"' in page and "Terms of Poland" in page and "вул. Садова, 1" in page
    assert 'name="agree" value="1" required' in page  # not ticked for her
    assert post(client, "/register/company", **chosen, agreement=theirs.id).location == "/"
    assert session.query(AgreementAcceptance).one().agreement_id == theirs.id


def test_a_known_address_is_answered_like_an_unknown_one(app: Flask, session: Session, client: FlaskClient) -> None:
    olga = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    for path, known in (("/register/", olga.email), ("/forgotten/", "nobody@vega.example")):
        answer = post(client, path, email=known)
        assert answer.location == f"{path}code"
        page = client.get(answer.location).get_data(as_text=True)
        assert "is on its way" in page
        assert "wrong" in post(client, answer.location, code="123456").get_data(as_text=True)
    assert session.query(Outbox).filter_by(topic="send_letter").count() == 2  # the same work, so the same time
    sent = letters(app, session)
    assert [letter.recipient for letter in sent] == [olga.email]
    assert "already" in sent[0].subject and not re.search(r"\d{6}", sent[0].body)


@pytest.mark.covers("SMC-35", "SMC-38")
def test_a_forgotten_password_is_renewed_and_old_sessions_end(app: Flask, session: Session, client: Any) -> None:
    olga = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    desk = makers.sign_in(app.test_client(), olga)
    assert desk.get("/profile/").status_code == 200
    assert post(client, "/forgotten/", email=olga.email.upper()).location == "/forgotten/code"
    assert post(client, "/forgotten/code", code=code_in(letters(app, session)[-1])).location == "/forgotten/password"
    assert post(client, "/forgotten/password", new=STRONG, again="other").status_code == 200
    copy, proved = app.test_client(), client.get_cookie("session").value
    assert post(client, "/forgotten/password", new=STRONG, again=STRONG).location == "/login/"
    assert desk.get("/profile/").status_code == 302
    assert client.get("/forgotten/password").location == "/forgotten/"  # once
    copy.set_cookie("session", proved)
    assert post(copy, "/forgotten/password", page="/login/", **OTHER).location == "/forgotten/"
    makers.sign_in(app.test_client(), olga, STRONG)


@pytest.mark.covers("SMC-38")
def test_a_changed_password_goes_by_the_same_codes(app: Flask, session: Session) -> None:
    olga, other = (makers.user(session, Role.OWNER, makers.company(session)) for _ in range(2))
    session.commit()
    desk, phone = makers.sign_in(app.test_client(), olga), makers.sign_in(app.test_client(), olga)
    assert desk.get("/profile/password").status_code == 404  # no other way
    assert olga.email in desk.get("/forgotten/").get_data(as_text=True)
    post(desk, "/forgotten/", email=other.email)
    letter = letters(app, session)[-1]
    assert letter.recipient == olga.email  # one's own, whatever was sent
    assert post(desk, "/forgotten/code", code=code_in(letter)).location == "/forgotten/password"
    for new, again, said in (
        (makers.PASSWORD, makers.PASSWORD, "present one"),
        (STRONG, "other", "differ"),
        ("short", "short", "at least 8"),
    ):
        assert said in post(desk, "/forgotten/password", new=new, again=again).get_data(as_text=True)
    assert post(desk, "/forgotten/password", new=STRONG, again=STRONG).location == "/login/"
    assert "Your password is changed" in desk.get("/login/").get_data(as_text=True)
    assert desk.get("/profile/").status_code == phone.get("/profile/").status_code == 302
    makers.sign_in(app.test_client(), olga, STRONG)


def test_what_a_code_opened_shuts_again_and_says_so(app: Flask, session: Session, client: FlaskClient) -> None:
    olga = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    with clock.standing_at(NOON):
        post(client, "/forgotten/", email=olga.email)
        post(client, "/forgotten/code", code=code_in(letters(app, session)[-1]))
    with clock.standing_at(NOON + dt.timedelta(minutes=11)):
        assert client.get("/forgotten/password").location == "/forgotten/"
        assert "has run out" in client.get("/forgotten/").get_data(as_text=True)


def test_a_code_lives_ten_minutes_and_five_tries(app: Flask, session: Session, client: FlaskClient) -> None:
    olga = makers.user(session, Role.OWNER, makers.company(session))
    session.commit()
    with clock.standing_at(NOON):
        post(client, "/forgotten/", email=olga.email)
        code = code_in(letters(app, session)[-1])
    with clock.standing_at(NOON + dt.timedelta(minutes=10)):
        assert post(client, "/forgotten/code", code=code).status_code == 200  # too late
        assert post(client, "/forgotten/code", again="1").status_code == 200
        code = code_in(letters(app, session)[-1])
        wrong = f"{(int(code) + 1) % 10**6:06d}"
        for _ in range(5):
            assert post(client, "/forgotten/code", code=wrong).status_code == 200
        assert post(client, "/forgotten/code", code=code).status_code == 200  # the tries are used up


def test_codes_are_not_sent_without_end(app: Flask, session: Session, client: FlaskClient) -> None:
    with clock.standing_at(NOON):
        post(client, "/register/", email="olga@contoso.example")
        page = post(client, "/register/", email="olga@contoso.example")
        assert page.status_code == 200 and "Wait 60 seconds" in page.get_data(as_text=True)
    for step in range(1, 6):
        with clock.standing_at(NOON + dt.timedelta(minutes=2 * step)):
            page = post(client, "/register/", email="olga@contoso.example")
    assert "Too many codes" in page.get_data(as_text=True)
    assert session.query(OneTimeCode).count() == 5


def test_no_code_is_written_down(app: Flask, session: Session, client: FlaskClient) -> None:
    post(client, "/register/", email="olga@contoso.example")
    code = code_in(letters(app, session)[-1])
    for model in (OneTimeCode, Outbox):
        assert code not in str([{k: v for k, v in vars(row).items()} for row in session.query(model)])


def test_what_no_keyboard_sends_is_not_understood(client: FlaskClient) -> None:
    assert post(client, "/login/", username="ol\x00ga", password="x").status_code == 400


def test_steps_cannot_be_jumped(client: FlaskClient) -> None:
    assert client.get("/register/code").location == "/register/"
    assert client.get("/register/person").location == "/register/"
    assert client.get("/register/company").location == "/"
    assert client.get("/forgotten/password").location == "/forgotten/"
