"""Price lists → price lines: tables of any headers, cloud price tables, partner price lists and JSON lists.

Each price line is one priced component of one product. A line that cannot be read is reported with its number.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.core.errors import DomainError
from app.imports import values, words
from app.imports.fields import ImportKind
from app.imports.limits import Limits
from app.imports.lines import iter_lines
from app.imports.mapping import Mapping, guess_mapping
from app.imports.pricelines import (
    BAD_TIERS,
    COST,
    DOTTED,
    JSON_NUMBER,
    METERED,
    MODEL_WORDS,
    NO_CODE,
    NO_PERIOD,
    NO_PRICES,
    NOT_OBJECT,
    PRICE_HEADER,
    REPEATED,
    STEP_STARTS,
    UNKNOWN_UNIT,
    Catalog,
    PriceLine,
    Steps,
    Unpriced,
    add_step,
    grouped_lines,
    read_measure,
    read_period,
    read_price,
)
from app.imports.reading import Items, Row, Sheet, Source, read_items, read_sheet

__all__ = ["Catalog", "PriceLine", "Unpriced", "catalog_of_items", "catalog_of_sheet", "read_catalog"]


def read_catalog(source: Source, mapping: Mapping | None = None, limits: Limits | None = None) -> Catalog:
    """Any price list: CSV, XLSX or JSON; the layout is known by its headers, `mapping` overrules the guess."""
    if _is_json(source):
        return catalog_of_items(spread(read_items(source, limits)), mapping)
    return catalog_of_sheet(read_sheet(source, limits), mapping)


def layout_of(sheet: Sheet) -> str:
    """instances | meters | partner by the headers; "" where the table needs a mapping."""
    tight = {words.compact(header) for header in sheet.headers}
    if {"instancetype", "region", "os"} <= tight and _price_header(sheet):
        return "instances"
    if {"meterid", "retailprice", "unitofmeasure"} <= tight:
        return "meters"
    return "partner" if {"productid", "skuid", "unitprice"} <= tight else ""


def _price_header(sheet: Sheet) -> str | None:
    return next((one for one in sheet.headers if PRICE_HEADER.fullmatch(words.fold(one))), None)


def catalog_of_sheet(sheet: Sheet, mapping: Mapping | None = None) -> Catalog:
    """The price list a table holds."""
    tight = {words.compact(header): header for header in sheet.headers}
    layout = "" if mapping is not None else layout_of(sheet)
    if layout == "instances":
        return _read_instances(sheet, tight, _price_header(sheet) or "")
    if layout == "meters":
        return _read_meters(({"": ""} | row.cells, row.number) for row in sheet.rows)
    if layout == "partner":
        return _read_partner_list(sheet, tight)
    return _read_mapped(sheet, mapping or guess_mapping(sheet.headers, sheet.sample(), ImportKind.CATALOG))


def catalog_of_items(items: Items, mapping: Mapping | None = None) -> Catalog:
    """The price list a JSON list holds."""
    first = next((item for _, item in items if isinstance(item, dict)), {})
    if mapping is None and {"model", "id"} & set(first) and any(key.startswith("prices") for key in first):
        return _read_models(items)
    if mapping is None and any("_cost_per_" in key for key in first):
        return _read_costs(items)
    if mapping is None and {"meterId", "retailPrice"} <= set(first):
        return _read_meters((_flat(item), line) for line, item in items)
    sheet = _ItemSheet.of(items)
    catalog = catalog_of_sheet(sheet, mapping)
    for line, item in items:
        if not isinstance(item, dict):
            catalog.refuse(line, NOT_OBJECT)
    return catalog


class _Spread(Items):
    """The models of a list of providers, each known by its place."""

    def __iter__(self) -> Iterator[tuple[int, Any]]:
        place = 0
        for _, provider in super().__iter__():
            for model in provider.get("models", ()) if isinstance(provider, dict) else ():
                place += 1
                yield place, {"provider": str(provider.get("id", "")), **model} if isinstance(model, dict) else model


def spread(items: Items) -> Items:
    """The list itself, or what its providers list as their models."""
    first = next((item for _, item in items), None)
    if not isinstance(first, dict) or not isinstance(first.get("models"), list):
        return items
    inner = _Spread(0, items.encoding, items._store)
    inner.count = sum(1 for _ in inner)
    return inner


def _is_json(source: Source) -> bool:
    """By the first sign of the content, as the reader itself decides."""
    if isinstance(source, bytes):
        head = source[:64]
    elif isinstance(source, str | Path):
        try:
            with Path(source).open("rb") as stream:
                head = stream.read(64)
        except OSError:
            return False  # the reader says what is wrong with it
    else:
        at = source.tell()
        head = source.read(64)
        source.seek(at)
    return head.removeprefix(b"\xef\xbb\xbf").replace(b"\x00", b"").lstrip()[:1] in (b"[", b"{")


# --- layouts -----------------------------------------------------------------------------------------------------


def _read_instances(sheet: Sheet, tight: dict[str, str], price_header: str) -> Catalog:
    """Cloud instances: a product is a type in a region with a system, priced by the hour."""
    catalog = Catalog("instances")
    found = PRICE_HEADER.fullmatch(words.fold(price_header))
    currency, unit = (found[1].upper(), found[2]) if found else ("USD", "hour")
    identity = [tight[name] for name in ("instancetype", "region", "os")]
    family = tight.get("family", "")
    seen: dict[str, int] = {}
    for row in sheet.rows:
        cells = {header: values.clean(cell) for header, cell in row.cells.items()}
        parts = [cells[name] for name in identity]
        if not all(parts):
            catalog.refuse(row.number, NO_CODE)
            continue
        code = "/".join(parts)
        if seen.setdefault(code, row.number) != row.number:
            catalog.refuse(row.number, REPEATED, first_line=seen[code])
            continue
        price = read_price(catalog, row.number, cells[price_header], unit)
        if price is None:
            continue
        attributes = {name: cell for name, cell in cells.items() if cell and name not in (price_header, family)}
        catalog.lines.append(
            PriceLine(
                line=row.number,
                product_code=code,
                product_name=f"{parts[0]}, {parts[2]}, {parts[1]}",
                category=cells.get(family, ""),
                component_code=unit,
                component_name=unit.capitalize(),
                unit=unit,
                unit_quantity=1,
                currency=currency,
                model="per_unit",
                tiers=((Decimal(0), price),),
                attributes=attributes,
            )
        )
    return catalog


def _read_models(items: Items) -> Catalog:
    """Metered models: provider, model, and prices by meter, plain, stepped or under a condition."""
    catalog = Catalog("models")
    for line, item in items:
        if not isinstance(item, dict):
            catalog.refuse(line, NOT_OBJECT)
            continue
        model = str(item.get("model") or item.get("id") or "").strip()
        if not model:
            catalog.refuse(line, NO_CODE)
            continue
        _read_model(catalog, line, item, model)
    return catalog


def _read_model(catalog: Catalog, line: int, item: dict[str, Any], model: str) -> None:
    provider = str(item.get("provider") or "").strip()
    code = f"{provider}/{model}" if provider else model
    name = str(item.get("name") or model).strip()
    key = next((key for key in item if key.startswith("prices")), "")
    currency = next((part.upper() for part in key.split("_") if words.currency_of(part)), "USD")
    before, refused = len(catalog.lines), len(catalog.errors)
    for condition, prices in _conditions(item.get(key)):
        for meter, value in prices.items():
            unit, quantity = _meter_unit(meter)
            tiers = _tiers(catalog, line, value, meter, quantity)
            if tiers is None:
                continue
            if unit == meter:
                catalog.remark(line, UNKNOWN_UNIT, component=meter)
            catalog.lines.append(
                PriceLine(
                    line=line,
                    product_code=code,
                    product_name=name,
                    category=provider,
                    component_code=meter,
                    component_name=_meter_name(meter),
                    unit=unit,
                    unit_quantity=quantity,
                    currency=currency,
                    model="volume" if len(tiers) > 1 else "per_unit",
                    tiers=tiers,
                    plan_code=_slug(condition),
                    attributes={"provider": provider, "model": model} | ({"condition": condition} if condition else {}),
                )
            )
    if len(catalog.lines) == before and len(catalog.errors) == refused:
        catalog.unpriced.append(Unpriced(line, code, name, provider))
        catalog.remark(line, NO_PRICES, name=name)


def _read_costs(items: Items) -> Catalog:
    """Models with what one token, image or second costs: «input_cost_per_token», also under a condition."""
    catalog = Catalog("costs")
    for line, item in items:
        if not isinstance(item, dict) or not (code := str(item.get("id") or item.get("model") or "").strip()):
            catalog.refuse(line, NO_CODE if isinstance(item, dict) else NOT_OBJECT)
            continue
        found = [(named, value) for key, value in item.items() if (named := COST.fullmatch(key))]
        before, refused = len(catalog.lines), len(catalog.errors)
        provider = next((str(value) for key, value in item.items() if key.endswith("provider")), "")[:200]
        for named, value in found:
            for size, cost in value.items() if isinstance(value, dict) else (("", value),):
                _read_cost(catalog, line, code, provider, named, size, cost)
        if len(catalog.lines) == before and len(catalog.errors) == refused:
            catalog.unpriced.append(Unpriced(line, code, code, provider))
            catalog.remark(line, NO_PRICES, name=code)
    return catalog


def _read_cost(
    catalog: Catalog, line: int, code: str, provider: str, named: re.Match[str], size: str, cost: object
) -> None:
    if cost is None or isinstance(cost, list | dict):
        return
    what = " ".join(filter(None, (named["what"].replace("_", " "), size.replace("_", " "))))
    unit = (named["unit"] or named["what"]).rpartition("_")[2]
    price = read_price(catalog, line, cost, what)
    if price is None:
        return
    quantity = 1_000_000 if unit in ("token", "character", "pixel") else 1
    catalog.lines.append(
        PriceLine(
            line=line,
            product_code=code,
            product_name=code,
            category=provider,
            component_code=_slug(f"{what} {named['unit'] or ''}"),
            component_name=f"{what.capitalize()}, {unit}s",
            unit=unit,
            unit_quantity=quantity,
            currency="USD",
            model="per_unit",
            tiers=((Decimal(0), price * quantity),),
            plan_code=_slug(named["when"] or ""),
            attributes={"provider": provider} if provider else {},
        )
    )


def _conditions(prices: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """(condition in words, meters): a plain object has no condition, a list has one for each but the last."""
    if isinstance(prices, dict):
        yield "", prices
    elif isinstance(prices, list):
        for one in prices:
            if isinstance(one, dict):
                inner = one.get("prices", {key: value for key, value in one.items() if key != "constraint"})
                constraint = one.get("constraint")
                flat = _flat(constraint) if isinstance(constraint, dict) else {}
                yield (
                    ", ".join(f"{key} {value}" for key, value in flat.items()),
                    inner if isinstance(inner, dict) else {},
                )


def _tiers(
    catalog: Catalog, line: int, value: object, meter: str, unit_quantity: int
) -> tuple[tuple[Decimal, Decimal], ...] | None:
    """A number, {base, tiers: [{start, price}]} or [{from, price}] as (from quantity, price) in order."""
    if value is None or value == "":
        return None
    if isinstance(value, str | int | float | Decimal):
        price = read_price(catalog, line, value, meter, DOTTED, unit_quantity)
        return None if price is None else ((Decimal(0), price),)
    pairs: list[tuple[object, object]] = []
    steps = value
    if isinstance(value, dict):
        pairs.append(("0", value.get("base", value.get("price"))))
        steps = value.get("tiers", [])
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, dict):
            start = next((step[key] for key in STEP_STARTS if key in step), None)
            pairs.append((start, step.get("price", step.get("unit_price"))))
    return _ordered_tiers(catalog, line, pairs, meter, unit_quantity)


def _ordered_tiers(
    catalog: Catalog, line: int, pairs: list[tuple[object, object]], meter: str, unit_quantity: int
) -> tuple[tuple[Decimal, Decimal], ...] | None:
    tiers: dict[Decimal, Decimal] = {}
    for start, cell in pairs:
        price = read_price(catalog, line, cell, meter, DOTTED, unit_quantity) if cell is not None else None
        try:
            quantity = values.parse_money(str(start), DOTTED)
        except DomainError:
            quantity = Decimal(-1)
        if price is None or quantity < 0 or quantity in tiers:
            catalog.refuse(line, BAD_TIERS, component=meter)
            return None
        tiers[quantity] = price
    if Decimal(0) not in tiers:
        catalog.refuse(line, BAD_TIERS, component=meter)
        return None
    return tuple(sorted(tiers.items()))


def _meter_unit(meter: str) -> tuple[str, int]:
    """(unit, how many of them the price is for) by the meter's ending; the meter itself where that tells nothing."""
    for ending, unit, quantity in METERED:
        if meter.endswith(ending):
            return unit, quantity
    return meter, 1


