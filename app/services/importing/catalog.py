"""Price lists → products, plans, parts and price versions; a changed price ends the old version and starts the new."""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.core.errors import N_
from app.imports import words
from app.imports.pricelines import PriceLine, Unpriced
from app.models import Category, Component, Plan, PriceVersion, Product
from app.services.importing.opening import Entry
from app.services.importing.work import TOO_LONG, Work, insert_all, rows_in, update_all
from app.services.shop import shelves

OTHER_PART = N_("«%(code)s» is sold by the %(unit)s already, this line prices it by the %(other)s. Use another code.")
LATER = N_("«%(code)s» has a price from %(day)s already, later than this line's. Correct the later price by hand.")


@dataclass
class Offer:
    """A price line with the codes it goes by here."""

    line: PriceLine
    product: str
    plan: str
    part: str
    start: dt.date


def apply(work: Work, entries: Sequence[Entry]) -> None:
    """Write price lines; a product without prices is kept off sale."""
    things = [thing for entry in entries for thing in entry.things if _fits(work, thing)]
    products = _write_products(work, things)
    offers = [_offer(work, thing) for thing in things if isinstance(thing, PriceLine)]
    plans = _write_plans(work, offers, products)
    parts = _write_parts(work, offers, plans)
    _write_prices(work, offers, plans, parts)
    for thing in things:
        work.mark(thing.line, "unchanged")
    shelves.stock(work.session, work.seller.id, set(products.values()))


def _fits(work: Work, thing: PriceLine | Unpriced) -> bool:
    for text, limit in ((thing.product_name, 255), (thing.category, 200)):
        if len(text) > limit:
            work.refuse(thing.line, TOO_LONG, cell=text[:40], limit=limit)
    return thing.line not in work.refused


def short(code: str, limit: int = 120) -> str:
    """A code that fits its column; a long one ends in a digest of all of it."""
    if len(code) <= limit:
        return code
    return f"{code[: limit - 13]}-{hashlib.sha256(code.encode()).hexdigest()[:12]}"


def _offer(work: Work, line: PriceLine) -> Offer:
    plan = f"{line.product_code}/{line.plan_code}" if line.plan_code else line.product_code
    start = line.valid_from or work.start
    return Offer(
        line.fitted(), short(line.product_code), short(plan, 110), short(line.component_code or "price"), start
    )


# --- products ----------------------------------------------------------------------------------------------------


def _write_products(work: Work, things: Sequence[PriceLine | Unpriced]) -> dict[str, int]:
    categories = _write_categories(work, {thing.category for thing in things if thing.category})
    table = Product.__table__
    query = sa.select(
        table.c.id, table.c.code, table.c.name, table.c.category_id, table.c.is_on_sale, table.c.attributes
    )
    query = query.where(table.c.seller_id == work.seller.id)
    codes = [short(thing.product_code) for thing in things]
    known = {row.code: dict(row._mapping) for row in rows_in(work.session, query, table.c.code, codes)}
    new: dict[str, dict[str, Any]] = {}
    changed: dict[str, dict[str, Any]] = {}
    for code, thing in zip(codes, things, strict=True):
        wanted = _product(thing, categories)
        row = known.get(code)
        if row is None:
            new[code] = known[code] = {"seller_id": work.seller.id, "code": code, **wanted}
            work.mark(thing.line, "created")
            continue
        wanted["attributes"] = {**(row["attributes"] or {}), **wanted["attributes"]}
        edits = {name: value for name, value in wanted.items() if row[name] != value and name != "is_on_sale"}
        if edits:
            row.update(edits)
            if code not in new:
                changed.setdefault(code, {"id": row["id"]}).update(edits)
                work.mark(thing.line, "changed")
    for row, product_id in zip(new.values(), insert_all(work.session, Product, list(new.values())), strict=True):
        row["id"] = product_id
    update_all(work.session, Product, changed.values())
    return {code: row["id"] for code, row in known.items()}


