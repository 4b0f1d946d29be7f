"""Channels by name: dotted paths, so that configuration can add one without touching this code."""

from collections.abc import Mapping
from importlib import import_module

from sqlalchemy.orm import Session

from app.channels.base import Channel, ChannelError

PATHS: Mapping[str, str] = {
    "email": "app.channels.email:EmailChannel",
    "caught": "app.channels.caught:CaughtChannel",
    "in_app": "app.channels.in_app:InAppChannel",
    "phone": "app.channels.phone:HttpPhoneChannel",
    "caught_phone": "app.channels.phone:CaughtPhoneChannel",
    "log": "app.channels.log:LogChannel",
}


def open_channel(name: str, session: Session, url: str = "", more: Mapping[str, str] | None = None) -> Channel:
    """The channel of this name; `more` adds to PATHS or replaces in it."""
    path = {**PATHS, **(more or {})}.get(name)
    if path is None:
        raise ChannelError(f"There is no channel {name!r}.", permanent=True)
    module, _, attribute = path.partition(":")
    channel: Channel = getattr(import_module(module), attribute)(session, url)
    return channel


def mail_channel(session: Session, smtp_url: str) -> Channel:
    """How mail leaves: by SMTP where a server is set, else caught on a page."""
    return open_channel("email" if smtp_url else "caught", session, smtp_url)


def phone_channel(session: Session, sms_url: str) -> Channel:
    """How short messages and calls leave: through a gateway where one is set, else caught on a page."""
    return open_channel("phone" if sms_url else "caught_phone", session, sms_url)
