"""A gateway that takes no money: its payment page is in this program (`views.sandbox`), its books are one table.

For the demo and the tests. Cards: 4242 4242 4242 4242 pays, 4000 0000 0000 0002 is declined; nothing of a card but its
last four digits is kept.
"""

import hmac
import secrets

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.gateways.base import Callback, Forged, Handover, Keys, Order, State, Truth
from app.models import SandboxCharge

DECLINED = "4000000000000002"
_STATES: dict[str, State] = {
    "waiting": "waiting",
    "paid": "paid",
    "declined": "failed",
    "cancelled": "cancelled",
}


class SandboxGateway:
    """Pays with play money."""

    code = "sandbox"

    def __init__(self, session: Session, keys: Keys) -> None:
        self.session = session
        self.keys = keys

    def hand_over(self, order: Order) -> Handover:
        """The sandbox's page for the order; asked again, the same page."""
        charge = self._find(order.order_no)
        if charge is None:
            charge = SandboxCharge(
                order_no=order.order_no,
                external_id=f"sandbox-{secrets.token_hex(8)}",
                amount=order.amount,
                currency=order.currency,
                purpose=order.purpose[:300],
                return_url=order.return_url,
            )
            self.session.add(charge)
            self.session.flush()
        return Handover(f"/sandbox/{charge.external_id}", external_id=charge.external_id)

    def order_of(self, callback: Callback) -> str:
        """The order named, signed with the way's secret."""
        order_no = callback.form.get("order_no", "")
        if not hmac.compare_digest(callback.form.get("signature", ""), self.sign(order_no)):
            raise Forged()
        return order_no

    def sign(self, order_no: str) -> str:
        """The signature of a callback about an order."""
        return hmac.digest(self.keys.secret.encode(), order_no.encode(), "sha256").hex()

    def ask(self, order_no: str, external_id: str = "") -> Truth | None:
        """What the sandbox's books say."""
        charge = self._find(order_no)
        if charge is None:
            return None
        return Truth(order_no, charge.external_id, _STATES[charge.state], charge.amount, charge.currency)

    def _find(self, order_no: str) -> SandboxCharge | None:
        return self.session.scalars(sa.select(SandboxCharge).where(SandboxCharge.order_no == order_no)).first()
