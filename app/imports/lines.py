"""A sheet and a mapping → typed lines, each with what is wrong with it. Nothing is guessed; nothing is written."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from app.core.errors import N_
from app.core.money import FOUR_PLACES, half_up
from app.imports import totals, units, values, words
from app.imports.fields import FIELDS, Field
from app.imports.mapping import Mapping, Problem, validate_mapping
from app.imports.reading import Row, Sheet
from app.imports.units import UNITS

REQUIRED = N_("«%(column)s» is blank, and every line needs it. Fill it in.")
BLANK = N_("«%(column)s» is blank; the line is taken without it.")
BLANK_SERVICE = N_("«%(column)s» is blank; the service is taken as not ordered.")
NO_PRICE = N_("«%(column)s» is blank and the line names no plan, so there is nothing to charge. Fill in one of them.")
NEED_ONE_OF = N_("The line names none of: %(columns)s. Fill in one of them.")
BELOW = N_("«%(cell)s» is less than %(minimum)s. Correct it.")
NOT_POSITIVE = N_("«%(cell)s» must be more than zero. Correct it.")
DUPLICATE = N_("The line repeats line %(first_line)s. Keep one of the two.")
SURPLUS = N_(
    "The line has %(found)s cells, the header only %(expected)s. A delimiter too many, or a text without quotes?"
)
SHORT = N_("The line has %(found)s cells, the header %(expected)s; the missing ones are taken as blank.")
OTHER_CURRENCY = N_("The amount says %(written)s, the line says %(currency)s. Correct one of them.")
OTHER_UNIT = N_("The quantity says %(written)s, the line says %(stated)s. Correct one of them.")
FINE = N_("«%(cell)s» has more than four decimals: it is rated as it is written, and kept rounded to four.")
ENDS_BEFORE = N_("It ends on %(end)s, before it starts on %(start)s. Correct one of the dates.")

OTHER_FORM = N_("«%(cell)s» is not written as the mapping says: «%(form)s». Correct the line or the mapping.")

TOTALS = N_("The line is a total or a balance of the table, not one of its lines; it is left out.")
MONEY_OUT = N_("«%(cell)s» says that the money went out. The line is no payment to you; it is left out.")
NO_MONEY_IN = N_("«%(column)s» is blank: by this line no money came in. It is left out.")

ONE_OF_STARTS = (("start_date", "end_date"), ("valid_from", "valid_to"))
KEPT_PROBLEMS = 1000
PERSON = {"first_name", "middle_name", "last_name"}
WENT_OUT_WORDS = (
    "debit|d|dt|dr|dbit|out|outgoing|expense|withdrawal|payout|дебет|дт|списання|витрата|видаток|вихідний|"
    "вихідний платіж|расход|списание|исходящий|исходящий платеж|obciążenie|wydatek|wychodzący|przelew wychodzący|"
    "cargo|salida"
)
WENT_OUT = frozenset(map(words.fold, WENT_OUT_WORDS.split("|")))


@dataclass(slots=True)
class ImportLine:
    """One line of the file as its kind's fields; `row` is the line as it stood there."""

    number: int
    row: Row
    values: dict[str, Any]
    attributes: dict[str, str]
    services: list[tuple[str, str]]
    errors: list[Problem]
    warnings: list[Problem]

    @property
    def good(self) -> bool:
        """Whether it may be applied."""
        return not self.errors


@dataclass
class Verdict:
    """Counts over all lines, and the first problems in full."""

    total: int = 0
    good: int = 0
    warned: int = 0
    rejected: int = 0
    problems: list[tuple[int, str, Problem]] = field(default_factory=list)

    def count(self, line: ImportLine) -> None:
        """Take one line into account; «warned» lines are good ones."""
        self.total += 1
        if line.errors:
            self.rejected += 1
        else:
            self.good += 1
            self.warned += bool(line.warnings)
        if (line.errors or line.warnings) and len(self.problems) < KEPT_PROBLEMS:
            self.problems.extend((line.number, "error", one) for one in line.errors)
            self.problems.extend((line.number, "warning", one) for one in line.warnings)


@dataclass(slots=True)
class _Column:
    """A mapped column, ready to be read."""

    field: Field
    header: str
    at: int
    parse: Callable[[str], Any]
    on_blank: str  # error | warning | ""


