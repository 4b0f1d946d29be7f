"""Tasks for the platforms of subscriptions: handed over and asked about, each safe to repeat."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.services.shop import platforms
from app.services.work import Topic
from config import Settings
from jobs.context import effect


@effect(Topic.PROVISION)
def provision(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """One task. What was claimed is kept before it goes out: handed over twice, it is still done once."""
    platforms.hand_over(session, int(payload["order_id"]), settings.data_dir, session.commit)


@effect(Topic.ASK_PLATFORM)
def ask_platform(session: Session, payload: Mapping[str, Any], settings: Settings) -> None:
    """What came of one task."""
    platforms.ask(session, int(payload["order_id"]), int(payload["asked"]), settings.data_dir, session.commit)
