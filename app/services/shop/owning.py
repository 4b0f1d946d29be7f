"""A bought service of the actor's company, looked at or locked to be changed."""

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.access.permissions import Right
from app.core.actor import Actor
from app.core.errors import NotFound
from app.models import Plan, Subscription


def subscription_of(session: Session, actor: Actor, subscription_id: int, *, lock: bool = False) -> Subscription:
    """A subscription of the actor's company; NotFound for any other."""
    actor.need(Right.CABINET_BUY)
    query = (
        sa.select(Subscription)
        .where(Subscription.id == subscription_id)
        .options(
            joinedload(Subscription.account, innerjoin=True),
            joinedload(Subscription.plan, innerjoin=True).joinedload(Plan.product, innerjoin=True),
        )
    )
    if lock:
        query = query.with_for_update(of=Subscription).execution_options(populate_existing=True)
    subscription = session.scalars(query).first()
    if subscription is None:
        raise NotFound()
    actor.need_company(subscription.company_id)
    return subscription
