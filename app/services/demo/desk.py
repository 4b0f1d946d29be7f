"""What lies on the demo's desks today: tickets, notices, orders, requests, seats, instalments, bank lines, an act."""

import datetime as dt
import random
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.period import Month
from app.models import (
    Account,
    BankLine,
    Company,
    Component,
    CurrencyRate,
    Document,
    DocumentKind,
    ExpectedPayment,
    Extension,
    InstalmentPart,
    InstalmentPlan,
    Notice,
    Order,
    OrderLine,
    Payer,
    Payment,
    PaymentMethod,
    Plan,
    Request,
    Seat,
    Seller,
    Subscriber,
    SubscriberName,
    Subscription,
    Ticket,
    TicketMessage,
    User,
)
from app.rules.lifecycle import (
    OrderState,
    PaymentMethodState,
    PaymentState,
    RequestState,
    TicketState,
)
from app.services import numbering
from app.services.demo.names import make_name
from app.services.demo.people import people_of
from app.services.demo.story import Client

RENAMES = 12


def fill(
    session: Session, sellers: dict[str, Seller], clients: dict[int, Client], months: list[Month], today: dt.date
) -> None:
    """Everything, as at `today`."""
    people = people_of(session)
    orion = session.scalars(sa.select(Company).where(Company.code == "orion")).one()
    vega = session.scalars(sa.select(Company).where(Company.code == "vega")).one()
    add_rates(session, months, today)
    add_tickets(session, clients, people, today)
    add_notices(session, people, months[-1], today)
    add_cards(session, clients)
    add_seats(session, orion, people)
    add_extension(session, orion, today)
    add_instalments(session, orion, months)
    for company in (orion, vega):
        add_orders(session, company, months)
    add_renames(session, orion, people["manager"], today)
    add_option_requests(session, orion, people["manager"], today)
    add_expected_payment(session, orion, today)
    add_bank_lines(session, sellers, months[-1])
    session.flush()


def at(day: dt.date, hour: int = 9) -> dt.datetime:
    """An hour of a day that is not in the future."""
    return min(dt.datetime.combine(day, dt.time(hour), dt.UTC), clock.now())


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
        ("Рахунки", "Прошу акт звірки за квартал", "Надішліть, будь ласка, акт звірки за минулий квартал."),
        ("Техпідтримка", "Не працює роумінг", "На двох номерах не вмикається роумінг, люди вже у відрядженні."),
        ("Продажі", "Більше місця на диску", "Скільки коштуватиме ще 500 ГБ на сервері і чи потрібна зупинка?"),
        ("Рахунки", "Змінилася адреса", "Ми переїхали. Як внести нову юридичну адресу до наступного рахунка?"),
    ),
    "RU": (
        ("Счета", "Нет счёта за прошлый месяц", "Не можем найти счёт за прошлый месяц, хотя услуги были."),
        ("Техподдержка", "Медленный канал", "С утра канал работает медленно, проверьте, пожалуйста."),
    ),
    "PL": (
        ("Faktury", "Korekta faktury", "Proszę o wyjaśnienie korekty za ubiegły miesiąc."),
        ("Sprzedaż", "Więcej licencji", "Potrzebujemy dziesięciu dodatkowych licencji od poniedziałku."),
    ),
}
_ANSWERS = {
    "UA": "Дякуємо, прийняли в роботу. Відповімо сьогодні до 18:00.",
    "RU": "Спасибо, приняли в работу. Ответим сегодня до 18:00.",
    "PL": "Dziękujemy, zajmujemy się tym. Odpowiemy dziś do 18:00.",
}


def add_tickets(session: Session, clients: dict[int, Client], people: dict[str, User], today: dt.date) -> None:
    """Questions in every state; the first company of each country asks most."""
    states = list(TicketState)
    for number, (company_id, client) in enumerate(sorted(clients.items())):
        talks = _TALKS[client.country]
        own = talks if client.code == "orion" else talks[number % len(talks) : number % len(talks) + 1]
        if client.code not in ("orion", "vega") and number % 6:
            continue
        for place, (department, subject, body) in enumerate(own):
            state = states[(number + place) % len(states)]
            _add_ticket(session, company_id, client, people, (department, subject, body), state, today, place)


