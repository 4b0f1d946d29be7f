"""What lines want in force → subscriptions and their dated items, made or changed from the import's day on."""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from app.core.errors import N_
from app.core.money import FOUR_PLACES
from app.imports import words
from app.models import Component, Plan, Product, Subscription, SubscriptionItem
from app.services.importing.work import TOO_FINE, Work, insert_all, rows_in, update_all

NO_PLAN = N_("There is no plan «%(plan)s» and the line names no monthly charge. Import the plan first, or fill it in.")
PLAN_CURRENCY = N_("The plan «%(plan)s» is in %(currency)s, the account in %(account)s. Choose a plan in its currency.")
# The imported plan is named in the Seller's language: its name stands on invoices.
PLAN_NAMES = {
    "uk": "Послуги за підпискою",
    "ru": "Услуги по подписке",
    "pl": "Usługi w abonamencie",
    "en": "Subscribed services",
}
SHELF = "imported"
SERVICE = "service-"
FREE = Decimal("0.0000")
MONTHLY = "monthly"
MONTHS = {"uk": "міс", "ru": "мес", "pl": "mies.", "en": "month"}  # the unit as the Seller's documents print it


@dataclass
class Want:
    """One line's subscription: `charge` is its own monthly sum, tax included; None where the plan's prices hold."""

    line: int
    company_id: int
    account_id: int
    currency: str
    plan_name: str = ""
    charge: Decimal | None = None
    services: list[tuple[str, str]] = field(default_factory=list)
    lists_services: bool = False  # whether the file has columns of services: those not listed end
    quantity: Decimal | None = None
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None  # the first day it is no longer in force
    subscriber_id: int | None = None


@dataclass
class PlanRow:
    """A plan, its parts charged by period by code, and those charged by usage."""

    id: int
    name: str
    parts: dict[str, int] = field(default_factory=dict)
    metered: list[int] = field(default_factory=list)

    @property
    def base(self) -> int | None:
        """The part that carries a line's own charge."""
        if MONTHLY in self.parts:
            return self.parts[MONTHLY]
        own = [part for code, part in self.parts.items() if not code.startswith(SERVICE)]
        return own[0] if own else None


def wants_subscription(values: dict[str, Any], services: Sequence[Any]) -> bool:
    """Whether a line says anything to be in force."""
    return bool("monthly_charge" in values or values.get("plan") or services)


def is_fine(work: Work, line: int, values: dict[str, Any]) -> bool:
    """Whether its charge can be kept without losing a digit; refused otherwise."""
    for name in ("monthly_charge", "quantity"):
        amount = values.get(name)
        if amount is not None and amount != amount.quantize(FOUR_PLACES):
            work.refuse(line, TOO_FINE, cell=f"{amount:f}")
            return False
    return True


