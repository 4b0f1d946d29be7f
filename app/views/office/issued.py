"""Documents of the Sellers with filters: download, the whole month as one ZIP, files and letters by list."""

from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext, ngettext
from sqlalchemy.orm import joinedload

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.period import Month
from app.models import Company, Document, DocumentKind, Seller
from app.models.document import UNPAID_INVOICE
from app.rules.mailing import parse_addresses
from app.services import finding, mailing, overview
from app.views.base import OfficePage, attempt, needs
from app.views.office import cells, numbers
from app.views.office.labels import choices

CHOSEN_AT_ONCE = 200


class SellerDocumentsPage(OfficePage):
    """Documents, found by Seller, kind, month, state, number or company."""

    route_base = "/office/issued"

    @expose("/", methods=["GET"])
    @needs(Right.DOCUMENTS_READ)
    def index(self) -> Any:
        """The list."""
        given = request.args
        args = self.page_args("newest", size=25)
        shown = self.paginate(self._query(given), args)
        sellers = list(self.session.scalars(sa.select(Seller).order_by(Seller.id)))
        return self.render_template(
            "office/issued.html",
            title=gettext("Documents of the Sellers"),
            shown=shown,
            given=given,
            sellers=[("", gettext("All"))] + [(one.id, one.short_name or one.name) for one in sellers],
            kinds=[("", gettext("All")), *choices(DocumentKind)],
            settlements=[
                ("", gettext("All")),
                ("open", gettext("Not paid in full")),
                ("overdue", gettext("Overdue")),
                ("paid", gettext("Paid")),
            ],
            chips=self._chips(given),
            zip_seller=given.get("seller") or (str(sellers[0].id) if sellers else ""),
            month=given.get("month", ""),
        )

    def _query(self, given: Any) -> Any:
        query = sa.select(Document).options(joinedload(Document.company))
        for name, column in (("seller", Document.seller_id), ("run", Document.run_id)):
            if (value := numbers.whole(given.get(name))) is not None:
                query = query.where(column == value)
        for name, column in (("company", Document.company_id), ("account", Document.account_id)):
            if (value := numbers.whole(given.get(name))) is not None:
                query = query.where(column == value)
        if given.get("kind") in {kind.value for kind in DocumentKind}:
            query = query.where(Document.kind == given["kind"])
        if given.get("month"):
            query = self._in_month(query, given["month"])
        query = self._settled(query, given.get("settlement"))
        if words := given.get("q", "").strip()[:100]:
            query = self._found(query, words)
        return query.order_by(Document.id.desc())

    def _in_month(self, query: Any, text: str) -> Any:
        month = numbers.month(text, Month.of(clock.today()))
        period = month.period
        of_any_kind = Document.kind.in_([kind.value for kind in DocumentKind])
        return query.where(of_any_kind, Document.issued_on >= period.start, Document.issued_on < period.end)

    def _settled(self, query: Any, wanted: str | None) -> Any:
        if wanted in ("open", "overdue"):
            query = query.where(UNPAID_INVOICE)
        if wanted == "overdue":
            query = query.where(Document.due_on < clock.today())
        if wanted == "paid":
            query = query.where(Document.kind == "invoice", Document.settlement == "paid")
        return query

    def _found(self, query: Any, words: str) -> Any:
        """By number from its beginning, or by the name or code of the company."""
        companies = sa.select(Company.id).where(
            sa.or_(Company.code == words, Company.id.in_(finding.ids_with(self.session, Company.name, words)))
        )
        numbered = overview.numbered(self.session, words)
        return query.where(sa.or_(numbered, Document.company_id.in_(companies)))

    def _chips(self, given: Any) -> list[str]:
        found = []
        for name, model in (("company", Company),):
            value = numbers.whole(given.get(name))
            row = self.session.get(model, value) if value is not None else None
            if row is not None:
                found.append(str(row))
        if numbers.whole(given.get("run")) is not None:
            found.append(gettext("one billing run"))
        if numbers.whole(given.get("account")) is not None:
            found.append(gettext("one account"))
        return found

    @expose("/send", methods=["POST"])
    @needs(Right.DOCUMENTS_READ)
    def send(self) -> Any:
        """Mail the chosen documents, each to the addresses its account has, or its company's."""
        ids = [int(one) for one in request.form.getlist("rowid") if one.isdigit()][:CHOSEN_AT_ONCE]
        if not ids:
            flash(gettext("Choose at least one row first."), "warning")
            return redirect(url_for("SellerDocumentsPage.index"))

        def post(session: Any, actor: Actor) -> int:
            sent = 0
            for document in session.scalars(sa.select(Document).where(Document.id.in_(ids))):
                typed = document.account.delivery_addresses or document.company.email
                if typed:
                    sent += len(mailing.send_document(session, actor, document.id, parse_addresses(typed)))
            return sent

        sent = attempt(post)
        if sent is not None:
            said = ngettext("%(num)s letter is on its way.", "%(num)s letters are on their way.", sent or 0)
            flash(said, "success" if sent else "warning")
        return redirect(self._back())

    def _back(self) -> str:
        page = request.form.get("page", "")
        return page if page.startswith("/office/issued/") else url_for("SellerDocumentsPage.index")

    @expose("/export/<fmt>")
    @needs(Right.DOCUMENTS_READ, Right.EXPORTS_RUN)
    def export_list(self, fmt: str) -> Any:
        """The list as it is filtered, as a file."""
        titles = [gettext("Number"), gettext("Kind"), gettext("Company"), gettext("Issued on"), gettext("Due on")]
        titles += [gettext("Currency"), gettext("Without tax"), gettext("Tax"), gettext("Total"), gettext("Paid")]
        query = self._query(request.args).execution_options(yield_per=1000)
        rows = (
            [one.number, cells.kind(one.kind), one.company.name, one.issued_on, one.due_on]
            + [one.currency, one.net, one.tax, one.total, one.paid]
            for one in self.session.scalars(query)
        )
        return self.export(gettext("Documents"), titles, rows, fmt)
