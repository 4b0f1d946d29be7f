"""Stripe, by its official library: Checkout for the customer, PaymentIntents for kept cards.

The way's secret is two words: the secret key and the secret of the webhook's signature («sk_… whsec_…»). The
idempotency key is our order number. A token is the customer and the payment method («cus_… pm_…»).

Settings of a way: api_base (another address of the API).
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import stripe
from sqlalchemy.orm import Session

from app.gateways import wire
from app.gateways.base import Binding, Callback, Forged, GatewayError, Handover, Heard, Keys, Order, Saved, State, Truth

TIMEOUT = 20  # seconds
TOLERANCE = 300  # seconds a webhook's signature is good for
LOCALES = {"en": "en", "pl": "pl", "ru": "ru"}
_STATES: dict[str, State] = {"succeeded": "paid", "canceled": "cancelled"}
_R = TypeVar("_R")
Said = Mapping[str, Any]


class StripeGateway:
    """Cards and purses through Stripe."""

    code = "stripe"

    def __init__(self, session: Session, keys: Keys) -> None:
        self.key, _, self.webhook_secret = keys.secret.strip().partition(" ")
        base = keys.settings.get("api_base")
        self.client = stripe.StripeClient(
            self.key or "none",
            base_addresses={"api": base} if base else {},
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
            max_network_retries=0,
        )

    def hand_over(self, order: Order) -> Handover:
        """A Checkout Session; asked for again within a day, the same one."""
        intent: dict[str, Any] = {"metadata": {"order_no": order.order_no}}
        more: dict[str, Any] = {}
        if order.save:
            intent["setup_future_usage"] = "off_session"
            more["customer_creation"] = "always"
        product = {"name": order.purpose[:250]}
        price = {"currency": order.currency.lower(), "unit_amount": _minor(order.amount), "product_data": product}
        return self._session(
            order,
            mode="payment",
            line_items=[{"price_data": price, "quantity": 1}],
            payment_intent_data=intent,
            **more,
        )

    def hand_over_saving(self, order: Order) -> Handover:
        """A Checkout Session that only sets a card up."""
        return self._session(order, mode="setup", currency=order.currency.lower(), customer_creation="always")

    def hear(self, callback: Callback) -> Heard:
        """What a signed event is about."""
        signature = next((value for name, value in callback.headers.items() if name.lower() == "stripe-signature"), "")
        try:
            made: Any = stripe.Webhook.construct_event(
                callback.body, signature, self.webhook_secret or "none", TOLERANCE
            )
        except (stripe.SignatureVerificationError, ValueError, UnicodeDecodeError) as error:
            raise Forged() from error
        said = made.to_dict()["data"]["object"]
        external = str(said.get("payment_intent") or said.get("id") or "")
        if said.get("object") == "checkout.session":
            external = str(said.get("id") or "")
        return Heard(_order_no(said), external)

    def ask(self, order_no: str, external_id: str = "") -> Truth | None:
        """The session or the payment itself; one whose number we never heard is searched by our order number."""
        if external_id.startswith("cs_"):
            session = self._read(lambda: self.client.v1.checkout.sessions.retrieve(external_id))
            if session is None:
                return None
            self._need_order(session, order_no)
            if not session.get("payment_intent"):
                state: State = "cancelled" if session.get("status") == "expired" else "waiting"
                return Truth(order_no, "", state, _major(session.get("amount_total")), _currency(session))
            external_id = str(session["payment_intent"])
        intent = self._intent(external_id) if external_id.startswith("pi_") else self._search(order_no)
        if intent is None:
            return None
        self._need_order(intent, order_no)
        return _truth(intent)

    def ask_saving(self, order_no: str, external_id: str = "") -> Binding | None:
        """Whether the card is set up."""
        if not external_id:
            return None
        params: Any = {"expand": ["setup_intent.payment_method"]}
        session = self._read(lambda: self.client.v1.checkout.sessions.retrieve(external_id, params))
        if session is None:
            return None
        self._need_order(session, order_no)
        if session.get("status") == "complete":
            intent = session.get("setup_intent") or {}
            saved = _saved(session.get("customer"), intent.get("payment_method"))
            return Binding("saved", saved) if saved and intent.get("status") == "succeeded" else Binding("failed")
        return Binding("failed" if session.get("status") == "expired" else "waiting")

    def charge(self, order: Order, token: str) -> Truth:
        """A payment from a kept card, without its owner; what the bank wants the owner for is declined."""
        customer, _, method = token.partition(" ")
        params: Any = {
            "amount": _minor(order.amount),
            "currency": order.currency.lower(),
            "customer": customer,
            "payment_method": method,
            "off_session": True,
            "confirm": True,
            "description": order.purpose[:500],
            "metadata": {"order_no": order.order_no, "kind": "charge"},
            "expand": EXPAND,
        }
        options: Any = {"idempotency_key": order.order_no}
        try:
            made = _asked(lambda: self.client.v1.payment_intents.create(params, options))
        except stripe.CardError:
            return Truth(order.order_no, "", "failed", order.amount, order.currency)
        return _truth(made.to_dict())

    def forget(self, token: str, order_no: str) -> None:
        """The method is detached from its customer: it cannot be charged or attached again."""
        _, _, number = token.partition(" ")
        found = self._read(lambda: self.client.v1.payment_methods.retrieve(number))
        if found is None or not found.get("customer"):
            return
        options: Any = {"idempotency_key": f"forget-{order_no}"}
        _asked(lambda: self.client.v1.payment_methods.detach(number, {}, options))

    def _session(self, order: Order, **params: Any) -> Handover:
        asked: Any = {
            **params,
            "client_reference_id": order.order_no,
            "metadata": {"order_no": order.order_no},
            "success_url": order.return_url,
            "cancel_url": order.return_url,
            "locale": LOCALES.get(order.locale, "auto"),
        }
        options: Any = {"idempotency_key": wire.key_of(order.order_no, asked)}
        made = _asked(lambda: self.client.v1.checkout.sessions.create(asked, options)).to_dict()
        return Handover(str(made["url"]), external_id=str(made["id"]))

    def _intent(self, number: str) -> Said | None:
        params: Any = {"expand": EXPAND}
        return self._read(lambda: self.client.v1.payment_intents.retrieve(number, params))

    def _search(self, order_no: str) -> Said | None:
        if not order_no.isalnum():
            return None
        params: Any = {"query": f"metadata['order_no']:'{order_no}'"}
        found = [one.to_dict() for one in _asked(lambda: self.client.v1.payment_intents.search(params)).data]
        best = min(found, key=lambda one: one.get("status") != "succeeded", default=None)
        return self._intent(str(best["id"])) if best else None

    def _read(self, work: Callable[[], Any]) -> Said | None:
        try:
            found: Said = _asked(work).to_dict()
        except _Missing:
            return None
        return found

    def _need_order(self, said: Said, order_no: str) -> None:
        if order_no and _order_no(said) != order_no:
            raise GatewayError("Stripe answered about another order.", permanent=True)


EXPAND = ["payment_method", "latest_charge.balance_transaction"]


class _Missing(GatewayError):
    pass


def _asked(work: Callable[[], _R]) -> _R:
    """Their errors as ours: what may pass is asked again, what is wrong with our keys or words is for a person."""
    try:
        return work()
    except stripe.CardError:
        raise
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":
            raise _Missing("Stripe does not know it.", permanent=True) from error
        raise GatewayError(f"Stripe refused: {error.code or 'invalid request'}.", permanent=True) from error
    except (stripe.AuthenticationError, stripe.PermissionError, stripe.IdempotencyError) as error:
        raise GatewayError(f"Stripe refused: {type(error).__name__}.", permanent=True) from error
    except stripe.StripeError as error:
        raise GatewayError(f"Stripe cannot be reached ({type(error).__name__}).") from error


def _truth(intent: Said) -> Truth:
    charge = intent.get("latest_charge") or {}
    state = _STATES.get(str(intent.get("status")), "waiting")
    is_off = (intent.get("metadata") or {}).get("kind") == "charge"
    if state == "waiting" and is_off and intent.get("status") in ("requires_payment_method", "requires_action"):
        state = "failed"
    if state == "paid" and isinstance(charge, Mapping) and charge.get("refunded"):
        state = "refunded"
    came = intent.get("amount_received") if state in ("paid", "refunded") else intent.get("amount")
    keep = intent.get("setup_future_usage") == "off_session"
    return Truth(
        _order_no(intent),
        str(intent["id"]),
        state,
        _major(came),
        _currency(intent),
        _fee(intent, charge),
        _saved(intent.get("customer"), intent.get("payment_method")) if keep else None,
        _major(charge.get("amount_refunded")) if isinstance(charge, Mapping) else Decimal("0.00"),
    )


def _fee(intent: Said, charge: Any) -> Decimal:
    booked = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
    if isinstance(booked, Mapping) and booked.get("currency") == intent.get("currency"):
        return _major(booked.get("fee"))
    return Decimal("0.00")


def _saved(customer: Any, method: Any) -> Saved | None:
    owner = customer.get("id") if isinstance(customer, Mapping) else customer
    if not owner or not isinstance(method, Mapping):
        return None
    last = (method.get("card") or {}).get("last4")
    return Saved(f"{owner} {method['id']}", f"*{last}" if last else str(method.get("type") or ""))


def _order_no(said: Said) -> str:
    return str((said.get("metadata") or {}).get("order_no") or said.get("client_reference_id") or "")


def _currency(said: Said) -> str:
    return str(said.get("currency") or "").upper()


def _minor(amount: Decimal) -> int:
    return int(amount * 100)


def _major(cents: Any) -> Decimal:
    return (Decimal(int(cents or 0)) / 100).quantize(Decimal("0.01"))
