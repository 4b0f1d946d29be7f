"""No system at all: people at the provider make the service run and write down what came of it (Office, Activation)."""

from pathlib import Path

from app.provisioning.platforms import Answer, Outcome, Task


class ByHandPlatform:
    """Takes every task and never answers: a task ends when somebody of the staff says how."""

    name = "by_hand"
    is_silent = True

    def __init__(self, folder: Path) -> None:
        pass

    def create(self, task: Task) -> str:
        """Its own id is the reference."""
        return task.id

    change = suspend = resume = end = create

    def ask(self, reference: str) -> Answer:
        """Nobody knows but the staff."""
        return Answer(Outcome.PENDING)
