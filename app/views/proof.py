"""«Confirm that it is you»: what changes who may do what is done only a short time after a proof (AST-024).

Signing in is a proof. Later on the second factor is asked for, where the person has one, else the password.
"""

from typing import Any

from flask import abort, current_app, flash, g, redirect, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext
from werkzeug.security import check_password_hash

from app.core import clock
from app.extensions import db
from app.models import User
from app.rules import passwords
from app.services import passkeys, second_factor, sign_in, trail
from app.views import history
from app.views.base import KabinetPage, for_signed_in

MINUTES = 15


def base_address() -> str:
    """Where links of letters lead: the public address, else the one this request came to."""
    return str(current_app.config["KABINET"].public_url or request.url_root.rstrip("/"))


def is_fresh() -> bool:
    """Whether the person has proved who they are a short time ago."""
    last = max(int(session.get("since") or 0), int(session.get("proved") or 0))
    return int(clock.now().timestamp()) - last < MINUTES * 60


def need_proof() -> None:
    """Go no further without it: to the page that asks for it, and back to the form afterwards."""
    if is_fresh():
        return
    back = request.full_path.rstrip("?") if request.method == "GET" else _path_of(request.referrer or "")
    session["proof_for"] = back[:300]
    if request.method != "GET":
        flash(gettext("Nothing was changed yet: confirm that it is you, then send the form again."), "warning")
    abort(redirect(url_for("ProofPage.index")))


def _path_of(address: str) -> str:
    root = request.url_root.rstrip("/")
    return address.removeprefix(root) if address.startswith(root) else address


def note_proof() -> None:
    """The person has just proved who they are."""
    session["proved"] = int(clock.now().timestamp())


class ProofPage(KabinetPage):
    """One's second factor, or password, again."""

    route_base = "/confirm"

    @expose("/", methods=["GET", "POST"])
    @for_signed_in
    def index(self) -> Any:
        """A code of the authenticator or the password; a passkey by its own button."""
        if request.method == "POST" and self._passes(g.user):
            return redirect(self.target())
        return self.render_template(
            "doors/proof.html",
            title=gettext("Confirm that it is you"),
            kind=kind_of(g.user),
            has_passkey=passkeys.count_of(self.session, g.user.id) > 0,
            cancel=self.target(),
        )

    def target(self) -> str:
        """Where the person came from."""
        wanted = str(session.get("proof_for") or "")
        return wanted if history.is_own(wanted) else url_for("ProfilePage.userinfo")

    def _passes(self, user: User) -> bool:
        secret = current_app.config["SECRET_KEY"]
        name_hash = sign_in.hashed(f"proof:{user.id}", secret)
        address_hash = sign_in.hashed(request.remote_addr or "", secret)
        wait = sign_in.wait_seconds(self.session, name_hash, address_hash, of_all=True)
        if wait:
            flash(gettext("Too many wrong codes. Try again in %(wait)s seconds.", wait=wait), "warning")
            return False
        if not self._is_right(user, request.form.get("proof", "")):
            sign_in.note_failure(self.session, name_hash, address_hash)
            db.session.commit()
            flash(gettext("That is not right. Check it and enter it again."), "danger")
            return False
        sign_in.forget_failures(self.session, name_hash, address_hash)
        trail.record(self.session, self.actor, "user.proof", "ab_user", user.id)
        db.session.commit()
        note_proof()
        return True

    def _is_right(self, user: User, given: str) -> bool:
        if kind_of(user) == "totp":
            return second_factor.passes_totp(self.session, user, given, current_app.config["SECRET_KEY"])
        return check_password_hash(user.password or "", passwords.normalise(given))


def kind_of(user: User) -> str:
    """What is asked for: the authenticator's code where there is one, else the password."""
    return "totp" if user.totp_secret else "password"
