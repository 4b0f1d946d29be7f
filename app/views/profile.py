"""A person's own page: who they are, their language, their password, their other sessions; and the chosen language."""

from typing import Any

from flask import current_app, flash, g, redirect, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.extensions import db
from app.models import Company
from app.services import people
from app.views.base import KabinetPage, attempt, for_signed_in
from app.views.people import role_names
from app.views.security import close_session, open_session


class ProfilePage(KabinetPage):
    """Only ever one's own."""

    route_base = "/profile"
    default_view = "userinfo"

    @expose("/")
    @for_signed_in
    def userinfo(self) -> Any:
        """Who I am here."""
        return self.render_template(
            "kabinet/profile.html",
            title=gettext("Profile"),
            user=g.user,
            company=db.session.get(Company, g.user.company_id) if g.user.company_id else None,
            roles=role_names(g.user),
            languages=[(code, said["name"]) for code, said in current_app.config["LANGUAGES"].items()],
        )

    @expose("/language", methods=["POST"])
    @for_signed_in
    def language(self) -> Any:
        """Keep my language."""
        wanted = request.form.get("locale", "")
        if attempt(people.change_locale, g.user.id, wanted, tuple(current_app.config["LANGUAGES"])):
            session["locale"] = wanted
            flash(gettext("Your language is kept."), "success")
        return redirect(url_for("ProfilePage.userinfo"))

    @expose("/password", methods=["GET", "POST"])
    @for_signed_in
    def password(self) -> Any:
        """Change my password; the old one is asked for, and other sessions end."""
        if request.method == "POST" and self._change_password():
            return redirect(url_for("ProfilePage.userinfo"))
        return self.render_template("kabinet/password.html", title=gettext("Change the password"))

    def _change_password(self) -> bool:
        old, new, again = (request.form.get(name, "") for name in ("old", "new", "again"))
        if new != again:
            flash(gettext("The two new passwords differ. Enter the same one twice."), "danger")
            return False
        done = attempt(people.change_password, g.user.id, old, new, done=gettext("The password is changed."))
        if done is None:
            return False
        open_session(self.session.merge(g.user._get_current_object()))
        return True

    @expose("/sign-out-everywhere", methods=["POST"])
    @for_signed_in
    def sign_out_everywhere(self) -> Any:
        """End every session of mine, this one too."""
        attempt(people.end_sessions, g.user.id)
        close_session()
        flash(gettext("You have signed out everywhere."), "info")
        return redirect(self.appbuilder.get_url_for_login)
