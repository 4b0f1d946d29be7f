"""«Back»: FAB keeps whole addresses in the session cookie and goes where they lead; here only short own paths stay."""

from typing import Any

from flask import request, session
from flask_appbuilder.baseviews import BaseView

UPDATE_REDIRECT, GET_REDIRECT = BaseView.update_redirect, BaseView.get_redirect  # FAB's own, as they were
KEPT = 4
LONGEST = 300


def here() -> str:
    """The path and query of this request, without a host."""
    return request.full_path.rstrip("?")


def is_own(path: Any) -> bool:
    """Whether it leads nowhere but into this program."""
    return (
        isinstance(path, str)
        and path.startswith("/")
        and not path.startswith(("//", "/\\"))
        and not any(ord(sign) < 32 or sign == "\\" for sign in path)
    )


def remember(view: Any) -> None:
    """Note the page a person looks at (FAB's `update_redirect`)."""
    path = here()
    if request.method != "GET" or len(path) > LONGEST:
        return
    seen = [one for one in session.get("page_history", []) if is_own(one)]
    if not seen or seen[-1] != path:
        session["page_history"] = [*seen, path][-KEPT:]


def go_back(view: Any) -> str:
    """The page before this one, or the home page (FAB's `get_redirect`)."""
    seen = [one for one in session.get("page_history", []) if is_own(one)]
    while seen and seen[-1].partition("?")[0] == request.path:
        seen.pop()
    if seen and request.path == "/back":  # asked from the page on top: a form's «Cancel»
        seen.pop()
    session["page_history"] = seen
    return str(seen[-1] if seen else view.appbuilder.get_url_for_index)


def install() -> None:
    """Give every FAB view these two."""
    BaseView.update_redirect = remember
    BaseView.get_redirect = go_back
