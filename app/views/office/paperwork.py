"""Statements made on demand: reconciliation acts, charge reports, registers for the bookkeeping."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from flask import flash, jsonify, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import Account, Charge, Company, Seller
from app.services import documents, finding, reconciliation, work
from app.services.work import JobName
from app.views.base import OfficePage, attempt, needs
from app.views.office import cells, numbers

SHOWN = 300
REGISTERS = ("invoices", "payments", "charges", "balances")
FORMATS = ("xlsx", "csv")


ALL = "all:"  # in front of a currency: all its accounts, by contract


def _together(accounts: list[Account]) -> list[tuple[str, str]]:
    """The choices of one act over all accounts of a currency, where there are several."""
    by: dict[str, int] = {}
    for one in accounts:
        by[one.currency] = by.get(one.currency, 0) + 1
    several = [currency for currency, count in by.items() if count > 1]
    return [(ALL + one, gettext("All accounts in %(currency)s, by contract", currency=one)) for one in several]


def _look(
    session: Session,
    actor: Actor,
    company: Company,
    account_id: int | None,
    currency: str | None,
    start: dt.date,
    last: dt.date,
) -> reconciliation.Statement:
    accounts = reconciliation.accounts_of(session, actor, company.id, account_id, currency)
    return reconciliation.statement_of(session, actor, accounts, start, last)


class ReconcilePage(OfficePage):
    """A reconciliation act: company, period, a look at its rows, the act."""

    route_base = "/office/reconciliation"

    @expose("/", methods=["GET"])
    @needs(Right.DOCUMENTS_ISSUE)
    def index(self) -> Any:
        """The form, and under it what the act would say."""
        company = self._company()
        today = clock.today(company.seller.zone if company else "UTC")
        errors: dict[str, str] = {}
        start, last = self._period(today, errors)
        accounts = self._accounts(company)
        account, currency = self._account(accounts), self._currency(accounts)
        statement = None
        if account and start and last and not errors and request.args.get("show"):
            statement = attempt(_look, company, None if currency else account.id, currency, start, last)
        return self.render_template(
            "office/reconcile.html",
            title=gettext("Reconciliation act"),
            company=company,
            accounts=[*_together(accounts), *((one.id, f"{one.number} ({one.currency})") for one in accounts)],
            account=account,
            chosen=f"{ALL}{currency}" if currency else account.id if account else "",
            start=start or request.args.get("start", ""),
            last=last or request.args.get("last", ""),
            errors=errors,
            statement=statement,
            shown=SHOWN,
        )

    def _company(self) -> Company | None:
        company_id = numbers.whole(request.values.get("company"))
        return self.session.get(Company, company_id) if company_id is not None else None

    def _accounts(self, company: Company | None) -> list[Account]:
        if company is None:
            return []
        query = sa.select(Account).where(Account.company_id == company.id).order_by(Account.number).limit(200)
        return list(self.session.scalars(query))

    def _account(self, accounts: list[Account]) -> Account | None:
        wanted = numbers.whole(request.values.get("account"))
        return next((one for one in accounts if one.id == wanted), accounts[0] if accounts else None)

    def _currency(self, accounts: list[Account]) -> str | None:
        """The currency whose accounts are all asked for; where several go together nothing else is asked for first."""
        wanted = request.values.get("account")
        return next((key.removeprefix(ALL) for key, _ in _together(accounts) if wanted in (key, None)), None)

    def _period(self, today: dt.date, errors: dict[str, str]) -> tuple[dt.date | None, dt.date | None]:
        """From the quarter before this one up to today by default: what was just entered is seen at once."""
        quarter = dt.date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
        before = Month.of(quarter).shift(-3).first_day
        given = request.values
        start = numbers.day(given["start"], errors, "start") if given.get("start") else before
        last = numbers.day(given["last"], errors, "last") if given.get("last") else today
        if start and last and last < start:
            errors["last"] = gettext("The period ends before it begins.")
        elif last and last > today:
            errors["last"] = gettext("The period ends in the future. Choose a day up to today.")
        return start, last

    @expose("/make", methods=["POST"])
    @needs(Right.DOCUMENTS_ISSUE)
    def make(self) -> Any:
        """Number and freeze the act; its page has the PDF and the XLSX."""
        company = self.row(Company, request.form.get("company"))
        errors: dict[str, str] = {}
        start, last = self._period(clock.today(company.seller.zone), errors)
        chosen = request.form.get("account", "")
        currency = chosen.removeprefix(ALL)[:3] if chosen.startswith(ALL) else None
        account_id = numbers.whole(chosen)
        made = None
        for sentence in errors.values():
            flash(sentence, "danger")
        if start and last and not errors:
            made = attempt(
                reconciliation.make_act,
                company.id,
                start,
                last,
                account_id,
                currency,
                done=gettext("The act is made."),
            )
        if made is None:
            return redirect(url_for("ReconcilePage.index", company=company.id, account=chosen, start=start, last=last))
        return redirect(url_for("Documents.show", pk=made.id))

    @expose("/companies")
    @needs(Right.CUSTOMERS_READ)
    def companies(self) -> Any:
        """Companies by name or code, for the select of the form."""
        words = request.args.get("q", "").strip()[:100]
        query = sa.select(Company.id, Company.name, Company.code)
        if words:
            named = Company.id.in_(finding.ids_with(self.session, Company.name, words))
            query = query.where(sa.or_(named, Company.code.istartswith(words, autoescape=True)))
        rows = self.session.execute(query.order_by(Company.name).limit(20)).all()
        return jsonify(results=[{"id": i, "text": f"{name} ({code})"} for i, name, code in rows], pagination={})


class ChargeReportPage(OfficePage):
    """The charges of an account in a month, as a document."""

    route_base = "/office/charge-report"

    @expose("/", methods=["GET", "POST"])
    @needs(Right.DOCUMENTS_ISSUE)
    def index(self) -> Any:
        """Choose account and month; the report is made, or given again while nothing was added."""
        account_id = numbers.whole(request.values.get("account"))
        account = self.session.get(Account, account_id) if account_id is not None else None
        last = Month.of(clock.today(account.seller.zone if account else "UTC")).shift(-1)
        month = numbers.month(request.values.get("month", ""), last)
        if request.method == "POST" and account is not None:
            made = attempt(documents.charge_report, account.id, month)
            if made is not None:
                return redirect(url_for("Documents.show", pk=made.id))
        return self.render_template(
            "office/charge_report.html",
            title=gettext("Charge report"),
            account=account,
            month=month,
            months=self._months(account),
        )

    def _months(self, account: Account | None) -> list[tuple[str, Any]]:
        if account is None:
            return []
        query = sa.select(Charge.month).where(Charge.account_id == account.id).distinct().order_by(Charge.month.desc())
        return [(str(Month.of(day)), cells.month(day)) for day in self.session.scalars(query.limit(24))]


class RegistersPage(OfficePage):
    """Registers of sales, payments, charges and balances for a month, as files bookkeeping programs take."""

    route_base = "/office/registers"

    @expose("/", methods=["GET", "POST"])
    @needs(Right.EXPORTS_RUN)
    def index(self) -> Any:
        """Choose what, whose and how; the file is made in the background."""
        given = request.values
        sellers = list(self.session.scalars(sa.select(Seller).order_by(Seller.id)))
        last = Month.of(clock.today(sellers[0].zone if sellers else "UTC")).shift(-1)
        month = numbers.month(given.get("month", ""), last)
        if request.method == "POST" and given.get("register") in REGISTERS and given.get("format") in FORMATS:
            return self._order(month)
        return self.render_template(
            "office/registers.html",
            title=gettext("Registers"),
            registers=[
                ("invoices", gettext("Sales"), gettext("Invoices and corrections with net, tax and total")),
                ("payments", gettext("Payments"), gettext("Money in, with references and what it settled")),
                ("charges", gettext("Charges"), gettext("Every charge of the month, by account and service")),
                (
                    "balances",
                    gettext("Balances"),
                    gettext("Opening balance, turnover and closing balance of each account"),
                ),
            ],
            sellers=[("", gettext("All Sellers")), *((one.id, one.name) for one in sellers)],
            month=month,
            given=given,
        )

    def _order(self, month: Month) -> Any:
        given = request.form
        params = {
            "register": given["register"],
            "month": str(month),
            "seller_id": numbers.whole(given.get("seller")),
            "format": given["format"],
            "separator": ";" if given.get("separator") == "semicolon" else ",",
            "bom": bool(given.get("bom")),
            "page": url_for("RegistersPage.index"),
        }
        title = gettext("%(register)s, %(month)s", register=cells.kind(given["register"]), month=str(month))
        job = attempt(work.order_job, JobName.EXPORT_REGISTER, params, title)
        return redirect(url_for("JobsPage.show", job_id=job.id))
