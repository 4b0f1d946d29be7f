"""Price lists → price lines: tables of any headers, cloud price tables, partner price lists and JSON lists.

Each price line is one priced component of one product. A line that cannot be read is reported with its number.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from app.core.errors import N_, DomainError
from app.imports import values, words
from app.imports.fields import ImportKind
from app.imports.limits import Limits
from app.imports.lines import iter_lines
from app.imports.mapping import Mapping, Problem, guess_mapping
from app.imports.reading import Items, Row, Sheet, Source, read_items, read_sheet

PLACES = 4
LARGEST_QUANTITY = 10**9  # units a price may be for, so that a 32-bit column holds it
DOTTED = values.NumberStyle(".")  # how JSON and tables made by programs write decimals

NO_PRICES = N_("«%(name)s» has no prices. It is taken as a product that is not on sale.")
NO_CODE = N_("The line names no product. Fill in its code.")
NOT_OBJECT = N_("The item is not an object with named values. Correct it.")
NOT_PRICE = N_("The price «%(cell)s» of «%(component)s» is not an amount. Write digits only, like 0.25.")
NEGATIVE = N_("The price «%(cell)s» of «%(component)s» is less than zero. Correct it.")
ROUNDED = N_("The price «%(cell)s» of «%(component)s» has more decimals than can be kept; %(price)s is taken.")
UNKNOWN_UNIT = N_("The unit of «%(component)s» is not known; the price is taken for one unit of that name.")
BAD_TIERS = N_("The price steps of «%(component)s» cannot be read. Each needs a quantity it starts from and a price.")
REPEATED = N_("The price repeats line %(first_line)s. Keep one of the two.")
SAME_STEP = N_("Line %(first_line)s already has a price from the quantity %(quantity)s. Keep one of the two.")


@dataclass(frozen=True)
class PriceLine:
    """One price of one component: `tiers` are (from quantity, price for `unit_quantity` units), the first from 0."""

    line: int
    product_code: str
    product_name: str
    category: str
    component_code: str
    component_name: str
    unit: str
    unit_quantity: int
    currency: str
    model: str  # flat | per_unit | tiered | volume
    tiers: tuple[tuple[Decimal, Decimal], ...]
    charged: str = "usage"  # usage | period | once
    period_months: int = 1
    plan_code: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def price(self) -> Decimal:
        """The price of the first tier."""
        return self.tiers[0][1]

    def fitted(self, places: int = PLACES) -> "PriceLine":
        """The same price with at most `places` decimals: 0.10875 for 1,000,000 is 1.0875 for 10,000,000."""
        extra = max(0, max(_decimals(price) for _, price in self.tiers) - places)
        if not extra:
            return self
        tiers = tuple((start, price.scaleb(extra)) for start, price in self.tiers)
        return replace(self, tiers=tiers, unit_quantity=self.unit_quantity * 10**extra)


@dataclass(frozen=True)
class Unpriced:
    """A product the list names without a price."""

    line: int
    product_code: str
    product_name: str
    category: str


@dataclass
class Catalog:
    """What a price list says: `errors` are lines left out, `warnings` lines that were taken with a remark."""

    layout: str
    lines: list[PriceLine] = field(default_factory=list)
    unpriced: list[Unpriced] = field(default_factory=list)
    errors: list[tuple[int, Problem]] = field(default_factory=list)
    warnings: list[tuple[int, Problem]] = field(default_factory=list)

    def refuse(self, line: int, text: str, **params: object) -> None:
        """Report a line that is left out."""
        self.errors.append((line, Problem("price", text, **params)))

    def remark(self, line: int, text: str, **params: object) -> None:
        """Report a line that is taken."""
        self.warnings.append((line, Problem("price", text, **params)))


def read_catalog(source: Source, mapping: Mapping | None = None, limits: Limits | None = None) -> Catalog:
    """Any price list: CSV, XLSX or JSON; the layout is known by its headers, `mapping` overrules the guess."""
    if _is_json(source):
        return catalog_of_items(read_items(source, limits), mapping)
    return catalog_of_sheet(read_sheet(source, limits), mapping)


def catalog_of_sheet(sheet: Sheet, mapping: Mapping | None = None) -> Catalog:
    """The price list a table holds."""
    tight = {words.compact(header): header for header in sheet.headers}
    if mapping is None and {"instancetype", "region", "os"} <= set(tight):
        price = next((one for one in sheet.headers if PRICE_HEADER.fullmatch(words.fold(one))), None)
        if price:
            return _read_instances(sheet, tight, price)
    if mapping is None and {"productid", "skuid", "unitprice"} <= set(tight):
        return _read_partner_list(sheet, tight)
    if mapping is None and {"meterid", "retailprice", "unitofmeasure"} <= set(tight):
        return _read_meters(({"": ""} | row.cells, row.number) for row in sheet.rows)
    return _read_mapped(sheet, mapping or guess_mapping(sheet.headers, sheet.sample(), ImportKind.CATALOG))


def catalog_of_items(items: Items, mapping: Mapping | None = None) -> Catalog:
    """The price list a JSON list holds."""
    first = next((item for _, item in items if isinstance(item, dict)), {})
    if mapping is None and "model" in first and any(key.startswith("prices") for key in first):
        return _read_models(items)
    if mapping is None and {"meterId", "retailPrice"} <= set(first):
        return _read_meters((_flat(item), line) for line, item in items)
    sheet = _ItemSheet.of(items)
    catalog = catalog_of_sheet(sheet, mapping)
    for line, item in items:
        if not isinstance(item, dict):
            catalog.refuse(line, NOT_OBJECT)
    return catalog


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


# --- amounts and units -------------------------------------------------------------------------------------------

PRICE_HEADER = re.compile(r"price ([a-z]{3}) per (\w+)")
JSON_NUMBER = re.compile(r"(?:-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)?", re.ASCII)
STEP_STARTS = ("start", "from", "from_quantity", "min", "minimum")
METER = re.compile(r"(?P<number>\d{1,12}(?:\.\d{1,6})?)(?P<scale>[KMB](?![A-Za-z]))?\s*(?P<unit>.*)", re.IGNORECASE)
SCALES = {"": 1, "K": 1_000, "M": 1_000_000, "B": 1_000_000_000}
METERED = (
    ("_mtok", "token", 1_000_000),
    ("_ktok", "token", 1_000),
    ("_mchars", "character", 1_000_000),
    ("_kpages", "page", 1_000),
    ("_kcount", "piece", 1_000),
    ("_hours", "hour", 1),
    ("_hour", "hour", 1),
    ("_minutes", "minute", 1),
    ("_seconds", "second", 1),
)
MONTHS = {
    "p1m": 1, "month": 1, "monthly": 1, "1 month": 1, "mes": 1, "mensual": 1, "місяць": 1, "міс": 1, "щомісяця": 1,
    "месяц": 1, "мес": 1, "ежемесячно": 1, "miesiąc": 1, "miesiac": 1, "miesięcznie": 1, "miesiecznie": 1,
    "p3m": 3, "quarter": 3, "quarterly": 3, "квартал": 3, "kwartał": 3, "kwartal": 3, "p6m": 6,
    "p1y": 12, "year": 12, "yearly": 12, "annual": 12, "annually": 12, "1 year": 12, "año": 12, "ano": 12, "anual": 12,
    "рік": 12, "рик": 12, "год": 12, "rok": 12, "rocznie": 12, "щороку": 12, "ежегодно": 12,
    "p2y": 24, "p3y": 36, "triennial": 36, "3 years": 36,
}  # fmt: skip
ONCE = frozenset({"once", "one time", "onetime", "разово", "одноразово", "единовременно", "jednorazowo", "unico"})
MODELS = {
    "flat": "flat", "fixed": "flat", "фіксована": "flat", "фиксированная": "flat", "ryczałt": "flat",
    "per unit": "per_unit", "unit": "per_unit", "за одиницю": "per_unit", "за единицу": "per_unit",
    "tiered": "tiered", "graduated": "tiered", "ступінчаста": "tiered", "ступенчатая": "tiered", "progowy": "tiered",
    "volume": "volume", "обсяг": "volume", "объем": "volume", "ilościowy": "volume",
}  # fmt: skip
_MODELS = {words.fold(word): model for word, model in MODELS.items()}
_MONTHS = {words.fold(word): months for word, months in MONTHS.items()}


def _decimals(price: Decimal) -> int:
    exponent = price.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _price(
    catalog: Catalog,
    line: int,
    cell: object,
    component: str,
    style: values.NumberStyle = DOTTED,
    unit_quantity: int = 1,
) -> Decimal | None:
    """A price; what a program's rounding error or an endless fraction adds beyond all use is cut off and reported."""
    text = str(cell).strip()
    try:
        price = values.parse_money(text, style)
    except DomainError:
        catalog.refuse(line, NOT_PRICE, cell=values.shown(text), component=component)
        return None
    if price < 0:
        catalog.refuse(line, NEGATIVE, cell=values.shown(text), component=component)
        return None
    kept = _kept(price, unit_quantity)
    if kept != price:
        catalog.remark(line, ROUNDED, cell=values.shown(text), component=component, price=f"{kept:f}")
    return kept


