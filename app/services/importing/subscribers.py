"""Subscriber numbers and names on accounts: made, renamed with their history, never taken from another customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.core import clock
from app.core.errors import N_
from app.imports.lines import ImportLine
from app.models import Account, Company, Subscriber, SubscriberName
from app.rules.lifecycle import SubscriberState
from app.services import numbers
from app.services.importing import parties, subscriptions
from app.services.importing.opening import Entry
from app.services.importing.work import Work, insert_all, rows_in, update_all

OTHERS_NUMBER = N_("The number %(number)s is on the account %(account)s. Correct one of the two.")
NO_ACCOUNT = N_("There is no account «%(number)s». Import its customer first, or correct the number.")
NO_COMPANY = N_("There is no customer «%(code)s» with an account. Import the customer first, or correct the code.")
SEVERAL_ACCOUNTS = N_("The customer «%(code)s» has several accounts. Add a column with the account's number.")


@dataclass
class Named:
    """A number with its name, for an account, as a line says it."""

    line: int
    company_id: int
    account_id: int
    account_number: str
    number: str
    name: str | None


def check(work: Work, known: Mapping[str, Any], named: Named) -> bool:
    """Whether the number is free or already on the account; refused otherwise."""
    row = known.get(named.number)
    if row is None or row.account_id == named.account_id or is_free(work, named.line, row):
        return named.line not in work.refused
    work.refuse(named.line, OTHERS_NUMBER, number=named.number, account=row.account_number)
    return False


def is_free(work: Work, line: int, row: Any) -> bool:
    """Whether a number another account had may be given: it was released and has rested. One that rests is refused."""
    if row.state != SubscriberState.RELEASED.value:
        return False
    refused = numbers.why_resting(work.session, row.seller_id, row.number, row.released_on)
    if refused is not None:
        work.refuse(line, refused.text, **{name: str(value) for name, value in refused.params.items()})
        return False
    work.rested.add(row.number)
    return True


def look_up(work: Work, wanted: Sequence[str]) -> dict[str, Any]:
    """Subscribers by number, with the number of their account."""
    query = sa.select(
        Subscriber.id,
        Subscriber.number,
        Subscriber.name,
        Subscriber.account_id,
        Subscriber.company_id,
        Subscriber.state,
        Subscriber.released_on,
        Account.seller_id,
        Account.number.label("account_number"),
        Company.code.label("code"),
    ).join(Account, Account.id == Subscriber.account_id)
    query = query.join(Company, Company.id == Subscriber.company_id)
    return {row.number: row for row in rows_in(work.session, query, Subscriber.number, wanted)}


def write(work: Work, known: Mapping[str, Any], named: Sequence[Named]) -> dict[str, int]:
    """Make what is new and rename what is called otherwise; ids by number."""
    given = {one.number: known[one.number] for one in named if one.number in work.rested}
    numbers.vacate(work.session, ((row.id, number, row.released_on) for number, row in given.items()))
    known = {number: row for number, row in known.items() if number not in given}
    ids = {number: row.id for number, row in known.items()}
    new: dict[str, dict[str, Any]] = {}
    renamed: list[dict[str, Any]] = []
    history: list[dict[str, Any]] = []
    for one in named:
        row = known.get(one.number)
        if row is None:
            if one.number not in new:
                new[one.number] = {
                    "company_id": one.company_id,
                    "account_id": one.account_id,
                    "number": one.number,
                    "name": one.name or "",
                }
                work.mark(one.line, "created")
            continue
        work.mark(one.line, "unchanged")
        if one.name is not None and one.name != row.name:
            renamed.append({"id": row.id, "name": one.name})
            history.append(_history(work, one, row))
            work.mark(one.line, "changed")
    insert_all(work.session, SubscriberName, history)
    update_all(work.session, Subscriber, renamed)
    return ids | dict(zip(new, insert_all(work.session, Subscriber, list(new.values())), strict=True))


def _history(work: Work, one: Named, row: Any) -> dict[str, Any]:
    return {
        "company_id": row.company_id,
        "subscriber_id": row.id,
        "old_name": row.name,
        "new_name": one.name,
        "changed_at": clock.now(),
        "changed_by": work.actor.name[:200],
    }


# --- files of subscribers ----------------------------------------------------------------------------------------


class Accounts:
    """The accounts that lines name by number or by their customer's code."""

    def __init__(self, work: Work, lines: Sequence[ImportLine]) -> None:
        self.work = work
        query = (
            sa.select(Account.id, Account.number, Account.company_id, Account.currency, Company.code)
            .join(Company, Company.id == Account.company_id)
            .where(Account.seller_id == work.seller.id)
            .order_by(Account.id)
        )
        named = [line.values.get("account_number", "") for line in lines]
        codes = [line.values.get("company_code", "") for line in lines]
        self.by_number = {row.number: row for row in rows_in(work.session, query, Account.number, named)}
        self.by_code: dict[str, list[Any]] = {}
        for row in rows_in(work.session, query.where(Account.state != "closed"), Company.code, codes):
            self.by_code.setdefault(row.code, []).append(row)

    def of(self, line: ImportLine) -> Any:
        """The account a line means, or None with the line refused."""
        number, code = line.values.get("account_number", ""), line.values.get("company_code", "")
        if number:
            row = self.by_number.get(number)
            if row is None:
                self.work.refuse(line.number, NO_ACCOUNT, number=number)
            elif code and row.code != code:
                self.work.refuse(line.number, parties.OTHERS_ACCOUNT, number=number, code=row.code)
            return row if line.number not in self.work.refused else None
        rows = self.by_code.get(code, [])
        if len(rows) == 1:
            return rows[0]
        if rows:
            self.work.refuse(line.number, SEVERAL_ACCOUNTS, code=code)
        else:
            self.work.refuse(line.number, NO_COMPANY, code=code)
        return None


