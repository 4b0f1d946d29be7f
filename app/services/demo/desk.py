"""What lies on the demo's desks today: tickets, notices, currency rates, and all that its sisters add."""

import datetime as dt
import random
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.roles import RIGHTS, Role
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import (
    Company,
    CurrencyRate,
    Document,
    DocumentKind,
    Notice,
    Seller,
    User,
)
from app.reports.formats import formats_of
from app.rules.lifecycle import (
    TicketState,
    move,
)
from app.rules.notices import NoticeEvent
from app.services import tickets
from app.services.demo import bank, belongings, wishes
from app.services.demo.calendar import at
from app.services.demo.people import actor_of, people_of
from app.services.demo.story import Client


def fill(
    session: Session,
    sellers: dict[str, Seller],
    clients: dict[int, Client],
    months: list[Month],
    today: dt.date,
    secret: str = "",
) -> None:
    """Everything, as at `today`; `secret` seals what may charge a card of the sandbox."""
    people = people_of(session)
    orion = session.scalars(sa.select(Company).where(Company.code == "orion")).one()
    vega = session.scalars(sa.select(Company).where(Company.code == "vega")).one()
    add_rates(session, months, today)
    add_tickets(session, clients, people, today)
    add_notices(session, people, months[-1])
    belongings.add_cards(session, clients, secret)
    belongings.add_seats(session, orion, people)
    belongings.add_extension(session, orion, today)
    for company in (orion, vega):
        belongings.add_orders(session, company, months)
    wishes.add_renames(session, orion, people["manager"], today)
    wishes.add_option_requests(session, orion, people["manager"], today)
    bank.add_expected_payment(session, orion, people["bookkeeper"], today)
    bank.make_acts(session, (orion, vega), months)
    bank.add_bank_lines(session, sellers, months[-1])
    session.flush()


def add_rates(session: Session, months: list[Month], today: dt.date) -> None:
    """Rates of the first day of each month; made up, and marked so by their source."""
    rng = random.Random("rates")  # noqa: S311
    start = {"UAH": Decimal("48"), "RUB": Decimal("96"), "PLN": Decimal("4.3")}
    days = [month.first_day for month in months] + [today.replace(day=1)]
    session.add_all(
        CurrencyRate(
            base="EUR",
            quote=quote,
            day=day,
            rate=(rate * Decimal(1000 + rng.randint(-20, 20)) / 1000).quantize(Decimal("0.0001")),
            source="demo",
        )
        for quote, rate in start.items()
        for day in days
    )
    session.flush()


# -- talk --------------------------------------------------------------------------------------------------------------

_TALKS = {
    "UA": (
        ("accounting", "Прошу акт звірки за квартал", "Надішліть, будь ласка, акт звірки за минулий квартал."),
        ("technical", "Не працює роумінг", "На двох номерах не вмикається роумінг, люди вже у відрядженні."),
        ("sales", "Більше місця на диску", "Скільки коштуватиме ще 500 ГБ на сервері і чи потрібна зупинка?"),
        ("accounting", "Змінилася адреса", "Ми переїхали. Як внести нову юридичну адресу до наступного рахунка?"),
    ),
    "RU": (
        ("accounting", "Нет счёта за прошлый месяц", "Не можем найти счёт за прошлый месяц, хотя услуги были."),
        ("technical", "Медленный канал", "С утра канал работает медленно, проверьте, пожалуйста."),
    ),
    "PL": (
        ("accounting", "Korekta faktury", "Proszę o wyjaśnienie korekty za ubiegły miesiąc."),
        ("sales", "Więcej licencji", "Potrzebujemy dziesięciu dodatkowych licencji od poniedziałku."),
    ),
}
_ANSWERS = {
    "UA": "Дякуємо, прийняли в роботу. Відповімо сьогодні до 18:00.",
    "RU": "Спасибо, приняли в работу. Ответим сегодня до 18:00.",
    "PL": "Dziękujemy, zajmujemy się tym. Odpowiemy dziś do 18:00.",
}


