"""A price line: one price of one component of one product; and how amounts, units and steps become one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

from app.core.errors import N_, DomainError
from app.imports import values, words
from app.imports.mapping import Problem

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
NO_PERIOD = N_("The line names no unit and no period: its price is taken for a month.")
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
    tax_included: bool | None = None  # None where the list does not say

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
COST = re.compile(r"(?P<what>[a-z0-9_]+?)_cost(?:_per_(?P<unit>[a-z]+(?:_token|_per_second)?))?(?:_(?P<when>\w+))?")
MONTHS = {
    "p1m": 1, "month": 1, "monthly": 1, "1 month": 1, "mes": 1, "mensual": 1, "місяць": 1, "міс": 1, "щомісяця": 1,
    "месяц": 1, "мес": 1, "ежемесячно": 1, "miesiąc": 1, "miesiac": 1, "miesięcznie": 1, "miesiecznie": 1,
    "mies": 1, "mo": 1, "mth": 1, "m c": 1, "per month": 1, "на місяць": 1, "за місяць": 1, "в месяц": 1, "за месяц": 1,
    "monat": 1, "monatlich": 1, "mois": 1, "mensuel": 1, "mensile": 1, "mes mensual": 1,
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
MODEL_WORDS = {words.fold(word): model for word, model in MODELS.items()}
MONTH_WORDS = {words.fold(word): months for word, months in MONTHS.items()}


def _decimals(price: Decimal) -> int:
    exponent = price.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def read_price(
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
        price = Decimal(f"{Context(prec=15).plus(price).normalize():f}")
    places = PLACES + max(0, len(str(LARGEST_QUANTITY // unit_quantity)) - 1)
    if _decimals(price) > places:
        price = price.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP).normalize()
    return price


def read_period(text: str) -> tuple[str, int] | None:
    """(charged, months) of a period's words; None where it is no period."""
    folded = words.fold(text)
    if folded in ONCE:
        return "once", 1
    if folded in MONTH_WORDS:
        return "period", MONTH_WORDS[folded]
    found = re.fullmatch(r"(\d{1,2}) ?(?:m|mo|months?|міс\w*|мес\w*|mies\w*)?", folded)
    if found and int(found[1]) > 0:
        return "period", int(found[1])
    found = re.fullmatch(r"(\d) ?(?:y|years?|рок\w*|год\w*|лет|lat\w*)", folded)
    return ("period", int(found[1]) * 12) if found and int(found[1]) > 0 else None


def read_measure(text: str) -> tuple[str, int]:
    """«100 GB/Month» → (GB/Month, 100); «10K» → (unit, 10000); «1 Month» → (Month, 1)."""
    found = METER.fullmatch(text.strip())
    if not found:
        return text or "unit", 1
    number = Decimal(found["number"])
    if number != int(number) or number < 1:
        return text, 1
    return found["unit"].strip() or "unit", int(number) * SCALES[(found["scale"] or "").upper()]


# --- steps -------------------------------------------------------------------------------------------------------


@dataclass
class Steps:
    base: PriceLine
    steps: dict[Decimal, tuple[Decimal, int]] = field(default_factory=dict)


Groups = dict[tuple[str, ...], Steps]


def add_step(
    catalog: Catalog,
    groups: Groups,
    key: tuple[str, ...],
    base: PriceLine,
    start: Decimal,
    price: Decimal,
) -> None:
    """Put one step into its price; a quantity that has a price already is refused with the line that gave it."""
    group = groups.setdefault(key, Steps(base))
    if start in group.steps:
        catalog.refuse(base.line, SAME_STEP, first_line=group.steps[start][1], quantity=f"{start:f}")
    else:
        group.steps[start] = (price, base.line)


def grouped_lines(groups: Groups, stepped_model: str) -> Iterator[PriceLine]:
    """One price line a group, its steps in order; the price of the first step holds below it too."""
    for group in groups.values():
        steps = sorted(group.steps.items())
        tiers = tuple((start if at else Decimal(0), price) for at, (start, (price, _)) in enumerate(steps))
        model = group.base.model or "per_unit"
        if len(tiers) > 1 and model not in ("tiered", "volume"):
            model = stepped_model
        yield replace(group.base, tiers=tiers, model=model)