def _kept(price: Decimal, unit_quantity: int) -> Decimal:
    """Exact where that is possible: 15 digits as spreadsheets keep, and no more than `LARGEST_QUANTITY` can carry."""
    if len(price.as_tuple().digits) > 15:
        price = Decimal(f"{Decimal(f'{float(price):.15g}'):f}")
    places = PLACES + max(0, len(str(LARGEST_QUANTITY // unit_quantity)) - 1)
    if _decimals(price) > places:
        price = price.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP).normalize()
    return price


def _period(text: str) -> tuple[str, int] | None:
    """(charged, months) of a period's words; None where it is no period."""
    folded = words.fold(text)
    if folded in ONCE:
        return "once", 1
    if folded in _MONTHS:
        return "period", _MONTHS[folded]
    found = re.fullmatch(r"(\d{1,2}) ?(?:m|mo|months?|міс\w*|мес\w*|mies\w*)?", folded)
    if found and int(found[1]) > 0:
        return "period", int(found[1])
    found = re.fullmatch(r"(\d) ?(?:y|years?|рок\w*|год\w*|лет|lat\w*)", folded)
    return ("period", int(found[1]) * 12) if found and int(found[1]) > 0 else None


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
        price = _price(catalog, row.number, cells[price_header], unit)
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
    key = next(key for key in item if key.startswith("prices"))
    currency = next((part.upper() for part in key.split("_") if words.currency_of(part)), "USD")
    before, refused = len(catalog.lines), len(catalog.errors)
    for condition, prices in _conditions(item[key]):
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
        price = _price(catalog, line, value, meter, DOTTED, unit_quantity)
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
        price = _price(catalog, line, cell, meter, DOTTED, unit_quantity) if cell is not None else None
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
    groups: dict[tuple[str, ...], _Steps] = {}
    for raw, line in items:
        cells = {words.compact(key): values.clean(str(value)) for key, value in raw.items()}
        code = cells.get("meterid", "") or cells.get("skuid", "")
        if not code:
            catalog.refuse(line, NO_CODE)
            continue
        component = cells.get("metername") or cells.get("skuname") or code
        unit, quantity = _measure(cells.get("unitofmeasure", ""))
        price = _price(catalog, line, cells.get("retailprice", ""), component, DOTTED, quantity)
        start = _price(catalog, line, cells.get("tierminimumunits") or "0", component)
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
        _add_step(catalog, groups, key, base, start, price)
    catalog.lines.extend(_grouped(groups, "tiered"))
    return catalog


def _measure(text: str) -> tuple[str, int]:
    """«100 GB/Month» → (GB/Month, 100); «10K» → (unit, 10000); «1 Month» → (Month, 1)."""
    found = METER.fullmatch(text.strip())
    if not found:
        return text or "unit", 1
    number = Decimal(found["number"])
    if number != int(number) or number < 1:
        return text, 1
    return found["unit"].strip() or "unit", int(number) * SCALES[(found["scale"] or "").upper()]


def _read_partner_list(sheet: Sheet, tight: dict[str, str]) -> Catalog:
    """A partner price list: product and SKU, one plan for each term, billing plan, segment and market."""
    catalog = Catalog("partner")
    groups: dict[tuple[str, ...], _Steps] = {}
    style = {name: _style(sheet, tight.get(name)) for name in ("unitprice", "pricingtierrangemin")}
    days = {name: _day_parser(sheet, tight.get(name)) for name in ("effectivestartdate", "effectiveenddate")}
    for row in sheet.rows:
        cells = {words.compact(header): values.clean(cell) for header, cell in row.cells.items()}
        if not cells["productid"] or not cells["skuid"]:
            catalog.refuse(row.number, NO_CODE)
            continue
        title = cells.get("skutitle") or cells.get("producttitle") or cells["skuid"]
        price = _price(catalog, row.number, cells["unitprice"], title, style["unitprice"])
        least = _price(
            catalog, row.number, cells.get("pricingtierrangemin") or "0", title, style["pricingtierrangemin"]
        )
        dates = [_day(catalog, row.number, cells.get(name, ""), parse) for name, parse in days.items()]
        if price is None or least is None or False in dates:
            continue
        base = _partner_line(row, cells, title, dates)
        key = (base.product_code, base.plan_code, base.currency, str(dates[0]))
        _add_step(catalog, groups, key, base, Decimal(0) if least <= 1 else least, price)
    catalog.lines.extend(_grouped(groups, "volume"))
    return catalog


def _partner_line(row: Row, cells: dict[str, str], title: str, dates: list[Any]) -> PriceLine:
    term, billing = cells.get("termduration", ""), cells.get("billingplan", "")
    charged, months = _period(billing) or _period(term) or ("period", 1)
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
    groups: dict[tuple[str, ...], _Steps] = {}
    hint = PRICE_HEADER.fullmatch(words.fold(mapping.columns.get("price", "")))
    for line in iter_lines(sheet, mapping):
        catalog.errors.extend((line.number, problem) for problem in line.errors)
        catalog.warnings.extend((line.number, problem) for problem in line.warnings)
        if line.errors:
            continue
        found = line.values
        price = _price(catalog, line.number, found["price"], found["code"])
        if price is None:
            continue
        base = _mapped_line(line.number, found, line.attributes, (hint[1].upper(), hint[2]) if hint else ("", ""))
        key = (base.product_code, base.plan_code, base.component_code, base.unit, base.currency, str(base.valid_from))
        _add_step(catalog, groups, key, base, found.get("from_quantity", Decimal(0)), price)
    catalog.lines.extend(_grouped(groups, "tiered"))
    return catalog


def _mapped_line(line: int, found: dict[str, Any], attributes: dict[str, str], hint: tuple[str, str]) -> PriceLine:
    period = _period(found.get("period", "")) or _period(found.get("unit", ""))
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
        model=_MODELS.get(words.fold(found.get("model", "")), ""),
        tiers=(),
        charged=charged,
        period_months=months,
        plan_code=_slug(found.get("period", "")),
        valid_from=found.get("valid_from"),
        valid_to=found.get("valid_to"),
        attributes=attributes,
    )


# --- steps -------------------------------------------------------------------------------------------------------


@dataclass
class _Steps:
    base: PriceLine
    steps: dict[Decimal, tuple[Decimal, int]] = field(default_factory=dict)


_Groups = dict[tuple[str, ...], _Steps]


def _add_step(
    catalog: Catalog,
    groups: _Groups,
    key: tuple[str, ...],
    base: PriceLine,
    start: Decimal,
    price: Decimal,
) -> None:
    group = groups.setdefault(key, _Steps(base))
    if start in group.steps:
        catalog.refuse(base.line, SAME_STEP, first_line=group.steps[start][1], quantity=f"{start:f}")
    else:
        group.steps[start] = (price, base.line)


def _grouped(groups: dict[tuple[str, ...], _Steps], stepped_model: str) -> Iterator[PriceLine]:
    """One price line a group, its steps in order; the price of the first holds below it too: nothing else is said."""
    for group in groups.values():
        steps = sorted(group.steps.items())
        tiers = tuple((start if at else Decimal(0), price) for at, (start, (price, _)) in enumerate(steps))
        model = group.base.model or "per_unit"
        if len(tiers) > 1 and model not in ("tiered", "volume"):
            model = stepped_model
        yield replace(group.base, tiers=tiers, model=model)


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