class Plans:
    """The plans that lines name and the one plan a currency that stands for whatever services a file lists."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.found: dict[tuple[str, str], PlanRow] = {}  # by name or code, and currency
        self.others: dict[str, str] = {}  # name or code → a currency it has
        self.imported: dict[str, PlanRow] = {}

    def look_up(self, names: Sequence[str]) -> None:
        """Find the named plans, by code before name."""
        own = sa.select(Plan.id, Plan.code, Plan.name, Plan.currency).where(Plan.seller_id == self.work.seller.id)
        own = own.order_by(Plan.id)
        rows = rows_in(self.work.session, own, Plan.name, names) + rows_in(self.work.session, own, Plan.code, names)
        plans = {row.id: PlanRow(row.id, row.name) for row in rows}
        self._add_parts(plans)
        for row in rows:
            for name in (row.name, row.code):
                self.found[(name, row.currency)] = plans[row.id]
                self.others[name] = row.currency

    def _add_parts(self, plans: dict[int, PlanRow]) -> None:
        parts = sa.select(Component.id, Component.plan_id, Component.code, Component.charged).order_by(Component.id)
        for row in rows_in(self.work.session, parts, Component.plan_id, plans):
            if row.charged == "period":
                plans[row.plan_id].parts[row.code] = row.id
            elif row.charged == "usage":
                plans[row.plan_id].metered.append(row.id)

    def accepts(self, line: int, name: str, currency: str, charge: Decimal | None) -> bool:
        """Whether the named plan can be used on an account of the currency; refused otherwise."""
        if not name or (name, currency) in self.found:
            return True
        if name in self.others:
            self.work.refuse(line, PLAN_CURRENCY, plan=name, currency=self.others[name], account=currency)
        elif charge is None:
            self.work.refuse(line, NO_PLAN, plan=name)
        return line not in self.work.refused

    def plan_of(self, want: Want) -> PlanRow:
        """The plan of a line: the named one (made where only its charge is known), else the imported one."""
        if not want.plan_name:
            return self.imported_plan(want.currency)
        key = (want.plan_name, want.currency)
        if key not in self.found:
            code = _short(f"{SHELF}-{words.fold(want.plan_name).replace(' ', '-')}-{want.currency}".lower())
            self.found[key] = self._make(code, want.plan_name, want.currency)
        return self.found[key]

    def imported_plan(self, currency: str) -> PlanRow:
        """The plan that carries imported charges and services in a currency."""
        if currency not in self.imported:
            name = PLAN_NAMES.get(self.work.seller.locale, PLAN_NAMES["en"])
            self.imported[currency] = self._make(f"{SHELF}-{currency.lower()}", name, currency)
        return self.imported[currency]

    def _make(self, code: str, name: str, currency: str) -> PlanRow:
        session, seller = self.work.session, self.work.seller
        known = session.execute(
            sa.select(Plan.id, Plan.name).where(Plan.seller_id == seller.id, Plan.code == code)
        ).first()
        if known:
            row = PlanRow(known.id, known.name)
            self._add_parts({row.id: row})
            return row
        values = {
            "seller_id": seller.id,
            "product_id": self._shelf(),
            "code": code,
            "name": name,
            "currency": currency,
            "tax_included": True,
            "is_on_sale": False,
        }
        (plan_id,) = insert_all(session, Plan, [values])
        part = {"plan_id": plan_id, "code": MONTHLY, "name": name, "unit": _month(seller)}
        (part_id,) = insert_all(session, Component, [part])
        return PlanRow(plan_id, name, {MONTHLY: part_id})

    def _shelf(self) -> int:
        session, seller = self.work.session, self.work.seller
        known = session.scalar(sa.select(Product.id).where(Product.seller_id == seller.id, Product.code == SHELF))
        if known:
            return int(known)
        name = PLAN_NAMES.get(seller.locale, PLAN_NAMES["en"])
        row = {"seller_id": seller.id, "code": SHELF, "name": name, "is_on_sale": False}
        return insert_all(session, Product, [row])[0]

    def services(self, wants: Sequence[Want]) -> dict[tuple[str, str, str], tuple[int, str]]:
        """(currency, column, what it says) → (part, its name); parts are made where a service is new."""
        wanted: dict[tuple[str, str, str], tuple[str, str]] = {}
        for want in wants:
            for header, value in want.services:
                wanted.setdefault((want.currency, header, value), _service(header, value))
        made: dict[tuple[str, str], dict[str, Any]] = {}
        for (currency, _, _), (code, name) in wanted.items():
            plan = self.imported_plan(currency)
            if code not in plan.parts:
                part = {"plan_id": plan.id, "code": code, "name": name[:255], "unit": _month(self.work.seller)}
                made[(currency, code)] = part
        for (currency, code), part_id in zip(
            made, insert_all(self.work.session, Component, list(made.values())), strict=True
        ):
            self.imported[currency].parts[code] = part_id
        return {key: (self.imported[key[0]].parts[code], name[:255]) for key, (code, name) in wanted.items()}


def _month(seller: Any) -> str:
    return MONTHS.get(seller.locale, MONTHS["en"])


def _service(header: str, value: str) -> tuple[str, str]:
    """Code and name of a service: the column alone where it says yes, with its value where it says which."""
    name = header if words.flag_of(value) else f"{header}: {value}"
    return _short(SERVICE + words.fold(name).replace(" ", "-")), name


def _short(code: str, limit: int = 120) -> str:
    if len(code) <= limit:
        return code
    return f"{code[: limit - 13]}-{hashlib.sha256(code.encode()).hexdigest()[:12]}"


# --- subscriptions -----------------------------------------------------------------------------------------------

SUBSCRIPTION = ("id", "account_id", "plan_id", "subscriber_id", "starts_on", "ends_on", "quantity")
ITEM = ("id", "subscription_id", "component_id", "unit_price", "quantity", "valid_from", "valid_to")


def apply(work: Work, plans: Plans, wants: Sequence[Want]) -> None:
    """Put what the lines want into force."""
    services = plans.services(wants)
    known = _known(work, wants)
    kept: list[tuple[Want, PlanRow, dict[str, Any]]] = []
    new: list[tuple[Want, PlanRow, dict[str, Any]]] = []
    for want in wants:
        plan = plans.plan_of(want)
        row = _match(known, want, plan, work.start)
        if row is None:
            new.append((want, plan, _new_subscription(work, want, plan)))
        else:
            kept.append((want, plan, row))
    ids = insert_all(work.session, Subscription, [row for _, _, row in new])
    items: list[dict[str, Any]] = []
    for (want, plan, row), subscription_id in zip(new, ids, strict=True):
        work.mark(want.line, "created")
        for part, name, price, quantity in _parts(want, plan, services):
            items.append(_item(want, subscription_id, part, name, price, quantity, row["starts_on"]))
    items.extend(_change(work, plans, kept, services))
    insert_all(work.session, SubscriptionItem, items)


def _known(work: Work, wants: Sequence[Want]) -> dict[tuple[int, int, int | None], list[dict[str, Any]]]:
    """Subscriptions not ended before the import's day, by account, plan and subscriber."""
    table = Subscription.__table__
    query = (
        sa.select(*(table.c[name] for name in SUBSCRIPTION))
        .where(sa.or_(table.c.ends_on.is_(None), table.c.ends_on > work.start), table.c.state != "ended")
        .order_by(table.c.id)
    )
    known: dict[tuple[int, int, int | None], list[dict[str, Any]]] = {}
    for row in rows_in(work.session, query, table.c.account_id, [want.account_id for want in wants]):
        known.setdefault((row.account_id, row.plan_id, row.subscriber_id), []).append(dict(row._mapping))
    return known


