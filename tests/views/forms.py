"""Forms sent and letters read, as people at a browser do it."""

import re
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models import CaughtMail, Outbox
from jobs.context import perform_wish
from tests import makers


def post(client: FlaskClient, path: str, page: str = "", **data: Any) -> Any:
    """Open the page with the form (its own address, if no other), then send it."""
    token = makers._token(client.get(page or path).get_data(as_text=True))
    return client.post(path, data={**data, "csrf_token": token})


def letters(app: Flask, session: Session) -> list[CaughtMail]:
    """Every letter asked for so far, sent."""
    session.commit()
    for row_id in [row.id for row in session.query(Outbox).filter_by(topic="send_letter", state="pending")]:
        perform_wish(session, app.config["KABINET"], row_id)
    session.expire_all()
    return session.query(CaughtMail).order_by(CaughtMail.id).all()


def code_in(letter: CaughtMail) -> str:
    """The six figures of a letter with a code."""
    found = re.match(r"\d{6}", letter.subject)
    assert found is not None and found[0] in letter.body
    return found[0]