def _add_ticket(
    session: Session,
    company_id: int,
    client: Client,
    people: dict[str, User],
    words: tuple[str, str, str],
    state: TicketState,
    today: dt.date,
    place: int,
) -> None:
    department, subject, body = words
    asker = {"orion": people.get("owner"), "vega": people.get("stranger")}.get(client.code)
    asked_at = at(today - dt.timedelta(days=2 + 3 * place), 8)
    with clock.standing_at(asked_at):
        ticket = Ticket(company_id=company_id, department=department, subject=subject, state=state.value)
        name = f"{asker.first_name} {asker.last_name}" if asker else client.director.full
        ticket.messages.append(
            TicketMessage(company_id=company_id, user_id=asker.id if asker else None, author=name, body=body)
        )
        session.add(ticket)
        session.flush()
    if state != TicketState.NEW_MESSAGES and (helper := people.get("support")) is not None:
        with clock.standing_at(asked_at + dt.timedelta(hours=2)):
            answer = TicketMessage(
                company_id=company_id,
                ticket_id=ticket.id,
                user_id=helper.id,
                author=f"{helper.first_name} {helper.last_name}",
                body=_ANSWERS[client.country],
            )
            session.add(answer)
            session.flush()


_NEWS = {
    "uk": ("Рахунок {} виставлено", "До сплати {} {}. Документ лежить у кабінеті."),
    "ru": ("Выставлен счёт {}", "К оплате {} {}. Документ лежит в кабинете."),
    "pl": ("Wystawiono fakturę {}", "Do zapłaty {} {}. Dokument czeka w panelu."),
    "en": ("Invoice {} is issued", "To pay: {} {}. The document is in the cabinet."),
}