def _match(
    known: dict[tuple[int, int, int | None], list[dict[str, Any]]], want: Want, plan: PlanRow, start: dt.date
) -> dict[str, Any] | None:
    """The subscription a line means: of its start where the line names one, else the oldest."""
    for row in known.get((want.account_id, plan.id, want.subscriber_id), ()):
        if want.starts_on is None or row["starts_on"] == want.starts_on:
            return row
    return None


def _new_subscription(work: Work, want: Want, plan: PlanRow) -> dict[str, Any]:
    return {
        "company_id": want.company_id,
        "seller_id": work.seller.id,
        "account_id": want.account_id,
        "plan_id": plan.id,
        "subscriber_id": want.subscriber_id,
        "name": plan.name,
        "quantity": want.quantity or Decimal(1),
        "starts_on": want.starts_on or work.start,
        "ends_on": want.ends_on,
    }


def _parts(
    want: Want, plan: PlanRow, services: dict[tuple[str, str, str], tuple[int, str]]
) -> list[tuple[int, str, Decimal | None, Decimal]]:
    """(part, name, price, quantity): the line's own charge on one part, or the plan's parts at their prices; services
    cost nothing of their own, they are in the charge."""
    parts: list[tuple[int, str, Decimal | None, Decimal]] = []
    if want.charge is not None:
        parts = [] if plan.base is None else [(plan.base, "", want.charge, Decimal(1))]
    elif want.plan_name:
        own = [part for code, part in plan.parts.items() if not code.startswith(SERVICE)]
        parts = [(part, "", None, want.quantity or Decimal(1)) for part in own]
    parts.extend((part, "", None, Decimal(1)) for part in plan.metered)
    listed = dict.fromkeys(services[(want.currency, header, value)] for header, value in want.services)
    return [*parts, *((part, name, FREE, Decimal(1)) for part, name in listed)]


def _item(
    want: Want,
    subscription_id: int,
    part: int,
    name: str,
    price: Decimal | None,
    quantity: Decimal,
    start: dt.date,
) -> dict[str, Any]:
    return {
        "company_id": want.company_id,
        "subscription_id": subscription_id,
        "component_id": part,
        "name": name,
        "quantity": quantity,
        "unit_price": price,
        "valid_from": start,
        "valid_to": None,
    }


