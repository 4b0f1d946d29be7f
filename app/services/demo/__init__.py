"""The demo: three Sellers, their catalogue, sixty companies and a year of their life, made by the services themselves.

`load` goes by steps, each committed with a mark in the audit trail: loading again does nothing, a load that was
interrupted goes on where it stopped, with the months it began with, and two that run at once share the steps.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import AuditEvent, Company, Seller
from app.rules.lifecycle import CompanyState
from app.services import setup, trail
from app.services.demo import (
    belongings,
    calls,
    catalogue,
    customers,
    desk,
    doors,
    houses,
    life,
    lines,
    people,
    prepaid,
    usage,
)
from app.services.demo.story import Client, tell_clients
from app.services.turns import one_at_a_time

Progress = Callable[[int, int, str], None]
MONTHS = 12
MARK = "demo.step"
DONE = "done"


@dataclass
class Tale:
    """What every step needs: how big the demo is and which months it closes."""

    session: Session
    password: str
    size: str
    today: dt.date
    months: list[Month]
    secret: str = ""

    def sellers(self) -> dict[str, Seller]:
        """The Sellers by country."""
        return houses.sellers_of(self.session)

    def clients(self) -> dict[int, Client]:
        """The story's companies by their ids."""
        told = {client.code: client for client in tell_clients(self.size)}
        rows = self.session.execute(sa.select(Company.id, Company.code).where(Company.code.in_(told)))
        return {id_: told[code] for id_, code in rows}

    def fated(self, fate: str) -> list[Company]:
        """The companies something happens to."""
        codes = [client.code for client in tell_clients(self.size) if client.fate == fate]
        return list(self.session.scalars(sa.select(Company).where(Company.code.in_(codes)).order_by(Company.id)))


Step = tuple[str, str, Callable[[Tale], None]]  # key, message, work


def load(
    session: Session,
    password: str,
    size: str = "full",
    progress: Progress = lambda done, total, message: None,
    commit: Callable[[], None] | None = None,
    secret: str = "",
) -> bool:
    """Make the demo («full» or «small»); `commit` is called after each step. False where it is already there.

    See everything (`tenancy.seeing(EVERYONE)`) while calling it. All people get `password`; `secret` is the
    installation's, which seals the tokens of saved cards.
    """
    if DONE in _marks(session):
        return False
    _take_turn(session)
    tale = _begin(session, password, size, _marks(session))
    tale.secret = secret
    steps = [*_steps(tale), (DONE, "Ready", _nothing)]
    for place, (key, message, work) in enumerate(steps):
        progress(place, len(steps), message)
        _take_turn(session)
        if key not in _marks(session):
            work(tale)
            trail.record(session, Actor.system("demo"), MARK, "demo", key, today=str(tale.today), size=tale.size)
            if commit is not None:
                commit()
    progress(len(steps), len(steps), "Ready")
    return True


def _take_turn(session: Session) -> None:
    """One step at a time, whoever loads: two machines that start together share the steps (SQLite has one writer)."""
    one_at_a_time(session, 7163009)


def _marks(session: Session) -> dict[str, dict[str, str]]:
    query = sa.select(AuditEvent.target_id, AuditEvent.details).where(AuditEvent.action == MARK)
    return {key: details for key, details in session.execute(query.order_by(AuditEvent.id))}


def _begin(session: Session, password: str, size: str, marks: dict[str, dict[str, str]]) -> Tale:
    """A load that was interrupted keeps its day and its size."""
    begun = next(iter(marks.values()), {"today": str(clock.today("Europe/Kyiv")), "size": size})
    today = dt.date.fromisoformat(begun["today"])
    months = [Month.of(today).shift(back - MONTHS) for back in range(MONTHS)]
    return Tale(session, password, begun["size"], today, months)


def _nothing(tale: Tale) -> None:
    """The last mark needs no work."""


def _steps(tale: Tale) -> list[Step]:
    steps: list[Step] = [
        ("catalogue", "Opening three Sellers and their catalogue …", _open_shop),
        ("customers", "Signing contracts with companies …", _sign_customers),
        ("lines", "Connecting subscribers …", _connect_lines),
        ("tariff", "Rating calls of an office …", _open_exchange),
        ("people", "Inviting people …", _invite_people),
    ]
    for place, month in enumerate(tale.months):
        steps.append((f"usage {month}", f"Measuring usage of {month} …", _measuring(month)))
        if month == tale.months[-1]:
            steps.append(("prepaid", "Buying in the shop …", _buy_in_shop))
        steps.append((f"close {month}", f"Closing {month} …", _closing(month)))
        steps.append((f"pay {month}", f"Receiving payments for {month} …", _paying(month, place)))
    running = Month.of(tale.today)
    steps.append((f"usage {running}", f"Measuring usage of {running} …", _measuring(running)))
    steps.append(("desk", "Answering tickets, signing acts …", _settle_desk))
    steps.append(("renewals", "Renewing services …", _renew))
    return steps


# -- steps -------------------------------------------------------------------------------------------------------------


def _open_shop(tale: Tale) -> None:
    session = tale.session
    setup.ensure_roles(session)
    with clock.standing_at(tale.months[0].shift(-3).first_day):
        sellers = houses.add_sellers(session)
        shelves = catalogue.add_categories(session)
        for seller in sellers:
            catalogue.add_goods(session, seller, shelves, tale.months)
            catalogue.add_wares(session, seller, shelves)
            catalogue.add_promotions(session, seller, tale.months)
            prepaid.set_platforms(session, seller)
            doors.add_doors(session, seller, tale.months[0].first_day)


