"""The second step of signing in, and a person's own factors: an authenticator and a telephone."""

from typing import Any

from flask import current_app, flash, g, redirect, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access import tenancy
from app.core import clock
from app.core.errors import DomainError
from app.extensions import db
from app.models import User
from app.reports.render import qr
from app.rules.codes import masked_email, masked_phone
from app.services import passkeys, second_factor, sign_in, trail
from app.views import history
from app.views.base import KabinetPage, attempt, for_signed_in, open_to_all, say
from app.views.charts import draw_qr
from app.views.doors import countries, country_of, way_in_words
from app.views.proof import need_proof
from app.views.security import actor_of, finish_sign_in

HALF_WAY = "half_way"  # who gave the right password, and when
MINUTES = 10


def begin(user: User, target: str) -> Any:
    """Remember who gave the right password, and ask for the second step."""
    session[HALF_WAY] = {
        "user": user.id,
        "epoch": user.session_epoch or 0,
        "since": int(clock.now().timestamp()),
        "target": target,
    }
    return redirect(url_for("SecondFactorPage.index"))


def half_way() -> User | None:
    """Who gave the right password a short time ago and has not passed the second step yet."""
    state = session.get(HALF_WAY)
    if not isinstance(state, dict) or int(clock.now().timestamp()) - int(state.get("since", 0)) > MINUTES * 60:
        return None
    with tenancy.seeing(tenancy.EVERYONE, db.session()):
        user: User | None = db.session.get(User, state.get("user"))
    if user is None or not user.active or (user.session_epoch or 0) != state.get("epoch"):
        return None
    return user


def target_of() -> str:
    """The page the person wanted before they were asked who they are."""
    state = session.get(HALF_WAY)
    return str(state.get("target", "")) if isinstance(state, dict) else ""


class SecondFactorPage(KabinetPage):
    """Choose a way, then enter its code (SMC-18…20)."""

    route_base = "/second"

    @expose("/", methods=["GET", "POST"])
    @open_to_all
    def index(self) -> Any:
        """The ways this person has; an authenticator is asked for at once."""
        user = self._half_way()
        if user is None:
            return redirect(self.appbuilder.get_url_for_login)
        factor = request.form.get("factor", "")
        if request.method == "POST" and factor == "totp" and "totp" in self._ways(user):
            self._keep(code=None, factor="totp")
            return redirect(url_for("SecondFactorPage.code"))
        if request.method == "POST" and self._send(user, factor):
            return redirect(url_for("SecondFactorPage.code"))
        return self.render_template(
            "doors/second.html",
            title=gettext("Second step"),
            factors=[(name, self._label(name, user)) for name in self._ways(user)],
        )

    @expose("/code", methods=["GET", "POST"])
    @open_to_all
    def code(self) -> Any:
        """The code; «send a new one» asks again."""
        user, state = self._half_way(), session.get(HALF_WAY, {})
        if user is None or "factor" not in state:
            return redirect(url_for("SecondFactorPage.index"))
        if request.method == "POST" and "again" in request.form:
            if state["factor"] != "totp" and self._send(user, state["factor"]):
                flash(gettext("A new code is on its way."), "success")
        elif request.method == "POST":
            target = str(state.get("target", ""))
            if self._passes(user, state.get("code")):
                return redirect(target if history.is_own(target) else self.appbuilder.get_url_for_index)
        return self.render_template(
            "doors/second_code.html",
            title=gettext("Second step"),
            factor=state["factor"],
            sent_to=masked_email(user.email or "") if state["factor"] == "email" else masked_phone(user.phone or ""),
        )

    def _half_way(self) -> User | None:
        return half_way()

    def _ways(self, user: User) -> list[str]:
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            return second_factor.ways_of(self.session, user)

    def _keep(self, **facts: Any) -> None:
        session[HALF_WAY] = {**session[HALF_WAY], **facts}

    def _send(self, user: User, factor: str) -> bool:
        secret = current_app.config["SECRET_KEY"]
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            try:
                code = second_factor.send_code(
                    self.session, user, factor, asker=request.remote_addr or "", secret=secret
                )
                self.session.commit()
            except DomainError as error:
                self.session.rollback()
                flash(say(error), "danger")
                return False
        self._keep(code=code.id, factor=factor)
        return True

    def _passes(self, user: User, code_id: int | None) -> bool:
        secret = current_app.config["SECRET_KEY"]
        name_hash = sign_in.hashed(f"second:{user.id}", secret)
        address_hash = sign_in.hashed(request.remote_addr or "", secret)
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            wait = sign_in.wait_seconds(self.session, name_hash, address_hash, of_all=True)
            if wait:
                flash(gettext("Too many wrong codes. Try again in %(wait)s seconds.", wait=wait), "warning")
                return False
            if not second_factor.passes(self.session, user, code_id, request.form.get("code", ""), secret):
                sign_in.note_failure(self.session, name_hash, address_hash)
                self.session.commit()
                flash(gettext(second_factor.WRONG), "danger")
                return False
            sign_in.forget_failures(self.session, name_hash, address_hash)
            trail.record(self.session, actor_of(user), "user.second_factor", "ab_user", user.id)
            finish_sign_in(user)
        return True

    def _label(self, factor: str, user: User) -> str:
        return way_in_words(factor, user)


