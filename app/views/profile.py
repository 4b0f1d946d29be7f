"""A person's own pages: who they are, picture, language, password, sessions, confidentiality, their own data.

The click on one's name leads here (SMC-36, SMC-37); nothing here is ever another person's.
"""

from pathlib import Path
from typing import Any

from flask import abort, current_app, flash, g, redirect, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import get_locale, gettext

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.models import Company, Seller
from app.rules.codes import masked_email
from app.services import agreements, avatars, passkeys, people, personal, sign_in, trail
from app.views import cells
from app.views.base import KabinetPage, attempt, for_signed_in
from app.views.exports import send_path
from app.views.office import codes
from app.views.people import role_names
from app.views.proof import need_proof
from app.views.rows import whole
from app.views.security import close_session


def avatars_folder() -> Path:
    """Where pictures of people are kept."""
    return Path(current_app.config["KABINET"].data_dir) / "avatars"


class ProfilePage(KabinetPage):
    """Only ever one's own."""

    route_base = "/profile"
    default_view = "userinfo"

    def draw(self, template: str, title: str, **values: Any) -> Any:
        """A page with the sections of the profile above it."""
        return self.render_template(
            f"kabinet/{template}", title=title, user=g.user, tabs=self._tabs(), moment=cells.moment, **values
        )

    def _tabs(self) -> list[dict[str, Any]]:
        pages = [
            ("ProfilePage.userinfo", gettext("My profile")),
            ("ProfilePage.safety", gettext("Signing in")),
        ]
        if g.user.company_id is not None:
            pages += [
                ("NoticesPage.preferences", gettext("Notices")),
                ("ProfilePage.confidentiality", gettext("Confidentiality")),
                ("ProfilePage.data", gettext("Personal data")),
            ]
        return [{"label": label, "url": url_for(page), "active": request.endpoint == page} for page, label in pages]

    @expose("/", methods=["GET"])
    @for_signed_in
    def userinfo(self) -> Any:
        """Who I am here."""
        company = self.session.get(Company, g.user.company_id) if g.user.company_id else None
        return self.draw(
            "profile.html",
            gettext("My profile"),
            company=company,
            seller=self.session.get(Seller, company.seller_id) if company else None,
            roles=role_names(g.user),
            languages=[(code, said["name"]) for code, said in current_app.config["LANGUAGES"].items()],
            names_locked=g.user.is_first and not self.actor.is_staff,
            protected=people.PROTECTED,
            purchases=self._purchases(),
        )

    def _purchases(self) -> list[dict[str, str]]:
        """The history of purchases this person may open (SMC-37)."""
        paid, bought, services = Right.CABINET_PAYMENTS, Right.CABINET_BUY, Right.CABINET_SUBSCRIPTIONS
        pages = (
            ("OrdersPage.index", gettext("Orders"), "fa-bag-shopping", (paid, bought)),
            ("PaymentsPage.index", gettext("Payment history"), "fa-money-bill-transfer", (paid,)),
            ("SubscriptionsPage.index", gettext("Subscriptions"), "fa-layer-group", (services,)),
        )
        if g.user.company_id is None:
            return []
        return [
            {"label": label, "url": url_for(page), "icon": icon}
            for page, label, icon, rights in pages
            if page in current_app.view_functions and any(map(self.actor.may, rights))
        ]

    @expose("/edit", methods=["POST"])
    @for_signed_in
    def edit(self) -> Any:
        """My names; a first user's are the provider's to change."""
        form = request.form
        attempt(
            people.edit,
            g.user.id,
            first_name=form.get("first_name", g.user.first_name),
            last_name=form.get("last_name", g.user.last_name),
            display_name=form.get("display_name", ""),
            locale=g.user.locale or "en",
            known_locales=tuple(current_app.config["LANGUAGES"]),
            done=gettext("The changes are kept."),
        )
        return redirect(url_for("ProfilePage.userinfo"))

    @expose("/language", methods=["POST"])
    @for_signed_in
    def language(self) -> Any:
        """Keep my language."""
        wanted = request.form.get("locale", "")
        if attempt(people.change_locale, g.user.id, wanted, tuple(current_app.config["LANGUAGES"])):
            session["locale"] = wanted
            flash(gettext("Your language is kept."), "success")
        return redirect(url_for("ProfilePage.userinfo"))

    # -- picture ----

    @expose("/picture", methods=["POST"])
    @for_signed_in
    def picture(self) -> Any:
        """Keep a picture of me, or take it away."""
        if "remove" in request.form:
            attempt(avatars.remove, done=gettext("The picture is removed."))
            return redirect(url_for("ProfilePage.userinfo"))
        found = request.files.get("picture")
        content = found.read(avatars.LARGEST + 1) if found is not None else b""
        if not content:
            flash(gettext("Choose a picture first."), "warning")
        else:
            attempt(avatars.change, content, avatars_folder(), done=gettext("The picture is kept."))
        return redirect(url_for("ProfilePage.userinfo"))

    @expose("/picture/<digest>", methods=["GET"])
    @for_signed_in
    def show_picture(self, digest: str) -> Any:
        """My picture; nobody else's is shown to me."""
        if not g.user.avatar or digest != g.user.avatar:
            abort(404)
        path = avatars.path_of(avatars_folder(), g.user.avatar)
        if not path.is_file():
            abort(404)
        return send_path(path, "picture.png", "image/png", inline=True)

    # -- signing in ----

    @expose("/safety")
    @for_signed_in
    def safety(self) -> Any:
        """Password, second step, and where I am signed in."""
        return self.draw(
            "safety.html",
            gettext("Signing in"),
            sessions=sign_in.sessions_of(self.session, g.user),
            here=session.get("sid"),
            keys=passkeys.count_of(self.session, g.user.id),
        )

    @expose("/sessions/<int:session_id>/end", methods=["POST"])
    @for_signed_in
    def end_session(self, session_id: int) -> Any:
        """Sign me out on one other device."""
        hours = current_app.config["KABINET"].session_hours

        def end(db_session: Any, actor: Actor) -> None:
            one = sign_in.end_one(db_session, g.user._get_current_object(), session_id, hours * 3600)
            trail.record(db_session, actor, "user.session_end", "user_session", one.id)

        attempt(end, done=gettext("You are signed out there."))
        return redirect(url_for("ProfilePage.safety"))

    @expose("/sign-out-everywhere", methods=["POST"])
    @for_signed_in
    def sign_out_everywhere(self) -> Any:
        """End every session of mine, this one too."""
        attempt(people.end_sessions, g.user.id)
        close_session()
        flash(gettext("You have signed out everywhere."), "info")
        return redirect(self.appbuilder.get_url_for_login)

    # -- confidentiality, personal data ----

    @expose("/confidentiality")
    @for_signed_in
    def confidentiality(self) -> Any:
        """The privacy policy with what changed in each version, and what was done with my data (AST-020)."""
        seller = self._seller()
        after = whole(request.args["after"]) if "after" in request.args else None
        rows, more = personal.actions_on(self.session, self.actor, after)
        locale, today = str(get_locale() or "en"), clock.today(seller.zone)
        versions = agreements.privacy_versions(self.session, seller.id, locale)
        return self.draw(
            "confidentiality.html",
            gettext("Confidentiality"),
            rows=rows,
            more=more,
            action=codes.action,
            versions=versions,
            today=today,
            day=cells.day,
            first=after is None,
        )

    def _seller(self) -> Seller:
        company = self.session.get(Company, g.user.company_id) if g.user.company_id else None
        if company is None:
            abort(404)
        return self.session.get_one(Seller, company.seller_id)

    @expose("/data")
    @for_signed_in
    def data(self) -> Any:
        """My data as a file, and requests to erase or restrict it (AST-021…023)."""
        self._seller()
        return self.draw(
            "personal_data.html",
            gettext("Personal data"),
            address=masked_email(g.user.email),
            wishes=personal.wishes_of(self.session, g.user.id),
            kinds=wish_kinds(),
            states=wish_states(),
        )

    @expose("/data/export", methods=["POST"])
    @for_signed_in
    def export_data(self) -> Any:
        """Mail me everything that is kept about me."""
        need_proof()
        self._seller()
        job_id = attempt(personal.order_export, gettext("My personal data"))
        if job_id is None:
            return redirect(url_for("ProfilePage.data"))
        return redirect(url_for("JobsPage.show", job_id=job_id))

    @expose("/data/ask", methods=["POST"])
    @for_signed_in
    def ask(self) -> Any:
        """A request about my data."""
        need_proof()
        form = request.form
        done = gettext("Your request is kept. You are told by letter when it is decided.")
        attempt(personal.ask, form.get("kind", ""), form.get("note") or form.get("note_erase", ""), done=done)
        return redirect(url_for("ProfilePage.data"))

    @expose("/data/<int:wish_id>/cancel", methods=["POST"])
    @for_signed_in
    def cancel(self, wish_id: int) -> Any:
        """I have changed my mind."""
        attempt(personal.cancel, wish_id, done=gettext("The request is cancelled."))
        return redirect(url_for("ProfilePage.data"))


def wish_kinds() -> dict[str, str]:
    """What may be asked about one's data."""
    return {
        "erase": gettext("Erase my personal data"),
        "restrict": gettext("Restrict the use of my personal data"),
        "release": gettext("Lift the restriction"),
    }


def wish_states() -> dict[str, tuple[str, str]]:
    """A request's state in words, and its tone."""
    return {
        "new": (gettext("Waiting for the provider"), "info"),
        "done": (gettext("Done"), "good"),
        "refused": (gettext("Refused"), "bad"),
        "cancelled": (gettext("Cancelled"), ""),
    }
