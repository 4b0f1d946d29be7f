"""The doors: registration in steps, and a new password for who forgot theirs. Open to people who have not signed in.

What was entered travels in the session's cookie (an address and a code's number, never a password), so a step can be
taken back and a page loaded again.
"""

from collections.abc import Callable
from typing import Any

import phonenumbers
from flask import current_app, flash, g, jsonify, redirect, request, session, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import get_locale, gettext

from app.access import tenancy
from app.core.errors import DomainError, NotFound
from app.domains.registry import open_register
from app.extensions import db
from app.models import User
from app.rules.codes import DIGITS, masked_email, masked_phone
from app.services import codes, doors, second_factor, sign_in
from app.services.codes import Purpose
from app.services.doors import Asker, NewCompany, NewPerson
from app.views.base import KabinetPage, open_to_all, say
from app.views.guard import is_newcomer
from app.views.rows import whole
from app.views.security import actor_of, close_session, finish_sign_in, open_session

COMMON = ("UA", "PL", "KZ", "BY", "RU", "MD", "GE", "LT", "LV", "EE", "CZ", "SK", "RO", "DE")


def asker() -> Asker:
    """Who is at the door now."""
    return Asker(request.remote_addr or "", str(get_locale() or "en"), current_app.config["SECRET_KEY"])


def through(service: Callable[..., Any], *args: Any) -> Any:
    """`service(session, *args)` for a person without a company, committed; None where it refused, and was said."""
    with tenancy.seeing(tenancy.EVERYONE, db.session()):
        try:
            result = service(db.session(), *args)
            db.session.commit()
        except DomainError as error:
            db.session.rollback()
            flash(say(error), "danger")
            return None
    return result


def countries(with_codes: bool = False) -> list[tuple[str, str]]:
    """Countries by name in the reader's language, the common ones first; with calling codes for telephones."""
    territories = get_locale().territories
    known = {code: territories[code] for code in phonenumbers.SUPPORTED_REGIONS if code in territories}
    first = [code for code in COMMON if code in known]
    rest = sorted(set(known) - set(first), key=lambda code: known[code])
    if not with_codes:
        return [(code, known[code]) for code in (*first, *rest)]
    return [(code, f"{known[code]} +{phonenumbers.country_code_for_region(code)}") for code in (*first, *rest)]


class Door(KabinetPage):
    """A door in three steps: an address, the code sent there, and what it opens."""

    purpose: Purpose
    key = ""

    def state(self) -> dict[str, Any]:
        """What was entered so far."""
        found = session.get(self.key)
        return dict(found) if isinstance(found, dict) else {}

    def keep(self, **facts: Any) -> None:
        """Remember facts until the door is passed."""
        session[self.key] = {**self.state(), **facts}

    def ask(self, service: Callable[..., Any], email: str) -> bool:
        """Send a code to an address; whether one is on its way."""
        code = through(service, email, asker())
        if code is None:
            return False
        self.keep(email=email.strip().lower(), code=code.id, proved=False, second=False, way="", sent=None)
        return True

    def try_code(self, given: str) -> bool:
        """Whether the code is right; a wrong try counts, and what remains to do is said."""
        secret = current_app.config["SECRET_KEY"]
        if through(codes.is_right, int(self.state().get("code", 0)), self.purpose, given, secret):
            self.keep(proved=True)
            return True
        flash(gettext("The code is wrong or has run out. Check the digits, or ask for a new code."), "danger")
        return False

    def code_page(self, title: str, step: int, steps: list[str], **links: str) -> Any:
        """The page a code is entered on; support is named where no code comes (SMC-73)."""
        country = current_app.config["KABINET"].default_country
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            seller = doors.seller_for(self.session, country)
        return self.render_template(
            "doors/code.html",
            title=title,
            steps=steps,
            step=step,
            sent_to=masked_email(self.state().get("email", "")),
            digits=DIGITS,
            minutes=codes.RULE.minutes,
            support=" · ".join(said for said in (seller.phone, seller.email) if said),
            **links,
        )


