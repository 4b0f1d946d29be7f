"""Cells → typed values. The notation is found from the whole column; a cell that could mean two things is refused."""

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from app.core.errors import N_, DomainError
from app.core.period import Month
from app.imports import months, units, words

PLAIN_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,12})?", re.ASCII)
EXPONENT = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,20})?[eE][+-]?\d{1,2}", re.ASCII)
SPACES = "\u0020\u00a0\u202f\u2009\u2007\t"
INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"
_MINUS = str.maketrans("−–\u2011’\u00a0\u202f\u2009\u2007", "---'    ")
_TRIM = SPACES + INVISIBLE + "\r\n\v\f"
CURRENCY_MARK = re.compile(
    r"^(?P<before>[^\d\s.,+()'-][^\d+()'-]{0,4}?)?\s*(?P<number>[-+(]?\s*[\d.,' ]*\d[\d.,' ]*\)?)"
    r"\s*(?P<after>[^\d\s,()'+-][^\d()'+-]{0,5})?$"
)

NOT_MONEY = N_("«%(cell)s» is not an amount. Write digits only, like 1234.56.")
AMBIGUOUS_NUMBER = N_(
    "«%(cell)s» can be read in two ways. Choose the decimal sign of this column, or write it like 1234.56."
)
NOT_INTEGER = N_("«%(cell)s» is not a whole number. Write digits only, like 12.")
NOT_DATE = N_("«%(cell)s» is not a date. Write it like 2026-10-31 or 31.10.2026.")
AMBIGUOUS_DATE = N_(
    "«%(cell)s» can be day/month or month/day. Choose the order of this column, or write it like 2026-10-31."
)
NOT_DATETIME = N_("«%(cell)s» is not a date with a time. Write it like 2026-10-31 14:05:00.")
NOT_FLAG = N_("«%(cell)s» is neither yes nor no. Write yes or no.")
NOT_CURRENCY = N_("«%(cell)s» is not a currency. Write its three letters, like UAH.")
NOT_COUNTRY = N_("«%(cell)s» is not a country that is known here. Write its two letters, like UA.")
NOT_MONTH = N_("«%(cell)s» is not a month. Write it like 2026-10.")


class Malformed(DomainError):
    """A cell that cannot be read as its field's type."""


def clean(text: str) -> str:
    """Without spaces and invisible characters at both ends: a cell of spaces is a blank cell."""
    return text.strip(_TRIM)


def shown(cell: str) -> str:
    """The cell as a sentence quotes it."""
    cell = clean(cell)
    return cell if len(cell) <= 40 else cell[:39] + "…"


# --- numbers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NumberStyle:
    """How a column writes numbers: `decimal` is «.», «,» or "" where the column does not tell."""

    decimal: str = ""


def infer_numbers(cells: Iterable[str]) -> NumberStyle:
    """The decimal sign the column proves; "" where nothing proves it or the cells contradict each other."""
    proven = set()
    for cell in cells:
        if "." in cell or "," in cell:
            sign = _proven_decimal(_bare_number(cell)[0])
            if sign:
                proven.add(sign)
                if len(proven) == 2:
                    return NumberStyle()
    return NumberStyle(proven.pop()) if proven else NumberStyle()


def _proven_decimal(number: str) -> str:
    """The decimal sign this cell alone proves, or ""."""
    dots, commas = number.count("."), number.count(",")
    if dots and commas:
        return "." if number.rfind(".") > number.rfind(",") else ","
    sign, other, count = (".", ",", dots) if dots else (",", ".", commas)
    if count == 0:
        return ""
    if count > 1:
        return other
    whole, _, part = number.lstrip("-").partition(sign)
    if len(part) != 3 or len(whole) > 3 or whole in ("", "0") or " " in whole or "'" in whole:
        return sign
    return ""


@lru_cache(maxsize=4096)
def _bare_number(cell: str) -> tuple[str, str | None]:
    """(digits, signs and separators with a leading minus, currency mark); ("", None) where it is no number."""
    text = clean(cell).translate(_MINUS)
    if EXPONENT.fullmatch(text):
        return f"{Decimal(text):f}", None
    found = CURRENCY_MARK.match(text)
    if not found:
        return "", None
    number = found["number"].strip()
    negative = number.startswith("-") or (number.startswith("(") and number.endswith(")"))
    if number.startswith("(") != number.endswith(")"):
        return "", None
    mark = (found["before"] or found["after"] or "").strip()
    if mark.endswith("-"):
        negative, mark = True, mark[:-1]
    if mark and words.currency_of(mark) is None and mark != "$":
        return "", None
    return ("-" if negative else "") + number.strip("-+() "), mark or None