def check_lines(sheet: Sheet, mapping: Mapping, zone: str | None = None) -> Verdict:
    """Read every line and count: the preview's figures."""
    verdict = Verdict()
    for line in iter_lines(sheet, mapping, zone):
        verdict.count(line)
    return verdict


def iter_lines(sheet: Sheet, mapping: Mapping, zone: str | None = None) -> Iterator[ImportLine]:
    """Every line in the file's order; `zone` is where times of day without an offset were written down.

    Raises the first problem of a mapping that does not fit the sheet.
    """
    for problem in validate_mapping(mapping, sheet.headers):
        raise problem
    columns = _columns(sheet, mapping, mapping.settings.get("zone") or zone)
    given = {name: value for name in ("service", "unit") if (value := mapping.settings.get(name))}
    services = [(header, sheet.headers.index(header)) for header in mapping.services]
    attributes = [(header, sheet.headers.index(header)) for header in mapping.unmapped(sheet.headers)]
    check = partial(_check_line, mapping=mapping, columns={one.field.name: one for one in columns})
    complete = partial(
        _complete,
        columns={one.field.name: one for one in columns},
        stand_ins=_stand_ins(mapping),
        persons=sorted(PERSON & set(mapping.columns), key=lambda name: sheet.headers.index(mapping.columns[name])),
    )
    first_lines: dict[tuple[Any, ...], int] = {}
    for row in sheet.rows:
        if totals.is_total(row.values):
            yield ImportLine(row.number, row, {}, {}, [], [Problem("", TOTALS)], [])
            continue
        line = _line(row, columns)
        for name, value in given.items():
            line.values.setdefault(name, value)
        line.services = _services(line, services)
        line.attributes = {header: cell for header, at in attributes if (cell := values.clean(row.values[at]))}
        complete(line)
        check(line)
        if not sheet.is_streamed:
            _check_repeats(line, mapping, first_lines)
        yield line


def _columns(sheet: Sheet, mapping: Mapping, zone: str | None) -> list[_Column]:
    known = FIELDS[mapping.kind].by_name
    places = {name: sheet.headers.index(column) for name, column in mapping.columns.items()}
    gathered: dict[str, set[str]] = {name: set() for name in places if known[name].type in values.NEED_COLUMN}
    filled = dict.fromkeys(places, 0)
    _walk_columns(sheet, places, gathered, filled)
    columns = []
    for name, at in places.items():
        header = sheet.headers[at]
        notation = mapping.notations.get(name, "") or _native_notation(sheet, header, known[name].type)
        parse = values.column_parser(known[name].type, gathered.get(name, ()), notation)
        if zone and known[name].type == "datetime":
            form = mapping.settings.get("date_format")
            parse = _as_written(form, zone) if form else _in_zone(gathered[name], notation, zone)
        columns.append(_Column(known[name], header, at, parse, _blank_rule(known[name], filled[name], len(sheet))))
    return columns


def _walk_columns(sheet: Sheet, places: dict[str, int], gathered: dict[str, set[str]], filled: dict[str, int]) -> None:
    """One walk over the file: the cells that prove a notation, and how many cells of each column are filled."""
    cells = [(name, at, gathered.get(name)) for name, at in places.items()]
    for row in sheet.proof_rows:
        line = row.values
        for name, at, proof in cells:
            cell = line[at]
            if cell:
                filled[name] += not cell.isspace()
                if proof is not None and not cell.isdigit():
                    proof.add(cell)


def _native_notation(sheet: Sheet, header: str, kind: str) -> str:
    """A spreadsheet's own numbers need no guess."""
    return "." if header in sheet.number_columns and kind in ("money", "number", "measure") else ""


def _in_zone(cells: set[str], notation: str, zone: str) -> Callable[[str], Any]:
    order = values.DateStyle(notation) if notation else values.infer_dates(cells)
    return lambda cell: values.parse_datetime(cell, order, zone)


def _as_written(form: str, zone: str) -> Callable[[str], Any]:
    """By a pattern like «%d.%m.%y %H-%M-%S»; «%s» are seconds since 1970."""
    local = ZoneInfo(zone)

    def parse(cell: str) -> dt.datetime:
        try:
            if form == "%s":
                return dt.datetime.fromtimestamp(int(cell), dt.UTC)
            moment = dt.datetime.strptime(cell, form)  # noqa: DTZ007 - the zone is put on below
        except (ValueError, OverflowError, OSError) as error:
            raise values.Malformed(OTHER_FORM, cell=values.shown(cell), form=form) from error
        return moment if moment.tzinfo else moment.replace(tzinfo=local)

    return parse


