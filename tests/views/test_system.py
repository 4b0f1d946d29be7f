"""Health tells the truth; a person sees, stops, repeats and downloads their own background work, and nobody else's."""

import datetime as dt

import pytest

from app.core import clock
from app.models import Job
from app.services import work
from app.services.work import JobName
from app.views.security import actor_of
from tests import makers


@pytest.fixture
def office(app, session):
    return makers.user(session, "back_office")


@pytest.fixture
def client(app, session, office):
    session.commit()
    return makers.sign_in(app.test_client(), office)


def ordered(session, who, name=JobName.AUDIT, **params):
    job = work.order_job(session, actor_of(who), name, params, title="Close October")
    session.commit()
    return job


def csrf(client):
    page = client.get("/jobs/").get_data(as_text=True)
    return makers._token(page)


@pytest.mark.redis
def test_health_is_failing_until_every_worker_says_that_it_lives(app, redis_url):
    import redis

    answer = app.test_client().get("/health")
    assert answer.status_code == 503
    assert answer.json["database"]["ok"] is True
    assert answer.json["redis"]["ok"] is True
    assert answer.json["workers"] == {"ok": False, "alive": 0}
    redis.Redis.from_url(redis_url).set("kabinet:worker:one", 1)
    answer = app.test_client().get("/health")  # the other one is frozen or gone
    assert answer.status_code == 503 and answer.json["workers"] == {"ok": False, "alive": 1}
    redis.Redis.from_url(redis_url).set("kabinet:worker:two", 1)
    assert app.test_client().get("/health").status_code == 200


def test_health_without_redis_is_503_and_names_no_address(app):
    answer = app.test_client().get("/health")
    assert answer.status_code == 503
    assert answer.json["redis"] == {"ok": False}
    assert "redis.sock" not in answer.get_data(as_text=True)


@pytest.mark.redis
def test_health_tells_how_long_the_oldest_job_waits(app, session, office):
    job = ordered(session, office)
    job.created_at = clock.now() - dt.timedelta(seconds=90)
    session.commit()
    answer = app.test_client().get("/health").json
    assert 90 <= answer["oldest_waiting_job_seconds"] < 100 and answer["jobs"]["ok"]


@pytest.mark.redis
def test_health_fails_where_a_job_waits_too_long_and_not_where_it_was_put_back(app, session, office, redis_url):
    import redis

    for worker in ("one", "two"):
        redis.Redis.from_url(redis_url).set(f"kabinet:worker:{worker}", 1)
    job = ordered(session, office)
    job.created_at = clock.now() - dt.timedelta(minutes=61)
    session.commit()
    answer = app.test_client().get("/health")
    assert answer.status_code == 503 and answer.json["jobs"] == {"ok": False, "longest_wait_seconds": 3600}
    work.begin(session, job)
    work.set_back(session, job, dt.timedelta(minutes=5))
    session.commit()
    answer = app.test_client().get("/health")
    assert answer.status_code == 200 and answer.json["oldest_waiting_job_seconds"] == 0


def test_a_running_job_shows_its_bar_and_its_json(client, session, office):
    job = ordered(session, office)
    work.begin(session, job)
    work.report(session, job, 25, 100, "Invoices are being issued")
    session.commit()
    page = client.get(f"/jobs/{job.id}").get_data(as_text=True)
    assert f'data-job-url="/jobs/{job.id}/status"' in page
    told = client.get(f"/jobs/{job.id}/status").json
    assert (told["percent"], told["finished"], told["failed"]) == (25, False, False)
    assert told["text"] == "Invoices are being issued: 25 of 100"
    assert told["cancel_url"] == f"/jobs/{job.id}/cancel"


def test_a_job_is_cancelled_and_put_back(client, session, office):
    job = ordered(session, office)
    token = csrf(client)
    assert client.post(f"/jobs/{job.id}/cancel", data={"csrf_token": token}).status_code == 302
    assert client.get(f"/jobs/{job.id}/status").json["state"] == "cancelled"
    assert "Try again" in client.get(f"/jobs/{job.id}").get_data(as_text=True)
    client.post(f"/jobs/{job.id}/again", data={"csrf_token": token})
    assert client.get(f"/jobs/{job.id}/status").json["state"] == "queued"


def test_cancelling_by_a_get_or_without_a_token_does_nothing(client, session, office):
    job = ordered(session, office)
    assert client.get(f"/jobs/{job.id}/cancel").status_code == 405
    assert client.post(f"/jobs/{job.id}/cancel").status_code == 400
    assert client.get(f"/jobs/{job.id}/status").json["state"] == "queued"


def finished(session, job, **result):
    work.begin(session, job)
    work.finish(session, job, result)
    session.commit()


def test_the_result_is_downloaded_under_its_name(client, session, office, data_dir):
    job = ordered(session, office)
    folder = data_dir / "results" / str(job.id)
    folder.mkdir(parents=True)
    (folder / "invoices.csv").write_text("a;b\n")
    finished(session, job, file=f"results/{job.id}/invoices.csv", name="Рахунки 2026-10.csv")
    answer = client.get(f"/jobs/{job.id}/result")
    assert answer.data == b"a;b\n"
    assert "filename*=UTF-8''%D0%A0" in answer.headers["Content-Disposition"]
    assert client.get(f"/jobs/{job.id}/status").json["links"] == [
        {"label": "Download", "url": f"/jobs/{job.id}/result"}
    ]


@pytest.mark.parametrize("path", ["kabinet.db", "../secret", "results/../kabinet.db", "/etc/passwd"])
def test_nothing_but_a_result_is_ever_sent(client, session, office, path):
    job = ordered(session, office)
    finished(session, job, file=path, name="x")
    assert client.get(f"/jobs/{job.id}/result").status_code == 404


def test_a_job_leads_back_to_its_page_but_never_to_another_site(client, session, office):
    job = ordered(session, office, page="/office/billing/3")
    finished(session, job)
    assert client.get(f"/jobs/{job.id}/status").json["links"] == [
        {"label": "Back to where it was ordered", "url": "/office/billing/3"}
    ]
    bad = ordered(session, office, page="//evil.example/")
    finished(session, bad)
    assert client.get(f"/jobs/{bad.id}/status").json["links"] == []


@pytest.mark.parametrize("what", ["", "/status", "/result"])
def test_a_strangers_job_and_a_missing_one_are_both_not_there(app, session, office, what):
    job = ordered(session, office)
    company = makers.company(session)
    stranger = makers.user(session, "owner", company)
    session.commit()
    client = makers.sign_in(app.test_client(), stranger)
    for job_id in (job.id, 9999):
        assert client.get(f"/jobs/{job_id}{what}").status_code == 404
    for doing in ("cancel", "again"):
        assert client.post(f"/jobs/{job.id}/{doing}", data={"csrf_token": csrf(client)}).status_code == 404
    assert session.get(Job, job.id).state == "queued"


def test_a_company_sees_its_own_jobs_in_the_list(app, session, office):
    ordered(session, office)
    company = makers.company(session)
    owner = makers.user(session, "owner", company)
    session.commit()
    mine = work.order_job(session, actor_of(owner), JobName.CHARGE_REPORT, {}, title="Charges of October")
    session.commit()
    page = makers.sign_in(app.test_client(), owner).get("/jobs/").get_data(as_text=True)
    assert f"/jobs/{mine.id}" in page
    assert "Charges of October" in page
    assert "Close October" not in page


def test_strangers_are_sent_to_the_sign_in_page(app):
    assert app.test_client().get("/jobs/").status_code in (302, 401)
