"""The crawler of `reliability.md` §3c: every rule × method of the program, as one person, at one company's ids.

It makes everything itself: rules from `app.url_map`, names of parameters from the source of the pages and from the
forms a person sees, ids from `world`. What it cannot make is an error of the rule, not a silence.
"""

import functools
import hashlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.views import world

# Words for the places of addresses that are not ids. A rule with another one fails until its word stands here.
WORDS = {
    "filename": "kabinet.css",
    "locale": "en",
    "fmt": "csv",
    "format": "pdf",
    "name": "no-such-action",
    "month": "2026-10",
    "kind": "invoice",
    "topic": "x",
    "token": "x",
    "gateway": "sandbox",
    "state": "active",
    "number": "qz",
    "path": "x",
    "step": "1",
    "year": "2026",
    "section": "x",
    "sha256": "0" * 64,
    "digest": "0" * 64,
    "code": "x",
    "currency": "UAH",
    "what": "x",
}
# Ended sessions and changed passwords would stop the crawl: their own tests are in test_signing_in.
APART = {"SignInView.logout", "ProfilePage.sign_out_everywhere"}
IDS = re.compile(
    r"(^|_)(id|ids|pk|pks|rowid)$|^(account|accounts|company|payer|subscriber|subscribers|document|documents"
    r"|invoice|invoices|subscription|subscriptions|ticket|user|contract|payment|charge|order|cart|item|job"
    r"|row|rows|seat|seats|request|requests|plan|component|method)s?$"
)
READS = re.compile(r"(?:args|form|values|files)\s*(?:\.get(?:list)?\(|\[)\s*[\"']([\w.-]+)[\"']")


@dataclass
class Ask:
    """One request."""

    rule: str
    endpoint: str
    method: str
    path: str
    body: dict[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}" + (f" {sorted(self.body)}" if self.body else "")


@dataclass
class Findings:
    """What a crawl saw."""

    requests: int = 0
    pairs: set[tuple[str, str]] = field(default_factory=set)
    statuses: dict[tuple[str, str], set[int]] = field(default_factory=dict)
    holes: list[str] = field(default_factory=list)

    def hole(self, kind: str, who: str, ask: Ask, note: str = "") -> None:
        self.holes.append(f"{kind} {who}: {ask} {note}".strip())


class Forms(HTMLParser):
    """The forms of a page: action → fields with the values they hold."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self._now: dict[str, str] | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {key: value or "" for key, value in attrs}
        if tag == "form":
            self._now = {}
            if at.get("method", "get").lower() == "post":
                self.forms.append((at.get("action", ""), self._now))
        elif self._now is not None and at.get("name"):
            if tag in ("input", "textarea", "button"):
                self._now[at["name"]] = at.get("value", "")
            elif tag == "select":
                self._select = at["name"]
                self._now[self._select] = ""
        elif tag == "option" and self._now is not None and self._select and not self._now[self._select]:
            self._now[self._select] = at.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._now = None
        elif tag == "select":
            self._select = ""


def token_of(page: str) -> str:
    found = re.search(r'name="csrf-token" content="([^"]+)"', page) or re.search(
        r'name="csrf_token"[^>]*value="([^"]+)"', page
    )
    return found[1] if found else ""


def page_of(app: Flask, endpoint: str) -> tuple[Any, Any]:
    function = app.view_functions[endpoint]
    return getattr(function, "__self__", None), inspect.unwrap(getattr(function, "__func__", function))


def params_of(app: Flask, endpoint: str) -> list[str]:
    """Names a page reads from its query or form: from the source of its class (of the function where it has none)."""
    view, function = page_of(app, endpoint)
    own = (c for c in type(view).__mro__ if c.__module__.startswith(("app.views", "tests.")))
    return _names_read(tuple(own) if view is not None else (function,))


@functools.cache
def _names_read(own: tuple[Any, ...]) -> list[str]:
    source = ""
    for one in own:
        if getattr(one, "__name__", "") in ("OfficeView", "KabinetPage", "OfficePage", "CabinetPage"):
            continue
        try:
            source += inspect.getsource(one)
        except (OSError, TypeError):
            continue
    return list(dict.fromkeys(READS.findall(source)))


def address(rule: Rule, ids: int) -> str:
    """The rule's path with every place filled; KeyError names a place nobody gave a word."""
    values: dict[str, Any] = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        if type(converter).__name__ == "IntegerConverter" or IDS.search(name):
            values[name] = ids
        elif hasattr(converter, "items"):
            values[name] = sorted(converter.items)[0]
        elif name == "col":
            values[name] = "company"
        else:
            values[name] = WORDS[name]
    built = rule.build(values, append_unknown=False)
    if built is None:
        raise KeyError(rule.rule)
    return built[1]