def parse_money(cell: str, style: NumberStyle | None = None) -> Decimal:
    """«1 234,56», «29.85», «1.234,56», «₴20» as an exact Decimal; Malformed where it is none or is ambiguous."""
    text = cell.strip()
    if PLAIN_NUMBER.fullmatch(text) and (style is None or style.decimal != ","):
        if "." not in text or (style and style.decimal == ".") or _proven_decimal(text):
            return Decimal(text)
        raise Malformed(AMBIGUOUS_NUMBER, cell=shown(cell))
    number, _mark = _bare_number(cell)
    if not number:
        raise Malformed(NOT_MONEY, cell=shown(cell))
    decimal = (style.decimal if style else "") or _proven_decimal(number)
    if not decimal:
        if "." in number or "," in number:
            raise Malformed(AMBIGUOUS_NUMBER, cell=shown(cell))
        decimal = "."
    return _exact(number, decimal, cell)


def _exact(number: str, decimal: str, cell: str) -> Decimal:
    whole, _, part = number.partition(decimal)
    group = re.escape("," if decimal == "." else ".")
    if not re.fullmatch(rf"-?(?:\d+|\d{{1,3}}(?:([ ']|{group})\d{{3}})(?:\1\d{{3}})*|)", whole, re.ASCII):
        raise Malformed(NOT_MONEY, cell=shown(cell))
    digits = re.sub(r"[ '.,]", "", whole)
    if not re.fullmatch(r"\d*", part, re.ASCII) or not (digits.strip("-") or part) or len(digits) + len(part) > 30:
        raise Malformed(NOT_MONEY, cell=shown(cell))
    try:
        return Decimal(f"{digits or '0'}.{part or '0'}" if part else digits)
    except InvalidOperation as error:
        raise Malformed(NOT_MONEY, cell=shown(cell)) from error


def is_number(cell: str) -> bool:
    """Whether it is an amount in any notation, with or without a currency."""
    return bool(_bare_number(cell)[0])


def money_currency(cell: str) -> str | None:
    """The currency the cell itself names («₴20» → UAH), None where it names none («$» alone is several)."""
    mark = _bare_number(cell)[1]
    return words.currency_of(mark) if mark else None


# --- measures ----------------------------------------------------------------------------------------------------

HOURS = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):([0-5]\d)(?:[.,]0+)?", re.ASCII)
WITH_UNIT = re.compile(r"(?P<number>[^A-Za-zА-ЯҐЄІЇа-яґєії]*\d)\s*(?P<unit>[A-Za-zА-ЯҐЄІЇа-яґєії]{1,12})\.?")
NOT_MEASURE = N_("«%(cell)s» is not an amount of something. Write 61, 00:01:01 or 12.5 MB.")


def measure_unit(cell: str) -> str:
    """The unit the cell itself names: «MB» of «12,5 MB», «s» of a duration like 00:01:05; "" where it names none."""
    text = clean(cell)
    if HOURS.fullmatch(text):
        return "s"
    found = WITH_UNIT.fullmatch(text)
    return found["unit"] if found and units.family_of(found["unit"]) else ""


def _measured(cell: str) -> str:
    """The number of a measure, without its unit."""
    found = WITH_UNIT.fullmatch(clean(cell))
    return found["number"] if found and units.family_of(found["unit"]) else cell


def parse_measure(cell: str, style: NumberStyle | None = None) -> Decimal:
    """A number, with its unit or without («12,5 MB»), or a duration in seconds («00:01:05», «1:05»)."""
    text = clean(cell)
    if found := HOURS.fullmatch(text):
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        if found[1] and minutes > 59:
            raise Malformed(NOT_MEASURE, cell=shown(cell))
        return Decimal(hours * 3600 + minutes * 60 + seconds)
    try:
        return parse_money(_measured(cell), style)
    except Malformed as error:
        raise Malformed(NOT_MEASURE if error.text == NOT_MONEY else error.text, cell=shown(cell)) from error


def parse_int(cell: str) -> int:
    """«12», «1 200», «12.0»; Malformed otherwise."""
    text = clean(cell).translate(_MINUS)
    found = re.fullmatch(r"([+-]?)(\d{1,18}|\d{1,3}(?:[ ']\d{3}){1,5})(?:[.,]0{1,2})?", text, re.ASCII)
    if not found:
        raise Malformed(NOT_INTEGER, cell=shown(cell))
    return int(found[1] + re.sub(r"[ ']", "", found[2]))


