"""Messages to telephones: short messages and voice calls through a gateway over HTTP, or caught on a page.

The gateway takes a POST of JSON {"id", "to", "kind": "sms" | "call", "text", "locale"} at SMS_URL; a user name in the
address is sent as a bearer token. The same id twice is one message.
"""

import json
import urllib.error
import urllib.request
from urllib.parse import unquote, urlsplit, urlunsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.channels.base import ChannelError, Message
from app.models import CaughtMail

TIMEOUT = 20  # seconds
KINDS = ("sms", "call")  # a message's subject


class CaughtPhoneChannel:
    """Keeps each message as a row, once: the demo and the tests read it beside caught mail."""

    name = "caught_phone"

    def __init__(self, session: Session, url: str = "") -> None:
        self.session = session

    def send(self, message: Message) -> None:
        """Keep it, unless it is already kept."""
        _check(message)
        known = sa.select(CaughtMail.id).where(CaughtMail.message_id == message.message_id)
        if self.session.execute(known).first() is None:
            self.session.add(
                CaughtMail(
                    message_id=message.message_id,
                    recipient=message.recipient,
                    subject=message.subject.upper(),
                    body=message.body,
                    company_id=message.company_id,
                    attachments=[],
                )
            )
            self.session.flush()


class HttpPhoneChannel:
    """Hands each message to a gateway over HTTP."""

    name = "phone"

    def __init__(self, session: Session, url: str = "") -> None:
        parts = urlsplit(url)
        self.token = unquote(parts.username or "")
        host = parts.netloc.rpartition("@")[2]
        self.url = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))

    def send(self, message: Message) -> None:
        """POST it; a 4xx answer is permanent but for 408 and 429, anything else is worth another try."""
        _check(message)
        content = {
            "id": message.message_id,
            "to": message.recipient,
            "kind": message.subject,
            "text": message.body,
            "locale": message.locale,
        }
        asked = urllib.request.Request(  # noqa: S310  # the operator's own setting, checked to be http(s) at the start
            self.url,
            json.dumps(content).encode(),
            {"Content-Type": "application/json", **({"Authorization": f"Bearer {self.token}"} if self.token else {})},
        )
        try:
            with urllib.request.urlopen(asked, timeout=TIMEOUT):  # noqa: S310
                pass
        except urllib.error.HTTPError as error:
            hopeless = 400 <= error.code < 500 and error.code not in (408, 429)
            raise ChannelError(f"The telephone gateway answered {error.code}.", permanent=hopeless) from error
        except OSError as error:
            raise ChannelError(f"The telephone gateway cannot be reached ({type(error).__name__}).") from error


def _check(message: Message) -> None:
    if message.subject not in KINDS or not message.recipient.startswith("+"):
        raise ChannelError("A message to a telephone needs a number that begins with «+».", permanent=True)
