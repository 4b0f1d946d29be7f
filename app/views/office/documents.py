"""Documents by kind, their lines, files and deliveries: read-only for everybody, for ever."""

from typing import Any

from flask_appbuilder.baseviews import expose
from flask_appbuilder.models.sqla.filters import FilterEqual
from flask_appbuilder.security.decorators import has_access
from flask_babel import lazy_gettext as _l

from app.models import Delivery, Document, DocumentFile, DocumentKind
from app.views.base import here
from app.views.office import cells, document_page
from app.views.office.desk import Desk
from app.views.security import current_actor

LIST = ["number", "kind", "company", "account", "issued_on", "total", "paid", "settlement", "state"]


class Documents(Desk):
    """All documents; a document's own page is `document_page`."""

    model = Document
    area = "Documents"
    route_base = "/office/documents"
    names = (_l("Documents"), _l("Document"))
    list_columns = LIST
    search_columns = ["number", "kind", "company", "account", "seller", "issued_on", "settlement", "period_start"]
    order_columns = ["issued_on"]
    options = {"kind": DocumentKind, "settlement": ("unpaid", "partly", "paid")}
    formats = {"kind": cells.kind, "settlement": cells.state, "state": cells.state}

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """The document, frozen, with what stands behind it."""
        document = self._rows_of([pk])[0]
        self.update_redirect()
        facts = document_page.story_of(document, current_actor())
        return self.render_template("office/document.html", page_url=lambda number: here(page=number), **facts)


class _OfKind(Documents):
    kind: DocumentKind

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        cls.base_filters = [["kind", FilterEqual, cls.kind.value]]
        cls.list_columns = [name for name in cls.list_columns if name != "kind"]
        cls.search_columns = [name for name in cls.search_columns if name != "kind"]


class Invoices(_OfKind):
    """Requests for payment."""

    kind = DocumentKind.INVOICE
    route_base = "/office/invoices"
    names = (_l("Invoices"), _l("Invoice"))
    list_columns = ["number", "company", "account", "issued_on", "due_on", "total", "paid", "currency", "settlement"]
    search_columns = [*Documents.search_columns, "due_on"]


class Acts(_OfKind):
    """Records of delivered services."""

    kind = DocumentKind.ACT
    route_base = "/office/acts"
    names = (_l("Acts"), _l("Act"))
    list_columns = ["number", "company", "account", "issued_on", "period_start", "total", "currency"]


class CreditNotes(_OfKind):
    """Corrections of invoices."""

    kind = DocumentKind.CREDIT_NOTE
    route_base = "/office/credit-notes"
    names = (_l("Credit notes"), _l("Credit note"))
    list_columns = ["number", "company", "account", "issued_on", "total", "currency"]


class CorrectionActs(_OfKind):
    """Corrections of acts."""

    kind = DocumentKind.CORRECTION_ACT
    route_base = "/office/correction-acts"
    names = (_l("Correction acts"), _l("Correction act"))
    list_columns = ["number", "company", "account", "issued_on", "total", "currency"]


class ReconciliationActs(_OfKind):
    """Statements of both sides' accounts."""

    kind = DocumentKind.RECONCILIATION
    route_base = "/office/reconciliation-acts"
    names = (_l("Reconciliation acts"), _l("Reconciliation act"))
    list_columns = ["number", "company", "account", "period_start", "period_end", "issued_on"]


class ChargeReports(_OfKind):
    """Charge reports."""

    kind = DocumentKind.CHARGES
    route_base = "/office/charge-reports"
    names = (_l("Charge reports"), _l("Charge report"))
    list_columns = ["number", "company", "account", "period_start", "issued_on", "total", "currency"]


class DocumentFiles(Desk):
    """Rendered files by digest."""

    model = DocumentFile
    area = "Documents"
    route_base = "/office/document-files"
    names = (_l("Files of documents"), _l("File of a document"))
    list_columns = ["document", "format", "size", "sha256", "created_at"]
    labels = {"size": _l("Size, bytes"), "sha256": _l("SHA-256")}
    formats = {"size": cells.count}
    search_columns = ["format", "sha256"]
    menu = False


class Deliveries(Desk):
    """Documents sent, with the state of the sending."""

    model = Delivery
    area = "Documents"
    route_base = "/office/deliveries"
    names = (_l("Sent documents"), _l("Sent document"))
    list_columns = ["document", "address", "format", "state", "created_at", "sent_at"]
    labels = {"address": _l("To")}
    formats = {"format": cells.kind}
    options = {"state": ("pending", "sent", "failed")}
    search_columns = ["address", "state", "format"]