# --- days --------------------------------------------------------------------------------------------------------

ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
PARTED = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})|(\d{1,2})([/.])(\d{1,2})\6(\d{2})", re.ASCII)
LATE = re.compile(r"(?P<day>.*[^\W\d_].*?|\d{5}),?\s+\d{1,2}:\d{2}\S*(?:\s*[AaPp]\.?[Mm]\.?)?")
_OF_DAY = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?"
)
CLOCK = re.compile(r"(?P<day>[\d./-]+?)(?:[T ]\s*|,\s*)" + _OF_DAY + r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?", re.ASCII)
TIME_OF_DAY = re.compile(_OF_DAY, re.ASCII)


@dataclass(frozen=True)
class DateStyle:
    """How a column writes 1/2/2026: `order` is "dmy", "mdy" or "" where the column does not tell; `serial` where it
    has nothing but numbers: a spreadsheet's days."""

    order: str = ""
    serial: bool = False


def infer_dates(cells: Iterable[str]) -> DateStyle:
    """The order the column proves by a part above 12; "" where nothing proves it or the cells contradict each other."""
    proven, serial = set(), True
    for cell in cells:
        serial = serial and months.SERIAL.fullmatch(clean(cell)) is not None
        parts = _parts(PARTED.match(clean(cell)))
        if parts and parts[1] != ".":
            first, second = int(parts[0]), int(parts[2])
            if first > 12 >= second:
                proven.add("dmy")
            elif second > 12 >= first:
                proven.add("mdy")
            if len(proven) == 2:
                return DateStyle()
    return DateStyle(proven.pop() if proven else "", serial)


def parse_date(cell: str, style: DateStyle | None = None) -> dt.date:
    """ISO, dd.mm.yyyy, and 1/2/2026 where the column's order is known; a time of day after it is left out."""
    text = clean(cell)
    clock = CLOCK.fullmatch(text) or LATE.fullmatch(text)
    return _day(clock["day"] if clock else text, style or DateStyle(), cell, NOT_DATE)


def parse_datetime(cell: str, style: DateStyle | None = None, zone: str | None = None) -> dt.datetime:
    """A day with its time, aware where the cell names an offset or `zone` is given; a bare day is its midnight."""
    text = clean(cell)
    found = CLOCK.fullmatch(text)
    if not found:
        day, moment = _day(text, style or DateStyle(), cell, NOT_DATETIME), dt.time()
    else:
        day, moment = _day(found["day"], style or DateStyle(), cell, NOT_DATETIME), _time(found, cell)
    offset = found["zone"] if found else None
    if offset:
        return dt.datetime.combine(day, moment, _offset(offset, cell))
    return dt.datetime.combine(day, moment, ZoneInfo(zone) if zone else None)


def _time(found: re.Match[str], cell: str) -> dt.time:
    hour, half = int(found["hour"]), (found["half"] or "").replace(".", "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise Malformed(NOT_DATETIME, cell=shown(cell))
        hour = hour % 12 + (12 if half == "pm" else 0)
    micro = int((found["part"] or "0").ljust(6, "0")[:6])
    try:
        return dt.time(hour, int(found["minute"]), int(found["second"] or 0), micro)
    except ValueError as error:
        raise Malformed(NOT_DATETIME, cell=shown(cell)) from error


def _offset(text: str, cell: str) -> dt.tzinfo:
    if text == "Z":
        return dt.UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 14 or minutes > 59:
        raise Malformed(NOT_DATETIME, cell=shown(cell))
    shift = dt.timedelta(hours=hours, minutes=minutes)
    return dt.timezone(-shift if text[0] == "-" else shift)


def _day(text: str, style: DateStyle, cell: str, sentence: str) -> dt.date:
    try:
        found = ISO.fullmatch(text)
        if found:
            return dt.date(int(found[1]), int(found[3]), int(found[4]))
        found = COMPACT.fullmatch(text)
        if found and 1900 <= int(found[1]) <= 2199:
            return dt.date(int(found[1]), int(found[2]), int(found[3]))
        parts = _parts(PARTED.fullmatch(text))
        if parts:
            order = "dmy" if parts[1] == "." else style.order
            return _ordered(int(parts[0]), int(parts[2]), months.full_year(parts[3]), order, cell)
        if day := months.day_of(text, style.serial):
            return day
    except ValueError as error:
        raise Malformed(sentence, cell=shown(cell)) from error
    raise Malformed(sentence, cell=shown(cell))


def _parts(found: re.Match[str] | None) -> tuple[str, str, str, str] | None:
    """(first, sign, second, year) of a day in figures, its year of four or two."""
    if found is None:
        return None
    return (found[1], found[2], found[3], found[4]) if found[1] else (found[5], found[6], found[7], found[8])


def _ordered(first: int, second: int, year: int, order: str, cell: str) -> dt.date:
    if not order:
        if first > 12 or first == second:
            order = "dmy"
        elif second > 12:
            order = "mdy"
        else:
            raise Malformed(AMBIGUOUS_DATE, cell=shown(cell))
    day, month = (first, second) if order == "dmy" else (second, first)
    return dt.date(year, month, day)


NOT_TIME = N_("«%(cell)s» is not a time of day. Write it like 14:05:00.")


def parse_time(cell: str) -> dt.time:
    """«14:05:00», «14:05», «2:05 pm»: a time of day in a column of its own."""
    found = TIME_OF_DAY.fullmatch(clean(cell))
    try:
        if found:
            return _time(found, cell)
    except Malformed as error:
        raise Malformed(NOT_TIME, cell=shown(cell)) from error
    raise Malformed(NOT_TIME, cell=shown(cell))


def parse_month(cell: str) -> Month:
    """«2026-10», «10.2026», or any day of it."""
    text = clean(cell)
    found = re.fullmatch(r"(\d{4})[-./](\d{1,2})", text, re.ASCII)
    year, month = (found[1], found[2]) if found else ("", "")
    if not found and (found := re.fullmatch(r"(\d{1,2})[-./](\d{4})", text, re.ASCII)):
        year, month = found[2], found[1]
    try:
        return Month(int(year), int(month)) if found else Month.of(parse_date(text))
    except (ValueError, Malformed) as error:
        raise Malformed(NOT_MONTH, cell=shown(cell)) from error


# --- words -------------------------------------------------------------------------------------------------------


def parse_flag(cell: str) -> bool:
    """Yes/No, 1/0, true/false and their like in five languages."""
    flag = words.flag_of(clean(cell))
    if flag is None:
        raise Malformed(NOT_FLAG, cell=shown(cell))
    return flag


def parse_service(cell: str) -> str | None:
    """What a service column says: None where the service is off («No», «No internet service»), else its value."""
    text = clean(cell)
    flag = words.flag_of(text)
    if flag is None:
        return None if words.denies(text) else text
    return text if flag else None


def parse_currency(cell: str) -> str:
    """ISO letters, ISO digits, a sign or a customary name."""
    code = words.currency_of(clean(cell))
    if code is None:
        raise Malformed(NOT_CURRENCY, cell=shown(cell))
    return code


def parse_country(cell: str) -> str:
    """ISO letters (two or three) or a name in any interface language."""
    code = words.country_of(clean(cell))
    if code is None:
        raise Malformed(NOT_COUNTRY, cell=shown(cell))
    return code


# --- columns -----------------------------------------------------------------------------------------------------


def column_parser(kind: str, cells: Iterable[str], notation: str = "") -> Callable[[str], Any]:
    """A parser of one column: its notation is `notation` where a person chose one, else what its cells prove."""
    if kind in ("money", "number"):
        style = NumberStyle(notation) if notation else infer_numbers(cells)
        return lambda cell: parse_money(cell, style)
    if kind == "measure":
        measure = NumberStyle(notation) if notation else infer_numbers(map(_measured, cells))
        return lambda cell: parse_measure(cell, measure)
    if kind == "date":
        order = DateStyle(notation) if notation else infer_dates(cells)
        return remembering(lambda cell: parse_date(cell, order))
    if kind == "datetime":
        order = DateStyle(notation) if notation else infer_dates(cells)
        return lambda cell: parse_datetime(cell, order)
    return remembering(PARSERS.get(kind, clean))


def remembering(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """Columns repeat themselves: each distinct cell is parsed once (and at most some thousands are remembered)."""
    return lru_cache(maxsize=2048)(parse)


PARSERS: dict[str, Callable[[str], Any]] = {
    "text": clean,
    "code": clean,
    "choice": clean,
    "int": parse_int,
    "flag": parse_flag,
    "currency": parse_currency,
    "country": parse_country,
    "month": parse_month,
    "time": parse_time,
}
NEED_COLUMN = frozenset({"money", "number", "measure", "date", "datetime"})