def _meter_name(meter: str) -> str:
    for ending, unit, _ in METERED:
        if meter.endswith(ending):
            return f"{meter.removesuffix(ending).replace('_', ' ').capitalize()}, {unit}s"
    return meter.replace("_", " ").capitalize()


def _read_meters(items: Iterable[tuple[dict[str, str], int]]) -> Catalog:
    """Retail meters: rows of one meter, region and type are the steps of one price."""
    catalog = Catalog("meters")
    groups: dict[tuple[str, ...], Steps] = {}
    for raw, line in items:
        cells = {words.compact(key): values.clean(str(value)) for key, value in raw.items()}
        code = cells.get("meterid", "") or cells.get("skuid", "")
        if not code:
            catalog.refuse(line, NO_CODE)
            continue
        component = cells.get("metername") or cells.get("skuname") or code
        unit, quantity = read_measure(cells.get("unitofmeasure", ""))
        price = read_price(catalog, line, cells.get("retailprice", ""), component, DOTTED, quantity)
        start = read_price(catalog, line, cells.get("tierminimumunits") or "0", component)
        if price is None or start is None:
            continue
        plan = _slug(
            " ".join(filter(None, (cells.get("armregionname"), cells.get("type"), cells.get("reservationterm"))))
        )
        base = PriceLine(
            line=line,
            product_code=code,
            product_name=" ".join(filter(None, (cells.get("productname"), cells.get("skuname")))) or code,
            category=cells.get("servicename", ""),
            component_code=_slug(component),
            component_name=component,
            unit=unit,
            unit_quantity=quantity,
            currency=(cells.get("currencycode") or "USD").upper(),
            model="per_unit",
            tiers=(),
            plan_code=plan,
            attributes={key: str(value) for key, value in raw.items() if value not in ("", None)},
        )
        key = (code, plan, base.component_code, base.currency, cells.get("effectivestartdate", ""))
        add_step(catalog, groups, key, base, start, price)
    catalog.lines.extend(grouped_lines(groups, "tiered"))
    return catalog