# --- changes -----------------------------------------------------------------------------------------------------


def _service_parts(plans: Plans, want: Want) -> set[int]:
    parts = plans.imported_plan(want.currency).parts
    return {part for code, part in parts.items() if code.startswith(SERVICE)}


def _change(
    work: Work,
    plans: Plans,
    kept: Sequence[tuple[Want, PlanRow, dict[str, Any]]],
    services: dict[tuple[str, str, str], tuple[int, str]],
) -> list[dict[str, Any]]:
    """End and begin items from the import's day on where the line says otherwise; the items to begin."""
    table = SubscriptionItem.__table__
    query = (
        sa.select(*(table.c[name] for name in ITEM))
        .where(sa.or_(table.c.valid_to.is_(None), table.c.valid_to > work.start))
        .order_by(table.c.valid_from, table.c.id)
    )
    items: dict[int, dict[int, dict[str, Any]]] = {}
    for row in rows_in(work.session, query, table.c.subscription_id, [one["id"] for _, _, one in kept]):
        items.setdefault(row.subscription_id, {}).setdefault(row.component_id, dict(row._mapping))
    edits = _Edits(work.start)
    for want, plan, row in kept:
        before = edits.count
        edits.subscription(want, row)
        free = _service_parts(plans, want) if want.lists_services else set()
        edits.items(want, row, items.get(row["id"], {}), _parts(want, plan, services), free)
        work.mark(want.line, "changed" if edits.count > before else "unchanged")
    update_all(work.session, Subscription, edits.subscriptions)
    update_all(work.session, SubscriptionItem, edits.updated)
    if edits.deleted:
        work.session.connection().execute(
            table.delete().where(table.c.id == sa.bindparam("b_id")), [{"b_id": one} for one in edits.deleted]
        )
    return edits.begun


class _Edits:
    """Rows to update, delete and begin."""

    def __init__(self, start: dt.date) -> None:
        self.start = start
        self.subscriptions: list[dict[str, Any]] = []
        self.updated: list[dict[str, Any]] = []
        self.deleted: list[int] = []
        self.begun: list[dict[str, Any]] = []

    @property
    def count(self) -> int:
        return len(self.subscriptions) + len(self.updated) + len(self.deleted) + len(self.begun)

    def subscription(self, want: Want, row: dict[str, Any]) -> None:
        """Its end and quantity, where the line names others."""
        edits: dict[str, Any] = {}
        if want.ends_on and want.ends_on != row["ends_on"] and want.ends_on >= row["starts_on"]:
            edits["ends_on"] = want.ends_on
        if want.quantity and want.quantity != row["quantity"]:
            edits["quantity"] = want.quantity
        if edits:
            self.subscriptions.append({"id": row["id"], **edits})
            row.update(edits)

    def items(
        self,
        want: Want,
        row: dict[str, Any],
        there: dict[int, dict[str, Any]],
        parts: Sequence[tuple[int, str, Decimal | None, Decimal]],
        free: set[int],
    ) -> None:
        """Parts that are new, that cost otherwise, and services no longer listed."""
        for part, name, price, quantity in parts:
            item = there.get(part)
            start = max(self.start, row["starts_on"])
            if item is None:
                self.begun.append(_item(want, row["id"], part, name, price, quantity, start))
            elif (item["unit_price"], item["quantity"]) != (price, quantity):
                if item["valid_from"] >= self.start:
                    self.updated.append({"id": item["id"], "unit_price": price, "quantity": quantity})
                else:
                    self.updated.append({"id": item["id"], "valid_to": self.start})
                    begun = _item(want, row["id"], part, name, price, quantity, self.start)
                    self.begun.append(begun | {"valid_to": item["valid_to"]})
        wanted = {part for part, *_ in parts}
        for part, item in there.items():
            if part in free and part not in wanted:
                self._end(item)

    def _end(self, item: dict[str, Any]) -> None:
        if item["valid_from"] >= self.start:
            self.deleted.append(item["id"])
        else:
            self.updated.append({"id": item["id"], "valid_to": self.start})