def add_tickets(session: Session, clients: dict[int, Client], people: dict[str, User], today: dt.date) -> None:
    """Questions in every state; «orion» asks most."""
    states = list(TicketState)
    for number, (company_id, client) in enumerate(sorted(clients.items())):
        if client.code not in ("orion", "vega") and number % 6:
            continue
        talks = _TALKS[client.country]
        own = talks if client.code == "orion" else (talks[number % len(talks)],)
        for place, words in enumerate(own):
            asked_at = at(today - dt.timedelta(days=2 + 3 * place), 8)
            state = states[(number + place) % len(states)]
            asker, helper = _asker(company_id, client, people), actor_of(people["support"], Role.SUPPORT)
            _talk(session, asker, helper, words, _ANSWERS[client.country], asked_at, state)


def _asker(company_id: int, client: Client, people: dict[str, User]) -> Actor:
    """The owner of a company, who has a user where the demo's people are of it."""
    user = {"orion": people["owner"], "vega": people["stranger"]}.get(client.code)
    if user is not None:
        return actor_of(user, Role.OWNER)
    return Actor(None, client.director.full, company_id, rights=frozenset(RIGHTS[Role.OWNER]))


def _talk(
    session: Session,
    asker: Actor,
    helper: Actor,
    words: tuple[str, str, str],
    answer: str,
    asked_at: dt.datetime,
    state: TicketState,
) -> None:
    department, subject, body = words
    with clock.standing_at(asked_at):
        ticket = tickets.open_ticket(session, asker, subject, body, department=department)
    with clock.standing_at(min(asked_at + dt.timedelta(hours=2), clock.now())):
        if state == TicketState.IN_REVIEW:
            ticket.state = move(TicketState(ticket.state), state).value
        elif state != TicketState.NEW_MESSAGES:
            tickets.reply(session, helper, ticket.id, answer)
        if state == TicketState.ARCHIVED:
            tickets.archive(session, asker, ticket.id)
        session.flush()


_NEWS = {
    "uk": ("Рахунок {} виставлено", "До сплати {} {}. Документ лежить у кабінеті."),
    "ru": ("Выставлен счёт {}", "К оплате {} {}. Документ лежит в кабинете."),
    "pl": ("Wystawiono fakturę {}", "Do zapłaty {} {}. Dokument czeka w panelu."),
    "en": ("Invoice {} is issued", "To pay: {} {}. The document is in the cabinet."),
}


def add_notices(session: Session, people: dict[str, User], month: Month) -> None:
    """Each of a company's people hears of the newest invoices; the older half is read."""
    for user in people.values():
        if user.company_id is None:
            continue
        subject, body = _NEWS[user.locale or "en"]
        formats = formats_of(user.locale or "en")
        for place, invoice in enumerate(_invoices_of(session, user.company_id, month)):
            session.add(
                Notice(
                    company_id=user.company_id,
                    user_id=user.id,
                    document_id=invoice.id,
                    event=NoticeEvent.INVOICE_ISSUED.value,
                    channel="in_app",
                    recipient=user.email,
                    subject=subject.format(invoice.number),
                    body=body.format(formats.money(invoice.total), invoice.currency),
                    key=f"{NoticeEvent.INVOICE_ISSUED}:{invoice.id}:in_app:{user.id}",
                    sent_at=at(invoice.issued_on),
                    read_at=at(invoice.issued_on, 11) if place % 2 else None,
                )
            )
    session.flush()


def _invoices_of(session: Session, company_id: int, month: Month) -> list[Document]:
    query = sa.select(Document).where(
        Document.company_id == company_id,
        Document.kind == DocumentKind.INVOICE.value,
        Document.period_start >= month.shift(-1).first_day,
    )
    return list(session.scalars(query.order_by(Document.id)))
