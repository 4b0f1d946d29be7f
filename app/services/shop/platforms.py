"""Tasks on their way to platforms and back: claimed and kept, handed over outside any transaction, recorded and kept.

A task is marked as sent before it goes out; a worker that dies in between leaves it without a reference, and the same
wish hands it over again under the same id, which the platform does once. After too many failures it stays «failed»
until somebody of the staff tries it again or says what came of it.
"""

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.core import clock
from app.core.errors import N_
from app.models import Component, Plan, PlatformOrder, Product, Subscription, SubscriptionItem
from app.provisioning.platforms import Answer, Outcome, Platform, PlatformError, Task
from app.provisioning.registry import open_platform
from app.rules.lifecycle import RequestState, SubscriptionState, move
from app.services import work
from app.services.shop import activating
from app.services.work import Topic

TRIES = 12  # then it stays failed until somebody of the staff looks
LONGEST = 3600  # seconds between two tries or questions
LOST = N_("The platform has lost the task; it is sent again.")
UNSENT = (RequestState.NEW.value, RequestState.FAILED.value)

Keep = Callable[[], None]
Open = Callable[[str, Path], Platform]


@dataclass(frozen=True)
class Claimed:
    """A task on its way."""

    order_id: int
    platform: str
    action: str
    task: Task
    reference: str = ""


def pause(times: int) -> dt.timedelta:
    """How long to wait after so many tries or questions: 2, 4, 8 … seconds, an hour at most."""
    return dt.timedelta(seconds=min(LONGEST, 2 ** min(times, 12)))


def hand_over(session: Session, order_id: int, folder: Path, keep: Keep, open_one: Open = open_platform) -> None:
    """Give the platform one task, if it still waits and nothing of its subscription is before it. `keep` commits."""
    claimed = claim(session, order_id)
    keep()
    if claimed is None:
        return
    reference, error, is_silent = "", None, False
    try:
        platform = open_one(claimed.platform, folder)
        is_silent = platform.is_silent
        reference = getattr(platform, claimed.action)(claimed.task)[:120]
    except PlatformError as refused:
        error = refused
    except (ImportError, AttributeError):
        error = PlatformError(f"There is no platform {claimed.platform!r}.", permanent=True)
    record(session, order_id, reference, error, is_silent=is_silent)


def claim(session: Session, order_id: int) -> Claimed | None:
    """Mark the task as sent, and say what is to be sent; None where there is nothing to do. Commit before sending."""
    order = _locked(session, order_id)
    if order is None or (order.state not in UNSENT and not _was_interrupted(order)) or _waits(session, order):
        return None
    subscription = order.subscription
    order.state = move(RequestState(order.state), RequestState.SENT).value
    order.attempts += 1
    if order.action == "create" and subscription.state == SubscriptionState.ORDERED.value:
        subscription.state = move(SubscriptionState(subscription.state), SubscriptionState.PROCESSING).value
    task = task_of(session, order, subscription)
    order.details = {"quantity": task.quantity, "parameters": dict(task.parameters)}
    session.flush()
    return Claimed(order.id, order.platform, order.action, task)


def _locked(session: Session, order_id: int) -> PlatformOrder | None:
    query = (
        sa.select(PlatformOrder)
        .where(PlatformOrder.id == order_id)
        .options(joinedload(PlatformOrder.subscription, innerjoin=True))
        .with_for_update(of=PlatformOrder)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).first()


def _was_interrupted(order: PlatformOrder) -> bool:
    """Sent, but whoever sent it did not live to write down the reference."""
    return order.state == RequestState.SENT.value and not order.reference


def _waits(session: Session, order: PlatformOrder) -> bool:
    """An earlier task of the subscription is not done yet: its end wishes for this one."""
    earlier = sa.select(PlatformOrder.id).where(
        PlatformOrder.subscription_id == order.subscription_id,
        PlatformOrder.id < order.id,
        PlatformOrder.state.in_(activating.OPEN),
    )
    return session.execute(earlier.limit(1)).first() is not None


