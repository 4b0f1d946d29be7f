"""How many, as the reader writes it: thousands apart, in every sentence and figure of every page.

A sentence that says how many names it by one of COUNTS; an integer given under such a name is written with its
thousands apart, whoever says it: a template, a page or a refusal. Numbers that only name something («List No. 1234»)
have other names and stay as they are.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask
from flask_babel import format_decimal, get_locale
from jinja2 import pass_context

KEPT = 5_000  # sentences a process remembers: more than there are
COUNTS = frozenset(
    {"count", "num", "limit", "total", "most", "least", "done", "made", "ended", "left", "lines", "given", "waiting"}
)


def count(value: Any) -> Any:
    """12345 as «12 345»; what is no integer as it is."""
    return format_decimal(value, "#,##0;−#,##0") if type(value) is int else value


def counted(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a sentence, those that say how many as the reader writes them."""
    return {name: count(value) if name in COUNTS else value for name, value in values.items()}


def install(app: Flask) -> None:
    """Let templates write counts so: the filter «count», and the values of their sentences."""
    app.jinja_env.filters["how_many"] = count
    for name, numbers in (("gettext", 0), ("ngettext", 1)):
        app.jinja_env.globals[name] = _counting(app.jinja_env.globals[name], numbers)  # type: ignore[arg-type]


def _counting(say: Callable[..., str], numbers: int) -> Callable[..., str]:
    kept: dict[Any, str] = {}  # sentences that nothing is filled into, by language

    @pass_context
    def said(context: Any, *texts: Any, **values: Any) -> str:
        if not values and not numbers and len(texts) == 1:
            key = (get_locale(), texts[0], context.eval_ctx.autoescape)
            found = kept.get(key)
            if found is None:
                found = say(context, *texts)
                if len(kept) < KEPT:
                    kept[key] = found
            return found
        if numbers:
            values.setdefault("num", texts[-1])
        return say(context, *texts, **counted(values))

    return said
