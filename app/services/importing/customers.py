"""Lines of customers: each becomes a company, its payer and account, and what it is charged for."""

from collections.abc import Sequence
from typing import Any

from app.core.errors import N_
from app.services.importing import parties, subscribers, subscriptions
from app.services.importing.opening import Entry
from app.services.importing.work import Work

OTHERS_NUMBER = N_("The subscriber %(number)s belongs to the customer %(code)s. Correct one of the two.")


def apply(work: Work, entries: Sequence[Entry]) -> None:
    """Write lines of customers; a line that does not agree with what is known is refused whole."""
    lines = [entry.things[0] for entry in entries]
    known = parties.look_up(work, lines)
    numbers = subscribers.look_up(work, [line.values.get("subscriber_number", "") for line in lines])
    plans = subscriptions.Plans(work)
    plans.look_up([line.values["plan"] for line in lines if line.values.get("plan")])
    owners: dict[tuple[str, str], str] = {}
    good = [entry for entry in entries if _accepts(work, known, numbers, plans, entry, owners)]
    placed = parties.place(work, known, good)
    named = [_named(one) for one in placed if one.line.values.get("subscriber_number")]
    ids = subscribers.write(work, numbers, named)
    wants = []
    for one in placed:
        work.mark(one.line.number, "unchanged")
        if subscriptions.wants_subscription(one.line.values, one.line.services):
            subscriber_id = ids.get(one.line.values.get("subscriber_number", ""))
            wants.append(
                subscribers.want_of(work, one.line, one.company_id, one.account_id, one.currency, subscriber_id)
            )
    subscriptions.apply(work, plans, [want for want in wants if want])


def _accepts(
    work: Work,
    known: parties.Known,
    numbers: dict[str, Any],
    plans: subscriptions.Plans,
    entry: Entry,
    owners: dict[tuple[str, str], str],
) -> bool:
    line = entry.things[0]
    found = line.values
    number = found.get("subscriber_number", "")
    row = numbers.get(number)
    if row is not None and row.code != found["company_code"] and subscribers.is_free(work, line.number, row):
        row = None
    if line.number in work.refused:
        return False
    code = row.code if row is not None else owners.setdefault(("", number), found["company_code"])
    if number and code != found["company_code"]:
        work.refuse(line.number, OTHERS_NUMBER, number=number, code=code)
        return False
    account = known.accounts.get(found.get("account_number", ""))
    currency = account["currency"] if account else parties.currency_of(work, line)
    return (
        subscriptions.is_fine(work, line.number, found)
        and plans.accepts(line.number, found.get("plan", ""), currency, found.get("monthly_charge"))
        and parties.check(work, known, line, owners)
    )


def _named(one: parties.Placed) -> subscribers.Named:
    found = one.line.values
    number = found["subscriber_number"]
    return subscribers.Named(one.line.number, one.company_id, one.account_id, "", number, found.get("subscriber_name"))