def add_notices(session: Session, people: dict[str, User], month: Month, today: dt.date) -> None:
    """Each of a company's people hears of the newest invoices; the older half is read."""
    for user in people.values():
        if user.company_id is None:
            continue
        subject, body = _NEWS[user.locale or "en"]
        for place, invoice in enumerate(_invoices_of(session, user.company_id, month)):
            session.add(
                Notice(
                    company_id=user.company_id,
                    user_id=user.id,
                    event="invoice.issued",
                    channel="in_app",
                    recipient=user.email,
                    subject=subject.format(invoice.number),
                    body=body.format(invoice.total, invoice.currency),
                    key=f"demo:{invoice.id}:{user.id}",
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


# -- things of the companies -------------------------------------------------------------------------------------------


def add_cards(session: Session, clients: dict[int, Client]) -> None:
    """Saved ways to pay, in each state."""
    states = list(PaymentMethodState)
    for number, (company_id, client) in enumerate(sorted(clients.items())):
        if client.code not in ("orion", "vega") and number % 5:
            continue
        payer_id = session.scalar(sa.select(Payer.id).where(Payer.company_id == company_id))
        state = PaymentMethodState.WORKING if client.code == "orion" else states[number % len(states)]
        session.add(
            PaymentMethod(
                company_id=company_id,
                payer_id=payer_id,
                gateway="sandbox",
                name="Visa" if number % 2 else "Mastercard",
                mask=f"•••• {1000 + number * 37:04d}",
                token=f"demo-{client.code}",
                state=state.value,
                monthly_maximum=Decimal(20_000) if state == PaymentMethodState.WORKING else None,
            )
        )
    session.flush()


def _subscription_to(session: Session, company: Company, offer: str) -> Subscription | None:
    query = sa.select(Subscription).join(Plan, Plan.id == Subscription.plan_id)
    return session.scalars(query.where(Subscription.company_id == company.id, Plan.code == offer).limit(1)).first()


def add_seats(session: Session, company: Company, people: dict[str, User]) -> None:
    """Licences: some assigned to the company's people, the rest idle."""
    subscription = _subscription_to(session, company, "office-month")
    if subscription is None:
        return
    own = [user for user in people.values() if user.company_id == company.id]
    session.add_all(
        Seat(company_id=company.id, subscription_id=subscription.id, user_id=user.id, assigned_at=clock.now())
        for user in own[:3]
    )
    session.flush()


def add_extension(session: Session, company: Company, today: dt.date) -> None:
    """A short enlargement that was used last month."""
    subscription = _subscription_to(session, company, "books-base")
    if subscription is None:
        return
    period = Month.of(today).shift(-1).first_day
    starts_at = at(period + dt.timedelta(days=9))
    session.add(
        Extension(
            company_id=company.id,
            subscription_id=subscription.id,
            period_start=period,
            starts_at=starts_at,
            ends_at=starts_at + dt.timedelta(days=7),
        )
    )
    session.flush()


def add_instalments(session: Session, company: Company, months: list[Month]) -> None:
    """Phones in twelve parts; each part is a line of the month's invoice and is paid with it."""
    subscription = _subscription_to(session, company, "phones-parts")
    if subscription is None:
        return
    plan = InstalmentPlan(
        company_id=company.id,
        account_id=subscription.account_id,
        name=subscription.name,
        total=Decimal(24_000),
        starts_on=months[0].first_day,
    )
    session.add(plan)
    session.flush()
    invoices = {
        invoice.period_start: invoice
        for invoice in session.scalars(
            sa.select(Document).where(
                Document.account_id == subscription.account_id,
                Document.kind == DocumentKind.INVOICE.value,
                Document.occurrence == 0,
            )
        )
    }
    for month in months:
        invoice = invoices.get(month.first_day)
        state = "planned" if invoice is None else "paid" if invoice.settlement == "paid" else "invoiced"
        session.add(
            InstalmentPart(
                company_id=company.id,
                plan_id=plan.id,
                due_on=invoice.due_on if invoice is not None else month.period.last_day,
                amount=Decimal(2_000),
                state=state,
                document_id=invoice.id if invoice is not None else None,
            )
        )
    session.flush()


def add_orders(session: Session, company: Company, months: list[Month]) -> None:
    """What was bought through the shop: an order for each of the newest services, one still unpaid."""
    seller = session.get_one(Seller, company.seller_id)
    query = sa.select(Subscription).where(Subscription.company_id == company.id, Subscription.subscriber_id.is_(None))
    bought = list(session.scalars(query.order_by(Subscription.starts_on, Subscription.id)))[-3:]
    first = sorted((max(one.starts_on, months[0].first_day), place, one) for place, one in enumerate(bought))
    for place, (day, _, subscription) in enumerate(first):
        total = _month_price(session, subscription)
        _, number = numbering.number_next(session, seller, "order", day)
        account = session.get_one(Account, subscription.account_id)
        state = OrderState.PENDING if place == len(first) - 1 else OrderState.FULFILLED
        order = Order(
            company_id=company.id,
            account_id=account.id,
            payer_id=account.payer_id,
            number=number,
            idempotency_key=f"demo-{subscription.id}",
            currency=account.currency,
            total=total,
            tax=(total - total / Decimal("1.2")).quantize(Decimal("0.01")),
            state=state.value,
            ordered_at=at(day),
        )
        order.lines.append(
            OrderLine(
                company_id=company.id,
                plan_id=subscription.plan_id,
                subscription_id=subscription.id if state == OrderState.FULFILLED else None,
                name=subscription.name,
                quantity=subscription.quantity,
                total=total,
            )
        )
        session.add(order)
        session.flush()


def _month_price(session: Session, subscription: Subscription) -> Decimal:
    prices = session.scalars(
        sa.select(Component).where(Component.plan_id == subscription.plan_id, Component.charged == "period")
    )
    total = sum((part.prices[-1].unit_price * subscription.quantity for part in prices), Decimal(0))
    return max(total, Decimal(1)).quantize(Decimal("0.01"))


# -- requests ----------------------------------------------------------------------------------------------------------


def add_renames(session: Session, company: Company, manager: User, today: dt.date) -> None:
    """A list of lines renamed a week ago: most done, two refused with their reasons."""
    rng = random.Random("renames")  # noqa: S311
    asked_at = at(today - dt.timedelta(days=7), 10)
    some = _some_lines(session, company, RENAMES)
    with clock.standing_at(asked_at):
        parent = _request(company, "rename", manager, details={"lines": len(some)})
        session.add(parent)
        session.flush()
        for place, line in enumerate(some):
            new = make_name(company.country, rng).full
            is_bad = place >= len(some) - 2 > 0
            row = _request(company, "rename", manager, line, details={"old": line.name, "new": new})
            row.parent_id, row.attempts = parent.id, 1
            if is_bad:
                row.state, row.reason = RequestState.REJECTED.value, "The name is longer than the network allows."
            session.add(row)
            session.flush()
            if not is_bad:
                session.add(_renamed(line, new, row.id, manager, asked_at))
                line.name = new
    session.flush()


def _some_lines(session: Session, company: Company, count: int) -> list[Subscriber]:
    query = sa.select(Subscriber).where(Subscriber.company_id == company.id, Subscriber.state == "active")
    return list(session.scalars(query.order_by(Subscriber.number).limit(count)))


def _request(company: Company, kind: str, by: User, line: Subscriber | None = None, **more: Any) -> Request:
    return Request(
        company_id=company.id,
        account_id=line.account_id if line else None,
        subscriber_id=line.id if line else None,
        kind=kind,
        asked_by=by.id,
        **{"state": RequestState.DONE.value, "done_at": clock.now(), "effective_on": clock.today()} | more,
    )


def _renamed(line: Subscriber, new: str, request_id: int, by: User, moment: dt.datetime) -> SubscriberName:
    return SubscriberName(
        company_id=line.company_id,
        subscriber_id=line.id,
        request_id=request_id,
        old_name=line.name,
        new_name=new,
        changed_at=moment,
        changed_by=f"{by.first_name} {by.last_name}",
    )


def add_option_requests(session: Session, company: Company, manager: User, today: dt.date) -> None:
    """An option asked for today for three lines: it waits for the first of the next month."""
    option = session.scalars(
        sa.select(Component)
        .join(Plan, Plan.id == Component.plan_id)
        .where(Plan.seller_id == company.seller_id, Plan.code == "line-options")
        .order_by(Component.id)
        .limit(1)
    ).one()
    for line in _some_lines(session, company, RENAMES + 3)[-3:]:
        row = _request(company, "option_on", manager, line, details={"option": option.name})
        row.component_id, row.state, row.done_at = option.id, RequestState.QUEUED.value, None
        row.effective_on = Month.of(today).shift(1).first_day
        session.add(row)
    session.flush()


# -- money -------------------------------------------------------------------------------------------------------------


def add_expected_payment(session: Session, company: Company, today: dt.date) -> None:
    """The customer says they paid; the bank's line has not come yet (A1-05)."""
    account = session.scalars(
        sa.select(Account).where(Account.company_id == company.id).order_by(Account.id).limit(1)
    ).one()
    payment = Payment(
        company_id=company.id,
        seller_id=account.seller_id,
        account_id=account.id,
        payer_id=account.payer_id,
        paid_on=today - dt.timedelta(days=1),
        currency=account.currency,
        amount=Decimal("3500.00"),
        state=PaymentState.UNCONFIRMED.value,
        purpose="Оплата за послуги, платіжна інструкція № 418",
        reference="418",
        key=f"demo:expected:{account.number}",
    )
    session.add(payment)
    session.flush()
    session.add(ExpectedPayment(company_id=company.id, payment_id=payment.id))
    session.flush()


def add_bank_lines(session: Session, sellers: dict[str, Seller], month: Month) -> None:
    """The newest statements: lines matched to their payments, and for each Seller one that nobody recognised."""
    for country, seller in sellers.items():
        query = (
            sa.select(Payment, Payer.name, Payer.tax_code)
            .join(Payer, Payer.id == Payment.payer_id)
            .where(Payment.seller_id == seller.id, Payment.method == "bank_transfer", Payment.number.is_not(None))
            .where(Payment.paid_on >= month.shift(1).first_day)
            .order_by(Payment.id)
        )
        for payment, name, tax_code in session.execute(query):
            line = _bank_line(seller, payment.paid_on, payment.amount, name, tax_code, payment.purpose)
            line.key, line.payment_id = f"demo:{payment.id}", payment.id
            session.add(line)
        stray = make_name(country, random.Random(country)).full  # noqa: S311
        day = month.shift(1).first_day
        session.add(_bank_line(seller, day, Decimal("1234.56"), stray, "", "За зв'язок, дякую"))
    session.flush()


def _bank_line(seller: Seller, day: dt.date, amount: Decimal, name: str, tax_code: str, purpose: str) -> BankLine:
    return BankLine(
        seller_id=seller.id,
        key=f"demo:{seller.code}:{day}:{amount}",
        booked_on=day,
        currency=seller.currency,
        amount=amount,
        counterparty=name,
        tax_code=tax_code,
        purpose=purpose,
    )
