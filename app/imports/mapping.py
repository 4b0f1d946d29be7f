"""Which column is which field: guessed from headers and sample cells, shown, edited, saved under a name."""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from app.core.errors import N_, DomainError
from app.imports import values, words
from app.imports.fields import FIELDS, NOT_SERVICE_WORDS, SERVICE_WORDS, Field, ImportKind
from app.imports.reading import Row

EXACT, PHRASE, SIMILAR = 100.0, 60.0, 50.0
ENOUGH = 50.0
FEW_CHOICES = 12
OF_IDS = (" id", " uuid", " ід", " ид")  # how a column of keys ends: «phone_id» is no phone
BANK_ACCOUNT = re.compile(r"'?(?:[A-Z]{2}\d{2} ?[A-Z0-9 ]{8,34}|[\d ]{20,34})'?")  # an IBAN, or 20 digits
RESULT_MARK = "Kabinet: "  # how a column begins that a result file added: no part of the data when it comes back

NO_COLUMN = N_("The file has no column «%(column)s» that the mapping names. Choose another column for it.")
NO_FIELD = N_("«%(name)s» is not a field of this kind of import. Remove it from the mapping.")
NEED_FIELD = N_("No column is chosen for «%(label)s», which every line needs. Choose one.")
NEED_ONE_OF = N_("Choose a column for at least one of: %(labels)s.")
USED_TWICE = N_("The column «%(column)s» is chosen twice. Choose another column for one of the two.")
BAD_NOTATION = N_("«%(notation)s» is no notation for «%(label)s». Choose «.», «,», «dmy» or «mdy».")
NO_SETTING = N_("«%(name)s» is no setting of a mapping. Known: %(known)s.")
NO_ZONE = N_("«%(zone)s» is no time zone that is known here. Write it like Europe/Kyiv.")
SETTINGS = ("delimiter", "encoding", "date_format", "unit", "zone", "service")
NOTATIONS = frozenset({"", ".", ",", "dmy", "mdy"})


class Problem(DomainError):
    """Something to put right, with the field it concerns; shown in lists, raised by nobody here."""

    def __init__(self, field: str, text: str, **params: object) -> None:
        self.field = field
        super().__init__(text, **params)

    @property
    def column(self) -> str:
        """The column it stands in, "" where it concerns the whole line."""
        return str(self.params.get("column", ""))


