"""What every gateway is: it hands a customer over to pay, reads its callbacks, and says what is true when asked.

A callback only says «look»: what it claims is never believed, the truth is asked of the gateway itself. Money is a
Decimal with two decimals; statuses are the five of `Truth`. A gateway that also keeps cards for later is `Keeping`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, Protocol, runtime_checkable

State = Literal["waiting", "paid", "failed", "cancelled", "refunded"]


class GatewayError(Exception):
    """The gateway did not do it. `permanent`: asking again is of no use, a person must look."""

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(text)


class Forged(GatewayError):
    """A callback that is not the gateway's."""

    def __init__(self, text: str = "The signature is not the gateway's.") -> None:
        super().__init__(text, permanent=True)


@dataclass(frozen=True)
class Keys:
    """How to reach a gateway as a Seller: its keys and what else it needs (addresses, version, test mode)."""

    public: str = ""
    secret: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """What is to be paid. `order_no` is ours, unique for ever; the customer comes back to `return_url`."""

    order_no: str
    amount: Decimal
    currency: str
    purpose: str
    return_url: str
    callback_url: str
    locale: str = "en"
    save: bool = False  # the customer wants the card kept for next time
    email: str = ""  # the payer's, for a fiscal receipt


@dataclass(frozen=True)
class Handover:
    """Where the customer goes to pay: GET `url`, or POST `fields` to it."""

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)
    external_id: str = ""


@dataclass(frozen=True)
class Callback:
    """A request that says it is the gateway's."""

    body: bytes
    form: Mapping[str, str]
    headers: Mapping[str, str]
    address: str = ""


@dataclass(frozen=True)
class Heard:
    """What a callback is about: our order, and the gateway's own number where it says that."""

    order_no: str
    external_id: str = ""


@dataclass(frozen=True)
class Saved:
    """A card or a purse that the gateway keeps: the token that charges it, and a mask for its owner («*4242»)."""

    token: str
    mask: str = ""


@dataclass(frozen=True)
class Truth:
    """What the gateway says of an order when asked; `external_id` is its own number of the payment."""

    order_no: str
    external_id: str
    state: State
    amount: Decimal
    currency: str
    fee: Decimal = Decimal("0.00")
    saved: Saved | None = None  # what may be charged from now on
    refunded: Decimal = Decimal("0.00")  # what of a paid amount went back to the customer, so far

    @property
    def given_back(self) -> Decimal:
        """What went back in all: the whole amount where the gateway says so in a word."""
        return self.amount if self.state == "refunded" else min(self.refunded, self.amount)


@dataclass(frozen=True)
class Binding:
    """How a card that is being saved without a payment stands: `saved` where it is done."""

    state: Literal["waiting", "saved", "failed"]
    saved: Saved | None = None


class Gateway(Protocol):
    """A way for money to come in."""

    code: str

    def hand_over(self, order: Order) -> Handover:
        """Where to send the customer; GatewayError where the gateway does not answer."""
        ...

    def hear(self, callback: Callback) -> Heard:
        """What a callback is about; Forged where it is not the gateway's."""
        ...

    def ask(self, order_no: str, external_id: str = "") -> Truth | None:
        """What is true of an order now; None where the gateway knows nothing of it."""
        ...


@runtime_checkable
class Keeping(Gateway, Protocol):
    """A gateway that keeps cards and charges them when their owner is away."""

    def charge(self, order: Order, token: str) -> Truth:
        """Charge a kept card; asked again under the same order number it never takes the money twice."""
        ...

    def hand_over_saving(self, order: Order) -> Handover:
        """Where to send the customer to have a card kept without paying."""
        ...

    def ask_saving(self, order_no: str, external_id: str = "") -> Binding | None:
        """How that stands; None where the gateway knows nothing of it."""
        ...


@runtime_checkable
class Forgetting(Keeping, Protocol):
    """A gateway that can be told to forget a kept card."""

    def forget(self, token: str, order_no: str) -> None:
        """Let go of a kept card; one it does not keep any more is let go of. Safe to ask again."""
        ...
