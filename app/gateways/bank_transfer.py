"""A bank transfer: the customer is shown the Seller's requisites and a number for the purpose, and pays at their bank.

Nobody can be asked whether it came: the bank's statement tells, by that number (`services.transfers`).
"""

from sqlalchemy.orm import Session

from app.gateways.base import Callback, Forged, Handover, Heard, Keys, Order, Truth


class BankTransferGateway:
    """Money from the customer's own bank."""

    code = "bank_transfer"

    def __init__(self, session: Session, keys: Keys) -> None:
        self.keys = keys

    def hand_over(self, order: Order) -> Handover:
        """The page with the requisites, which is in this program."""
        return Handover(order.return_url)

    def hear(self, callback: Callback) -> Heard:
        """No bank calls back."""
        raise Forged("No bank calls back.")

    def ask(self, order_no: str, external_id: str = "") -> Truth | None:
        """Nothing is known until a statement says so."""
        return None
