"""The channel that goes nowhere: a line in the log, without the content. For development."""

import logging

from sqlalchemy.orm import Session

from app.channels.base import ChannelError, Message

log = logging.getLogger("kabinet.channel")


class LogChannel:
    """Writes down that a message would have gone out."""

    name = "log"

    def __init__(self, session: Session, url: str = "") -> None:
        pass

    def send(self, message: Message) -> None:
        """One line; an empty recipient is refused as everywhere."""
        if not message.recipient:
            raise ChannelError("A message needs a recipient.", permanent=True)
        log.info("message %s with %d files", message.message_id, len(message.attachments))
