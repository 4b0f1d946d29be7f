"""Where gateways call back, and the sandbox's own payment page. Open to all: what comes is checked, never believed."""

import hashlib
from typing import Any

import sqlalchemy as sa
from flask import abort, current_app, flash, redirect, request
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access import tenancy
from app.core import clock
from app.core.errors import NotFound
from app.extensions import csrf, db
from app.gateways.base import Callback, Forged, GatewayError
from app.gateways.sandbox import ASKS, DECLINED, LOST, SandboxGateway, token_for
from app.models import PaymentAttempt, PaymentMethod, PaymentWay, SandboxCharge
from app.services import paying
from app.views.base import KabinetPage, open_to_all
from app.views.cabinet.frame import money

OPEN = ("waiting", "asks")  # nobody has decided about the charge
LARGEST = 64 * 1024


class CallbackPage(KabinetPage):
    """One address a way; the answer says only that it was heard."""

    route_base = "/pay/callback"
    default_view = "receive"

    @expose("/<int:way_id>", methods=["POST"])
    @open_to_all
    def receive(self, way_id: int) -> Any:
        """200 where it was heard (again), 400 where it is forged, 503 where the gateway cannot be asked now."""
        if (request.content_length or 0) > LARGEST:
            abort(413)
        body = request.get_data(cache=True)
        callback = Callback(body, request.form.to_dict(), dict(request.headers), request.remote_addr or "")
        try:
            paying.receive(db.session(), way_id, callback, current_app.config["SECRET_KEY"])
            db.session.commit()
        except (Forged, NotFound):
            db.session.rollback()
            return "refused", 400, {"Content-Type": "text/plain"}
        except GatewayError:
            db.session.rollback()
            return "later", 503, {"Content-Type": "text/plain"}
        return "ok", 200, {"Content-Type": "text/plain"}


csrf.exempt("app.views.paying.receive")


class SandboxPage(KabinetPage):
    """The sandbox's payment page (SMC-61): a card that pays, a card that is declined, a way out."""

    route_base = "/sandbox"
    default_view = "card"

    @expose("/<string:external_id>", methods=["GET", "POST"])
    @open_to_all
    def card(self, external_id: str) -> Any:
        """The form of the card, and what the bank says."""
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            charge = self.session.scalars(
                sa.select(SandboxCharge).where(SandboxCharge.external_id == external_id).with_for_update()
            ).first()
            if charge is None:
                raise NotFound()
            if request.method == "POST" and charge.state in OPEN:
                if not self._take(charge):
                    return self._form(charge), 422
                db.session.commit()
                if charge.state not in OPEN and _digits(request.form.get("card", "")) != LOST:
                    self._call_back(charge)
            return self._form(charge) if charge.state in OPEN else redirect(charge.return_url)

    def _take(self, charge: SandboxCharge) -> bool:
        """What the owner of the card did: left, answered the bank, paid by purse or by card."""
        if "cancel" in request.form:
            charge.state = "cancelled"
        elif charge.state == "asks":
            return self._answer_bank(charge)
        elif "purse" in request.form:
            charge.state, charge.mask = "paid", "purse"
            charge.token = token_for("") if charge.keep else ""
        else:
            return self._pay(charge)
        return True

    def _answer_bank(self, charge: SandboxCharge) -> bool:
        charge.state = "paid" if request.form.get("bank") == "yes" else "declined"
        if charge.state == "declined":
            charge.token = ""
        return True

    def _form(self, charge: SandboxCharge) -> Any:
        title = gettext("Payment")
        return self.render_template("doors/sandbox.html", title=title, charge=charge, form=request.form, money=money)

    def _pay(self, charge: SandboxCharge) -> bool:
        number = _digits(request.form.get("card", ""))
        if not 16 <= len(number) <= 19 or not _luhn(number):
            flash(gettext("The card number is wrong. Check its digits."), "danger")
            return False
        if not _is_in_force(request.form.get("until", "")):
            flash(gettext("The card is no longer valid. Enter month and year, such as 12/29."), "danger")
            return False
        charge.mask = f"*{number[-4:]}"
        charge.state = {DECLINED: "declined", ASKS: "asks"}.get(number, "paid")
        if charge.keep and charge.state != "declined":
            charge.token = token_for(number)
        return True

    def _call_back(self, charge: SandboxCharge) -> None:
        """What a bank does over the network: say that something happened, signed; we then ask the sandbox."""
        secret = current_app.config["SECRET_KEY"]
        both = (PaymentAttempt, PaymentMethod)
        ways = [sa.select(one.way_id).where(one.order_no == charge.order_no) for one in both]
        way_id = next((found for query in ways if (found := self.session.scalar(query))), None)
        if way_id is None:
            return
        way = self.session.get_one(PaymentWay, way_id)
        gateway = paying.gateway_of(self.session, way, secret)
        if not isinstance(gateway, SandboxGateway):
            return
        form = {"order_no": charge.order_no, "signature": gateway.sign(charge.order_no)}
        body = hashlib.sha256(f"{charge.external_id}:{charge.state}".encode()).digest()
        paying.receive(self.session, way.id, Callback(body, form, {}), secret)
        db.session.commit()


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


def _is_in_force(until: str) -> bool:
    """Whether «MM/YY» is a month that is not over; what is left empty is not asked for here."""
    if not until.strip():
        return True
    month, sign, year = until.strip().partition("/")
    if not (sign and month.isdecimal() and year.isdecimal() and len(year) == 2 and 1 <= int(month) <= 12):
        return False
    today = clock.today()
    return (2000 + int(year), int(month)) >= (today.year, today.month)


def _luhn(number: str) -> bool:
    digits = [int(letter) for letter in reversed(number)]
    return sum(digits[0::2]) % 10 == -sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2]) % 10