def _product(thing: PriceLine | Unpriced, categories: Mapping[str, int]) -> dict[str, Any]:
    is_priced = isinstance(thing, PriceLine)
    attributes = {k: v for k, v in thing.attributes.items() if k != "condition"} if isinstance(thing, PriceLine) else {}
    return {
        "name": thing.product_name,
        "category_id": categories.get(_category_code(thing.category)),
        "is_on_sale": is_priced,
        "attributes": attributes,
    }


def _category_code(name: str) -> str:
    return short(words.fold(name).replace(" ", "-"), 64)


def _write_categories(work: Work, names: set[str]) -> dict[str, int]:
    named = {_category_code(name): name for name in sorted(names)}
    query = sa.select(Category.id, Category.code)
    known = {row.code: row.id for row in rows_in(work.session, query, Category.code, named)}
    new = [{"code": code, "name": name} for code, name in named.items() if code not in known]
    made = insert_all(work.session, Category, new)
    return known | {row["code"]: one for row, one in zip(new, made, strict=True)}


# --- plans and parts ---------------------------------------------------------------------------------------------


def _write_plans(work: Work, offers: Sequence[Offer], products: Mapping[str, int]) -> dict[tuple[str, str], int]:
    """Plans by code and currency; the same code in a second currency carries it behind a colon."""
    query = sa.select(Plan.id, Plan.code, Plan.currency).where(Plan.seller_id == work.seller.id)
    wanted = {(offer.plan, _currency(work, offer)) for offer in offers}
    codes = {code for code, _ in wanted} | {f"{code}:{currency}" for code, currency in wanted}
    taken = {row.code: (row.id, row.currency) for row in rows_in(work.session, query, Plan.code, sorted(codes))}
    found: dict[tuple[str, str], int] = {}
    new: dict[tuple[str, str], dict[str, Any]] = {}
    for offer in offers:
        key = (offer.plan, _currency(work, offer))
        if key in found or key in new:
            continue
        code = offer.plan if taken.get(offer.plan, (0, key[1]))[1] == key[1] else f"{offer.plan}:{key[1]}"
        if code in taken:
            found[key] = taken[code][0]
            continue
        taken[code] = (0, key[1])
        new[key] = _plan(work, offer, code, key[1], products[offer.product])
    made = insert_all(work.session, Plan, list(new.values()))
    return found | dict(zip(new, made, strict=True))


def _currency(work: Work, offer: Offer) -> str:
    return offer.line.currency or work.seller.currency


def _plan(work: Work, offer: Offer, code: str, currency: str, product_id: int) -> dict[str, Any]:
    line = offer.line
    name = line.product_name
    if line.plan_code:
        name = f"{name[: 252 - len(line.plan_code)]} ({line.plan_code})"
    return {
        "seller_id": work.seller.id,
        "product_id": product_id,
        "code": code,
        "name": name[:255],
        "currency": currency,
        "period_months": line.period_months,
        "tax_included": bool(line.tax_included or (line.tax_included is None and work.options.get("tax_included"))),
    }


def _write_parts(
    work: Work, offers: Sequence[Offer], plans: Mapping[tuple[str, str], int]
) -> dict[tuple[int, str], int]:
    query = sa.select(
        Component.id, Component.plan_id, Component.code, Component.unit, Component.charged, Component.model
    )
    known = {
        (row.plan_id, row.code): dict(row._mapping)
        for row in rows_in(work.session, query, Component.plan_id, plans.values())
    }
    new: dict[tuple[int, str], dict[str, Any]] = {}
    remodelled: list[dict[str, Any]] = []
    for offer in offers:
        line = offer.line
        plan_id = plans[(offer.plan, _currency(work, offer))]
        key = (plan_id, offer.part)
        row = known.get(key)
        if row is None:
            new[key] = known[key] = {
                "plan_id": plan_id,
                "code": offer.part,
                "name": line.component_name[:255],
                "unit": line.unit[:40],
                "charged": line.charged,
                "model": line.model,
            }
        elif (row["unit"], row["charged"]) != (line.unit[:40], line.charged):
            work.refuse(line.line, OTHER_PART, code=offer.part, unit=row["unit"], other=line.unit)
        elif row["model"] != line.model and key not in new:
            row["model"] = line.model
            remodelled.append({"id": row["id"], "model": line.model})
            work.mark(line.line, "changed")
    made = dict(zip(new, insert_all(work.session, Component, list(new.values())), strict=True))
    update_all(work.session, Component, remodelled)
    return {key: made.get(key) or row["id"] for key, row in known.items()}


