"""Whose a record of usage is: the subscriber or account its numbers name, and the part in force that it uses."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.errors import N_
from app.imports import words
from app.imports.lines import ImportLine
from app.models import Account, Company, Component, Seller, Subscriber, Subscription, SubscriptionItem
from app.rules.rating import international
from app.services.importing.work import rows_in
from app.services.rating.tariffs import dialling

NOBODY = N_("Nobody here has this number, account or customer code.")
NO_SERVICE = N_("No subscription in force on that day has a part charged by usage of this name.")
SEVERAL = N_("Several subscriptions have a part of this name.")
IN, OUT = "in", "out"


@dataclass(frozen=True, slots=True)
class Part:
    """A part charged by usage, in force from a day to a day."""

    company_id: int
    account_id: int
    subscriber_id: int | None
    subscription_id: int
    component_id: int
    unit: str
    start: dt.date
    end: dt.date | None
    tariff_id: int | None = None

    def covers(self, day: dt.date) -> bool:
        """Whether it is in force that day."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a line is: a subscriber of an account, or accounts; which way the call went, and the other number."""

    accounts: tuple[int, ...]
    subscriber_id: int | None = None
    direction: str = OUT
    other_number: str = ""


class Owners:
    """The subscribers and accounts that lines mean; a number is found however it is written."""

    def __init__(self, session: Session, seller: Seller, lines: Sequence[ImportLine]) -> None:
        self._session, self._seller_id = session, seller.id
        self._codes = dialling(seller.country)
        self.numbers: dict[str, Any] = {}
        self._learn(line.values.get("subscriber_number", "") for line in lines)
        self._learn(line.values.get("account_number", "") for line in lines if "called_number" in line.values)
        called = [line for line in lines if line.values.get("called_number") and not self._caller(line)]
        self._learn(line.values["called_number"] for line in called)
        of_seller = Account.seller_id == seller.id
        accounts = sa.select(Account.id, Account.number).where(of_seller)
        named = [line.values.get("account_number", "") for line in lines]
        self.accounts = {row.number: row.id for row in rows_in(session, accounts, Account.number, named)}
        owned = sa.select(Account.id, Company.code).join(Company, Company.id == Account.company_id).where(of_seller)
        codes = [line.values.get("company_code", "") for line in lines]
        self.companies: dict[str, list[int]] = {}
        for row in rows_in(session, owned.order_by(Account.id), Company.code, codes):
            self.companies.setdefault(row.code, []).append(row.id)

    def _learn(self, numbers: Iterable[str]) -> None:
        wanted = {one for number in set(numbers) if number for one in spellings(number, *self._codes)}
        query = sa.select(Subscriber.id, Subscriber.number, Subscriber.account_id).join(
            Account, Account.id == Subscriber.account_id
        )
        found = rows_in(
            self._session,
            query.where(Account.seller_id == self._seller_id),
            Subscriber.number,
            wanted - set(self.numbers),
        )
        self.numbers.update((row.number, row) for row in found)

    def _subscriber(self, number: str) -> Any:
        if not number:
            return None
        known = self.numbers
        return next((known[one] for one in spellings(number, *self._codes) if one in known), None)

    def _caller(self, line: ImportLine) -> Any:
        """Of a call record: the number the exchange charges (accountcode) before the one that called."""
        found = line.values
        charged = self._subscriber(found["account_number"]) if "called_number" in found else None
        return charged or self._subscriber(found.get("subscriber_number", ""))

    def of(self, line: ImportLine) -> Owner | None:
        """Whose the line is; None where nobody here is named."""
        found = line.values
        called = found.get("called_number")
        subscriber = self._caller(line)
        if subscriber is not None:
            return Owner((subscriber.account_id,), subscriber.id, direction_of(found), called or "")
        if called and (subscriber := self._subscriber(called)) is not None:
            return Owner((subscriber.account_id,), subscriber.id, IN, found.get("subscriber_number", ""))
        if found.get("account_number") in self.accounts:
            return Owner((self.accounts[found["account_number"]],), None, direction_of(found), called or "")
        accounts = self.companies.get(found.get("company_code", ""), [])
        return Owner(tuple(accounts), None, direction_of(found), called or "") if accounts else None


@lru_cache(maxsize=65_536)
def spellings(number: str, country_code: str, trunk: str) -> tuple[str, ...]:
    """How a number may stand here: as written, then internationally with and without «+»."""
    digits = international(number, country_code, trunk)
    return tuple(dict.fromkeys(one for one in (number, f"+{digits}" if len(digits) > 6 else "", digits) if one))


