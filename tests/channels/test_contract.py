"""Every channel keeps one contract: it has sent, or it raises ChannelError; sending twice is one message."""

import base64
import email
import email.policy
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from app.channels.base import Attachment, ChannelError, Message
from app.channels.registry import PATHS, mail_channel, open_channel
from app.models import CaughtMail, Notice, User

PDF = Attachment("Счёт № 7.pdf", "application/pdf", b"%PDF-1.4 not really")


class Mailbox:
    """A stand-in mail server with a mood."""

    def __init__(self):
        self.letters, self.answer = [], "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answer.startswith("2"):
            self.letters.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return self.answer


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def smtp(mailbox):
    controller = Controller(mailbox, hostname="127.0.0.1", port=0)
    controller.port = _free_port()
    controller.start()
    yield f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


def _free_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture
def user(session):
    user = User(username="olga", first_name="Olga", last_name="", email="olga@example.test", active=True)
    session.add(user)
    session.flush()
    return user


def message(user, **more):
    values = {
        "message_id": "<document-7@kabinet.example>",
        "recipient": "buh@orion.example",
        "subject": "Счёт № 7 от 31.10.2026",
        "body": "Здравствуйте!\nСчёт во вложении.",
        "sender": "kabinet@example.test",
        "attachments": (PDF,),
        "user_id": user.id,
    }
    return Message(**{**values, **more})


class Gateway:
    """A stand-in gateway of short messages: it keeps what came, by id, and answers as it is told."""

    def __init__(self):
        self.messages, self.tokens, self.status = {}, set(), 200
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                gateway.tokens.add(self.headers.get("Authorization"))
                if gateway.status == 200:
                    gateway.messages[said["id"]] = said
                self.send_response(gateway.status)
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://token@127.0.0.1:{self.server.server_port}/send"


@pytest.fixture
def sms():
    gateway = Gateway()
    yield gateway
    gateway.server.shutdown()
    gateway.server.server_close()


PHONES = ("phone", "caught_phone")


def fitting(name, user, **more):
    """A message this channel can carry."""
    spoken = {"recipient": "+380671234567", "subject": "sms", "attachments": ()} if name in PHONES else {}
    return message(user, **{**spoken, **more})


@pytest.mark.parametrize("name", sorted(PATHS))
def test_each_channel_sends_and_can_be_asked_twice(name, session, user, smtp, sms):
    channel = open_channel(name, session, sms.url if name == "phone" else smtp)
    assert channel.name == name
    channel.send(fitting(name, user))
    channel.send(fitting(name, user))
    caught = session.scalar(sa.select(sa.func.count()).select_from(CaughtMail))
    assert caught == (1 if name in ("caught", "caught_phone") else 0)
    assert len(sms.messages) == (1 if name == "phone" else 0)
    assert session.scalar(sa.select(sa.func.count()).select_from(Notice)) == (1 if name == "in_app" else 0)


@pytest.mark.parametrize("name", sorted(PATHS))
def test_each_channel_refuses_nobody_for_good(name, session, user, smtp):
    with pytest.raises(ChannelError) as refusal:
        open_channel(name, session, smtp).send(message(user, recipient="", user_id=None))
    assert refusal.value.permanent


@pytest.mark.parametrize(("status", "permanent"), [(503, False), (429, False), (400, True)])
def test_the_telephone_gateways_answer_says_whether_to_try_again(session, user, sms, status, permanent):
    sms.status = status
    with pytest.raises(ChannelError) as error:
        open_channel("phone", session, sms.url).send(fitting("phone", user))
    assert error.value.permanent is permanent and sms.tokens == {"Bearer token"}


def test_an_unknown_channel_is_refused_and_configuration_may_add_one(session):
    with pytest.raises(ChannelError, match="pigeon"):
        open_channel("pigeon", session)
    assert open_channel("pigeon", session, more={"pigeon": "app.channels.log:LogChannel"}).name == "log"


def test_cyrillic_subject_and_file_name_arrive(session, user, smtp, mailbox):
    mail_channel(session, smtp).send(message(user))
    [letter] = mailbox.letters
    assert letter["Subject"] == "Счёт № 7 от 31.10.2026"
    assert letter["Message-ID"] == "<document-7@kabinet.example>"
    [file] = letter.iter_attachments()
    assert file.get_filename() == "Счёт № 7.pdf"
    assert base64.b64encode(file.get_content()) == base64.b64encode(PDF.content)
    assert letter.get_body().get_content().startswith("Здравствуйте!")


def test_a_line_break_in_a_name_starts_no_header(session, user, smtp, mailbox):
    mail_channel(session, smtp).send(message(user, subject="Act\r\nBcc: thief@example.test"))
    assert mailbox.letters[0]["Bcc"] is None


@pytest.mark.parametrize(("answer", "permanent"), [("451 later", False), ("550 no such mailbox", True)])
def test_the_servers_answer_says_whether_to_try_again(session, user, smtp, mailbox, answer, permanent):
    mailbox.answer = answer
    with pytest.raises(ChannelError) as error:
        mail_channel(session, smtp).send(message(user))
    assert error.value.permanent is permanent


def test_a_server_that_is_down_is_worth_another_try(session, user):
    with pytest.raises(ChannelError) as error:
        mail_channel(session, f"smtp://127.0.0.1:{_free_port()}").send(message(user))
    assert not error.value.permanent


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "кто то@example.test\r\nBcc: x@example.test"])
def test_what_is_no_address_is_refused_for_good(session, user, address):
    with pytest.raises(ChannelError) as error:
        mail_channel(session, "").send(message(user, recipient=address))
    assert error.value.permanent


def test_without_a_server_mail_is_caught_with_its_files_named(session, user):
    mail_channel(session, "").send(message(user))
    [caught] = session.scalars(sa.select(CaughtMail)).all()
    assert caught.attachments[0]["name"] == "Счёт № 7.pdf"
    assert caught.attachments[0]["size"] == len(PDF.content)
