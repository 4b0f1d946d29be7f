"""Letters of the doors, one an outbox row."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.services import letters
from app.services.work import Topic
from config import Settings
from jobs.context import effect


@effect(Topic.SEND_LETTER)
def send_letter(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """One letter with a code, a welcome, or a word to who is known already."""
    desk = letters.Desk(settings.smtp_url, settings.mail_from, settings.secret_key, settings.sms_url, settings.data_dir)
    letters.send(session, payload, desk)
