"""The pages of renaming as an administrator uses them: steps, filters, suggestions, freeze, undo."""

import datetime as dt
import io
import re
from typing import Any

import pytest
import sqlalchemy as sa

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.services import renaming
from jobs import context
from tests import makers

OPEN = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
FROZEN = dt.datetime(2026, 11, 29, 10, tzinfo=dt.UTC)
TEXT = "0671234501; Марія\n0671234502; Ивaнов\n0509999999; Хто\n"


@pytest.fixture(autouse=True)
def on_an_open_day():
    with clock.standing_at(OPEN):
        yield


@pytest.fixture
def client(app: Any, session: Any) -> Any:
    """An administrator of a company with three subscribers, signed in."""
    account = makers.account(session)
    for n in (1, 2, 3):
        makers.subscriber(session, account, number=f"+38067123450{n}", name=f"Стара {n}")
    user = makers.user(session, "company_administrator", session.get_one(m.Company, account.company_id))
    session.commit()
    context.use(app)
    signed_in = makers.sign_in(app.test_client(), user)
    signed_in.who = user.username
    return signed_in


def again(client: Any) -> None:
    """Signed in anew: nine days later the sign-in of before has ended."""
    page = client.get("/login/").get_data(as_text=True)
    client.post("/login/", data=form(page, username=client.who, password=makers.PASSWORD))


def form(page: str, **fields: Any) -> dict[str, Any]:
    """Fields of the page's hidden inputs, and ours."""
    hidden = dict(re.findall(r'name="(csrf_token|form_key)" value="([^"]+)"', page))
    token = re.search(r'name="csrf[-_]token"[^>]*(?:value|content)="([^"]+)"', page)
    return {"csrf_token": token[1] if token else "", **hidden, **fields}


def send(client: Any, address: str, to: str, **fields: Any) -> Any:
    page = client.get(address).get_data(as_text=True)
    return client.post(to, data=form(page, **fields), follow_redirects=True)


def paste(client: Any, text: str = TEXT) -> tuple[str, str]:
    """The address and the page of a pasted list."""
    answer = send(client, "/my/rename/", "/my/rename/list", text=text)
    assert answer.status_code == 200
    return answer.request.path, answer.get_data(as_text=True)


@pytest.mark.covers("A1-12", "A1-37")
def test_a_pasted_list_goes_step_by_step_and_back_loses_nothing(client, session):
    address, page = paste(client)
    assert "Rename 2" in page and "Unknown number" in page and "Probably meant: «Иванов»" in page
    assert ">Back<" in page and "To the menu" in page
    number = address.rsplit("/", 1)[1]
    back = client.get(f"/my/rename/?back={number}").get_data(as_text=True)
    assert "0671234501; Марія" in back and "To the menu" in back
    only = client.get(f"{address}?want=unknown").get_data(as_text=True)
    assert '<td data-label="New name">Хто' in only and '<td data-label="New name">Марія' not in only
    taken = send(client, address, f"{address}/suggestions", take="1").get_data(as_text=True)
    assert "Suggested spelling" in taken
    running = send(client, address, f"{address}/apply").get_data(as_text=True)
    assert "data-job-url" in running and "Promised by" in running
    job_id = session.scalar(sa.select(m.Job.id).where(m.Job.name == "rename_apply"))
    session.remove()
    context.perform("job", [job_id])
    done = client.get(address).get_data(as_text=True)
    assert "Undo the list" in done and "Renamed" in done
    result = client.get(f"{address}/result")
    told = result.get_data(as_text=True)
    assert "Renamed.\r\n" in told and "Renamed, in the suggested spelling: «Иванов»." in told
    assert "There is no such number on your accounts" in result.get_data(as_text=True)
    names = client.get(f"/my/rename/names?list={number}").get_data(as_text=True)
    assert "Стара 2" in names and "Иванов" in names
    assert "Стара 1" in client.get("/my/rename/names").get_data(as_text=True)
    undone = send(client, address, f"{address}/undo").get_data(as_text=True)
    assert "Undo of an earlier list" in undone
    session.remove()
    context.perform("job", [job_id + 1])
    assert "Стара 1" in client.get("/my/subscribers/").get_data(as_text=True)
    assert "This list has been undone" in client.get(address).get_data(as_text=True)


