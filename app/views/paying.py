"""Where gateways call back, and the sandbox's own payment page. Open to all: what comes is checked, never believed."""

import hashlib
from typing import Any

import sqlalchemy as sa
from flask import abort, current_app, flash, redirect, request
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access import tenancy
from app.core.errors import NotFound
from app.extensions import csrf, db
from app.gateways.base import Callback, Forged, GatewayError
from app.gateways.sandbox import DECLINED, SandboxGateway, token_for
from app.models import PaymentAttempt, PaymentMethod, PaymentWay, SandboxCharge
from app.services import paying
from app.views.base import KabinetPage, open_to_all
from app.views.cabinet.frame import money

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
            if request.method == "POST" and charge.state == "waiting":
                if "cancel" in request.form:
                    charge.state = "cancelled"
                elif not self._pay(charge):
                    return self._form(charge), 422
                db.session.commit()
                self._call_back(charge)
            if charge.state != "waiting":
                return redirect(charge.return_url)
            return self._form(charge)

    def _form(self, charge: SandboxCharge) -> Any:
        title = gettext("Payment")
        return self.render_template("doors/sandbox.html", title=title, charge=charge, form=request.form, money=money)

    def _pay(self, charge: SandboxCharge) -> bool:
        number = "".join(letter for letter in request.form.get("card", "") if letter.isdigit())
        if not 16 <= len(number) <= 19 or not _luhn(number):
            flash(gettext("The card number is wrong. Check its digits."), "danger")
            return False
        charge.mask = f"*{number[-4:]}"
        charge.state = "declined" if number == DECLINED else "paid"
        if charge.keep and charge.state == "paid":
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


def _luhn(number: str) -> bool:
    digits = [int(letter) for letter in reversed(number)]
    return sum(digits[0::2]) % 10 == -sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2]) % 10
