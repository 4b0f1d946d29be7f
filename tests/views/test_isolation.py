"""Nothing of one company is ever visible to, or changed by, another: every rule × method × person (T1–T6, T11, T29)."""

import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from app import create_app
from app.access import permissions, tenancy
from app.access.roles import RIGHTS, STAFF, Role
from app.extensions import db, only_reading
from tests.conftest import settings_at
from tests.views import world
from tests.views.crawler import APART, Ask, Crawler, Findings, address, page_of, settled

COMPANY_ROLES = [r for r in Role if r not in STAFF]
GOLDEN = Path(__file__).with_name("permissions_golden.txt")


def shared_out(roles: Any, name: str = "isolation", slow: bool = True) -> list[Any]:
    """These people as parameters, in groups that go to different workers."""
    marks = [pytest.mark.slow] if slow else []
    at = pytest.mark.xdist_group
    return [pytest.param(r, marks=[*marks, at(f"{name}-{n % 3}")], id=str(r)) for n, r in enumerate(roles)]


class Stage:
    """An app over a world of two companies, its database watched and put back after each hole."""

    counts_commits = True  # SQLite's version changes with a commit; PostgreSQL's with any transaction that wrote

    def __init__(self, app: Flask, monitor: sa.Engine, keep: Any, put_back: Any, version: Any) -> None:
        self.app, self.monitor, self.put_back, self.version, self._keep = app, monitor, put_back, version, keep
        self.world: world.World
        with app.app_context(), tenancy.seeing(tenancy.EVERYONE):
            self.world = world.build(db.session())
            db.session.commit()
            db.session.remove()
        self.keep()

    def keep(self) -> None:
        """What is there now is how it is put back."""
        self._keep()
        with self.look() as connection:
            self.before = {owner: world.rows_of(connection, owner) for owner in (world.A, world.B)}

    @contextmanager
    def look(self) -> Iterator[sa.Connection]:
        """A connection that only reads, past every wall."""
        token = only_reading.set(True)
        with self.monitor.connect() as connection:
            yield connection
        only_reading.reset(token)

    def crawler(self, role: str | None, found: Findings) -> Crawler:
        """A signed-in person; None is a stranger to all, «stranger» an owner of company B aiming at company A."""
        mine, theirs = (world.B, world.A) if role == "stranger" else (world.A, world.B)
        crawler = Crawler(self.app, self.monitor, role or "anonymous", mine, theirs, found)
        if role:
            crawler.sign_in(self.world.stranger if role == "stranger" else self.world.people[role])
            self.keep()  # with the traces of signing in
        return crawler


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("isolation")
    file, kept = folder / "kabinet.db", folder / "kept.db"
    shutil.copy(sqlite_template, file)
    app = create_app(settings_at(folder))
    monitor = sa.create_engine(f"sqlite:///{file}", poolclass=sa.NullPool)
    watching = sqlite3.connect(file, check_same_thread=False)

    def copy(source: Path, target: Path) -> None:
        with closing(sqlite3.connect(source)) as read, closing(sqlite3.connect(target)) as written:
            read.backup(written)

    def version() -> int:
        return watching.execute("PRAGMA data_version").fetchone()[0]

    yield Stage(app, monitor, lambda: copy(file, kept), lambda: copy(kept, file), version)
    watching.close()


def crawl(stage: Stage, role: str | None, found: Findings) -> None:
    """Every rule and method as one person: READ, WRITE, CROSSLINK, ORACLE, XSS, and no answer of 500."""
    crawler = stage.crawler(role, found)
    blind = role is None or role in COMPANY_ROLES or role == "stranger"
    for rule, method in crawler.rules():
        for ask in crawler.asks(rule, method, crawler.theirs):
            _one(stage, crawler, ask, blind, found)
        if blind and rule.arguments:
            _oracle(stage, crawler, rule, method, found)


def _one(stage: Stage, crawler: Crawler, ask: Ask, blind: bool, found: Findings) -> Any:
    before = stage.version()
    answer = crawler.send(ask)
    if blind and (leak := crawler.leaks(answer)):
        found.hole("READ", crawler.who, ask, leak)
    if answer.mimetype == "text/html" and "<zz-xss" in answer.get_data(as_text=True):
        found.hole("XSS", crawler.who, ask)
    if stage.version() != before:
        _look_for_writes(stage, crawler, ask, blind, found)
    return answer