def test_a_file_is_kept_for_back_and_may_be_read_with_other_columns(client):
    page = client.get("/my/rename/").get_data(as_text=True)
    content = "0671234501;Перша;0671234502\n0671234502;Друга;0671234501\n".encode()
    data = form(page, file=(io.BytesIO(content), "Список.csv"))
    answer = client.post("/my/rename/list", data=data, follow_redirects=True)
    address = answer.request.path
    assert "Rename 2" in answer.get_data(as_text=True)
    number = address.rsplit("/", 1)[1]
    assert "«Список.csv» of 2 lines is kept" in client.get(f"/my/rename/?back={number}").get_data(as_text=True)
    again = send(client, address, f"{address}/columns", number="2", name="1")
    assert again.request.path != address and "Rename 2" in again.get_data(as_text=True)
    wrong = send(client, address, f"{address}/columns", number="1", name="1").get_data(as_text=True)
    assert "Choose two different columns" in wrong


def test_a_list_that_cannot_be_read_says_why_and_keeps_the_text(client):
    answer = send(client, "/my/rename/", "/my/rename/list", text="тільки назва\nще одна")
    assert "A list has two columns" in answer.get_data(as_text=True)
    assert "тільки назва" in answer.get_data(as_text=True)
    assert "Paste the list first" in send(client, "/my/rename/", "/my/rename/list", text=" ").get_data(as_text=True)


def test_the_same_form_sent_twice_makes_one_list(client, session):
    page = client.get("/my/rename/").get_data(as_text=True)
    one, two = (client.post("/my/rename/list", data=form(page, text=TEXT)).location for _ in range(2))
    assert one == two and session.scalar(sa.select(sa.func.count()).select_from(m.RenameList)) == 1


@pytest.mark.covers("A1-14")
def test_the_page_says_before_the_upload_what_happens_in_the_freeze(client, session):
    assert "waits and is done on" in client.get("/my/rename/").get_data(as_text=True)
    with clock.standing_at(FROZEN):
        again(client)
        address, page = paste(client)
        assert "Rename 2 when it opens" in page
        waiting = send(client, address, f"{address}/apply").get_data(as_text=True)
        assert "begins by itself on" in waiting
        assert "No name was changed" in send(client, address, f"{address}/cancel").get_data(as_text=True)
    seller = session.scalars(sa.select(m.Seller)).one()
    session.add(m.Policy(seller_id=seller.id, kind="rename_freeze", settings={"queue": False}))
    session.commit()
    with clock.standing_at(FROZEN):
        page = client.get("/my/rename/").get_data(as_text=True)
        assert "by written application only" in page and "Dec 1, 2026" in page
        address, page = paste(client)
        assert "disabled" in page
        assert "by written application only" in send(client, address, f"{address}/apply").get_data(as_text=True)


@pytest.mark.covers("A1-14")
def test_the_page_of_a_list_a_freeze_cut_short_says_when_the_rest_begins(client, session, monkeypatch):
    monkeypatch.setattr("app.services.renaming.lists.PACK", 1)
    monkeypatch.setattr("app.services.renaming.lists.STEP", 1)
    address, _ = paste(client)
    send(client, address, f"{address}/apply")
    found = session.scalars(sa.select(m.RenameList)).one()
    system = Actor.system()
    renaming.apply_step(session, system, found.request_id, packs=1)
    session.commit()
    with clock.standing_at(FROZEN):
        again(client)
        job_id = found.job_id
        session.remove()
        context.perform("job", [job_id])
        page = client.get(address).get_data(as_text=True)
        page = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page))
        assert "1 of 3 lines are done" in page and "Leave the rest" in page and "Dec 1, 2026" in page
        assert "Waiting" in client.get("/my/rename/").get_data(as_text=True)
        ended = send(client, address, f"{address}/undo").get_data(as_text=True)
        assert "Undo of an earlier list" in ended and "waits for the end of the freeze" in ended
    assert names(session)[:2] == ["Марія", "Стара 2"]


def names(session):
    session.remove()
    return list(session.scalars(sa.select(m.Subscriber.name).order_by(m.Subscriber.number)))