class PasswordPage(Door):
    """A forgotten password, or one to be changed by the same steps (SMC-35, SMC-38)."""

    route_base = "/forgotten"
    purpose = Purpose.PASSWORD
    key = "forgotten"

    @expose("/", methods=["GET", "POST"])
    @open_to_all
    def index(self) -> Any:
        """The address."""
        known = g.user.email if g.user is not None and g.user.is_authenticated else ""
        email = known or request.form.get("email", self.state().get("email", ""))
        if request.method == "POST" and self.ask(doors.ask_new_password, email):
            return redirect(url_for("PasswordPage.code"))
        return self.render_template(
            "doors/address.html",
            title=self._title(),
            lead=gettext("Enter the e-mail address you sign in with: a code is sent there."),
            steps=self._steps(),
            email=email,
            known=bool(known),
            register=False,
        )

    def _title(self) -> str:
        is_known = g.user is not None and g.user.is_authenticated
        return gettext("Change the password") if is_known else gettext("New password")

    @expose("/code", methods=["GET", "POST"])
    @open_to_all
    def code(self) -> Any:
        """The code; «send a new one» asks again."""
        if not self.state().get("code"):
            return redirect(url_for("PasswordPage.index"))
        if request.method == "POST" and "again" in request.form:
            if self.ask(doors.ask_new_password, self.state()["email"]):
                flash(gettext("A new code is on its way."), "success")
        elif request.method == "POST" and self.try_code(request.form.get("code", "")):
            user = self._person()
            self.keep(second=user is not None and not second_factor.ways_of_renewal(user))
            return redirect(url_for("PasswordPage.password" if self.state()["second"] else "PasswordPage.second"))
        return self.code_page(self._title(), 1, self._steps(), back=url_for("PasswordPage.index"))

    def _person(self) -> User | None:
        """Whose address the code proved; None, with a word on the page, where the proof has run out."""
        found: User | None = through(doors.person_of, int(self.state()["code"]))
        return found

    @expose("/second", methods=["GET", "POST"])
    @open_to_all
    def second(self) -> Any:
        """A code by telephone, or the authenticator's, for who has one."""
        user = self._person() if self.state().get("proved") else None
        if user is None:
            return redirect(url_for("PasswordPage.index"))
        form = request.form
        if "way" in form:
            self._choose(user, form["way"])
        elif "code" in form and self._passes(user, form["code"]):
            self.keep(second=True)
            return redirect(url_for("PasswordPage.password"))
        return self.render_template(
            "doors/renewal.html",
            title=self._title(),
            steps=self._steps(),
            ways=[(way, way_in_words(way, user)) for way in second_factor.ways_of_renewal(user)],
            chosen=self.state().get("way", ""),
        )

    def _choose(self, user: User, way: str) -> None:
        if way == "totp":
            self.keep(way=way, sent=None)
            return
        secret = current_app.config["SECRET_KEY"]

        def send(session: Any) -> Any:
            return second_factor.send_renewal_code(session, user, way, asker=request.remote_addr or "", secret=secret)

        if (code := through(send)) is not None:
            self.keep(way=way, sent=code.id)

    def _passes(self, user: User, given: str) -> bool:
        secret, way, sent = current_app.config["SECRET_KEY"], self.state().get("way"), self.state().get("sent")
        names = [sign_in.hashed(text, secret) for text in (f"second:{user.id}", request.remote_addr or "")]
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            if wait := sign_in.wait_seconds(self.session, *names, of_all=True):
                flash(gettext("Too many wrong codes. Try again in %(wait)s seconds.", wait=wait), "warning")
                return False
            if way == "totp":
                is_right = second_factor.passes_totp(self.session, user, given, secret)
            else:
                is_right = sent is not None and second_factor.passes(self.session, user, int(sent), given, secret)
            if not is_right:
                sign_in.note_failure(self.session, *names)
                flash(gettext(second_factor.WRONG), "danger")
            db.session.commit()
        return bool(is_right)

    @expose("/password", methods=["GET", "POST"])
    @open_to_all
    def password(self) -> Any:
        """The new password, twice."""
        if not self.state().get("proved") or self._person() is None:
            return redirect(url_for("PasswordPage.index"))
        if not self.state().get("second"):
            return redirect(url_for("PasswordPage.second"))
        if request.method == "POST" and self._renew():
            self._leave()
            flash(gettext("Your password is changed. Sign in with the new one."), "success")
            return redirect(self.appbuilder.get_url_for_login)
        return self.render_template("doors/password.html", title=self._title(), steps=self._steps())

    def _leave(self) -> None:
        """The session of before is over; a stranger's cart stays."""
        if g.user is not None and g.user.is_authenticated:
            close_session()
        else:
            session.pop(self.key, None)

    def _renew(self) -> bool:
        new, again = request.form.get("new", ""), request.form.get("again", "")
        if new != again:
            flash(gettext("The two new passwords differ. Enter the same one twice."), "danger")
            return False
        return through(doors.set_new_password, int(self.state()["code"]), new) is not None

    def _steps(self) -> list[str]:
        return [gettext("Your address"), gettext("Code"), gettext("New password")]


