"""Around every request: who asks and what they may see, headers of every answer, and errors as sentences.

Order of a request: everything of an earlier one is forgotten; the person is known; their company's wall stands;
strangers go to the sign-in page; the other side's pages are not there; then CSRF, then the page.
"""

import logging
import secrets
from typing import Any

from flask import Flask, Response, g, has_request_context, jsonify, redirect, render_template, request, session, url_for
from flask_babel import get_locale, gettext, lazy_gettext
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from jinja2 import TemplateNotFound
from sqlalchemy import event
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from werkzeug.exceptions import BadRequest, HTTPException, SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix

from app.access import tenancy
from app.access.permissions import Right
from app.core.errors import DomainError, Forbidden, NotFound
from app.extensions import db, only_reading
from app.views import security

log = logging.getLogger(__name__)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
STATIC = frozenset({"static", "appbuilder.static"})
STATEMENT_SECONDS = 30
_PAGE_WORDS = ("page_", "psize_", "page")

SENTENCES = {
    400: lazy_gettext("The request was not understood. Go back, check what you entered and send it again."),
    403: lazy_gettext("You do not have the right to do this. Ask an owner or an administrator for it."),
    404: lazy_gettext("It was not found. Go back to the list and choose again."),
    405: lazy_gettext("This address does not take that kind of request. Go back and use the buttons of the page."),
    413: lazy_gettext("The file is too large. Choose a smaller one, or split it."),
    429: lazy_gettext("Too many requests. Wait a minute and try again."),
    500: lazy_gettext("Something broke on our side. Nothing was lost; try again in a minute."),
    503: lazy_gettext("The program is busy or being updated. Try again in a minute."),
}


def install(app: Flask) -> None:
    """Put every guard in place (once, before FAB adds its own)."""
    settings = app.config["KABINET"]
    if settings.proxies:
        n = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n)  # type: ignore[method-assign]
    app.before_request(begin)
    app.after_request(dress)
    app.teardown_request(forget)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.context_processor(frame)
    _handle_errors(app)


def limit_statements() -> None:
    """No statement of a page runs for ever on PostgreSQL (jobs and commands are not limited)."""
    if getattr(db, "_statements_limited", False):
        return

    def after_begin(session: Any, transaction: Any, connection: Any) -> None:
        if has_request_context() and connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {STATEMENT_SECONDS * 1000}")

    event.listen(db.session.session_factory, "after_begin", after_begin)
    db._statements_limited = True  # type: ignore[attr-defined]


# -- before -------------------------------------------------------------------------------------------------------


def begin() -> Any:
    """Know the person, raise their wall, and turn away who may not be here."""
    for key in list(g):  # an application context may outlive a request (tests, commands)
        g.pop(key)
    g.reading_token = only_reading.set(request.method in SAFE_METHODS)
    limit_statements()
    g.user = current_user
    actor = security.current_actor()
    g.scope_token = tenancy.see(tenancy.scope_of(actor), db.session())
    refuse_nonsense()
    return turn_away(actor)


def refuse_nonsense() -> None:
    """What no page of ours sends: NUL bytes, and pages that are not numbers (FAB answers 500 to them)."""
    for key, values in request.args.lists():
        if any("\x00" in text for text in (key, *values)):
            raise BadRequest()
        if ("page_" in key or "psize_" in key) and not all(v.isascii() and v.isdigit() and len(v) < 10 for v in values):
            raise BadRequest()
    if any("\x00" in str(value) for value in (request.view_args or {}).values()):
        raise BadRequest()
    is_form = request.mimetype == "application/x-www-form-urlencoded"
    if is_form and any("\x00" in text for values in request.form.listvalues() for text in values):
        raise BadRequest()


def page_of(endpoint: str | None) -> tuple[Any, Any]:
    """The view (an instance, or None) and the function behind an endpoint."""
    function = security.current_app.view_functions.get(endpoint or "")
    return getattr(function, "__self__", None), function


def is_open(endpoint: str | None, function: Any) -> bool:
    """Whether people who have not signed in may ask for it."""
    return (
        endpoint in STATIC
        or getattr(function, "_open_to_all", False)
        or request.path == "/health"
        or request.path.startswith("/health/")
    )


def turn_away(actor: Any) -> Any:
    """Strangers to the sign-in page; people to 404 on the pages of the other side, to 403 where they may not enter."""
    view, function = page_of(request.endpoint)
    if function is None or is_open(request.endpoint, function):
        return None
    if actor.user_id is None:
        return ask_to_sign_in()
    if is_newcomer():
        return redirect(url_for("RegisterPage.company"))
    side = getattr(view, "side", "both")
    if (side == "office" and not actor.is_staff) or (side == "cabinet" and actor.company_id is None):
        raise NotFound()
    if side == "cabinet":
        actor.need(Right.CABINET_READ)
    return first_things_first(view)


FIRST = {"must_set_up": "FactorsPage", "must_read": "AgreementPage"}  # word of the session → the page it leads to
MEANWHILE = frozenset({"FactorsPage", "PasskeysPage", "ProofPage", "AgreementPage", "SignInView", "LocaleView"})


def first_things_first(view: Any) -> Any:
    """Who must set up a factor, or read a new agreement, does that before anything else."""
    asked = next((page for word, page in FIRST.items() if word in session), "")
    if not asked or type(view).__name__ in MEANWHILE:
        return None
    return redirect(url_for(f"{asked}.index"))