class Crawler:
    """One person's walk. `theirs` are the ids of the company whose things must not be seen."""

    def __init__(self, app: Flask, monitor: sa.Engine, who: str, mine: int, theirs: int, found: Findings) -> None:
        self.app, self.monitor, self.who = app, monitor, who
        self.mine, self.theirs, self.found = mine, theirs, found
        self.client: FlaskClient = app.test_client()
        self.token = ""

    # -- people

    def sign_in(self, username: str) -> None:
        from tests import makers

        page = self.client.get("/login/").get_data(as_text=True)
        data = {"username": username, "password": makers.PASSWORD, "csrf_token": token_of(page)}
        assert self.client.post("/login/", data=data).status_code == 302, f"{username} cannot sign in"
        if self.client.get("/profile/").status_code == 302:  # a new version of the agreement is asked for first
            token = token_of(self.client.get("/my/agreement/").get_data(as_text=True))
            self.client.post("/my/agreement/later", data={"csrf_token": token})
        self.token = token_of(self.client.get("/profile/").get_data(as_text=True))
        assert self.token, self.client.get("/profile/").location

    # -- what to ask

    def rules(self) -> Iterator[tuple[Rule, str]]:
        for rule in sorted(self.app.url_map.iter_rules(), key=lambda r: r.rule):
            if rule.endpoint in APART:
                continue
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method

    def asks(self, rule: Rule, method: str, ids: int) -> Iterator[Ask]:
        """Requests of one rule and method aimed at `ids`."""
        names = params_of(self.app, rule.endpoint)
        query = "&".join(f"{n}={ids if IDS.search(n) else 'x'}" for n in names)
        for at in dict.fromkeys((ids, self.mine) if rule.arguments else (ids,)):
            path = address(rule, at)
            if method == "GET":
                yield Ask(rule.rule, rule.endpoint, method, path)
                if query:
                    yield Ask(rule.rule, rule.endpoint, method, f"{path}?{query}")
                continue
            for body in self.bodies(rule, path, names, ids):
                yield Ask(rule.rule, rule.endpoint, method, path, body)

    def bodies(self, rule: Rule, path: str, names: list[str], ids: int) -> Iterator[dict[str, Any]]:
        """Bodies aimed at `ids`: every name the page reads and some nobody offers; forms as this person sees them."""
        planted = {
            "company_id": ids,
            "id": ids,
            "account_id": ids,
            "total": "1",
            "amount": "1.00",
            "roles": "administrator",
        }
        read = {n: (ids if IDS.search(n) else "1") for n in names}
        yield {**planted, **read, "rowid": ids, "action": "delete", "csrf_token": self.token}
        if "GET" not in (rule.methods or set()):
            return
        page = self.client.get(path)
        if page.status_code != 200 or page.mimetype != "text/html":
            return
        seen = Forms()
        seen.feed(page.get_data(as_text=True))
        for action, fields in seen.forms:
            if action in ("", path) or action.split("?")[0] == path:
                aimed = {n: (ids if IDS.search(n) and n != "id" else v or "1") for n, v in fields.items()}
                yield {**planted, **aimed, "csrf_token": self.token}

    # -- asking

    def send(self, ask: Ask) -> Any:
        self.found.requests += 1
        self.found.pairs.add((ask.rule, ask.method))
        answer = self.client.open(ask.path, method=ask.method, data=ask.body)
        self.found.statuses.setdefault((ask.rule, ask.method), set()).add(answer.status_code)
        if answer.status_code >= 500 and ask.rule != "/health":  # which says 503 where Redis is away
            self.found.hole("BROKEN", self.who, ask, str(answer.status_code))
        return answer

    def leaks(self, answer: Any) -> str:
        """Which of their canaries stands in the answer."""
        raw = answer.get_data()
        text = raw.decode("utf-8", "replace")
        if world.MARK[self.theirs] in text:
            return "canary"
        if self.theirs == world.B and world.AMOUNT_OF_B.search(text):
            return "amount"
        return ""


def settled(answer: Any, ids: int) -> str:
    """An answer without what differs by itself: the id asked for, tokens, nonces."""
    text = answer.get_data(as_text=True).replace(str(ids), "ID")
    text = re.sub(r'(nonce|value|content)="[^"]{16,}"', r"\1", text)
    text = re.sub(r"[0-9a-f]{8}(?=</p>)", "", text)
    text = hashlib.md5(text.encode()).hexdigest()
    return f"{answer.status_code} {answer.headers.get('Location', '').replace(str(ids), 'ID')} {text}"