@pytest.mark.covers("A1-12")
def test_a_renamed_name_of_mixed_letters_keeps_its_warning_on_the_page(client, session):
    address, _ = paste(client)
    send(client, address, f"{address}/apply")
    found = session.scalars(sa.select(m.RenameList)).one()
    renaming.apply_step(session, Actor.system(), found.request_id)
    session.commit()
    page = client.get(f"{address}?want=look_alike").get_data(as_text=True)
    assert "Renamed as written" in page and "Probably meant: «Иванов»" in page and "Марія" not in page


@pytest.mark.covers("A1-10", "A1-12")
def test_one_subscriber_is_found_by_any_part_and_renamed(client, session):
    found = client.get("/my/subscribers/find?q=34502").json["results"]
    assert [row["text"] for row in found] == ["+380671234502 · Стара 2"]
    assert client.get("/my/subscribers/find?q=ара 3").json["results"][0]["text"].endswith("Стара 3")
    address = f"/my/rename/one?subscriber={found[0]['id']}"
    doubtful = send(client, address, "/my/rename/one", subscriber=found[0]["id"], name="Ивaнов").get_data(as_text=True)
    assert "Probably meant: «Иванов»" in doubtful and "as I wrote it" in doubtful
    done = send(client, address, "/my/rename/one", subscriber=found[0]["id"], name="Иванов").get_data(as_text=True)
    assert "Undo the list" in done
    page = client.get(f"/my/subscribers/{found[0]['id']}").get_data(as_text=True)
    assert "Иванов" in page and "Стара 2" in page


def test_who_may_not_rename_gets_no_page(app, session, client):
    company = session.scalars(sa.select(m.Company)).first()
    user = makers.user(session, "company_accountant", company)
    session.commit()
    other = makers.sign_in(app.test_client(), user)
    assert other.get("/my/rename/").status_code == 403
    stranger = makers.user(session, "company_administrator", makers.company(session))
    session.commit()
    address, _ = paste(client)
    elsewhere = makers.sign_in(app.test_client(), stranger)
    for path in (address, f"{address}/result", f"/my/rename/names?list={address.rsplit('/', 1)[1]}"):
        assert elsewhere.get(path).status_code == 404


def test_pages_of_a_long_list_stay_within_eight_statements(app, session, client):
    company = session.scalars(sa.select(m.Company)).first()
    text = "".join(f"06712345{n % 100:02d};Назва {n}\n" for n in range(6000))
    address, _ = paste(client, text)
    applied, _ = paste(client)
    send(client, applied, f"{applied}/apply")
    running, _ = paste(client, "0671234503; Третя\n")
    send(client, running, f"{running}/apply")
    job = session.scalars(sa.select(m.Job.id).order_by(m.Job.id)).first()
    session.remove()
    context.perform("job", [job])
    assert company is not None
    done = "Undo the list" in client.get(applied).get_data(as_text=True)
    assert done and "data-job-url" in client.get(running).get_data(as_text=True)
    one = session.scalars(sa.select(m.Subscriber.id)).first()
    session.rollback()
    paths = ["/my/rename/", address, f"{address}?after=4000", f"{address}?want=unknown", "/my/rename/names"]
    paths += [applied, f"{applied}?want=done", running, f"/my/rename/names?list={applied.rsplit('/', 1)[1]}"]
    for path in [*paths, f"/my/rename/?back={address.rsplit('/', 1)[1]}", f"/my/rename/one?subscriber={one}"]:
        client.get(path)
        said: list[str] = []

        def watch(conn: Any, cursor: Any, statement: str, *rest: Any, said: list[str] = said) -> None:
            if not statement.startswith(("BEGIN", "SET LOCAL", "SELECT set_config")):  # how a transaction opens
                said.append(statement)

        engine = session.get_bind()
        session.remove()  # as a request of its own: nothing is known yet
        sa.event.listen(engine, "before_cursor_execute", watch)
        assert client.get(path).status_code == 200
        sa.event.remove(engine, "before_cursor_execute", watch)
        assert len(said) <= 8, (path, len(said), said)
    assert renaming.KIND == "rename"
