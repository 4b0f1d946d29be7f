"""Agreements and privacy policies of the Sellers: versions by language, who accepted; wishes about personal data."""

import datetime as dt
from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.core import clock
from app.core.errors import NotFound
from app.models import Seller
from app.services import agreements, personal
from app.views import cells
from app.views.base import OfficePage, attempt, needs
from app.views.exports import all_of
from app.views.profile import wish_kinds, wish_states
from app.views.proof import need_proof
from app.views.rows import whole


class AgreementsPage(OfficePage):
    """What customers accept, and what they are told of their data."""

    route_base = "/office/agreements"

    def draw(self, template: str, title: str, seller: Seller, kind: str, **values: Any) -> Any:
        """A page with the Seller and the kind chosen."""
        return self.render_template(
            f"office/{template}",
            title=title,
            seller=seller,
            kind=kind,
            kinds=self._kinds(),
            day=cells.day,
            moment=cells.moment,
            today=clock.today(seller.zone),
            may_write=self.actor.may(Right.SETTINGS_WRITE),
            languages=[(code, said["name"]) for code, said in current_app.config["LANGUAGES"].items()],
            **values,
        )

    def _kinds(self) -> list[tuple[str, str]]:
        return [("agreement", gettext("Agreement")), ("privacy", gettext("Privacy policy"))]

    def _seller(self) -> Seller:
        number = whole(request.values.get("seller") or "")
        found = self.session.get(Seller, number) if number else self.session.query(Seller).order_by(Seller.id).first()
        if found is None:
            raise NotFound()
        return found

    def _kind(self) -> str:
        wanted = request.values.get("kind", "agreement")
        return wanted if wanted in agreements.KINDS else "agreement"

    @expose("/")
    @needs(Right.SETTINGS_READ)
    def index(self) -> Any:
        """The versions of a Seller, the newest first."""
        seller, kind = self._seller(), self._kind()
        versions: dict[int, list[Any]] = {}
        for row in agreements.versions_of(self.session, self.actor, kind, seller.id):
            versions.setdefault(row.version, []).append(row)
        sellers = [(one.id, one.name) for one in self.session.query(Seller).order_by(Seller.id)]
        return self.draw(
            "agreements.html", gettext("Agreements"), seller, kind, versions=list(versions.items()), sellers=sellers
        )

    @expose("/new", methods=["GET", "POST"])
    @needs(Right.SETTINGS_WRITE)
    def new(self) -> Any:
        """A version to come: written, looked at, kept."""
        seller, kind = self._seller(), self._kind()
        day, texts = self._day(), self._texts()
        if request.method == "POST" and "keep" in request.form:
            need_proof()
            if self._keep(kind, seller, day, texts):
                return redirect(url_for("AgreementsPage.index", seller=seller.id, kind=kind))
        if request.method == "GET":
            texts = self._latest(kind, seller)
        return self.draw(
            "agreement_new.html",
            gettext("New version"),
            seller,
            kind,
            texts=texts,
            valid_from=day or "",
            preview=[one for one in texts if one["body"]] if "preview" in request.form else [],
        )

    def _keep(self, kind: str, seller: Seller, day: dt.date | None, texts: list[dict[str, str]]) -> Any:
        if day is None:
            flash(gettext("Enter the day from which the version holds."), "danger")
            return None
        done = gettext("The version is kept; it holds from its day on.")
        return attempt(agreements.write, kind, seller.id, day, texts, done=done)

    def _day(self) -> dt.date | None:
        try:
            return dt.date.fromisoformat(request.form.get("valid_from", ""))
        except ValueError:
            return None

    def _texts(self) -> list[dict[str, str]]:
        return [
            {"locale": code, **{name: request.form.get(f"{name}-{code}", "") for name in ("title", "body", "changes")}}
            for code in current_app.config["LANGUAGES"]
        ]

    def _latest(self, kind: str, seller: Seller) -> list[dict[str, str]]:
        """The newest version as what the new one begins from."""
        rows = agreements.versions_of(self.session, self.actor, kind, seller.id)
        newest = {row.locale: row for row in rows if row.version == rows[0].version} if rows else {}
        return [
            {
                "locale": code,
                "title": newest[code].title if code in newest else "",
                "body": newest[code].body if code in newest else "",
                "changes": "",
            }
            for code in current_app.config["LANGUAGES"]
        ]

    @expose("/withdraw", methods=["POST"])
    @needs(Right.SETTINGS_WRITE)
    def withdraw(self) -> Any:
        """Take back a version whose day has not come."""
        need_proof()
        seller, kind = self._seller(), self._kind()
        version = whole(request.form.get("version") or "") or 0
        attempt(agreements.withdraw, kind, seller.id, version, done=gettext("The version is withdrawn."))
        return redirect(url_for("AgreementsPage.index", seller=seller.id, kind=kind))

    @expose("/accepted")
    @needs(Right.SETTINGS_READ)
    def accepted(self) -> Any:
        """Who accepted which version, and when."""
        seller = self._seller()
        after = whole(request.args["after"]) if "after" in request.args else None
        rows, more = agreements.acceptances_of(self.session, self.actor, seller.id, after)
        files = self.files("export_list", seller=seller.id)
        asked: dict[str, Any] = {"rows": rows, "more": more, "files": files}
        return self.draw("agreements_accepted.html", gettext("Who accepted"), seller, "agreement", **asked)

    @expose("/accepted/export/<fmt>")
    @needs(Right.SETTINGS_READ, Right.EXPORTS_RUN)
    def export_list(self, fmt: str) -> Any:
        """Who accepted, as a file."""
        seller = self._seller()
        titles = [gettext("When"), gettext("Company"), gettext("Person"), gettext("Agreement"), gettext("Version")]
        rows = (
            [done.created_at, company.name, person.get_full_name(), terms.title, terms.version]
            for done, terms, company, person in all_of(
                lambda after: agreements.acceptances_of(self.session, self.actor, seller.id, after)
            )
        )
        return self.export(gettext("Who accepted"), titles, rows, fmt)