def _read_partner_list(sheet: Sheet, tight: dict[str, str]) -> Catalog:
    """A partner price list: product and SKU, one plan for each term, billing plan, segment and market."""
    catalog = Catalog("partner")
    groups: dict[tuple[str, ...], Steps] = {}
    style = {name: _style(sheet, tight.get(name)) for name in ("unitprice", "pricingtierrangemin")}
    days = {name: _day_parser(sheet, tight.get(name)) for name in ("effectivestartdate", "effectiveenddate")}
    for row in sheet.rows:
        cells = {words.compact(header): values.clean(cell) for header, cell in row.cells.items()}
        if not cells["productid"] or not cells["skuid"]:
            catalog.refuse(row.number, NO_CODE)
            continue
        title = cells.get("skutitle") or cells.get("producttitle") or cells["skuid"]
        price = read_price(catalog, row.number, cells["unitprice"], title, style["unitprice"])
        least = read_price(
            catalog, row.number, cells.get("pricingtierrangemin") or "0", title, style["pricingtierrangemin"]
        )
        dates = [_day(catalog, row.number, cells.get(name, ""), parse) for name, parse in days.items()]
        if price is None or least is None or False in dates:
            continue
        base = _partner_line(row, cells, title, dates)
        key = (base.product_code, base.plan_code, base.currency, str(dates[0]))
        add_step(catalog, groups, key, base, Decimal(0) if least <= 1 else least, price)
    catalog.lines.extend(grouped_lines(groups, "volume"))
    return catalog


