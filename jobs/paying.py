"""Payments through gateways looked at again: a callback may be lost."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.channels.base import ChannelError
from app.gateways.base import GatewayError
from app.services import paying
from app.services.work import Topic
from config import Settings
from jobs.context import effect


@effect(Topic.LOOK_AT_PAYMENT)
def look_at_payment(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """Ask the gateway about one attempt; a gateway that does not answer is asked again later."""
    try:
        paying.look_again(session, int(payload["attempt_id"]), int(payload["turn"]), settings.secret_key)
    except GatewayError as error:
        raise ChannelError(str(error), permanent=error.permanent) from error
