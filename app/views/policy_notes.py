"""What a policy says beforehand on the pages it touches: one sentence and how loud it is (`kb.alert`)."""

import datetime as dt

from flask_babel import gettext

from app.rules import policies
from app.rules.policies import Policy, PolicyKind
from app.views import cells


def window_note(policy: Policy, today: dt.date) -> tuple[str, str]:
    """The closed window that holds today or comes next: (sentence, tone of `kb.alert`); empty where there is none."""
    window = policies.next_window(policy, today)
    if window is None:
        return "", "info"
    span = {
        "first": cells.day(window.start),
        "last": cells.day(window.last_day),
        "opens": cells.day(policies.opens_on(policy, window.start)),
    }
    waits = policy.kind is PolicyKind.RENAME_FREEZE and policy["queue"]
    if today in window:
        return (_queued(span) if waits else gettext(policies.CLOSED[policy.kind]) % span), "warning"
    if policy.kind is PolicyKind.INVOICE_CLOSED_WINDOW:
        text = gettext(
            "From %(first)s to %(last)s invoices are being formed and cannot be ordered; from %(opens)s they can.",
            **span,
        )
        return text, "info"
    if waits:
        return _queued(span), "info"
    return gettext("From %(first)s to %(last)s subscribers are not renamed here; from %(opens)s they are.", **span), (
        "info"
    )


def _queued(span: dict[str, str]) -> str:
    return gettext(
        "What is asked for from %(first)s to %(last)s, the last days of the month, waits and is done on %(opens)s.",
        **span,
    )