def _partner_line(row: Row, cells: dict[str, str], title: str, dates: list[Any]) -> PriceLine:
    term, billing = cells.get("termduration", ""), cells.get("billingplan", "")
    charged, months = read_period(billing) or read_period(term) or ("period", 1)
    parts = (term, billing, cells.get("segment", ""), cells.get("market", ""))
    return PriceLine(
        line=row.number,
        product_code=f"{cells['productid']}:{cells['skuid']}",
        product_name=title,
        category=cells.get("publisher", ""),
        component_code="licence",
        component_name=cells.get("producttitle") or title,
        unit=cells.get("unitofmeasure") or "licence",
        unit_quantity=1,
        currency=cells.get("currency", "USD").upper() or "USD",
        model="per_unit",
        tiers=(),
        charged=charged,
        period_months=months,
        plan_code=_slug(" ".join(filter(None, parts))),
        valid_from=dates[0] or None,
        valid_to=dates[1] or None,
        attributes={header: cell for header, cell in row.cells.items() if cell.strip()},
    )


def _read_mapped(sheet: Sheet, mapping: Mapping) -> Catalog:
    """A table of any headers through a mapping; lines of one component with «from quantity» are its steps."""
    catalog = Catalog("mapped")
    groups: dict[tuple[str, ...], Steps] = {}
    hint = PRICE_HEADER.fullmatch(words.fold(mapping.columns.get("price", "")))
    is_monthly = MONTHLY.search(words.fold(mapping.columns.get("price", ""))) is not None
    said = {"net": False, "gross": True}.get(words.header_parts(mapping.columns.get("price", "")).tax)
    for line in iter_lines(sheet, mapping):
        catalog.errors.extend((line.number, problem) for problem in line.errors)
        catalog.warnings.extend((line.number, problem) for problem in line.warnings)
        if line.errors:
            continue
        found = line.values
        price = read_price(catalog, line.number, found["price"], found["code"])
        if price is None:
            continue
        base = _mapped_line(line.number, found, line.attributes, (hint[1].upper(), hint[2]) if hint else ("", ""))
        base = replace(base, tax_included=said)
        if base.unit == "month" and not (found.get("unit") or found.get("period")) and not is_monthly:
            catalog.remark(line.number, NO_PERIOD)
        key = (base.product_code, base.plan_code, base.component_code, base.unit, base.currency, str(base.valid_from))
        add_step(catalog, groups, key, base, found.get("from_quantity", Decimal(0)), price)
    catalog.lines.extend(grouped_lines(groups, "tiered"))
    return catalog