def _blank_rule(one: Field, filled: int, total: int) -> str:
    """A hole in a column that is mostly filled is reported; a column hardly used, or a plain text, is not."""
    if one.required:
        return "error"
    if one.type in ("text", "code", "choice") or one.open_ended or filled * 2 < total:
        return ""
    return "warning"


def _line(row: Row, columns: list[_Column]) -> ImportLine:
    line = ImportLine(row.number, row, {}, {}, [], [], [])
    found, cells = line.values, row.values
    for one in columns:
        cell = cells[one.at]
        if not cell or not (cell := values.clean(cell)):
            if one.on_blank:
                _report_blank(line, one)
            continue
        try:
            value = one.parse(cell)
        except values.Malformed as error:
            problem = Problem(one.field.name, error.text, **{**error.params, "column": one.header})
            (line.errors if one.field.required or one.field.strict else line.warnings).append(problem)
            continue
        if one.field.name == "fee":
            value = abs(value)  # gateways write what they keep with a minus too
        if (one.field.minimum is not None or one.field.positive) and not _in_range(line, one, value, cell):
            continue
        found[one.field.name] = value
    if row.surplus:
        found_cells = len(row.headers) + len(row.surplus)
        line.errors.append(Problem("", SURPLUS, found=found_cells, expected=len(row.headers)))
    elif row.missing:
        _report_short(line, row)
    return line


def _report_blank(line: ImportLine, one: _Column) -> None:
    if one.on_blank == "error":
        text = NO_MONEY_IN if one.field.name == "amount" else REQUIRED
        line.errors.append(Problem(one.field.name, text, column=one.header))
    else:
        line.warnings.append(Problem(one.field.name, BLANK, column=one.header))


def _report_short(line: ImportLine, row: Row) -> None:
    """A text file's short line; a spreadsheet's empty cells at the end are just blank."""
    line.warnings.append(Problem("", SHORT, found=len(row.headers) - row.missing, expected=len(row.headers)))


def _in_range(line: ImportLine, one: _Column, value: Decimal | int, cell: str) -> bool:
    if one.field.name == "amount" and value < 0:
        problem = Problem("amount", MONEY_OUT, cell=values.shown(cell), column=one.header)
    elif one.field.positive and value <= 0:
        problem = Problem(one.field.name, NOT_POSITIVE, cell=values.shown(cell), column=one.header)
    elif one.field.minimum is not None and value < one.field.minimum:
        problem = Problem(one.field.name, BELOW, cell=values.shown(cell), minimum=one.field.minimum, column=one.header)
    else:
        return True
    (line.errors if one.field.required or one.field.strict else line.warnings).append(problem)
    return False


def _stand_ins(mapping: Mapping) -> dict[str, str]:
    """Field → the one that serves in its place, where the file has no column for it."""
    return {name: other for name, other in FIELDS[mapping.kind].stand_ins.items() if name not in mapping.columns}


def _complete(line: ImportLine, columns: dict[str, _Column], stand_ins: dict[str, str], persons: list[str]) -> None:
    """What the line says in other fields: a name in parts, a number that stands for the code."""
    found = line.values
    for name, other in stand_ins.items():
        if other in found:
            found[name] = found[other]
        else:
            line.errors.append(Problem(other, REQUIRED, column=columns[other].header))
    parts = [found.pop(name) for name in persons if name in found]
    if parts and not found.get("company_name"):
        found["company_name"] = " ".join(parts)


def _services(line: ImportLine, services: list[tuple[str, int]]) -> list[tuple[str, str]]:
    """(column, what it says) of the services that are switched on."""
    on = []
    for header, at in services:
        cell = line.row.values[at]
        if not cell or cell.isspace():
            line.warnings.append(Problem("services", BLANK_SERVICE, column=header))
            continue
        value = _service_value(cell)
        if value is not None:
            on.append((header, value))
    return on


_service_value = values.remembering(values.parse_service)


