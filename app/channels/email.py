"""E-mail: `smtp://` (STARTTLS where offered), `smtp+tls://` (STARTTLS demanded), `smtps://`, with user:password@."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

from sqlalchemy.orm import Session

from app.channels.base import ChannelError, Message
from app.channels.letter import compose

TIMEOUT = 20  # seconds


class EmailChannel:
    """Sends through one SMTP server."""

    name = "email"

    def __init__(self, session: Session, url: str = "") -> None:
        self.url = url

    def send(self, message: Message) -> None:
        """Hand the message to the server; a 4xx answer or a lost connection is worth another try, a 5xx is not."""
        letter = compose(message)
        try:
            with self._server() as server:
                server.send_message(letter)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            raise ChannelError(
                f"The mail server refused the address {message.recipient}.",
                permanent=all(code >= 500 for code in codes),
            ) from error
        except smtplib.SMTPResponseException as error:
            raise ChannelError(
                f"The mail server answered {error.smtp_code}.", permanent=error.smtp_code >= 500
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelError(f"The mail server cannot be reached ({type(error).__name__}).") from error

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        parts = urlsplit(self.url)
        host = parts.hostname or "localhost"
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                host, parts.port or 465, timeout=TIMEOUT, context=ssl.create_default_context()
            )
        else:
            server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT)
        with server:
            server.ehlo_or_helo_if_needed()
            if parts.scheme == "smtp+tls" or (parts.scheme == "smtp" and server.has_extn("starttls")):
                server.starttls(context=ssl.create_default_context())
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            yield server