@dataclass
class Mapping:
    """field → column; `services` are columns that each name a service; `notations` say how a field's column writes
    numbers («.» or «,») or dates («dmy» or «mdy») where a person chose; `scores` tell how sure each guess was;
    `settings` say how a file of usage is written where it does not say so itself (SETTINGS)."""

    kind: ImportKind
    columns: dict[str, str] = field(default_factory=dict)
    services: list[str] = field(default_factory=list)
    notations: dict[str, str] = field(default_factory=dict)
    scores: dict[str, float] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """0…1: how sure the guess is of what it found; 0 where a required field was not found."""
        known = FIELDS[self.kind]
        needed = [one.name for one in known.fields if one.required]
        if not self.scores or any({name, known.stand_ins.get(name)}.isdisjoint(self.columns) for name in needed):
            return 0.0
        return round(min(1.0, sum(self.scores.values()) / len(self.scores) / EXACT), 2)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "kind": str(self.kind),
            "columns": dict(self.columns),
            "services": list(self.services),
            "notations": dict(self.notations),
            "scores": dict(self.scores),
            **({"settings": dict(self.settings)} if self.settings else {}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Mapping":
        """From `to_dict`, or from what a form sent."""
        return cls(
            kind=ImportKind(data["kind"]),
            columns={str(name): str(column) for name, column in data.get("columns", {}).items() if column},
            services=[str(column) for column in data.get("services", [])],
            notations={str(name): str(sign) for name, sign in data.get("notations", {}).items() if sign},
            scores={str(name): float(score) for name, score in data.get("scores", {}).items()},
            settings={str(name): str(said) for name, said in data.get("settings", {}).items() if said},
        )

    def unmapped(self, headers: Sequence[str]) -> list[str]:
        """Columns kept as attributes only."""
        used = {*self.columns.values(), *self.services}
        return [header for header in headers if header not in used and not header.startswith(RESULT_MARK)]

    def fitted(self, headers: Sequence[str]) -> "Mapping":
        """The same mapping onto headers written with another case, accents or spaces: a saved one serves again."""
        known: dict[str, str] = {}
        for header in headers:
            known.setdefault(words.compact(header), header)
        exact = set(headers)

        def fit(column: str) -> str:
            return column if column in exact else known.get(words.compact(column), column)

        columns = {name: fit(column) for name, column in self.columns.items()}
        services = [fit(one) for one in self.services]
        return Mapping(self.kind, columns, services, dict(self.notations), dict(self.scores), dict(self.settings))


def guess_mapping(headers: Sequence[str], rows: Sequence[Row], kind: ImportKind) -> Mapping:
    """The likeliest mapping; what is not sure stays unmapped."""
    cells = {header: _column_cells(rows, at) for at, header in enumerate(headers)}
    headers = [header if not header.startswith(RESULT_MARK) else "" for header in headers]
    cells[""] = []
    mapping = Mapping(kind)
    candidates = sorted(_candidates(headers, cells, kind), key=lambda one: (-one[0], one[1], one[2]))
    names = [one.name for one in FIELDS[kind].fields]
    for score, field_at, column_at in candidates:
        name, column = names[field_at], headers[column_at]
        if name not in mapping.columns and column not in mapping.columns.values():
            mapping.columns[name] = column
            mapping.scores[name] = round(score, 1)
    _settle(mapping, headers)
    if FIELDS[kind].has_services:
        used = set(mapping.columns.values())
        mapping.services = [one for one in headers if one not in used and is_service(one, cells[one])]
    mapping.columns = {name: mapping.columns[name] for name in names if name in mapping.columns}
    return mapping


OWN_ACCOUNT_WORDS = "рахунок|номер рахунку|счет|номер счета|konto|numer konta|nr konta|account|cuenta"
OWN_ACCOUNT = frozenset(map(words.fold, OWN_ACCOUNT_WORDS.split("|")))
BANK_WORDS = frozenset(words.fold(word) for word in ("iban", "мфо", "бик", "bic", "swift"))


def _settle(mapping: Mapping, headers: Sequence[str]) -> None:
    """What a column means beside the others: a subscriber's name needs a number, a first name a last one, and the
    account of a bank's statement is no account here."""
    columns = mapping.columns
    if mapping.kind == ImportKind.PAYMENTS:
        tokens = {token for header in headers for token in words.fold(header).split()}
        if words.fold(columns.get("account_number", "")) in OWN_ACCOUNT and tokens & BANK_WORDS:
            del columns["account_number"], mapping.scores["account_number"]
    if mapping.kind != ImportKind.CUSTOMERS or len(columns) < 2:
        return
    moved = [] if "subscriber_number" in columns else ["subscriber_name"]
    if not {"first_name", "last_name"} <= set(columns):
        moved += ["first_name", "last_name", "middle_name"]
    for name in moved:
        column, score = columns.pop(name, ""), mapping.scores.pop(name, 0.0)
        if column and "company_name" not in columns and name != "middle_name":
            columns["company_name"], mapping.scores["company_name"] = column, score


def validate_mapping(mapping: Mapping, headers: Sequence[str]) -> list[Problem]:
    """What must be put right before lines can be read with it."""
    known = FIELDS[mapping.kind]
    problems: list[Problem] = []
    present, used = set(headers), set()
    for name, column in [*mapping.columns.items(), *(("services", one) for one in mapping.services)]:
        if name != "services" and name not in known.by_name:
            problems.append(Problem(name, NO_FIELD, name=name))
        if column not in present:
            problems.append(Problem(name, NO_COLUMN, column=column))
        elif column in used:
            problems.append(Problem(name, USED_TWICE, column=column))
        used.add(column)
    for one in known.fields:
        stand_in = known.stand_ins.get(one.name) in mapping.columns
        if one.required and not (one.name in mapping.columns or mapping.settings.get(one.name) or stand_in):
            problems.append(Problem(one.name, NEED_FIELD, label=one.label))
    for group in known.one_of:
        if not any(name in mapping.columns for name in group):
            labels = ", ".join(known.by_name[name].label for name in group)
            problems.append(Problem(group[0], NEED_ONE_OF, labels=labels))
    problems += settings_problems(mapping)
    for name, notation in mapping.notations.items():
        if notation not in NOTATIONS:
            label = known.by_name[name].label if name in known.by_name else name
            problems.append(Problem(name, BAD_NOTATION, notation=notation, label=label))
    return problems


def settings_problems(mapping: Mapping) -> Iterator[Problem]:
    """What is wrong with what a mapping says of the file as a whole."""
    for name in mapping.settings:
        if name not in SETTINGS:
            yield Problem(name, NO_SETTING, name=name, known=", ".join(SETTINGS))
    zone = mapping.settings.get("zone")
    if zone and zone not in available_timezones():
        yield Problem("zone", NO_ZONE, zone=zone)


def is_service(header: str, cells: Sequence[str]) -> bool:
    """Whether a column says yes or no to a service: by its cells, and by a word of its header or of its cells."""
    if not cells or len(set(cells)) > FEW_CHOICES:
        return False
    denials = [cell for cell in set(cells) if words.flag_of(cell) is None and words.denies(cell)]
    flags = {words.flag_of(cell) for cell in cells} - {None}
    if not flags and not denials:
        return False
    others = {cell for cell in cells if words.flag_of(cell) is None and not words.denies(cell)}
    if others and any(cell.replace(".", "", 1).replace(",", "", 1).isdigit() for cell in others):
        return False
    if _has_word(header, NOT_SERVICE_WORDS):
        return False
    return bool(denials) or _has_word(header, SERVICE_WORDS)


@cache
def _phrases(words_list: str) -> tuple[frozenset[str], tuple[str, ...]]:
    folded = [words.fold(word) for word in words_list.split("|")]
    return frozenset(folded), tuple(one.replace(" ", "") for one in folded if len(one) >= 5)


def _has_word(header: str, words_list: str) -> bool:
    """A word of the header is in the list; in a header without spaces («DEVICEPROTECTION») a part is enough."""
    single, parts = _phrases(words_list)
    tokens = words.fold(header).split()
    pairs = [" ".join(pair) for pair in zip(tokens, tokens[1:], strict=False)]
    if any(token in single for token in (*tokens, *pairs)):
        return True
    return len(tokens) == 1 and any(part in tokens[0] for part in parts)


def _column_cells(rows: Sequence[Row], at: int) -> list[str]:
    return [cell for row in rows if (cell := values.clean(row.values[at]))]


def _candidates(headers: Sequence[str], cells: dict[str, list[str]], kind: ImportKind) -> list[tuple[float, int, int]]:
    found = []
    for field_at, one in enumerate(FIELDS[kind].fields):
        for column_at, header in enumerate(headers):
            score = header_score(one, header)
            if score:
                score += cells_score(one, cells[header])
            if score >= ENOUGH:
                found.append((score, field_at, column_at))
    return found


def header_score(one: Field, header: str) -> float:
    """0…100: how well the header says the field's name."""
    folded, tight = words.fold(header), words.compact(header)
    if not tight or (one.type == "text" and one.name != "plan" and folded.endswith(OF_IDS)):
        return 0.0
    best = 0.0
    for rank, synonym in enumerate(_folded_synonyms(one)):
        best = max(best, _likeness(folded, tight, synonym) - min(rank, 30) * 0.1)
    parts = words.header_parts(header)
    if one.name == "monthly_charge" and parts.tax == "net":
        return 0.0  # what customers pay is taken with its tax
    if best < EXACT * 0.9 and one.type == "money" and parts.bare and parts.bare != folded:
        tight = parts.bare.replace(" ", "")
        for rank, synonym in enumerate(_folded_synonyms(one)):
            best = max(best, _likeness(parts.bare, tight, synonym) - 1 - min(rank, 30) * 0.1)
    return best


@cache
def _folded_synonyms(one: Field) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words.fold(word) for word in (*one.synonyms, one.name)))


