"""What most services are tried on: a Seller with the defaults of a new house, and an account of a customer."""

import pytest

from app.services.setup import ensure_defaults
from tests import makers


@pytest.fixture
def seller(session):
    ensure_defaults(session)
    return makers.seller(session)


@pytest.fixture
def account(session, seller):
    return makers.account(session, makers.company(session, seller))