# --- prices ------------------------------------------------------------------------------------------------------

PRICE = ("id", "component_id", "valid_from", "valid_to", "unit_price", "per_quantity", "tiers")


def _write_prices(
    work: Work,
    offers: Sequence[Offer],
    plans: Mapping[tuple[str, str], int],
    parts: Mapping[tuple[int, str], int],
) -> None:
    table = PriceVersion.__table__
    query = sa.select(*(table.c[name] for name in PRICE)).order_by(table.c.valid_from)
    ids = [parts[(plans[(one.plan, _currency(work, one))], one.part)] for one in offers]
    known: dict[int, list[dict[str, Any]]] = {}
    for row in rows_in(work.session, query, table.c.component_id, ids):
        known.setdefault(row.component_id, []).append(dict(row._mapping))
    new: list[dict[str, Any]] = []
    edits: list[dict[str, Any]] = []
    for offer, part in zip(offers, ids, strict=True):
        if offer.line.line not in work.refused:
            _write_price(work, offer, part, known.setdefault(part, []), new, edits)
    update_all(work.session, PriceVersion, edits)
    insert_all(work.session, PriceVersion, new)


def _price(offer: Offer) -> dict[str, Any]:
    tiers = offer.line.tiers
    return {
        "unit_price": tiers[0][1],
        "per_quantity": offer.line.unit_quantity,
        "tiers": [[f"{start:f}", f"{price:f}"] for start, price in tiers] if len(tiers) > 1 else [],
    }


def _same(row: Mapping[str, Any], price: Mapping[str, Any]) -> bool:
    """The same price, whatever number of units each is written for."""
    if bool(row["tiers"]) != bool(price["tiers"]) or len(row["tiers"]) != len(price["tiers"]):
        return False
    if row["tiers"]:
        return bool(row["tiers"] == price["tiers"] and row["per_quantity"] == price["per_quantity"])
    return bool(row["unit_price"] * price["per_quantity"] == price["unit_price"] * row["per_quantity"])


def _write_price(
    work: Work,
    offer: Offer,
    part: int,
    versions: list[dict[str, Any]],
    new: list[dict[str, Any]],
    edits: list[dict[str, Any]],
) -> None:
    """End the version in force on the day and begin the next; a version that began that very day is corrected."""
    price, line = _price(offer), offer.line
    current = next((one for one in versions if one["valid_to"] is None or one["valid_to"] > offer.start), None)
    if current is None:
        work.mark(line.line, "changed" if versions else "created")
        new.append({"component_id": part, "valid_from": offer.start, "valid_to": line.valid_to, **price})
        versions.append(new[-1])
        return
    if current["valid_from"] > offer.start or (versions and versions[-1] is not current):
        if not _same(current, price):
            later = current if current["valid_from"] > offer.start else versions[-1]
            work.refuse(line.line, LATER, code=offer.part, day=later["valid_from"])
        return
    if _same(current, price):
        return
    work.mark(line.line, "changed")
    if current["valid_from"] == offer.start:
        current.update(price)
        if "id" in current:
            edits.append({"id": current["id"], **price})
        return
    current["valid_to"] = offer.start
    if "id" in current:
        edits.append({"id": current["id"], "valid_to": offer.start})
    new.append({"component_id": part, "valid_from": offer.start, "valid_to": line.valid_to, **price})
    versions.append(new[-1])
