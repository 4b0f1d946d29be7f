"""Mail caught instead of sent, where no SMTP server is set: the demo and the tests read it on a page."""

import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.channels.base import Message
from app.channels.letter import compose
from app.models import CaughtMail


class CaughtChannel:
    """Keeps each message as a row, once."""

    name = "caught"

    def __init__(self, session: Session, url: str = "") -> None:
        self.session = session

    def send(self, message: Message) -> None:
        """Keep it, unless it is already kept; it is composed as for sending, so a wrong address fails here too."""
        compose(message)
        known = sa.select(CaughtMail.id).where(CaughtMail.message_id == message.message_id)
        if self.session.execute(known).first() is not None:
            return
        self.session.add(
            CaughtMail(
                message_id=message.message_id,
                recipient=message.recipient,
                subject=message.subject[:255],
                body=message.body,
                company_id=message.company_id,
                attachments=[
                    {
                        "name": one.name,
                        "size": len(one.content),
                        "sha256": hashlib.sha256(one.content).hexdigest(),
                        "media_type": one.media_type,
                    }
                    for one in message.attachments
                ],
            )
        )
        self.session.flush()
