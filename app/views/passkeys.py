"""Passkeys in the browser: one's own keys, signing in with one, the second step, «confirm that it is you».

What the browser is asked and answers is JSON (`static/passkeys.js`); the challenge waits in the session for one answer.
"""

from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, flash, g, jsonify, redirect, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access import tenancy
from app.core import clock
from app.core.errors import DomainError, NotFound
from app.extensions import db
from app.models import User
from app.services import passkeys, sign_in, trail
from app.services.passkeys import Site
from app.views import cells, history
from app.views.base import KabinetPage, attempt, for_signed_in, open_to_all, say
from app.views.proof import MINUTES, base_address, need_proof, note_proof
from app.views.security import actor_of, current_actor, finish_sign_in

CHALLENGE = "passkey_challenge"
LIVES = 180  # seconds


def site() -> Site:
    """This installation as browsers see it."""
    name = str(current_app.config.get("APP_NAME") or "Kabinet")
    return Site(base_address(), name)


def offer(kind: str) -> str:
    """A fresh challenge for one answer of this kind."""
    challenge = passkeys.new_challenge()
    session[CHALLENGE] = {"kind": kind, "challenge": challenge, "since": int(clock.now().timestamp())}
    return challenge


def take(kind: str) -> str:
    """The challenge that waits, used up; NotFound where none of this kind does."""
    kept = session.pop(CHALLENGE, None)
    if not isinstance(kept, dict) or kept.get("kind") != kind:
        raise NotFound()
    if int(clock.now().timestamp()) - int(kept.get("since", 0)) > LIVES:
        raise NotFound()
    return str(kept["challenge"])


def answered() -> Mapping[str, Any]:
    """The browser's answer."""
    found = request.get_json(silent=True)
    credential = found.get("credential") if isinstance(found, dict) else None
    return credential if isinstance(credential, dict) else {}


def as_json(text: str) -> Response:
    """Options that are JSON already."""
    return Response(text, mimetype="application/json")


def refused(text: str, status: int = 400) -> Any:
    """A sentence for the page that asked."""
    return jsonify(message=text), status


class PasskeysPage(KabinetPage):
    """One's own keys, and what they are asked for."""

    route_base = "/passkeys"

    # -- one's own ----

    @expose("/")
    @for_signed_in
    def index(self) -> Any:
        """The list."""
        return self.render_template(
            "doors/passkeys.html",
            title=gettext("Passkeys"),
            keys=passkeys.list_of(self.session, g.user.id),
            moment=cells.moment,
            can_have=site().can_have_keys,
            at_most=passkeys.AT_MOST,
        )

    @expose("/new", methods=["POST"])
    @for_signed_in
    def begin(self) -> Any:
        """What to make a key of."""
        need_proof()
        return as_json(passkeys.registration_options(self.session, g.user, site(), offer("new")))

    @expose("/keep", methods=["POST"])
    @for_signed_in
    def keep(self) -> Any:
        """The key that was made."""
        name = str((request.get_json(silent=True) or {}).get("name") or gettext("Passkey"))
        try:
            passkeys.add(self.session, self.actor, name, answered(), site(), take("new"))
            db.session.commit()
        except DomainError as error:
            db.session.rollback()
            return refused(say(error))
        session.pop("must_set_up", None)
        flash(gettext("The passkey is kept. You may sign in with it from now on."), "success")
        return jsonify(redirect=url_for("PasskeysPage.index"))

    @expose("/<int:key_id>/rename", methods=["POST"])
    @for_signed_in
    def rename(self, key_id: int) -> Any:
        """Another name."""
        attempt(passkeys.rename, key_id, request.form.get("name", ""), done=gettext("The name is kept."))
        return redirect(url_for("PasskeysPage.index"))

    @expose("/<int:key_id>/remove", methods=["POST"])
    @for_signed_in
    def remove(self, key_id: int) -> Any:
        """It opens nothing any more."""
        need_proof()
        attempt(passkeys.remove, key_id, done=gettext("The passkey is removed."))
        return redirect(url_for("PasskeysPage.index"))

    # -- confirm that it is you ----

    @expose("/ask", methods=["POST"])
    @for_signed_in
    def ask(self) -> Any:
        """A challenge for one of one's own keys."""
        keys = passkeys.list_of(self.session, g.user.id)
        return as_json(passkeys.sign_in_options(keys, site(), offer("confirm")))

    @expose("/prove", methods=["POST"])
    @for_signed_in
    def prove(self) -> Any:
        """Its answer."""
        user = self._signed("confirm", f"proof:{g.user.id}")
        if user is None or user.id != current_actor().user_id:
            return refused(gettext(passkeys.WRONG))
        trail.record(self.session, self.actor, "user.proof", "ab_user", user.id)
        db.session.commit()
        note_proof()
        wanted = str(session.get("proof_for") or "")
        return jsonify(redirect=wanted if history.is_own(wanted) else url_for("ProfilePage.userinfo"))

    # -- signing in ----

    @expose("/sign-in/ask", methods=["POST"])
    @open_to_all
    def ask_sign_in(self) -> Any:
        """A challenge for whoever comes; half way, for the keys of that person."""
        from app.views.second_factor import half_way  # it stands on this module

        user, keys = half_way(), []
        if user is not None:
            with tenancy.seeing(tenancy.EVERYONE, self.session):
                keys = passkeys.list_of(self.session, user.id)
        return as_json(passkeys.sign_in_options(keys, site(), offer("second" if keys else "sign_in")))

    @expose("/sign-in", methods=["POST"])
    @open_to_all
    def sign_in(self) -> Any:
        """Its answer: the person is in; a key that verified its owner is two factors."""
        from app.views.second_factor import half_way, target_of

        kept = session.get(CHALLENGE)
        kind = str(kept.get("kind")) if isinstance(kept, dict) else ""
        if kind not in ("second", "sign_in"):
            return refused(gettext(passkeys.WRONG))
        before, target = half_way(), target_of()
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            user = self._signed(kind, "passkey")
            if user is None or (kind == "second" and (before is None or before.id != user.id)):
                return refused(gettext(passkeys.WRONG))
            trail.record(self.session, actor_of(user), "user.second_factor", "ab_user", user.id)
            finish_sign_in(user, factor="passkey")
        wanted = target or str((request.get_json(silent=True) or {}).get("next") or "")
        return jsonify(redirect=wanted if history.is_own(wanted) else self.appbuilder.get_url_for_index)

    def _signed(self, kind: str, name: str) -> User | None:
        """Whose key answered; wrong ones are counted against the network address."""
        secret = current_app.config["SECRET_KEY"]
        name_hash, address_hash = (sign_in.hashed(text, secret) for text in (name, request.remote_addr or ""))
        if sign_in.wait_seconds(self.session, name_hash, address_hash):
            return None
        try:
            user = passkeys.person_with(self.session, answered(), site(), take(kind))
        except NotFound:
            user = None
        if user is None:
            sign_in.note_failure(self.session, name_hash, address_hash)
        db.session.commit()
        return user


__all__ = ["MINUTES", "PasskeysPage", "site"]