MONTHLY = re.compile(r"month|mensual|mensuel|mensal|абон|місяч|месяч|abonament|miesi|monat")


def _mapped_line(line: int, found: dict[str, Any], attributes: dict[str, str], hint: tuple[str, str]) -> PriceLine:
    period = read_period(found.get("period", "")) or read_period(found.get("unit", ""))
    unit = found.get("unit") or hint[1] or "month"
    charged, months = period or (("usage", 1) if unit != "month" else ("period", 1))
    component = found.get("component") or unit
    quantity = found.get("unit_quantity", Decimal(1))
    return PriceLine(
        line=line,
        product_code=found["code"],
        product_name=found.get("name") or found["code"],
        category=found.get("category", ""),
        component_code=_slug(component),
        component_name=component,
        unit=unit,
        unit_quantity=int(quantity) if quantity == int(quantity) else 1,
        currency=found.get("currency") or hint[0],
        model=MODEL_WORDS.get(words.fold(found.get("model", "")), ""),
        tiers=(),
        charged=charged,
        period_months=months,
        plan_code=_slug(found.get("period", "")),
        valid_from=found.get("valid_from"),
        valid_to=found.get("valid_to"),
        attributes=attributes,
    )


def _style(sheet: Sheet, header: str | None) -> values.NumberStyle:
    """How a column writes numbers."""
    if header is None or header in sheet.number_columns:
        return DOTTED
    at = sheet.headers.index(header)
    return values.infer_numbers(row.values[at] for row in sheet.rows)


def _day_parser(sheet: Sheet, header: str | None) -> Callable[[str], date]:
    if header is None:
        return values.parse_date
    at = sheet.headers.index(header)
    style = values.infer_dates(row.values[at] for row in sheet.rows)
    return lambda cell: values.parse_date(cell, style)


def _day(catalog: Catalog, line: int, cell: str, parse: Callable[[str], date]) -> date | None | bool:
    """The day, None where the cell is blank, False where it was refused."""
    if not cell:
        return None
    try:
        return parse(cell)
    except values.Malformed as error:
        catalog.refuse(line, error.text, **error.params)
        return False


def _slug(text: str) -> str:
    return words.fold(text).replace(" ", "-")[:120]


def _flat(item: Any, prefix: str = "") -> dict[str, str]:
    """Nested names joined by a blank; lists are left out."""
    flat: dict[str, str] = {}
    for key, value in item.items() if isinstance(item, dict) else ():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key} ")
        elif value is not None and not isinstance(value, list):
            flat[f"{prefix}{key}"] = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return flat


@dataclass
class _ItemSheet(Sheet):
    """A JSON list of plain objects, read as a table: one column for each name."""

    table: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, items: Items) -> "_ItemSheet":
        """Columns in the order in which names first appear."""
        flat = [(line, _flat(item)) for line, item in items if isinstance(item, dict)]
        headers = list(dict.fromkeys(name for _, cells in flat for name in cells))
        rows = [Row(line, [cells.get(name, "") for name in headers], headers) for line, cells in flat]
        plain = [at for at in range(len(headers)) if all(JSON_NUMBER.fullmatch(row.values[at]) for row in rows)]
        return cls(
            headers=headers,
            original_headers=headers,
            header_line=0,
            count=len(rows),
            format="json",
            number_columns=frozenset(headers[at] for at in plain),
            table=rows,
        )

    @property
    def rows(self) -> Iterator[Row]:
        """All items."""
        return iter(self.table)
