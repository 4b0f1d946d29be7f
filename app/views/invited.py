"""Behind the link of an invitation: the invited person chooses a password and is in. Open to people not signed in."""

from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import get_locale, gettext

from app.access import tenancy
from app.core.errors import DomainError
from app.models import Company, Invitation
from app.services import invitations
from app.views.base import KabinetPage, open_to_all, say
from app.views.doors import through
from app.views.security import finish_sign_in


class InvitedPage(KabinetPage):
    """One link, one person (AST-028)."""

    route_base = "/invited"

    @expose("/<token>", methods=["GET", "POST"])
    @open_to_all
    def index(self, token: str) -> Any:
        """The form; a link that no longer holds says so, whatever was wrong with it."""
        found = self._found(token)
        if found is None:
            return redirect(self.appbuilder.get_url_for_login)
        one, company = found
        if request.method == "POST" and (user := self._accept(token)) is not None:
            finish_sign_in(user)
            flash(gettext("Welcome! Your password is set; you are signed in."), "success")
            return redirect(url_for("HomeView.index"))
        with tenancy.seeing(tenancy.EVERYONE, self.session):  # a refusal has rolled back: both are read anew
            return self.render_template(
                "doors/invited.html", title=gettext("Invitation"), one=one, company=company, asked=request.form
            )

    def _found(self, token: str) -> tuple[Invitation, Company] | None:
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            try:
                one = invitations.find(self.session, token, current_app.config["SECRET_KEY"])
            except DomainError as error:
                flash(say(error), "warning")
                return None
            return one, self.session.get(Company, one.company_id)

    def _accept(self, token: str) -> Any:
        form, secret = request.form, current_app.config["SECRET_KEY"]
        if form.get("password", "") != form.get("again", ""):
            flash(gettext("The two passwords differ. Enter the same one twice."), "danger")
            return None
        names = (form.get("first_name", ""), form.get("last_name", ""))
        locale = str(get_locale() or "en")
        return through(invitations.accept, token, secret, form.get("password", ""), *names, locale)