_INCOMING = {words.fold(one) for one in ("in", "incoming", "inbound", "вхідний", "вх", "входящий", "przychodzące")}


def direction_of(found: dict[str, Any]) -> str:
    """«in» where the line says so, else «out»."""
    return IN if words.fold(str(found.get("direction", ""))) in _INCOMING else OUT


class Books:
    """The parts in force of the owners of lines, by subscriber and by account."""

    def __init__(self, session: Session, owners: Iterable[Owner]) -> None:
        self._own: dict[tuple[int, int | None, str], list[Part]] = {}
        self._all: dict[tuple[int, str], list[Part]] = {}
        self.tariff_ids: set[int] = set()
        listed = set(owners)
        subscribers = {one.subscriber_id for one in listed if one.subscriber_id is not None}
        whole = {account for one in listed if one.subscriber_id is None for account in one.accounts}
        shared = {account for one in listed for account in one.accounts} - whole
        query = _parts_query()
        for row in rows_in(session, query, Subscription.account_id, sorted(whole)):
            self._keep(row, is_whole=True)
        for row in rows_in(session, query, Subscription.subscriber_id, sorted(subscribers)):
            if row.account_id not in whole:
                self._keep(row)
        own = query.where(Subscription.subscriber_id.is_(None))
        for row in rows_in(session, own, Subscription.account_id, sorted(shared)):
            self._keep(row)

    def _keep(self, row: Any, is_whole: bool = False) -> None:
        part = Part(
            row.company_id,
            row.account_id,
            row.subscriber_id,
            row.subscription_id,
            row.component_id,
            row.unit,
            max(row.valid_from, row.starts_on),
            min((day for day in (row.valid_to, row.ends_on) if day), default=None),
            row.tariff_id,
        )
        names = {words.fold(row.code), words.fold(row.name)}
        if row.tariff_id is not None:
            self.tariff_ids.add(row.tariff_id)
            names.add(RATED)
        for name in names:
            self._own.setdefault((part.account_id, part.subscriber_id, name), []).append(part)
            if is_whole:
                self._all.setdefault((part.account_id, name), []).append(part)

    def find(
        self, owner: Owner, service: str, day: dt.date, serves: Callable[[Part], bool], is_record: bool = False
    ) -> Part | str:
        """The part of that name, else the rated one that `serves` the kind of event; or why there is none.

        Of a record of an exchange, which names a kind and no service of ours, the rated part comes first.
        """
        looks = [(words.fold(service), None), (RATED, serves)]
        found: Part | str = NO_SERVICE
        for name, fits in reversed(looks) if is_record else looks:
            found = self._chosen(owner, name, day, fits)
            if isinstance(found, Part) or found == SEVERAL:
                return found
        return found

    def _chosen(self, owner: Owner, name: str, day: dt.date, serves: Callable[[Part], bool] | None) -> Part | str:
        """The subscriber's own part before the account's; the account's before a subscriber's where none is named."""
        for wanted in dict.fromkeys((owner.subscriber_id, None)):
            listed = (part for one in owner.accounts for part in self._own.get((one, wanted, name), ()))
            own = [part for part in listed if part.covers(day) and (serves is None or serves(part))]
            if own:
                return own[0] if len({part.subscription_id for part in own}) == 1 else SEVERAL
        if owner.subscriber_id is not None:
            return NO_SERVICE
        listed = (part for one in owner.accounts for part in self._all.get((one, name), ()))
        parts = [part for part in listed if part.covers(day) and (serves is None or serves(part))]
        return parts[0] if len(parts) == 1 else SEVERAL if parts else NO_SERVICE


RATED = "\0rated"


def _parts_query() -> Any:
    return (
        sa.select(
            Subscription.company_id,
            Subscription.account_id,
            Subscription.subscriber_id,
            SubscriptionItem.subscription_id,
            SubscriptionItem.component_id,
            Component.code,
            Component.name,
            Component.unit,
            Component.tariff_id,
            Subscription.starts_on,
            Subscription.ends_on,
            SubscriptionItem.valid_from,
            SubscriptionItem.valid_to,
        )
        .join(SubscriptionItem, SubscriptionItem.subscription_id == Subscription.id)
        .join(Component, Component.id == SubscriptionItem.component_id)
        .where(Component.charged == "usage")
    )
