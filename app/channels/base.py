"""What every channel is: something that takes a message and either has sent it or raises ChannelError."""

from dataclasses import dataclass
from typing import Protocol


class ChannelError(Exception):
    """It was not sent. `permanent`: trying again is of no use, a person must look."""

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(text)


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Message:
    """What is said to whom. The same `message_id` sent twice is one message (at least once, told apart by it)."""

    message_id: str
    recipient: str
    subject: str
    body: str
    sender: str = ""
    attachments: tuple[Attachment, ...] = ()
    company_id: int | None = None
    user_id: int | None = None
    locale: str = ""  # the language it is in: a call is read out


class Channel(Protocol):
    """A way to a person."""

    name: str

    def send(self, message: Message) -> None:
        """Send it, or raise ChannelError. Called again with the same message after a crash."""
        ...
