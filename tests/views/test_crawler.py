"""The crawler finds what it is for: holes dug on purpose, one of each kind, are all found."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Response, jsonify, request
from flask_appbuilder.baseviews import expose
from markupsafe import Markup

from app.access import tenancy
from app.access.roles import Role
from app.extensions import appbuilder, db
from app.models import Account, Company, Ticket
from app.views.base import CabinetPage, for_signed_in
from tests.views.crawler import Findings
from tests.views.test_isolation import Stage, crawl, stage  # noqa: F401  # a fixture


class HolesPage(CabinetPage):
    """Everything a page must not do."""

    route_base = "/holes"

    def everyones(self) -> Any:
        return tenancy.seeing(tenancy.EVERYONE, db.session())

    @expose("/read/<int:account_id>")
    @for_signed_in
    def read(self, account_id: int) -> Any:
        with self.everyones():
            found = db.session().get(Account, account_id)
        return str(found.payer_id) + found.number if found else ("", 404)

    @expose("/query")
    @for_signed_in
    def query(self) -> Any:
        with self.everyones():
            found = db.session().get(Company, int(request.args.get("company_id", 0)))
        return jsonify(name=found.name if found else "")

    @expose("/amount/<int:document_id>")
    @for_signed_in
    def amount(self, document_id: int) -> Any:
        total = db.session().execute(sa.text("SELECT total FROM document WHERE id = :i"), {"i": document_id}).scalar()
        return f"{(total or 0) / 100:,.2f}" if total else ("", 404)

    @expose("/exists/<int:ticket_id>")
    @for_signed_in
    def exists(self, ticket_id: int) -> Any:
        with self.everyones():
            return ("forbidden", 403) if db.session().get(Ticket, ticket_id) else ("", 404)

    @expose("/blind/<int:ticket_id>", methods=["POST"])
    @for_signed_in
    def blind(self, ticket_id: int) -> Any:
        db.session().execute(sa.text("UPDATE ticket SET subject = 'taken' WHERE id = :i"), {"i": ticket_id})
        db.session().commit()
        return "", 204

    @expose("/link", methods=["POST"])
    @for_signed_in
    def link(self) -> Any:
        values = {"i": request.form.get("account_id"), "c": self.actor.company_id}
        db.session().execute(sa.text("UPDATE subscriber SET account_id = :i WHERE company_id = :c"), values)
        db.session().commit()
        return "", 204

    @expose("/visit")
    @for_signed_in
    def visit(self) -> Any:
        db.session().execute(sa.text("UPDATE ticket SET department = 'seen' WHERE company_id = 555"))
        db.session().commit()
        return ""

    @expose("/script")
    @for_signed_in
    def script(self) -> Any:
        return Response(f"<p>{Markup(self.company.name)}</p>", mimetype="text/html")  # noqa: S704  # the hole

    @expose("/fault/<int:x_id>")
    @for_signed_in
    def fault(self, x_id: int) -> Any:
        raise RuntimeError("broken")


@pytest.fixture
def holed(stage: Stage) -> Iterator[Stage]:  # noqa: F811
    stage.app._got_first_request = False  # Flask lets no view in after the first request
    with stage.app.app_context():
        appbuilder.add_view_no_menu(HolesPage)
    yield stage


def test_every_kind_of_hole_is_found(holed: Stage) -> None:
    found = Findings()
    crawl(holed, Role.EMPLOYEE, found)
    kinds = {
        (hole.split(" employee")[0], hole.split("/holes/")[1].split("/")[0].split("?")[0].split(" ")[0])
        for hole in found.holes
        if "/holes/" in hole
    }
    assert kinds >= {
        ("READ", "read"),
        ("READ", "query"),
        ("READ", "amount"),
        ("ORACLE", "exists"),
        ("WRITE", "blind"),
        ("CROSSLINK", "link"),
        ("GET WRITES", "visit"),
        ("XSS", "script"),
        ("BROKEN", "fault"),
    }