def apply(work: Work, entries: Sequence[Entry]) -> None:
    """Put lines of a file of subscribers on their accounts, with their subscriptions where the file names any."""
    lines = [entry.things[0] for entry in entries]
    accounts = Accounts(work, lines)
    known = look_up(work, [line.values["number"] for line in lines])
    plans = subscriptions.Plans(work)
    plans.look_up([line.values["plan"] for line in lines if line.values.get("plan")])
    good: list[tuple[ImportLine, Any, Named]] = []
    for line in lines:
        found = line.values
        if not parties.check_lengths(work, line) or not subscriptions.is_fine(work, line.number, found):
            continue
        account = accounts.of(line)
        if account is None:
            continue
        named = Named(line.number, account.company_id, account.id, account.number, found["number"], found.get("name"))
        plan, charge = found.get("plan", ""), found.get("monthly_charge")
        if check(work, known, named) and plans.accepts(line.number, plan, account.currency, charge):
            good.append((line, account, named))
    ids = write(work, known, [named for _, _, named in good])
    wants = [
        want_of(work, line, account.company_id, account.id, account.currency, ids[named.number])
        for line, account, named in good
        if subscriptions.wants_subscription(line.values, line.services)
    ]
    subscriptions.apply(work, plans, [want for want in wants if want])


def want_of(
    work: Work, line: ImportLine, company_id: int, account_id: int, currency: str, subscriber_id: int | None
) -> subscriptions.Want | None:
    """What a line wants in force; None where it ended before the import's first day. Its last day is in it."""
    found = line.values
    end = found["end_date"] + timedelta(days=1) if found.get("end_date") else None
    if end and end <= (found.get("start_date") or work.start):
        return None
    return subscriptions.Want(
        line=line.number,
        company_id=company_id,
        account_id=account_id,
        currency=currency,
        plan_name=found.get("plan", ""),
        charge=found.get("monthly_charge"),
        services=line.services,
        lists_services=work.lists_services,
        quantity=found.get("quantity"),
        starts_on=found.get("start_date"),
        ends_on=end,
        subscriber_id=subscriber_id,
    )