class DataWishesPage(OfficePage):
    """Requests of people about their own data (AST-022, AST-023)."""

    route_base = "/office/data-wishes"

    @expose("/")
    @needs(Right.USERS_WRITE)
    def index(self) -> Any:
        """The list, the newest first."""
        after = whole(request.args["after"]) if "after" in request.args else None
        rows, more = personal.waiting(self.session, self.actor, after)
        return self.render_template(
            "office/data_wishes.html",
            title=gettext("Requests about personal data"),
            rows=rows,
            more=more,
            kinds=wish_kinds(),
            states=wish_states(),
            moment=cells.moment,
            files=self.files("export_list"),
        )

    @expose("/export/<fmt>")
    @needs(Right.USERS_WRITE, Right.EXPORTS_RUN)
    def export_list(self, fmt: str) -> Any:
        """All of them as a file."""
        titles = [gettext("Asked"), gettext("Person"), gettext("Company"), gettext("What"), gettext("State")]
        kinds, states = wish_kinds(), wish_states()
        rows = (
            [wish.created_at, person.get_full_name(), company.name, str(kinds[wish.kind]), str(states[wish.state][0])]
            for wish, person, company in all_of(lambda after: personal.waiting(self.session, self.actor, after))
        )
        return self.export(gettext("Requests about personal data"), titles, rows, fmt)

    @expose("/<int:wish_id>", methods=["POST"])
    @needs(Right.USERS_WRITE)
    def decide(self, wish_id: int) -> Any:
        """Do it, or refuse it with a reason."""
        need_proof()
        is_granted = request.form.get("decision") == "do"
        reason = request.form.get("reason", "")
        done = gettext("Done; the person is told by letter.") if is_granted else gettext("Refused; the person is told.")
        attempt(personal.decide, wish_id, is_granted, reason, done=done)
        return redirect(url_for("DataWishesPage.index"))
