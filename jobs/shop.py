"""Orders: those that money came for are fulfilled, those that nobody pays are cleared away."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core.errors import N_
from app.models import Seller
from app.services.shop import expiring, fulfilling, renewals
from app.services.work import JobName, Topic
from config import Settings
from jobs.context import JobContext, Result, effect, job


@effect(Topic.FULFIL_ORDERS)
def fulfil_orders(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """Money came to an account: what waits for it is fulfilled, once."""
    with tenancy.seeing(tenancy.EVERYONE, session):
        fulfilling.fulfil_waiting(session, int(payload["account_id"]))
        renewals.after_money(session, int(payload["account_id"]))


@job(JobName.EXPIRE_ORDERS)
def expire_orders(context: JobContext) -> Result:
    """Orders that waited too long or cost more by now are cancelled with a word; a second run finds nothing."""
    figures = {"cancelled": 0, "limits": 0}
    sellers = list(context.session.scalars(sa.select(Seller.id).order_by(Seller.id)))
    for done, seller_id in enumerate(sellers):
        for number in expiring.expire(context.session, context.actor, seller_id):
            figures["cancelled"] += number
            context.progress(done, len(sellers), N_("Unpaid orders are being looked at"))
        figures["limits"] += expiring.refresh_limits(context.session, seller_id)
        context.progress(done + 1, len(sellers), N_("Unpaid orders are being looked at"))
    return {"figures": figures}
