"""What may be chosen of a plan: the range and the step of its parts, and for how many months it is bought."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from app.core.errors import N_, Refused

LONGEST = 36  # months bought at once
MOST_ALIKE = 999  # pieces in a line whose price is so much a piece
MOST_WHOLE = 20  # pieces in a line of a plan with flat prices, included amounts or steps


@dataclass(frozen=True)
class Range:
    """A part a customer sets: from `minimum` to `maximum` (None: no end) by `step`."""

    code: str
    name: str
    unit: str
    minimum: Decimal
    maximum: Decimal | None
    step: Decimal
    default: Decimal


def range_of(
    code: str,
    name: str,
    unit: str,
    limits: tuple[Decimal | None, Decimal | None, Decimal | None],
    included: Decimal = Decimal(0),
) -> Range | None:
    """The range of a part from its (minimum, maximum, step); None where it has none and so is not chosen."""
    minimum, maximum, step = limits
    if minimum is None and maximum is None and step is None:
        return None
    lowest = minimum if minimum is not None else Decimal(0)
    default = minimum if minimum is not None else min(included or Decimal(1), maximum or Decimal(1))
    return Range(code, name, unit, lowest, maximum, step or Decimal(1), default)


def number(text: object) -> Decimal:
    """A number as a person or a form wrote it; Refused where it is none."""
    try:
        value = Decimal(str(text).strip().replace(" ", "").replace("\u00a0", "").replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value) >= Decimal(10) ** 12:
        raise Refused(N_("«%(given)s» is not a number. Write digits, for example 10."), given=str(text)[:40])
    return value


def choose(part: Range, value: Decimal) -> Decimal:
    """The value, where it is inside the range and on its step; Refused with what is allowed."""
    if value < part.minimum:
        raise Refused(
            N_("%(name)s: at least %(least)s. Choose more."), name=part.name, least=f"{part.minimum.normalize():f}"
        )
    if part.maximum is not None and value > part.maximum:
        raise Refused(
            N_("%(name)s: at most %(most)s. Choose less."), name=part.name, most=f"{part.maximum.normalize():f}"
        )
    if (value - part.minimum) % part.step:
        raise Refused(
            N_("%(name)s is chosen in steps of %(step)s from %(least)s."),
            name=part.name,
            step=f"{part.step.normalize():f}",
            least=f"{part.minimum.normalize():f}",
        )
    return value


def check_months(months: int, period_months: int) -> int:
    """The months, where they are whole periods of the plan; Refused otherwise."""
    if months < 1 or months % period_months or months > max(LONGEST, period_months):
        raise Refused(
            N_("It is bought for whole periods of %(period)s months, for %(longest)s months at most. Choose another."),
            period=period_months,
            longest=max(LONGEST, period_months),
        )
    return months


def check_quantity(quantity: Decimal, alike: bool) -> Decimal:
    """Whole pieces from 1 to what one line may hold; `alike` where the price is so much a piece."""
    most = MOST_ALIKE if alike else MOST_WHOLE
    if quantity != quantity.to_integral_value() or not 1 <= quantity <= most:
        raise Refused(N_("The quantity is a whole number from 1 to %(most)s."), most=most)
    return quantity