class RegisterPage(Door):
    """From a stranger to a customer (SMC-03…33)."""

    route_base = "/register"
    purpose = Purpose.REGISTER
    key = "register"

    @expose("/", methods=["GET", "POST"])
    @open_to_all
    def index(self) -> Any:
        """The address a code is sent to."""
        email = request.form.get("email", self.state().get("email", ""))
        if request.method == "POST" and self.ask(doors.ask_registration, email):
            return redirect(url_for("RegisterPage.code"))
        return self.render_template(
            "doors/address.html",
            title=gettext("Registration"),
            lead=gettext("We write to this address about subscriptions and invoices. A code is sent there first."),
            steps=self._steps(),
            email=email,
            register=True,
        )

    @expose("/code", methods=["GET", "POST"])
    @open_to_all
    def code(self) -> Any:
        """The code; the address can still be changed."""
        if not self.state().get("code"):
            return redirect(url_for("RegisterPage.index"))
        if request.method == "POST" and "again" in request.form:
            if self.ask(doors.ask_registration, self.state()["email"]):
                flash(gettext("A new code is on its way."), "success")
        elif request.method == "POST" and self.try_code(request.form.get("code", "")):
            return redirect(url_for("RegisterPage.person"))
        return self.code_page(gettext("Registration"), 1, self._steps(), back=url_for("RegisterPage.index"))

    @expose("/person", methods=["GET", "POST"])
    @open_to_all
    def person(self) -> Any:
        """Password, names and telephone; after it the person is signed in."""
        if not self.state().get("proved"):
            return redirect(url_for("RegisterPage.index"))
        if request.method == "POST" and (user := self._register()) is not None:
            open_session(user)
            self._send_to_phone(user, "sms")
            return redirect(url_for("RegisterPage.telephone"))
        return self.render_template(
            "doors/person.html",
            title=gettext("Registration"),
            steps=self._steps(),
            email=self.state()["email"],
            countries=countries(with_codes=True),
            asked=request.form,
            country=request.form.get("phone_country", current_app.config["KABINET"].default_country),
        )

    def _register(self) -> User | None:
        form = request.form
        if form.get("password", "") != form.get("again", ""):
            flash(gettext("The two passwords differ. Enter the same one twice."), "danger")
            return None
        person = NewPerson(
            password=form.get("password", ""),
            given_name=form.get("given_name", ""),
            display_name=form.get("display_name", ""),
            surname=form.get("surname", ""),
            phone_country=form.get("phone_country", ""),
            phone=form.get("phone", ""),
        )
        state = self.state()
        found: User | None = through(doors.register, int(state["code"]), state["email"], person, asker())
        return found

    @expose("/telephone", methods=["GET", "POST"])
    @open_to_all
    def telephone(self) -> Any:
        """The code that was sent to the newcomer's telephone; the number can still be changed (SMC-16, SMC-20)."""
        if not is_newcomer():
            return redirect(self.appbuilder.get_url_for_index)
        if self._passes_phone(request.form):
            return redirect(url_for("RegisterPage.company"))
        user = g.user
        return self.render_template(
            "doors/telephone.html",
            title=gettext("Registration"),
            steps=self._steps(),
            number=_spaced(user.phone) if user.phone else "",
            sent="phone_code" in session and "change" not in request.args,
            may_wait=self._may_wait(),
            digits=DIGITS,
            minutes=codes.RULE.minutes,
            countries=countries(with_codes=True),
            country=request.form.get("phone_country") or country_of(user.phone or ""),
            asked=request.form.get("phone", user.phone or ""),
        )

    def _passes_phone(self, form: Any) -> bool:
        """Whether the newcomer may go on: the number is confirmed, or may be confirmed later."""
        user = g.user._get_current_object()
        if user.phone_confirmed_at is not None:
            return True
        if "later" in form and self._may_wait():
            session["phone_later"] = True
            return True
        if "way" in form:
            if "phone" not in form or self._keep_number(user, form):
                self._send_to_phone(user, form["way"])
        elif "code" in form:
            secret = current_app.config["SECRET_KEY"]
            asked = (actor_of(user), int(session.get("phone_code", 0)), form["code"], secret)
            if through(second_factor.confirm_phone, *asked):
                session.pop("phone_code", None)
                return True
            flash(gettext(second_factor.WRONG), "danger")
        return False

    def _keep_number(self, user: User, form: Any) -> bool:
        session.pop("phone_code", None)
        asked = (actor_of(user), form["phone"], form.get("phone_country", ""))
        return through(second_factor.change_phone, *asked) is not None

    def _send_to_phone(self, user: User, way: str) -> None:
        """A code by short message or call; what is refused is said, and the number's form is shown again."""

        def send(db_session: Any) -> Any:
            who = {"asker": request.remote_addr or "", "secret": current_app.config["SECRET_KEY"]}
            return second_factor.send_phone_code(db_session, actor_of(user), way, **who)

        if (code := through(send)) is not None:
            session["phone_code"] = code.id

    def _may_wait(self) -> bool:
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            return doors.may_confirm_later(self.session)

    @expose("/company", methods=["GET", "POST"])
    @open_to_all
    def company(self) -> Any:
        """The company form, for who has registered and has no company yet."""
        if not is_newcomer():
            return redirect(self.appbuilder.get_url_for_index)
        if g.user.phone_confirmed_at is None and not (session.get("phone_later") and self._may_wait()):
            return redirect(url_for("RegisterPage.telephone"))
        if request.method == "POST" and self._finish() is not None:
            return self._welcome()
        country = request.form.get("country", current_app.config["KABINET"].default_country)
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            terms = doors.terms_of(self.session, doors.seller_for(self.session, country), str(get_locale()))
        return self.render_template(
            "doors/company.html",
            title=gettext("Registration"),
            steps=self._steps(),
            countries=countries(),
            country=country,
            asked=request.form,
            terms=terms,
            suffix=self._register_of_domains().suffix,
            phone=g.user.phone or "",
        )

    def _finish(self) -> Any:
        form = request.form
        asked = NewCompany(
            name=form.get("name", ""),
            country=form.get("country", ""),
            address=form.get("address", ""),
            address_more=form.get("address_more", ""),
            postal_code=form.get("postal_code", ""),
            city=form.get("city", ""),
            phone=form.get("phone", ""),
            prefix=form.get("prefix", ""),
            prefix_again=form.get("prefix_again", ""),
        )
        accepted = whole(form.get("agreement", "")) if form.get("agree") == "1" else None
        return through(doors.finish_registration, g.user.id, asked, self._register_of_domains(), accepted)

    @expose("/skip", methods=["POST"])
    @open_to_all
    def skip(self) -> Any:
        """Finish without the company form (SMC-31)."""
        if not is_newcomer():
            return redirect(self.appbuilder.get_url_for_index)
        country = current_app.config["KABINET"].default_country
        if through(doors.skip_company, g.user.id, country) is None:
            return redirect(url_for("RegisterPage.company"))
        return self._welcome()

    def _welcome(self) -> Any:
        db.session.expire_all()
        user = self.session.get(User, g.user.id)
        g.pop("actor", None)  # of before the company
        finish_sign_in(user)
        flash(gettext("Welcome! You are registered; a letter with your user name is on its way."), "success")
        if session.pop("cart_waits", None):  # who came from the cart goes back to it
            return redirect(url_for("CartPage.index"))
        return redirect(self.appbuilder.get_url_for_index)

    @expose("/domain")
    @open_to_all
    def domain(self) -> Any:
        """Whether a domain prefix is free (SMC-29), for the form's button; only for who fills the form in."""
        if not is_newcomer():
            raise NotFound()
        try:
            found = doors.free_prefix(self._register_of_domains(), request.args.get("prefix", ""))
        except DomainError as error:
            return jsonify(free=False, text=say(error))
        return jsonify(free=True, text=gettext("«%(prefix)s» is free.", prefix=found))

    @expose("/agreement")
    @open_to_all
    def agreement(self) -> Any:
        """The terms to read before they are accepted (SMC-30)."""
        country = request.args.get("country", current_app.config["KABINET"].default_country)
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            terms = doors.terms_of(self.session, doors.seller_for(self.session, country), str(get_locale()))
        return self.render_template("doors/agreement.html", title=gettext("Agreement"), terms=terms)

    def _register_of_domains(self) -> Any:
        settings = current_app.config["KABINET"]
        return open_register(self.session, settings.domain_register, settings.domain_suffix)

    def _steps(self) -> list[str]:
        return [gettext("Your address"), gettext("Code"), gettext("About you"), gettext("Phone"), gettext("Company")]


def country_of(number: str) -> str:
    """The country a kept number is of; empty where it is of none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""


def _spaced(number: str) -> str:
    """A newcomer's number as people read it: a mistyped digit is seen."""
    return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def way_in_words(way: str, user: User) -> str:
    """A second factor as its button says it; numbers and addresses masked (SMC-19)."""
    return {
        "passkey": gettext("Use a passkey"),
        "totp": gettext("Code of the authenticator"),
        "sms": gettext("Send a code to %(number)s", number=masked_phone(user.phone or "")),
        "call": gettext("Call %(number)s", number=masked_phone(user.phone or "")),
        "email": gettext("Send a code to %(number)s", number=masked_email(user.email or "")),
    }[way]


def links() -> list[dict[str, str]]:
    """What the sign-in page offers beside signing in."""
    return [
        {"label": gettext("Forgot the password?"), "url": url_for("PasswordPage.index")},
        {"label": gettext("Register"), "url": url_for("RegisterPage.index")},
    ]