def _likeness(folded: str, tight: str, synonym: str) -> float:
    close = synonym.replace(" ", "")
    if tight == close:
        return EXACT
    if len(synonym) >= 3 and f" {synonym} " in f" {folded} ":
        coverage = len(synonym) / len(folded)
        return PHRASE * 0.5 + 60 * coverage if " " in synonym or coverage >= 0.5 else 0.0
    if len(close) >= 7 and abs(len(close) - len(tight)) <= 2:
        ratio = difflib.SequenceMatcher(None, close, tight).ratio()
        if ratio >= 0.88:
            return SIMILAR + 30 * ratio
    return 0.0


def cells_score(one: Field, cells: Sequence[str]) -> float:
    """What the sample says for or against: cells that cannot be of the type weigh heavily."""
    if not cells:
        return 0.0
    if one.name in ("account_number", "subscriber_number") and _share(BANK_ACCOUNT, cells) > 0.5:
        return -EXACT
    if one.type in ("code", "choice"):
        return _variety_score(one, cells)
    if one.type == "text":
        return -EXACT if all(cell.isalpha() and words.flag_of(cell) is not None for cell in cells) else 0.0
    return 5.0 if _readable_share(one.type, cells) >= 0.5 else -EXACT


def _share(pattern: re.Pattern[str], cells: Sequence[str]) -> float:
    return sum(1 for cell in cells if pattern.fullmatch(cell)) / len(cells)


def _variety_score(one: Field, cells: Sequence[str]) -> float:
    """Codes differ from line to line; choices repeat themselves."""
    if len(cells) < 5:
        return 0.0
    few = len(set(cells)) <= min(FEW_CHOICES, len(cells) // 2)
    wordy = sum(any(c.isdigit() for c in cell) for cell in cells) < len(cells) / 2
    if one.type == "choice":
        return 3.0 if few else -60.0
    return -10.0 if few and wordy else 4.0


def _readable_share(kind: str, cells: Sequence[str]) -> float:
    parse = values.column_parser(kind, cells)
    good = 0
    for cell in cells:
        try:
            parse(cell)
            good += 1
        except values.Malformed as error:
            good += error.text in (values.AMBIGUOUS_NUMBER, values.AMBIGUOUS_DATE)
    return good / len(cells)
