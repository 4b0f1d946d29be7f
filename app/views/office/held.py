"""Gateways in the office: money held for a person to decide, the ways that Sellers offer, their keys."""

from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.access.permissions import Right
from app.core.errors import N_, Refused
from app.gateways.registry import PATHS, SETTINGS
from app.models import Account, HeldMoney, PaymentAttempt, PaymentWay
from app.services import paying
from app.services.attempts import TRANSFER
from app.views import cells
from app.views.base import OfficePage, attempt, needs
from app.views.exports import MAX_ROWS
from app.views.office import cells as office_cells
from app.views.office.desk import Desk
from app.views.office.shop_fields import OTHER_LANGUAGES, SAID, TranslationsField

REASONS = {
    "nobody": _l("No payment of this number was begun here."),
    "twice": _l("The same payment was taken twice."),
    "short": _l("Less came than was asked for."),
    "excess": _l("More came than was asked for."),
    "currency": _l("It came in another currency."),
    "refunded": _l("The gateway gave credited money back to the customer, all of it or this part."),
}


class HeldPage(OfficePage):
    """Decide about each."""

    route_base = "/office/held"

    @expose("/")
    @needs(Right.PAYMENTS_READ)
    def index(self) -> Any:
        """Everything undecided, the oldest first."""
        rows = paying.held(self.session, self.actor)
        numbers = self._accounts([row.attempt_id for row in rows if row.attempt_id])
        return self.render_template(
            "office/held.html",
            title=gettext("Money held"),
            rows=[self._shown(row, numbers) for row in rows],
            may_write=self.actor.may(Right.PAYMENTS_WRITE),
            files=self.files("export_list"),
        )

    @expose("/export/<fmt>")
    @needs(Right.PAYMENTS_READ, Right.EXPORTS_RUN)
    def export_list(self, fmt: str) -> Any:
        """The same as a file."""
        rows = paying.held(self.session, self.actor, MAX_ROWS)
        numbers = self._accounts([row.attempt_id for row in rows if row.attempt_id])
        titles = [gettext("When"), gettext("Amount"), gettext("Currency"), gettext("Reason"), gettext("Gateway")]
        titles += [gettext("Number at the gateway"), gettext("Order"), gettext("Account")]
        found = (
            [one.created_at, one.amount, one.currency, str(REASONS.get(one.reason, one.reason)), one.gateway]
            + [one.external_id, one.order_no, numbers.get(one.attempt_id or 0, "")]
            for one in rows
        )
        return self.export(gettext("Money held"), titles, found, fmt)

    def _accounts(self, attempt_ids: list[int]) -> dict[int, str]:
        query = sa.select(PaymentAttempt.id, Account.number).join(Account, Account.id == PaymentAttempt.account_id)
        return {id_: number for id_, number in self.session.execute(query.where(PaymentAttempt.id.in_(attempt_ids)))}

    def _shown(self, row: HeldMoney, numbers: dict[int, str]) -> dict[str, Any]:
        return {
            "id": row.id,
            "amount_text": cells.amount(row.amount),
            "currency": row.currency,
            "reason_text": str(REASONS.get(row.reason, row.reason)),
            "gateway": row.gateway,
            "external_id": row.external_id,
            "order_no": row.order_no,
            "came": cells.moment(row.created_at),
            "is_back": row.reason == "refunded",
            "back_text": f"{cells.amount(row.refunded)} {row.currency}" if row.refunded else "",
            "is_left": row.refunded is None or row.refunded < row.amount,
            "account": numbers.get(row.attempt_id or 0, ""),
        }

    @expose("/<int:held_id>/credit", methods=["POST"])
    @needs(Right.PAYMENTS_WRITE)
    def credit(self, held_id: int) -> Any:
        """Credit it to the account of the number entered."""
        number = request.form.get("account", "").strip()
        account_id = self.session.scalar(sa.select(Account.id).where(Account.number == number))
        if account_id is None:
            flash(gettext("There is no such account. Check its number."), "danger")
        else:
            attempt(paying.credit_held, held_id, account_id, done=gettext("The money is credited."))
        return redirect(url_for("HeldPage.index"))

    @expose("/<int:held_id>/back", methods=["POST"])
    @needs(Right.PAYMENTS_WRITE)
    def take_back(self, held_id: int) -> Any:
        """Correct the books where the gateway gave credited money back."""
        attempt(paying.take_back, held_id, done=gettext("The money is taken back from the account."))
        return redirect(url_for("HeldPage.index"))

    @expose("/<int:held_id>/close", methods=["POST"])
    @needs(Right.PAYMENTS_WRITE)
    def close(self, held_id: int) -> Any:
        """Write what was done with it."""
        attempt(paying.close_held, held_id, request.form.get("note", ""), done=gettext("The line is closed."))
        return redirect(url_for("HeldPage.index"))


