"""The charges of the running month by subscriber as a file (A1-27): the billing run's own statements, nothing kept.

The scratch tables live as long as the transaction, so a report is written in the one that counted it.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, Refused
from app.core.money import half_up
from app.core.period import Month
from app.models import Account, Payer, Seller
from app.models.base import Fine
from app.reports.document import ChargeLine, ChargeReportData, ChargeSummary
from app.reports.formats import Formats
from app.reports.registry import layout_for
from app.reports.render import pdf, xlsx
from app.reports.words import words_of
from app.services import gathering, hours
from app.services.billing.dialect import Sql, from_cents
from app.services.cabinet.accounts import owned
from app.services.cabinet.charges import count_running


def write(session: Session, actor: Actor, account_id: int, account_format: str, out: BinaryIO) -> str:
    """Write the running month of an account to `out`, in the format of accounts; returns the title of the file."""
    actor.need(Right.CABINET_DOCUMENTS)
    account = owned(session, actor, account_id)
    data = report_of(session, account, by_hours=account_format == "xlsx_split")
    render = pdf.render_to if account_format == "pdf" else xlsx.render_to
    seller = session.get_one(Seller, account.seller_id)
    render(layout_for("charges", seller.country)(data), out)
    words = words_of(data.locale)
    return f"{words('charges')} {account.number} {Formats(words.language).period(data.period)}"


def report_of(session: Session, account: Account, *, by_hours: bool) -> ChargeReportData:
    """The report of a running month; its lines are read from the scratch tables while it is drawn."""
    sql, month, trouble = count_running(session, account)
    if trouble:
        raise trouble
    summary = _summary(sql)
    if not summary:
        raise Refused(N_("Nothing is charged this month yet. Order the charges when something is."))
    seller, payer = session.get_one(Seller, account.seller_id), session.get_one(Payer, account.payer_id)
    totals = sql.run("SELECT SUM(net), SUM(tax), SUM(gross) FROM bill_line").one()
    net, tax, gross = (from_cents(one) for one in totals)
    columns = [sum((getattr(one, name) for one in summary), Decimal(0)) for name in ("net", "tax", "gross")]
    apart = [total - half_up(column) for total, column in zip((net, tax, gross), columns, strict=True)]
    now = clock.now()
    return ChargeReportData(
        date=clock.today(seller.zone),
        seller=gathering.party(_columns(seller)),
        buyer=gathering.party(_columns(payer), account.company.country),
        account=account.number,
        period=month.period,
        currency=account.currency,
        summary=summary,
        lines=_Lines(sql),
        net=net,
        tax=tax,
        gross=gross,
        rounding=(apart[0], apart[1], apart[2]),
        contract=gathering.contract_of(session, account.contract_id),
        locale=payer.locale or account.company.locale,
        known_at=f"{now.astimezone(ZoneInfo(seller.zone)):%d.%m.%Y %H:%M}",
        by_hours=_hours(session, seller, account, month, now) if by_hours else None,
    )


def _columns(party: Any) -> dict[str, Any]:
    return {column.key: getattr(party, column.key) for column in sa.inspect(party).mapper.column_attrs}


def _hours(session: Session, seller: Seller, account: Account, month: Month, now: dt.datetime) -> Any:
    kept = hours.clock_of(hours.frozen(session, seller, month), month.period)
    return hours.Records(session, account.id, month.period, kept, known_at=now).detail()


_FIGURES = (sa.column("quantity", Fine()), sa.column("unit_price", Fine()), sa.column("amount", Fine()))
_DAYS = (sa.column("starts_on", sa.Date()), sa.column("ends_on", sa.Date()))


def _summary(sql: Sql) -> list[ChargeSummary]:
    query = sa.text(
        "SELECT name, unit, tax_bp, tax_included, CAST(SUM(quantity) AS BIGINT) AS quantity, "
        "CAST(SUM(amount) AS BIGINT) AS amount FROM bill_charge "
        "GROUP BY name, unit, tax_bp, tax_included ORDER BY name, unit"
    ).columns(
        sa.column("name"), sa.column("unit"), sa.column("tax_bp"), sa.column("tax_included", sa.Boolean()),
        _FIGURES[0], _FIGURES[2],
    )  # fmt: skip
    made = []
    for name, unit, tax_bp, included, quantity, amount in sql.session.execute(query):
        net, tax, gross = gathering.taxed(amount, tax_bp if tax_bp >= 0 else None, included)
        made.append(ChargeSummary(name, quantity, unit, net, tax, gross))
    return made


@dataclass(frozen=True)
class _Lines:
    """The charges by subscriber's number, read as often as they are walked."""

    sql: Sql

    def __iter__(self) -> Iterator[ChargeLine]:
        query = sa.text(
            "SELECT s.number, s.name AS shown, b.name, b.unit, b.tax_bp, b.tax_included, b.starts_on, b.ends_on, "
            "b.quantity, b.unit_price, b.amount FROM bill_charge b LEFT JOIN subscriber s ON s.id = b.subscriber_id "
            "ORDER BY s.number, b.subscription_id, b.component_id, b.starts_on"
        ).columns(
            sa.column("number"), sa.column("shown"), sa.column("name"), sa.column("unit"), sa.column("tax_bp"),
            sa.column("tax_included", sa.Boolean()), *_DAYS, *_FIGURES,
        )  # fmt: skip
        rows = self.sql.session.execute(query.execution_options(yield_per=1000))
        for number, shown, name, unit, tax_bp, included, start, end, quantity, price, amount in rows:
            net, tax, gross = gathering.taxed(amount, tax_bp if tax_bp >= 0 else None, included)
            period = f"{start:%d.%m}–{end - dt.timedelta(days=1):%d.%m.%Y}"
            yield ChargeLine(number or "", shown or "", name, quantity, unit, price, net, tax, gross, period)