def is_newcomer() -> bool:
    """Whether the person has registered and has no company yet."""
    user = g.user
    return bool(user is not None and user.is_authenticated and user.is_first and user.company_id is None)


def wants_json() -> bool:
    """Whether a program asks, not a person."""
    if (
        request.is_json
        or request.headers.get("X-Requested-With") == "XMLHttpRequest"
        or request.path.startswith("/api/")
    ):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and request.accept_mimetypes[best] > request.accept_mimetypes["text/html"]


def ask_to_sign_in() -> Any:
    """The sign-in page, which leads back here; 401 for programs."""
    if wants_json():
        return jsonify(message=gettext("Sign in first.")), 401
    back = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("SignInView.login", next=back if back and len(back) < 1000 and back != "/" else None))


# -- after --------------------------------------------------------------------------------------------------------


def csp_nonce() -> str:
    """The word that lets this answer's own scripts run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def form_target() -> str:
    """The one other place this answer's form may go to: a payment gateway's page."""
    return f" {g.form_target}" if "form_target" in g else ""


def dress(response: Response) -> Response:
    """Headers of every answer."""
    headers = response.headers
    headers["Content-Security-Policy"] = (
        f"default-src 'self'; script-src 'self' 'nonce-{csp_nonce()}'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; "
        f"form-action 'self'{form_target()}; frame-ancestors 'none'"
    )
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if security.current_app.config["KABINET"].production:
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.endpoint in STATIC:
        headers.setdefault("Cache-Control", "public, max-age=300")
    elif "kept_for" in g and response.status_code in (200, 304):  # a picture whose address is its digest
        headers["Cache-Control"] = f"public, max-age={g.kept_for}, immutable"
    else:
        headers["Cache-Control"] = "no-store"
    return response


def forget(error: BaseException | None = None) -> None:
    """Lower the wall and the lock this request raised; a thread serves another person next."""
    scope_token, reading_token = g.pop("scope_token", None), g.pop("reading_token", None)
    if scope_token is not None:
        tenancy.unsee(scope_token)
    if reading_token is not None:
        only_reading.reset(reading_token)


def frame() -> dict[str, Any]:
    """What the frame of every page reads (kabinet/base.html)."""
    values: dict[str, Any] = {"kabinet_lang": str(get_locale() or "en"), "kabinet_logout_post": True}
    if getattr(g, "user", None) is not None and g.user.is_authenticated:
        values["kabinet_user_links"] = [
            {"label": gettext("Profile"), "url": url_for("ProfilePage.userinfo"), "icon": "fa-user"},
            {"label": gettext("Change the password"), "url": url_for("PasswordPage.index"), "icon": "fa-key"},
        ]
    return values


# -- errors -------------------------------------------------------------------------------------------------------


def _handle_errors(app: Flask) -> None:
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(CSRFError, csrf_error)
    app.register_error_handler(DomainError, domain_error)
    app.register_error_handler(OperationalError, database_busy)
    app.register_error_handler(Exception, broken)


def answer(status: int, message: str = "") -> Any:
    """An error as a page, or as JSON for programs."""
    if has_request_context() and wants_json():
        return jsonify(message=message or str(SENTENCES.get(status, SENTENCES[400]))), status
    for name in (status, 400 if status < 500 else 500):
        try:
            return render_template(f"errors/{name}.html", message=message), status
        except TemplateNotFound:
            continue
    return message, status


def http_error(error: HTTPException) -> Any:
    """Flask's own errors: 404, 405, 413, 429…; redirects pass."""
    status = error.code or 500
    if status < 400:
        return error
    if isinstance(error, SecurityError):  # a host that is not ours: no address can be built, so no page drawn
        return Response("This address is not served here.", 400, mimetype="text/plain")
    message = (
        str(SENTENCES[status]) if status in SENTENCES and status not in (400, 403, 404, 413, 429, 500, 503) else ""
    )
    made = answer(status, message)
    if status == 405:
        response = security.current_app.make_response(made)
        allowed = getattr(error, "valid_methods", None)
        if allowed:
            response.headers["Allow"] = ", ".join(sorted(allowed))
        return response
    return made


def csrf_error(error: CSRFError) -> Any:
    """A form without its token: an old page, or another site."""
    return answer(400, gettext("This page was open too long. Reload it and send the form again; nothing was changed."))


def domain_error(error: DomainError) -> Any:
    """A service's refusal that a page did not show itself."""
    from app.views.base import say

    db.session.rollback()
    status = 404 if isinstance(error, NotFound) else 403 if isinstance(error, Forbidden) else 400
    return answer(status, say(error))


def database_busy(error: OperationalError) -> Any:
    """The database is away, or a statement ran too long."""
    db.session.rollback()
    log.exception("the database did not answer")
    return answer(503)


def broken(error: Exception) -> Any:
    """A fault of ours: logged with a number, shown without a trace."""
    number = secrets.token_hex(4)
    if isinstance(error, SQLAlchemyError):
        db.session.rollback()
    log.exception("request %s broke: %s %s", number, request.method, request.path)
    session.pop("_flashes", None)
    if wants_json():
        return jsonify(message=str(SENTENCES[500]), number=number), 500
    return render_template("errors/500.html", request_id=number), 500