class PaymentWays(Desk):
    """The gateways that Sellers offer, on their terms."""

    model = PaymentWay
    area = "Settings"
    route_base = "/office/payment-ways"
    names = (_l("Ways to pay"), _l("Way to pay"))
    list_columns = ["name", "seller", "gateway", "commission_bp", "commission_fixed", "cashback_bp", "is_on"]
    search_columns = ["name", "seller"]
    order_columns = ["name"]
    base_order = ("name", "asc")
    form_columns = [
        "seller",
        "gateway",
        "name",
        "description",
        "translations",
        "commission_bp",
        "commission_fixed",
        "cashback_bp",
        "minimum",
        "maximum",
        "is_on",
        "public_key",
    ]
    fixed = frozenset({"seller", "gateway"})
    required = frozenset({"seller", "gateway", "name"})
    options = {"gateway": tuple(PATHS)}
    labels = {"translations": OTHER_LANGUAGES}
    own_fields = {"translations": TranslationsField(OTHER_LANGUAGES, description=SAID, parts=("name", "description"))}
    formats = {"translations": office_cells.structure}

    def complete(self, item: PaymentWay) -> None:
        """What is left empty is nothing; the sandbox is not for production."""
        if item.gateway == "sandbox" and current_app.config["KABINET"].production:
            raise Refused(N_("The sandbox takes no money: it is not for production. Choose another gateway."))
        item.commission_bp, item.cashback_bp = item.commission_bp or 0, item.cashback_bp or 0
        item.commission_fixed = item.commission_fixed or Decimal(0)
        item.settings = item.settings or {}


class GatewayKeysPage(OfficePage):
    """The secret keys of ways to pay: kept sealed, never shown again."""

    route_base = "/office/gateway-keys"

    @expose("/")
    @needs(Right.SETTINGS_WRITE)
    def index(self) -> Any:
        """Every way, with a field for a new key and the address its gateway calls."""
        query = sa.select(PaymentWay).options(sa.orm.joinedload(PaymentWay.seller))
        query = query.where(PaymentWay.gateway != TRANSFER)
        ways = self.session.scalars(query.order_by(PaymentWay.id).limit(200)).all()
        return self.render_template(
            "office/gateway_keys.html",
            title=gettext("Keys of gateways"),
            ways=[
                (way, url_for("CallbackPage.receive", way_id=way.id, _external=True), SETTINGS.get(way.gateway, ()))
                for way in ways
            ],
        )

    @expose("/<int:way_id>/settings", methods=["POST"])
    @needs(Right.SETTINGS_WRITE)
    def settings(self, way_id: int) -> Any:
        """What the gateway wants besides its keys."""
        text = request.form.get("settings", "")
        attempt(paying.change_settings, way_id, text, done=gettext("The settings are kept."))
        return redirect(url_for("GatewayKeysPage.index"))

    @expose("/<int:way_id>", methods=["POST"])
    @needs(Right.SETTINGS_WRITE)
    def keep(self, way_id: int) -> Any:
        """Keep a new secret key."""
        text, secret = request.form.get("secret", ""), current_app.config["SECRET_KEY"]
        attempt(paying.keep_secret, way_id, text, secret, done=gettext("The key is kept."))
        return redirect(url_for("GatewayKeysPage.index"))
