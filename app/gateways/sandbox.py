"""A gateway that takes no money: its payment page is in this program (`views.sandbox`), its books are one table.

For the demo and the tests; nothing of a card but its last four digits is kept. Cards and what they do:

| card | on the page | kept, and charged when its owner is away |
|---|---|---|
| 4242 4242 4242 4242 | pays | pays |
| 4000 0000 0000 0002 | is declined | |
| 4000 0000 0000 0341 | pays | is declined |
| 4000 0000 0000 9995 | pays | pays up to 100.00, more is declined |
| 4000 0025 0000 3155 | its bank asks the owner (3-D Secure) | is declined: its bank wants the owner |
| 4000 0000 0000 0259 | pays, and nobody is told: the money is found by asking | pays |

Any other card number that is right pays like the first.
"""

import hmac
import secrets
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.gateways.base import Binding, Callback, Forged, Handover, Heard, Keys, Order, Saved, State, Truth
from app.models import SandboxCharge

DECLINED = "4000000000000002"
LATER = {"4000000000000341": "never", "4000000000009995": "small", "4000002500003155": "asks"}  # how kept ones behave
ASKS, LOST = "4000002500003155", "4000000000000259"
SMALL = Decimal("100.00")
_STATES: dict[str, State] = {
    "waiting": "waiting",
    "asks": "waiting",
    "paid": "paid",
    "declined": "failed",
    "cancelled": "cancelled",
}


def token_for(number: str) -> str:
    """A token that says how the kept card behaves, and nothing of its number."""
    return f"{LATER.get(number, 'pays')}-{secrets.token_hex(12)}"


class SandboxGateway:
    """Pays with play money."""

    code = "sandbox"

    def __init__(self, session: Session, keys: Keys) -> None:
        self.session = session
        self.keys = keys

    def hand_over(self, order: Order) -> Handover:
        """The sandbox's page for the order; asked again, the same page."""
        charge = self._find(order.order_no) or self._open(order, order.amount)
        return Handover(f"/sandbox/{charge.external_id}", external_id=charge.external_id)

    def hand_over_saving(self, order: Order) -> Handover:
        """The sandbox's page for a card that is kept without paying."""
        charge = self._find(order.order_no) or self._open(order, Decimal("0.00"), keep=True)
        return Handover(f"/sandbox/{charge.external_id}", external_id=charge.external_id)

    def hear(self, callback: Callback) -> Heard:
        """The order named, signed with the way's secret."""
        order_no = callback.form.get("order_no", "")
        if not hmac.compare_digest(callback.form.get("signature", "").encode(), self.sign(order_no).encode()):
            raise Forged()
        return Heard(order_no)

    def sign(self, order_no: str) -> str:
        """The signature of a callback about an order."""
        return hmac.digest(self.keys.secret.encode(), order_no.encode(), "sha256").hex()

    def ask(self, order_no: str, external_id: str = "") -> Truth | None:
        """What the sandbox's books say."""
        charge = self._find(order_no)
        if charge is None:
            return None
        saved = Saved(charge.token, charge.mask) if charge.keep and charge.token else None
        return Truth(order_no, charge.external_id, _STATES[charge.state], charge.amount, charge.currency, saved=saved)

    def ask_saving(self, order_no: str, external_id: str = "") -> Binding | None:
        """Whether the card is kept."""
        truth = self.ask(order_no)
        if truth is None:
            return None
        if truth.state == "paid":
            return Binding("saved", truth.saved)
        return Binding("waiting" if truth.state == "waiting" else "failed")

    def charge(self, order: Order, token: str) -> Truth:
        """Charge a kept card, once an order; how it behaves is in its token."""
        charge = self._find(order.order_no)
        if charge is None:
            charge = self._open(order, order.amount)
            manner = token.partition("-")[0]
            passes = manner == "pays" or (manner == "small" and order.amount <= SMALL)
            charge.state = "paid" if passes else "declined"
            self.session.flush()
        return Truth(order.order_no, charge.external_id, _STATES[charge.state], charge.amount, charge.currency)

    def forget(self, token: str, order_no: str) -> None:
        """The card is not kept any more."""
        kept = sa.update(SandboxCharge).where(SandboxCharge.token == token)
        self.session.execute(kept.values(token="", keep=False).execution_options(synchronize_session=False))

    def _open(self, order: Order, amount: Decimal, *, keep: bool = False) -> SandboxCharge:
        charge = SandboxCharge(
            order_no=order.order_no,
            external_id=f"sandbox-{secrets.token_hex(8)}",
            amount=amount,
            currency=order.currency,
            purpose=order.purpose[:300],
            return_url=order.return_url,
            keep=keep or order.save,
        )
        self.session.add(charge)
        self.session.flush()
        return charge

    def _find(self, order_no: str) -> SandboxCharge | None:
        return self.session.scalars(sa.select(SandboxCharge).where(SandboxCharge.order_no == order_no)).first()