def _check_line(line: ImportLine, mapping: Mapping, columns: dict[str, _Column]) -> None:
    found = line.values
    for group in FIELDS[mapping.kind].one_of:
        given = [columns[name].header for name in group if name in columns]
        if given and not any(name in found for name in group):
            line.errors.append(Problem(group[0], NEED_ONE_OF, columns=", ".join(f"«{one}»" for one in given)))
    _check_unit(line, columns)
    _check_fineness(line, columns)
    _put_together(line)
    _check_price(line, columns)
    _check_direction(line, columns)
    _check_currency(line, columns)
    for start, end in ONE_OF_STARTS:
        if start in found and end in found and found[end] < found[start]:
            line.errors.append(
                Problem(end, ENDS_BEFORE, start=found[start], end=found[end], column=columns[end].header)
            )


def _check_price(line: ImportLine, columns: dict[str, _Column]) -> None:
    charge = columns.get("monthly_charge")
    if charge is None or "monthly_charge" in line.values or line.values.get("plan"):
        return
    if any(one.field == "monthly_charge" for one in line.errors):
        return
    line.warnings = [one for one in line.warnings if one.field != "monthly_charge"]
    line.errors.append(Problem("monthly_charge", NO_PRICE, column=charge.header))


def _check_unit(line: ImportLine, columns: dict[str, _Column]) -> None:
    """«12,5 MB» and «00:01:05» name their unit: it serves where the line has none of its own, and must agree."""
    if "quantity" not in line.values or columns["quantity"].field.type != "measure":
        return
    written = values.measure_unit(line.row.values[columns["quantity"].at])
    if not written:
        return
    stated = line.values.get("unit", "") if "unit" in columns else ""
    is_clock = written == "s" and units.family_of(stated) == units.TIME
    if stated and not is_clock and UNITS.get(words.fold(stated)) != UNITS.get(words.fold(written)):
        problem = Problem(
            "quantity", OTHER_UNIT, written=written, stated=values.shown(stated), column=columns["quantity"].header
        )
        line.errors.append(problem)
    line.values["unit"] = written


def _check_fineness(line: ImportLine, columns: dict[str, _Column]) -> None:
    """«0.123456 MB» is whole bytes: what is measured may be finer than what is kept of it."""
    value = line.values.get("quantity")
    if value is None or columns["quantity"].field.type != "measure" or value == half_up(value, FOUR_PLACES):
        return
    line.warnings.append(Problem("quantity", FINE, cell=f"{value:f}"[:40]))


def _put_together(line: ImportLine) -> None:
    """A day and the time of day in a column of its own are one moment."""
    time, day = line.values.pop("start_time", None), line.values.get("started_at")
    if time is not None and day is not None:
        line.values["started_at"] = dt.datetime.combine(day.date(), time, day.tzinfo)


def _check_direction(line: ImportLine, columns: dict[str, _Column]) -> None:
    """A statement lists what went out too, some by a word and not by a sign."""
    said = line.values.pop("direction", "") if "direction" in columns and "amount" in columns else ""
    if said and words.fold(said) in WENT_OUT and not any(one.text == MONEY_OUT for one in line.errors):
        column = columns["direction"].header
        line.errors.append(Problem("direction", MONEY_OUT, cell=values.shown(said), column=column))


def _check_currency(line: ImportLine, columns: dict[str, _Column]) -> None:
    """«₴20» and a header «Amount, UAH» name a currency: it serves where the line has none, and must agree with it."""
    for name in ("monthly_charge", "price", "amount"):
        if name not in line.values:
            continue
        cell, header = line.row.values[columns[name].at], columns[name].header
        marked = not (cell[-1:].isdigit() and cell[:1].isdigit())
        written = (values.money_currency(cell) if marked else None) or words.header_parts(header).currency
        if written and line.values.setdefault("currency", written) != written:
            stated = line.values["currency"]
            line.errors.append(Problem(name, OTHER_CURRENCY, written=written, currency=stated, column=header))


def _check_repeats(line: ImportLine, mapping: Mapping, first_lines: dict[tuple[Any, ...], int]) -> None:
    keys = FIELDS[mapping.kind].keys
    found = line.values
    if not found.get(keys[0]):
        return
    key = tuple(found.get(name) for name in keys)
    first = first_lines.setdefault(key, line.number)
    if first != line.number:
        line.errors.append(Problem(keys[0], DUPLICATE, first_line=first, column=mapping.columns.get(keys[0], "")))
