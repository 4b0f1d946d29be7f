"""A long list looked through by a job: judged and priced part by part, each part kept; the draft can wait meanwhile.

Begun anew, by a worker after another was killed, it looks from the first line again: nothing it writes counts twice.
"""

from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import DomainError
from app.models import Request, RequestLine
from app.rules.switching import Verdict
from app.services.switching import judging
from app.services.switching.drafts import draft_of

PART = 2_500  # lines a transaction


@dataclass
class Look:
    """One look through a draft; `turn` tells it from one that was ordered since, and then this one is over."""

    batch_id: int
    turn: int
    done: int = 0
    total: int = 0
    through: int = 0
    judge: judging.Judge | None = None
    tally: judging.Tally = field(default_factory=judging.Tally)

    def step(self, session: Session, actor: Actor) -> bool:
        """Look at the next lines in the caller's transaction; False once nothing is left to be looked at."""
        draft = self._draft(session, actor)
        if draft is None:
            return False
        self.total = int(draft.details["lines"])
        lines = self._next(session, draft)
        if not lines:
            self._end(session, draft)
            return False
        self.judge = self.judge or judging.Judge(session, draft.company_id)
        read = self.judge.read(draft, lines)
        self.judge.judge(read)
        self.judge.price(read)
        self._keep(session, draft, read)
        self.done, self.through = self.done + len(read), read[-1].at
        return True

    def _draft(self, session: Session, actor: Actor) -> Request | None:
        try:
            draft = draft_of(session, actor, self.batch_id)
        except DomainError:  # thrown away since
            return None
        return draft if draft.details.get("turn") == self.turn and "summary" not in draft.details else None

    def _next(self, session: Session, draft: Request) -> list[tuple[int, list[str]]]:
        query = (
            sa.select(RequestLine.position, RequestLine.cells)
            .where(RequestLine.request_id == draft.id, RequestLine.position > self.through)
            .order_by(RequestLine.position)
            .limit(PART)
        )
        return [(at, cells) for at, cells in session.execute(query)]

    def _keep(self, session: Session, draft: Request, read: list[judging.Read]) -> None:
        between = RequestLine.position.between(read[0].at, read[-1].at)
        session.execute(sa.delete(RequestLine).where(RequestLine.request_id == draft.id, between))
        judging.insert(session, draft, read)
        self.tally.add(read)
        self._contradict(session, draft)
        session.flush()

    def _contradict(self, session: Session, draft: Request) -> None:
        """Lines of the parts before that a line of this part contradicts: what was said of them holds no longer."""
        crossed = self.judge.crossed if self.judge is not None else {}
        if not crossed:
            return
        query = sa.select(RequestLine).where(
            RequestLine.request_id == draft.id, RequestLine.position.in_(sorted(crossed))
        )
        rows = session.scalars(query).all()
        self.tally.take_back(rows)
        for row in rows:
            row.verdict, row.detail = Verdict.CONTRADICTION.value, str(crossed[row.position])
            row.month_amount = row.first_amount = Decimal(0)

    def _end(self, session: Session, draft: Request) -> None:
        kept = {name: value for name, value in draft.details.items() if name not in ("lines", "look_job")}
        draft.details = {**kept, "summary": self.tally.told()}
        session.flush()
