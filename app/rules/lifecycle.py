"""States of everything that has a life, and the moves between them. Tables hold the values; services call `move`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from app.core.errors import N_, Refused


class CompanyState(StrEnum):
    """Whether a company is served."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class SubscriptionState(StrEnum):
    """AST-168…176: where a subscription is in its life."""

    ORDERED = "ordered"
    PROCESSING = "processing"
    NEEDS_SETUP = "needs_setup"
    ACTIVE = "active"
    SUSPENDED = "suspended"  # by the customer
    STOPPED = "stopped"  # by the provider
    ENDED = "ended"
    OUT_OF_STOCK = "out_of_stock"


class SubscriberState(StrEnum):
    """A line of an account."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    RELEASED = "released"


class RequestState(StrEnum):
    """Work asked for by a company (`domain.md` §5)."""

    NEW = "new"
    QUEUED = "queued"
    SENT = "sent"
    DONE = "done"
    REJECTED = "rejected"
    FAILED = "failed"
    CANCELLED = "cancelled"


class OrderState(StrEnum):
    """What was bought."""

    PENDING = "pending"
    PAID = "paid"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"


class DocumentState(StrEnum):
    """A document is written once; only a draft may change."""

    DRAFT = "draft"
    ISSUED = "issued"
    CANCELLED = "cancelled"  # by a second document, never by an edit


class Settlement(StrEnum):
    """AST-126: how far an invoice is paid."""

    UNPAID = "unpaid"
    PARTLY = "partly"
    PAID = "paid"


class PaymentState(StrEnum):
    """AST-096, and the unconfirmed payment of A1-05."""

    NEW = "new"
    UNCONFIRMED = "unconfirmed"
    CREDITED = "credited"
    REFUSED = "refused"
    REVERSED = "reversed"
    CONFIRMED = "confirmed"  # what was said came in: as another payment, which is the money


class AttemptState(StrEnum):
    """A payment begun through a gateway."""

    NEW = "new"
    SENT = "sent"  # the customer is at the gateway
    PAID = "paid"
    HELD = "held"  # the money is there, but not as agreed: a person decides
    FAILED = "failed"
    EXPIRED = "expired"


class PaymentMethodState(StrEnum):
    """`product.md`, decisions."""

    SETTING_UP = "setting_up"
    WORKING = "working"
    NOT_WORKING = "not_working"


class RunState(StrEnum):
    """A billing run."""

    DRAFT = "draft"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


class RunItemState(StrEnum):
    """One account in a billing run."""

    PENDING = "pending"
    DONE = "done"
    NOTHING = "nothing"  # nothing was due that is not billed yet
    QUARANTINED = "quarantined"


class JobState(StrEnum):
    """Background work."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TicketState(StrEnum):
    """AST-192…194."""

    NEW_MESSAGES = "new_messages"
    IN_REVIEW = "in_review"
    AWAITS_YOU = "awaits_you"
    ARCHIVED = "archived"


class OutboxState(StrEnum):
    """An effect wished for in a transaction."""

    PENDING = "pending"
    DONE = "done"
    PARKED = "parked"  # tried too often: a person must look


_S = TypeVar("_S", bound=StrEnum)

MOVES: Mapping[type[StrEnum], Mapping[str, tuple[str, ...]]] = {
    CompanyState: {"active": ("suspended", "closed"), "suspended": ("active", "closed"), "closed": ("active",)},
    SubscriptionState: {
        "ordered": ("processing", "active", "ended", "out_of_stock"),
        "processing": ("active", "needs_setup", "out_of_stock", "ended"),
        "needs_setup": ("processing", "active", "ended"),
        "active": ("suspended", "stopped", "processing", "ended"),
        "suspended": ("active", "ended"),
        "stopped": ("active", "ended"),
        "out_of_stock": ("processing", "ended"),
    },
    SubscriberState: {"active": ("blocked", "released"), "blocked": ("active", "released"), "released": ("active",)},
    RequestState: {
        "new": ("queued", "sent", "cancelled", "rejected"),
        "queued": ("sent", "done", "cancelled", "rejected"),  # a list is done without being sent itself
        "sent": ("done", "rejected", "failed"),
        "failed": ("queued", "sent", "rejected", "cancelled"),
    },
    OrderState: {
        "pending": ("paid", "cancelled", "fulfilled"),
        "paid": ("fulfilled", "cancelled"),
        "fulfilled": ("cancelled",),  # by staff: its money is free again
    },
    # money may come after an attempt was given up: then it counts all the same, or is held
    AttemptState: {
        "new": ("sent", "paid", "held", "failed", "expired"),
        "sent": ("paid", "held", "failed", "expired"),
        "failed": ("paid", "held"),
        "expired": ("paid", "held"),
        "held": ("paid", "failed"),  # failed: the money was not what was asked for, or was given back
    },
    DocumentState: {"draft": ("issued",), "issued": ("cancelled",)},
    PaymentState: {
        "new": ("credited", "refused"),
        "unconfirmed": ("confirmed", "refused"),
        "confirmed": ("unconfirmed",),
        "credited": ("reversed",),
    },
    RunState: {"draft": ("running", "cancelled"), "running": ("done", "cancelled"), "done": ("running",)},
    RunItemState: {
        "pending": ("done", "nothing", "quarantined"),
        "quarantined": ("pending",),
        "done": ("pending",),
        "nothing": ("pending",),
    },
    JobState: {
        "queued": ("running", "cancelled"),
        "running": ("done", "failed", "cancelled", "queued"),
        "failed": ("queued",),
    },
    TicketState: {
        "new_messages": ("in_review", "awaits_you", "archived"),
        "in_review": ("new_messages", "awaits_you", "archived"),
        "awaits_you": ("new_messages", "in_review", "archived"),
        "archived": ("new_messages",),
    },
}


def move(current: _S, to: _S) -> _S:
    """`to`, where the life of this kind of thing allows the move; Refused otherwise. Staying put is allowed."""
    if current == to or to.value in MOVES.get(type(current), {}).get(current.value, ()):
        return to
    raise Refused(N_("It is %(current)s and cannot become %(wanted)s."), current=current.value, wanted=to.value)