class FactorsPage(KabinetPage):
    """A person's own second factors (AST-016, AST-017, AST-024)."""

    route_base = "/profile/factors"
    SETTING_UP = "totp_new"

    @expose("/", methods=["GET"])
    @for_signed_in
    def index(self) -> Any:
        """What is switched on."""
        return self.render_template(
            "doors/factors.html",
            title=gettext("Two-step signing in"),
            user=g.user,
            number=masked_phone(g.user.phone or ""),
            country=country_of(g.user.phone or "") or (g.user.company.country if g.user.company else ""),
            countries=countries(with_codes=True),
            waits_for_code=bool(session.get("phone_code")),
            keys=passkeys.count_of(self.session, g.user.id),
            demanded=str(session.get("must_set_up") or ""),
        )

    @expose("/authenticator", methods=["GET", "POST"])
    @for_signed_in
    def authenticator(self) -> Any:
        """Read the QR code, enter the first code."""
        if g.user.totp_secret:
            return redirect(url_for("FactorsPage.index"))
        need_proof()
        fresh = session.setdefault(self.SETTING_UP, second_factor.new_secret())
        given, secret = request.form.get("code", ""), current_app.config["SECRET_KEY"]
        if request.method == "POST" and attempt(second_factor.switch_on_totp, fresh, given, secret):
            session.pop(self.SETTING_UP, None)
            if session.get("must_set_up") != "passkey":
                session.pop("must_set_up", None)
            flash(gettext("From now on signing in asks for a code of your authenticator."), "success")
            return redirect(url_for("FactorsPage.index"))
        return self.render_template(
            "doors/authenticator.html",
            title=gettext("Authenticator"),
            picture=draw_qr(
                qr.matrix(second_factor.address_of(fresh, g.user).encode()), gettext("QR code for the authenticator")
            ),
            written=" ".join(fresh[at : at + 4] for at in range(0, len(fresh), 4)),
        )

    @expose("/authenticator/off", methods=["POST"])
    @for_signed_in
    def authenticator_off(self) -> Any:
        """Switch it off with one of its codes."""
        secret = current_app.config["SECRET_KEY"]
        names = [sign_in.hashed(text, secret) for text in (f"proof:{g.user.id}", request.remote_addr or "")]
        done = gettext("The authenticator is no longer asked for.")
        if wait := sign_in.wait_seconds(self.session, *names, of_all=True):
            flash(gettext("Too many wrong codes. Try again in %(wait)s seconds.", wait=wait), "warning")
        elif not attempt(second_factor.switch_off_totp, request.form.get("code", ""), secret, done=done):
            sign_in.note_failure(self.session, *names)
            db.session.commit()
        return redirect(url_for("FactorsPage.index"))

    @expose("/phone", methods=["POST"])
    @for_signed_in
    def phone(self) -> Any:
        """Keep a number that is to be confirmed, and send it a code."""
        need_proof()
        form = request.form
        if attempt(second_factor.change_phone, form.get("phone", ""), form.get("country", "")):
            self._send_phone_code()
        return redirect(url_for("FactorsPage.index"))

    @expose("/phone/send", methods=["POST"])
    @for_signed_in
    def send(self) -> Any:
        """A code to the number on record: to confirm it, or to let a confirmed one go."""
        self._send_phone_code()
        return redirect(url_for("FactorsPage.index"))

    def _send_phone_code(self) -> None:
        asker, secret = request.remote_addr or "", current_app.config["SECRET_KEY"]
        code = attempt(second_factor.send_phone_code, asker=asker, secret=secret)
        if code:
            session["phone_code"] = code.id
            flash(gettext("A code is on its way to your telephone."), "success")

    @expose("/phone/code", methods=["POST"])
    @for_signed_in
    def confirm(self) -> Any:
        """The code that came."""
        given, secret = request.form.get("code", ""), current_app.config["SECRET_KEY"]
        right = second_factor.confirm_phone(self.session, self.actor, int(session.get("phone_code", 0)), given, secret)
        db.session.commit()
        if right:
            session.pop("phone_code", None)
            if session.get("must_set_up") == "any" and g.user.phone_confirmed_at is not None:
                session.pop("must_set_up")
            flash(gettext("Done."), "success")
        else:
            flash(gettext(second_factor.WRONG), "danger")
        return redirect(url_for("FactorsPage.index"))
