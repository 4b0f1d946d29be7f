"""Payments through gateways: saved methods charged, and everything looked at again, for a callback may be lost."""

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from app.channels.base import ChannelError
from app.core.errors import N_
from app.gateways.base import GatewayError, Keeping, Order
from app.models import Account, Company, PaymentAttempt, PaymentMethod, PaymentWay
from app.models import Order as Purchase
from app.services import methods, paying, top_up
from app.services.attempts import OPEN, gateway_of
from app.services.work import JobName, Topic
from config import Settings
from jobs.context import JobContext, Result, effect, job


def _asked(work: Callable[[], None]) -> None:
    try:
        work()
    except GatewayError as error:
        raise ChannelError(str(error), permanent=error.permanent) from error


@effect(Topic.LOOK_AT_PAYMENT)
def look_at_payment(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """Ask the gateway about one attempt; a gateway that does not answer is asked again later."""
    _asked(lambda: paying.look_again(session, int(payload["attempt_id"]), int(payload["turn"]), settings.secret_key))


@effect(Topic.LOOK_AT_METHOD)
def look_at_method(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """Ask the gateway whether a card is kept by now."""
    _asked(lambda: methods.look_again(session, int(payload["method_id"]), int(payload["turn"]), settings.secret_key))


@effect(Topic.FORGET_METHOD)
def forget_method(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """Have the gateway let go of a card its owner deleted here."""
    _asked(lambda: methods.forget(session, int(payload["method_id"]), settings.secret_key))


@effect(Topic.CHARGE_METHOD)
def charge_method(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """Ask the gateway for the money of one attempt; where it may have been asked before, what is true comes first."""
    _asked(lambda: _charge(session, int(payload["attempt_id"]), settings.secret_key))


def _charge(session: Session, attempt_id: int, secret: str) -> None:
    attempt = session.get(PaymentAttempt, attempt_id)
    if attempt is None or attempt.method_id is None or attempt.state not in OPEN:
        return
    method = session.get_one(PaymentMethod, attempt.method_id)
    way = session.get_one(PaymentWay, attempt.way_id)
    gateway = gateway_of(session, way, secret)
    if not isinstance(gateway, Keeping):
        raise GatewayError("This gateway keeps no cards.", permanent=True)
    token, order = methods.token_of(method, secret), _order(session, attempt)
    asked_before = attempt.state == "sent"
    paying.mark_sent(session, attempt, "")
    session.commit()  # from here on the money may be taken: whoever comes next asks before charging
    truth = gateway.ask(order.order_no, attempt.external_id or "") if asked_before else None
    paying.settle(session, way, truth or gateway.charge(order, token), secret)


def _order(session: Session, attempt: PaymentAttempt) -> Order:
    """What the gateway is told; nobody comes back from a charge without its owner."""
    company = session.get_one(Company, attempt.company_id)
    account = session.get_one(Account, attempt.account_id)
    bought = session.get(Purchase, attempt.order_id) if attempt.order_id else None
    with force_locale(company.locale):
        if bought is not None:
            purpose = gettext("Order %(number)s", number=bought.number)
        else:
            purpose = gettext("Advance payment, account %(number)s", number=account.number)
    return Order(attempt.order_no, attempt.charged, attempt.currency, purpose, "", "", company.locale)


@job(JobName.TOP_UP)
def top_accounts_up(context: JobContext) -> Result:
    """Accounts that have little left are topped up, one a transaction; a second run finds them under way."""
    figures, last = {"charged": 0, "maximum": 0, "refused": 0}, 0
    while ids := top_up.waiting(context.session, last):
        for one in ids:
            word = top_up.top_up(context.session, one)
            if word in figures:
                figures[word] += 1
            context.progress(sum(figures.values()), 0, N_("Accounts are being topped up"))
        last = ids[-1]
    return {"figures": figures}