def _look_for_writes(stage: Stage, crawler: Crawler, ask: Ask, blind: bool, found: Findings) -> None:
    with stage.look() as connection:
        now = {owner: world.rows_of(connection, owner) for owner in (world.A, world.B)}
        changed = {t for owner, rows in now.items() for t in rows if rows[t] != stage.before[owner][t]}
        # A file is rendered when it is first asked for, and kept; a GET of any other page keeps nothing.
        kept = {"document_file"} if "/file/" in ask.rule else set()
        if ask.method == "GET" and (changed - kept or (stage.counts_commits and not kept)):
            found.hole("GET WRITES", crawler.who, ask, " ".join(sorted(changed)))
        if blind and now[crawler.theirs] != stage.before[crawler.theirs]:
            found.hole("WRITE", crawler.who, ask)
        for link in world.crosslinks(connection, crawler.mine, crawler.theirs) if blind else ():
            found.hole("CROSSLINK", crawler.who, ask, link)
    if changed or stage.counts_commits:
        stage.put_back()


def _oracle(stage: Stage, crawler: Crawler, rule: Any, method: str, found: Findings) -> None:
    """A stranger's thing is answered as one that is not there."""
    body = None if method == "GET" else {"csrf_token": crawler.token}
    answers = []
    for ids in (crawler.theirs, world.NOBODY):
        ask = Ask(rule.rule, rule.endpoint, method, address(rule, ids), body)
        before = stage.version()
        answers.append(settled(crawler.send(ask), ids))
        if stage.version() != before:
            stage.put_back()
    if answers[0] != answers[1]:
        found.hole("ORACLE", crawler.who, ask, " | ".join(a[:60] for a in answers))


def finish(found: Findings, stage: Stage, started: float, what: str) -> None:
    seconds = time.monotonic() - started
    pairs, holes = len(found.pairs), len(found.holes)
    print(f"{what}: {pairs} rule×method pairs, {found.requests} requests, {seconds:.0f} s, {holes} holes")  # noqa: T201
    assert not found.holes, "\n".join(found.holes[:60])


@pytest.mark.covers("AST-026", "AST-031")
@pytest.mark.parametrize("role", shared_out([None, *COMPANY_ROLES, "stranger"]))
def test_nobody_sees_or_changes_another_companys_things(stage: Stage, role: Any) -> None:
    found, started = Findings(), time.monotonic()
    crawl(stage, role, found)
    every = {(r.rule, m) for r, m in stage.crawler(None, Findings()).rules()}
    assert found.pairs == every
    finish(found, stage, started, f"{role or 'anonymous'}")


@pytest.mark.parametrize("role", shared_out(sorted(STAFF)))
def test_staff_meet_no_fault_no_payload_and_no_get_that_writes(stage: Stage, role: str) -> None:
    found, started = Findings(), time.monotonic()
    crawl(stage, role, found)
    finish(found, stage, started, role)


# -- who may open what --------------------------------------------------------------------------------------------


def guard_of(app: Flask, endpoint: str) -> tuple[str, tuple[str, ...]]:
    """The side of a page and the rights it asks for; AssertionError where it says nothing."""
    if endpoint in ("static", "appbuilder.static"):
        return "all", ()
    function = app.view_functions[endpoint]
    view, _ = page_of(app, endpoint)
    side = getattr(view, "side", "both")
    if getattr(function, "_open_to_all", False) or endpoint.lower().endswith("health"):
        return "all", ()
    if getattr(function, "_needs", None):
        return side, tuple(str(r) for r in function._needs)
    if getattr(function, "_needs_one", None):
        return side, ("|".join(str(r) for r in function._needs_one),)
    if getattr(function, "_for_signed_in", False) or endpoint in ("UtilView.back", "HomeView.index"):
        return side, ()
    method = endpoint.rsplit(".", 1)[-1]
    if hasattr(function, "_permission_name"):
        right = permissions.right_of(f"can_{view.get_method_permission(method)}", view.class_permission_name)
        if method in ("action", "action_post"):  # each action asks for its own right; all of them stand below
            named = sorted({view.get_action_permission_name(n) for n in view.actions})
            rights = [permissions.right_of(n, view.class_permission_name) for n in named]
            return side, tuple(str(r) for r in rights if r)
        assert right is not None, f"{endpoint}: no Right"
        extra = (str(permissions.Right.EXPORTS_RUN),) if method == "export" and side == "office" else ()
        return side, (str(right), *extra)
    raise AssertionError(f"{endpoint} says neither whom it is for nor which right it needs")


