"""The agreement with the provider: the version in force, accepted for the company; asked at sign-in when it is new."""

from typing import Any

from flask import redirect, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import get_locale, gettext

from app.access.permissions import Right
from app.core import clock
from app.models import Seller
from app.services import agreements
from app.views.base import attempt, needs
from app.views.cabinet import frame
from app.views.rows import whole


class AgreementPage(frame.Page):
    """Read it, accept it, or go on and be asked again."""

    route_base = "/my/agreement"

    @expose("/")
    @needs(Right.CABINET_READ)
    def index(self) -> Any:
        """The version in force."""
        seller = self.session.get(Seller, self.company.seller_id)
        terms = agreements.in_force(self.session, seller.id, str(get_locale() or "en"), clock.today(seller.zone))
        accepted = terms is not None and agreements.has_accepted(self.session, self.company.id, terms)
        return self.show(
            "terms.html",
            title=gettext("Agreement"),
            terms=terms,
            accepted=accepted,
            asked="must_read" in session,
            may_accept=self.actor.may(Right.CABINET_BUY),
        )

    @expose("/accept", methods=["POST"])
    @needs(Right.CABINET_BUY)
    def accept(self) -> Any:
        """For the whole company."""
        number = whole(request.form.get("agreement", ""))
        if request.form.get("agree") != "1":
            return redirect(url_for("AgreementPage.index"))
        if attempt(agreements.accept, number or 0, done=gettext("The agreement is accepted.")):
            session.pop("must_read", None)
            return redirect(url_for("HomeView.index"))
        return redirect(url_for("AgreementPage.index"))

    @expose("/later", methods=["POST"])
    @needs(Right.CABINET_READ)
    def later(self) -> Any:
        """Asked again at the next sign-in; until then nothing can be ordered."""
        session.pop("must_read", None)
        return redirect(url_for("HomeView.index"))
