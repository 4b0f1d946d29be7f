"""Bank transfer as a way to pay: what the customer is told, the request for payment, the bank's line that settles."""

import io
from decimal import Decimal

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.gateways.base import Callback, Forged, Keys, Order
from app.gateways.registry import open_gateway
from app.models import Account, HeldMoney, Payment, PaymentAttempt, PaymentWay
from app.rules.transfers import ids_in, number_of
from app.services import importing, paying, transfers
from tests.services.paying_kit import net, new_account, olga, sound

D = Decimal
LINES = "date,amount,currency,reference,purpose,customer code\n"


@pytest.fixture
def account(session: Session) -> Account:
    return new_account(session)


@pytest.fixture
def way(session: Session, account: Account) -> PaymentWay:
    made = PaymentWay(seller_id=account.seller_id, gateway="bank_transfer", name="Bank transfer", settings={})
    session.add(made)
    session.flush()
    return made


def begin(session: Session, account: Account, way: PaymentWay, key: str = "k") -> PaymentAttempt:
    return paying.begin(session, olga(account), account.id, way.id, D("590.00"), key=key)


@pytest.mark.parametrize("attempt_id", [1, 7, 99, 12345, 10**9])
def test_a_number_is_read_as_people_and_banks_write_it(attempt_id: int) -> None:
    number = number_of(attempt_id)
    for said in (number, number.lower(), number.replace("-", " № "), number.replace("KB-", "КВ"), f"Аванс,{number}."):
        assert ids_in(f"Оплата {said} без ПДВ") == [attempt_id]
    slip = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert not ids_in(slip) and not ids_in("Оплата 590.00") and not ids_in(f"XKB-{attempt_id}")


@pytest.mark.covers("AST-086")
def test_the_request_for_payment_says_advance_payment_and_its_code_can_be_read(
    session: Session, account: Account, way: PaymentWay
) -> None:
    attempt = begin(session, account, way)
    told = transfers.told(session, attempt, "uk")
    assert told.purpose == f"Авансовий платіж, особовий рахунок {account.number}, {told.number}"
    assert told.qr is not None and told.qr.startswith(b"https://bank.gov.ua/qr/")
    name, content = transfers.request_file(session, attempt)
    assert name == f"{told.number}.pdf"
    text = PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert "Авансовий платіж" in text and told.number in text and "590,00" in text
    assert "Advance payment" in transfers.purpose_of(session, attempt, "en")


def import_lines(app: Flask, session: Session, account: Account, *lines: str) -> None:
    path = app.config["KABINET"].data_dir / "statement.csv"
    path.write_text(LINES + "".join(f"{line},{account.company.code}\n" for line in lines), encoding="utf-8")
    clerk = Actor.system()
    batch, _ = importing.preview_file(session, clerk, "payments", path, path.name, seller_id=account.seller_id)
    while importing.apply_batch(session, clerk, batch.id, path).left:
        pass
    session.expire_all()


def test_a_banks_line_that_names_the_number_settles_the_attempt_once(
    app: Flask, session: Session, account: Account, way: PaymentWay
) -> None:
    attempt = begin(session, account, way)
    line = f"2026-11-20,590.00,UAH,B-1,Платіж {number_of(attempt.id)} від Оріон"
    for _ in range(2):
        import_lines(app, session, account, line)
    payment = session.query(Payment).one()
    assert attempt.state == "paid" and attempt.payment_id == payment.id and net(session, account) == D("590.00")
    assert (payment.method, payment.reference, str(payment.paid_on)) == ("bank_transfer", "B-1", "2026-11-20")
    assert sound(session)


@pytest.mark.parametrize(("amount", "reason"), [("580.00", "short"), ("600.00", "excess")])
def test_short_or_excess_money_is_held_once_in_sight(
    app: Flask, session: Session, account: Account, way: PaymentWay, amount: str, reason: str
) -> None:
    attempt = begin(session, account, way)
    line = f"2026-11-20,{amount},UAH,B-1,{number_of(attempt.id)}"
    for _ in range(2):
        import_lines(app, session, account, line)
    (held,) = session.query(HeldMoney)
    assert (held.reason, held.amount, attempt.state) == (reason, D(amount), "held") and net(session, account) == 0
    import_lines(app, session, account, f"2026-11-21,10.00,UAH,B-2,{number_of(attempt.id)}")  # the rest of it
    assert [one.amount for one in session.query(HeldMoney).order_by(HeldMoney.id)] == [D(amount), D("10.00")]


def test_the_same_transfer_made_twice_is_held_the_second_time(
    app: Flask, session: Session, account: Account, way: PaymentWay
) -> None:
    attempt = begin(session, account, way)
    lines = [f"2026-11-{day},590.00,UAH,B-{day},{number_of(attempt.id)}" for day in (19, 20)]
    import_lines(app, session, account, *lines)
    assert net(session, account) == D("590.00") and session.query(HeldMoney).one().reason == "twice"


def test_a_line_that_names_anothers_sellers_number_is_not_its(
    app: Flask, session: Session, account: Account, way: PaymentWay
) -> None:
    attempt, other = begin(session, account, way), new_account(session)
    line = f"2026-11-20,590.00,UAH,B-1,account {other.number} {number_of(attempt.id)}"
    import_lines(app, session, other, line)
    assert attempt.state == "new" and net(session, other) == D("590.00")


def test_no_bank_calls_back(session: Session) -> None:
    gateway = open_gateway("bank_transfer", session, Keys())
    assert gateway.ask("k1") is None
    assert gateway.hand_over(Order("k1", D(1), "UAH", "x", "/back", "/call")).url == "/back"
    with pytest.raises(Forged):
        gateway.hear(Callback(b"", {}, {}))
