"""The installation's own register: a prefix is free where no company has it and it is not kept back."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.models import Company
from app.rules.registration import RESERVED


class OwnRegister:
    """Looks among this installation's companies."""

    def __init__(self, session: Session, suffix: str) -> None:
        self.session = session
        self.suffix = suffix

    def is_free(self, prefix: str) -> bool:
        """Whether no company has it; a company still closed keeps its prefix."""
        if prefix in RESERVED:
            return False
        taken = sa.select(Company.id).where(Company.domain_prefix == prefix).limit(1)
        with tenancy.seeing(tenancy.EVERYONE, self.session):
            return self.session.scalar(taken) is None