def roles_for(side: str, rights: tuple[str, ...]) -> list[str]:
    """Who gets in."""
    found = []
    for role in Role:
        if (side == "office" and role not in STAFF) or (side == "cabinet" and role in STAFF):
            continue
        held = {str(r) for r in RIGHTS[role]}
        if all(held & set(right.split("|")) for right in rights):
            found.append(role.value)
    return found


def permission_lines(app: Flask) -> list[str]:
    lines = []
    for rule in sorted(app.url_map.iter_rules(), key=lambda r: (r.rule, sorted(r.methods or []))):
        side, rights = guard_of(app, rule.endpoint)
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        who = "everybody" if side == "all" else " ".join(roles_for(side, rights)) or "nobody"
        lines.append(f"{methods:9} {rule.rule:60} {side:8} {'+'.join(rights) or '-':45} {who}")
    return lines


def test_every_rule_says_whom_it_is_for(stage: Stage) -> None:
    """The golden file: a right given, taken, or forgotten shows as a changed line. Write it anew after reading the
    difference: KABINET_WRITE_GOLDEN=1 pytest tests/views/test_isolation.py -k whom_it_is_for"""
    lines = permission_lines(stage.app)
    if os.environ.get("KABINET_WRITE_GOLDEN"):
        GOLDEN.write_text("\n".join(lines) + "\n", encoding="utf-8")
    known = GOLDEN.read_text(encoding="utf-8").splitlines()
    assert lines == known, "\n".join(sorted(set(lines) ^ set(known)))


@pytest.mark.parametrize("role", [r.value for r in Role])
def test_the_golden_file_tells_the_truth(stage: Stage, role: str) -> None:
    """Who the file lets in gets in, and who it does not gets 403 or 404."""
    crawler = stage.crawler(role, Findings())
    wrong = []
    for rule, method in crawler.rules():
        side, rights = guard_of(stage.app, rule.endpoint)
        may = side == "all" or role in roles_for(side, rights)
        body = None if method == "GET" else {"csrf_token": crawler.token}
        before = stage.version()
        ask = Ask(rule.rule, rule.endpoint, method, address(rule, world.A), body)
        status = crawler.send(ask).status_code
        if stage.version() != before:
            stage.put_back()
        if may and status == 403 or not may and status not in (403, 404):
            wrong.append(f"{ask} {status} though {role} {'may' if may else 'may not'}")
    assert not wrong, "\n".join(wrong)


# -- every answer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [None, "administrator", "owner"], ids=str)
def test_every_answer_carries_the_headers(stage: Stage, role: str | None) -> None:
    crawler = stage.crawler(role, Findings())
    bare = []
    for rule, method in crawler.rules():
        ask = Ask(rule.rule, rule.endpoint, method, address(rule, world.NOBODY), None if method == "GET" else {})
        headers = crawler.send(ask).headers
        csp = headers.get("Content-Security-Policy", "")
        good = (
            re.search(r"script-src 'self' 'nonce-[\w-]{20,}'", csp)
            and "frame-ancestors 'none'" in csp
            and "unsafe-inline" not in csp.split("style-src")[0]
            and headers.get("X-Content-Type-Options") == "nosniff"
            and headers.get("Referrer-Policy")
            and (headers.get("Cache-Control") == "no-store" or rule.endpoint in ("static", "appbuilder.static"))
        )
        if not good:
            bare.append(str(ask))
    assert not bare, bare


def test_nothing_is_changed_without_the_token_of_a_form(stage: Stage) -> None:
    """Every method that may write refuses a request without its CSRF token, for whoever is signed in."""
    for role in ("administrator", "owner"):
        crawler = stage.crawler(role, Findings())
        open_doors = []
        for rule, method in crawler.rules():
            if method == "GET":
                continue
            answer = crawler.client.open(address(rule, world.A), method=method, data={"x": "1"})
            side, _ = guard_of(stage.app, rule.endpoint)
            if answer.status_code not in (400, 403, 404) and side != "all":
                open_doors.append(f"{method} {rule.rule}: {answer.status_code}")
        assert not open_doors, open_doors


def test_what_is_left_out_of_the_crawl_is_tested_by_itself() -> None:
    assert {name.split(".")[0] for name in APART} == {"SignInView", "ProfilePage"}