def _sign_customers(tale: Tale) -> None:
    session, sellers = tale.session, tale.sellers()
    plans = {country: catalogue.plans_of(session, seller) for country, seller in sellers.items()}
    with clock.standing_at(tale.months[0].shift(-2).first_day):
        for client in tell_clients(tale.size):
            seller = sellers[client.country]
            _, payer = customers.add_company(session, client, seller)
            account = customers.add_account(session, client, payer, seller, customers.REST, tale.months)
            made = customers.add_basket(session, client, account, plans[client.country], tale.months)
            customers.add_rewards(session, client, account, made, tale.months)


def _connect_lines(tale: Tale) -> None:
    session, sellers = tale.session, tale.sellers()
    plans = {country: catalogue.plans_of(session, seller) for country, seller in sellers.items()}
    with clock.standing_at(tale.months[0].shift(-1).first_day):
        first = 1
        for company_id, client in sorted(tale.clients().items()):
            if not client.lines:
                continue
            payer = session.scalars(sa.select(customers.Payer).where(customers.Payer.company_id == company_id)).one()
            seller = sellers[client.country]
            account = customers.add_account(session, client, payer, seller, customers.LINES, tale.months)
            lines.add_lines(session, client, account, plans[client.country], tale.months, first)
            first += client.lines


def _open_exchange(tale: Tale) -> None:
    """The newest two closed months have calls recorded by an exchange, rated one by one."""
    since = tale.months[-2].first_day
    with clock.standing_at(since):
        calls.add_tariff(tale.session, tale.sellers()["UA"], since)


def _invite_people(tale: Tale) -> None:
    people.add_people(tale.session, tale.password)


def _measuring(month: Month) -> Callable[[Tale], None]:
    def measure(tale: Tale) -> None:
        is_new = month >= tale.months[-1]
        if month > tale.months[-1]:
            for seller in tale.sellers().values():
                usage.add_usage(tale.session, seller, month, with_calls=True)
            calls.add_calls(tale.session, tale.sellers()["UA"], month)
            return
        with clock.standing_at(dt.datetime.combine(month.period.last_day, dt.time(20), dt.UTC)):
            for seller in tale.sellers().values():
                usage.add_usage(tale.session, seller, month, with_calls=is_new)
            if month >= tale.months[-2]:
                calls.add_calls(tale.session, tale.sellers()["UA"], month)
            if month == tale.months[-1]:
                for company in tale.fated("quarantined"):
                    usage.add_stray(tale.session, company.id, month)

    return measure


def _buy_in_shop(tale: Tale) -> None:
    prepaid.buy_last_month(tale.session, tale.months[-1])


def _renew(tale: Tale) -> None:
    prepaid.buy_today(tale.session, tale.today)


def _closing(month: Month) -> Callable[[Tale], None]:
    def close(tale: Tale) -> None:
        with clock.standing_at(dt.datetime.combine(month.shift(1).first_day, dt.time(5), dt.UTC)):
            for seller in tale.sellers().values():
                life.close_month(tale.session, seller, month)
            if month != tale.months[-1]:
                life.forget_wishes(tale.session)

    return close


def _paying(month: Month, place: int) -> Callable[[Tale], None]:
    """Payments of the month after the closed one, and what happens in it."""

    def pay(tale: Tale) -> None:
        life.pay_month(tale.session, tale.clients(), month.shift(1), MONTHS - 1 - place)
        happen = _EVENTS.get(place)
        if happen is not None:
            with clock.standing_at(month.shift(1).first_day + dt.timedelta(days=27)):
                happen(tale, month)
        sell = _PHONES.get(place)
        if sell is not None:
            with clock.standing_at(month.shift(1).first_day + dt.timedelta(days=27)):
                sell(tale.session, tale.session.scalars(sa.select(Company).where(Company.code == "orion")).one())

    return pay


def _correct(tale: Tale, month: Month) -> None:
    """Late news about the closed month: billed again, it gives credit notes."""
    sellers = {seller.id: seller for seller in tale.sellers().values()}
    late = month.first_day + dt.timedelta(days=14)
    concerned = {c.seller_id for c in tale.fated("credited") if life.cut_seats(tale.session, c, late)}
    for seller_id in sorted(concerned):
        life.close_month(tale.session, sellers[seller_id], month)


def _suspend(tale: Tale, month: Month) -> None:
    for company in tale.fated("suspended"):
        life.end_company(tale.session, company, month.shift(2).first_day, CompanyState.SUSPENDED)


def _end(tale: Tale, month: Month) -> None:
    for company in tale.fated("closed"):
        life.end_company(tale.session, company, month.shift(2).first_day, CompanyState.CLOSED)


def _shut(tale: Tale, month: Month) -> None:
    for company in tale.fated("closed"):
        life.shut_accounts(tale.session, company)


# number of the closed month → what happens on the 28th of the next one
_EVENTS: dict[int, Callable[[Tale, Month], None]] = {4: _end, 6: _shut, 8: _suspend, 9: _correct}


_PHONES = {8: belongings.hand_over_phones, 9: belongings.pay_phones, 10: belongings.pay_phones}


def _settle_desk(tale: Tale) -> None:
    life.use_credit(tale.session, tale.clients(), tale.today)
    desk.fill(tale.session, tale.sellers(), tale.clients(), tale.months, tale.today, tale.secret)