def task_of(session: Session, order: PlatformOrder, subscription: Subscription) -> Task:
    """What the platform is told: the subscription's quantity and parameters as they are now."""
    plan, product_code = (
        session.execute(
            sa.select(Plan, Product.code)
            .join(Product, Product.id == Plan.product_id)
            .where(Plan.id == subscription.plan_id)
        )
        .tuples()
        .one()
    )
    items = session.execute(
        sa.select(Component.code, SubscriptionItem.quantity)
        .join(Component, Component.id == SubscriptionItem.component_id)
        .where(SubscriptionItem.subscription_id == subscription.id)
        .where(sa.or_(SubscriptionItem.valid_to.is_(None), SubscriptionItem.valid_to > clock.today()))
        .order_by(SubscriptionItem.id)
    ).tuples()
    return Task(
        id=f"platform-{order.id}",
        service=subscription.reference or f"subscription-{subscription.id}",
        product=product_code,
        plan=plan.code,
        quantity=f"{subscription.quantity.normalize():f}",
        parameters={code: f"{quantity.normalize():f}" for code, quantity in items},
        identifier=subscription.identifier,
        settings=dict(plan.platform_settings or {}),
    )


def record(
    session: Session, order_id: int, reference: str, error: PlatformError | None, *, is_silent: bool = False
) -> None:
    """Keep the reference and wish to ask; or the failure, and wish to send again."""
    order = _locked(session, order_id)
    if order is None or order.state != RequestState.SENT.value:
        return
    if error is None:
        order.reference, order.reason, order.answer, order.attempts = reference, "", Outcome.PENDING.value, 0
        if not is_silent:
            wish_to_ask(session, order, 0)
    else:
        order.state = move(RequestState(order.state), RequestState.FAILED).value
        order.reason = str(error)[:300]
        order.answer = Outcome.REFUSED.value if error.permanent else ""
        if not error.permanent and order.attempts < TRIES:
            activating.wish_to_send(session, order, order.attempts, clock.now() + pause(order.attempts))
    session.flush()


def wish_to_ask(session: Session, order: PlatformOrder, asked: int) -> None:
    """Wish to ask about a task: soon, then at growing pauses."""
    key = f"platform-ask:{order.id}:{asked}:{secrets.token_hex(6)}"
    due = clock.now() + pause(asked + 1)
    payload = {"order_id": order.id, "asked": asked}
    work.put_outbox(session, Topic.ASK_PLATFORM, payload, key, order.company_id, due)


def ask(session: Session, order_id: int, asked: int, folder: Path, keep: Keep, open_one: Open = open_platform) -> None:
    """Ask about a task that is at the platform, and write what came of it."""
    order = session.get(PlatformOrder, order_id)
    if order is None or order.state != RequestState.SENT.value or not order.reference:
        return
    name, reference = order.platform, order.reference
    keep()
    try:
        answer: Answer | None = open_one(name, folder).ask(reference)
    except PlatformError as error:
        answer = None if error.permanent else Answer(Outcome.PENDING)
    record_answer(session, order_id, answer, asked)


def record_answer(session: Session, order_id: int, answer: Answer | None, asked: int) -> None:
    """What the platform says of a task: a last word ends it; None: it does not know the task, and gets it again."""
    order = _locked(session, order_id)
    if order is None or order.state != RequestState.SENT.value:
        return
    if answer is None:
        order.state, order.reference, order.reason = RequestState.FAILED.value, "", LOST
        order.attempts = max(order.attempts, 1)
        activating.wish_to_send(session, order, order.attempts, clock.now() + pause(order.attempts))
    elif answer.outcome is Outcome.PENDING:
        wish_to_ask(session, order, asked + 1)
    else:
        activating.settle(session, order, answer)
    session.flush()
