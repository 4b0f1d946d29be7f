"""A message as the letter that a mail server takes: any script in subject and file names, a fixed Message-ID."""

from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from app.channels.base import ChannelError, Message
from app.core import clock

_ONE_LINE = {ord("\r"): " ", ord("\n"): " "}  # a line break in a name must not begin another header


def compose(message: Message) -> EmailMessage:
    """The letter; ChannelError, permanent, where an address is none."""
    letter = EmailMessage()
    letter["Message-ID"] = message.message_id.translate(_ONE_LINE)
    letter["Date"] = format_datetime(clock.now())
    letter["From"] = _address(message.sender)
    letter["To"] = _address(message.recipient)
    letter["Subject"] = message.subject.translate(_ONE_LINE)
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.body)
    for one in message.attachments:
        main, _, sub = one.media_type.partition("/")
        letter.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name.translate(_ONE_LINE))
    return letter


def _address(text: str) -> Address:
    try:
        found = Address(addr_spec=text)
    except (ValueError, IndexError, MessageError) as error:
        raise ChannelError(f"{text!r} is not a mail address.", permanent=True) from error
    if not found.username or not found.domain:
        raise ChannelError(f"{text!r} is not a mail address.", permanent=True)
    return found
