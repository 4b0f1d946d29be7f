"""Messages read in the cabinet itself."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.channels.base import ChannelError, Message
from app.core import clock
from app.models import Notice


class InAppChannel:
    """Keeps each message as a notice of its user, once."""

    name = "in_app"

    def __init__(self, session: Session, url: str = "") -> None:
        self.session = session

    def send(self, message: Message) -> None:
        """Keep the notice, unless it is already there."""
        if message.user_id is None:
            raise ChannelError("A notice in the cabinet needs a user.", permanent=True)
        known = sa.select(Notice.id).where(Notice.key == message.message_id)
        if self.session.execute(known).first() is not None:
            return
        self.session.add(
            Notice(
                user_id=message.user_id,
                company_id=message.company_id,
                event="message",
                channel=self.name,
                recipient=message.recipient,
                subject=message.subject[:255],
                body=message.body,
                key=message.message_id,
                sent_at=clock.now(),
            )
        )
        self.session.flush()
