"""No system at all: people at the provider switch the option and write down what came of it (Office, Requests)."""

from pathlib import Path
from typing import Any

from app.provisioning.base import Answer, Order, State


class ByHand:
    """Takes every order and never answers: an order ends when somebody of the staff marks it."""

    name = "by_hand"

    def __init__(self, settings: dict[str, Any], folder: Path) -> None:
        pass

    def send(self, order: Order) -> str:
        """Its own id is the reference."""
        return order.id

    def ask(self, reference: str) -> Answer:
        """Nobody knows but the staff."""
        return Answer(State.PENDING)
