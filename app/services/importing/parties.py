"""Lines of customers → companies, payers, contracts and accounts: looked up together, written together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from app.core.errors import N_, DomainError
from app.imports import words
from app.imports.lines import ImportLine
from app.models import Account, Company, Contract, Payer
from app.rules import identifiers
from app.services import numbering
from app.services.importing.opening import Entry
from app.services.importing.work import TOO_LONG, Work, insert_all, rows_in, update_all

OTHERS_ACCOUNT = N_("The account %(number)s belongs to the customer %(code)s. Correct one of the two.")
OTHERS_CONTRACT = N_("The contract %(number)s belongs to the customer %(code)s. Correct one of the two.")
OTHER_CURRENCY = N_("The account %(number)s is in %(account)s, the line in %(currency)s. Correct the currency.")
OTHERS_SELLER = N_("The account %(number)s is of another Seller. Import the line for that Seller.")

# How long what the columns hold may be.
LENGTHS = {
    "company_code": 64,
    "company_name": 255,
    "tax_code": 20,
    "email": 200,
    "phone": 40,
    "address": 400,
    "contract_number": 60,
    "account_number": 32,
    "subscriber_number": 32,
    "number": 32,
    "subscriber_name": 200,
    "name": 200,
    "plan": 120,
}
NO_COLUMN_OF_OURS = ("contract_kind", "payment_method_note", "tenure_months", "total_charged")
KINDS = {
    "individual": "individual|person|private|private person|residential|consumer|natural person|b2c|"
    "фізична особа|фізособа|фо|приватна особа|физическое лицо|физлицо|частное лицо|фл|"
    "osoba fizyczna|osoba prywatna|persona fisica|particular",
    "legal_entity": "legal entity|legal|company|business|corporate|organization|organisation|enterprise|b2b|"
    "юридична особа|юрособа|юо|юридическое лицо|юрлицо|юл|компанія|компания|організація|организация|"
    "osoba prawna|firma|spółka|persona juridica|empresa",
    "sole_proprietor": "sole proprietor|sole trader|self employed|entrepreneur|fop|"
    "фоп|фізична особа підприємець|підприємець|ип|индивидуальный предприниматель|предприниматель|"
    "jdg|jednoosobowa działalność gospodarcza|przedsiębiorca|autonomo",
}
KIND_OF_WORD = {words.fold(word): kind for kind, listed in KINDS.items() for word in listed.split("|")}
ENTITY_NAME = re.compile(
    r"\b(?:ТОВ|ТзОВ|ПрАТ|ПАТ|АТ|ДП|КП|ПП|ООО|ОАО|ЗАО|ПАО|АО|ЧУП|ОДО|ТОО|LLC|L\.L\.C\.|Ltd|Inc|Corp|GmbH|S\.A\.|"
    r"sp\. ?z ?o\.? ?o\.?|S\.L\.)(?=[\s«\"'.,)]|$)"
)
PROPRIETOR_NAME = re.compile(r"^(?:ФОП|ИП)\b")
ENTITY_TAX_CODES = {"UA": 8, "RU": 10}
LANGUAGES = {
    "en": "en|eng|english|англійська|английский|angielski|ingles",
    "uk": "uk|ua|ukr|ukrainian|українська|украинский|ukraiński|ucraniano",
    "ru": "ru|rus|russian|російська|русский|rosyjski|ruso",
    "pl": "pl|pol|polish|польська|польский|polski|polaco",
}
LANGUAGE_OF_WORD = {words.fold(word): code for code, listed in LANGUAGES.items() for word in listed.split("|")}


@dataclass
class Placed:
    """A line with the rows it was given."""

    line: ImportLine
    company_id: int
    account_id: int
    currency: str


@dataclass
class Known:
    """What the lines name and the database already has, by the names that files use."""

    companies: dict[str, dict[str, Any]] = field(default_factory=dict)
    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)  # by number
    contracts: dict[str, tuple[int, str]] = field(default_factory=dict)  # number → (id, company's code)
    own_accounts: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)  # by code and currency


COMPANY = ("id", "code", "name", "country", "locale", "email", "phone", "address", "attributes")


def look_up(work: Work, lines: Sequence[ImportLine]) -> Known:
    """Everything the lines name, in a handful of statements."""
    known = Known()
    table = Company.__table__
    for row in rows_in(
        work.session, sa.select(*(table.c[name] for name in COMPANY)), table.c.code, _all(lines, "company_code")
    ):
        known.companies[row.code] = dict(row._mapping)
    accounts = (
        sa.select(Account.id, Account.number, Account.currency, Account.seller_id, Account.company_id, Company.code)
        .join(Company, Company.id == Account.company_id)
        .order_by(Account.id)
    )
    for row in rows_in(work.session, accounts, Account.number, _all(lines, "account_number")):
        known.accounts[row.number] = dict(row._mapping)
    ids = [one["id"] for one in known.companies.values()]
    own = accounts.where(Account.seller_id == work.seller.id, Account.state != "closed")
    for row in rows_in(work.session, own, Account.company_id, ids):
        known.own_accounts.setdefault((row.code, row.currency), dict(row._mapping))
    contracts = (
        sa.select(Contract.id, Contract.number, Company.code)
        .join(Company, Company.id == Contract.company_id)
        .where(Contract.seller_id == work.seller.id)
    )
    for row in rows_in(work.session, contracts, Contract.number, _all(lines, "contract_number")):
        known.contracts[row.number] = (row.id, row.code)
    return known


def _all(lines: Sequence[ImportLine], name: str) -> list[str]:
    return [line.values[name] for line in lines if name in line.values]


def check(work: Work, known: Known, line: ImportLine, owners: dict[tuple[str, str], str]) -> bool:
    """Whether a line agrees with what is known and with the lines before it; refused otherwise."""
    found = line.values
    if not check_lengths(work, line):
        return False
    code = found["company_code"]
    account = known.accounts.get(found.get("account_number", ""))
    if account:
        currency = found.get("currency", account["currency"])
        for wrong, text in (
            (account["code"] != code, OTHERS_ACCOUNT),
            (account["seller_id"] != work.seller.id, OTHERS_SELLER),
            (account["currency"] != currency, OTHER_CURRENCY),
        ):
            if wrong:
                said = {"code": account["code"], "account": account["currency"], "currency": currency}
                work.refuse(line.number, text, number=account["number"], **said)
                return False
    contract = known.contracts.get(found.get("contract_number", ""))
    if contract and contract[1] != code:
        work.refuse(line.number, OTHERS_CONTRACT, number=found["contract_number"], code=contract[1])
        return False
    for name, text in (("account_number", OTHERS_ACCOUNT), ("contract_number", OTHERS_CONTRACT)):
        if name in found:
            owner = owners.setdefault((name, found[name]), code)
            if owner != code:
                work.refuse(line.number, text, number=found[name], code=owner)
                return False
    return True


def check_lengths(work: Work, line: ImportLine) -> bool:
    """Whether every text fits its column; refused otherwise."""
    for name, limit in LENGTHS.items():
        cell = line.values.get(name, "")
        if len(cell) > limit:
            work.refuse(line.number, TOO_LONG, cell=cell[:40], limit=limit)
            return False
    return True


def place(work: Work, known: Known, entries: Sequence[Entry]) -> list[Placed]:
    """Give each line its company, payer, contract and account, made or changed where the line says so."""
    lines = [entry.things[0] for entry in entries]
    _write_companies(work, known, entries)
    payers = _write_payers(work, known, entries)
    contracts = _write_contracts(work, known, lines, payers)
    _write_accounts(work, known, lines, payers, contracts)
    placed = []
    for line in lines:
        account = account_of(work, known, line)
        placed.append(Placed(line, account["company_id"], account["id"], account["currency"]))
    return placed


def account_of(work: Work, known: Known, line: ImportLine) -> dict[str, Any]:
    """The account a line means: the one it names, else its company's own in the line's currency."""
    number = line.values.get("account_number", "")
    if number:
        return known.accounts[number]
    return known.own_accounts[(line.values["company_code"], currency_of(work, line))]


def currency_of(work: Work, line: ImportLine) -> str:
    """The line's own currency, else the Seller's."""
    return str(line.values.get("currency") or work.seller.currency)


# --- companies ---------------------------------------------------------------------------------------------------


def _write_companies(work: Work, known: Known, entries: Sequence[Entry]) -> None:
    new: dict[str, dict[str, Any]] = {}
    changed: dict[str, dict[str, Any]] = {}
    for entry in entries:
        line = entry.things[0]
        code = line.values["company_code"]
        row = known.companies.get(code)
        if row is None:
            new[code] = known.companies[code] = _new_company(work, line)
            work.mark(line.number, "created")
            continue
        edits = _company_edits(work, row, line, entry.first)
        row.update(edits)
        if edits and code not in new:
            changed.setdefault(code, {"id": row["id"]}).update(edits)
        if edits:
            work.mark(line.number, "changed")
    for row, company_id in zip(new.values(), insert_all(work.session, Company, list(new.values())), strict=True):
        row["id"] = company_id
    update_all(work.session, Company, changed.values())


def _new_company(work: Work, line: ImportLine) -> dict[str, Any]:
    found = line.values
    return {
        "code": found["company_code"],
        "name": found.get("company_name") or found["company_code"],
        "seller_id": work.seller.id,
        "country": found.get("country") or work.seller.country,
        "locale": LANGUAGE_OF_WORD.get(words.fold(found.get("locale", "")), work.seller.locale),
        "email": _email(found.get("email", "")),
        "phone": found.get("phone", ""),
        "address": found.get("address", ""),
        "attributes": _attributes(work, line),
    }


def _company_edits(work: Work, row: dict[str, Any], line: ImportLine, first: bool) -> dict[str, Any]:
    """What the line says otherwise; only a company's first line in the file may change what is there."""
    found, said = line.values, _attributes(work, line)
    kept = row["attributes"] or {}
    wanted: dict[str, Any] = {"attributes": {**kept, **said} if first else {**said, **kept}}
    if first:
        wanted |= {name: found[name] for name in ("country", "phone", "address") if name in found}
        if "company_name" in found:
            wanted["name"] = found["company_name"]
        if _email(found.get("email", "")):
            wanted["email"] = _email(found["email"])
        if words.fold(found.get("locale", "")) in LANGUAGE_OF_WORD:
            wanted["locale"] = LANGUAGE_OF_WORD[words.fold(found["locale"])]
    return {name: value for name, value in wanted.items() if row[name] != value}


def _attributes(work: Work, line: ImportLine) -> dict[str, str]:
    """Unmapped columns as they are, and what is mapped but has no column of its own here."""
    kept, cells = dict(line.attributes), line.row.cells
    for name in NO_COLUMN_OF_OURS:
        if name in line.values:
            kept[work.columns[name]] = cells[work.columns[name]]
    email = line.values.get("email", "")
    if email and not _email(email):
        kept[work.columns["email"]] = email
    return kept


def _email(text: str) -> str:
    if not text:
        return ""
    try:
        return identifiers.check("email", text)
    except DomainError:
        return ""


# --- payers ------------------------------------------------------------------------------------------------------

PAYER = ("id", "company_id", "kind", "name", "tax_code", "email", "phone", "legal_address")


def _write_payers(work: Work, known: Known, entries: Sequence[Entry]) -> dict[int, int]:
    """The payer of each company: its first one, made where there is none."""
    table = Payer.__table__
    ids = [known.companies[entry.things[0].values["company_code"]]["id"] for entry in entries]
    payers: dict[int, dict[str, Any]] = {}
    query = sa.select(*(table.c[name] for name in PAYER)).order_by(table.c.id)
    for row in rows_in(work.session, query, table.c.company_id, ids):
        payers.setdefault(row.company_id, dict(row._mapping))
    new: dict[int, dict[str, Any]] = {}
    changed: dict[int, dict[str, Any]] = {}
    for entry, company_id in zip(entries, ids, strict=True):
        line = entry.things[0]
        row = payers.get(company_id)
        if row is None:
            new[company_id] = payers[company_id] = _new_payer(work, known, line)
        elif entry.first:
            edits = _payer_edits(row, line)
            row.update(edits)
            if edits and company_id not in new:
                changed.setdefault(company_id, {"id": row["id"], "snapshot_id": None}).update(edits)
                work.mark(line.number, "changed")
    for row, payer_id in zip(new.values(), insert_all(work.session, Payer, list(new.values())), strict=True):
        row["id"] = payer_id
    update_all(work.session, Payer, changed.values())
    return {company_id: row["id"] for company_id, row in payers.items()}


def _new_payer(work: Work, known: Known, line: ImportLine) -> dict[str, Any]:
    found = line.values
    company = known.companies[found["company_code"]]
    return {
        "company_id": company["id"],
        "kind": kind_of(found, company["country"]),
        "country": company["country"],
        "locale": company["locale"],
        "name": company["name"],
        "tax_code": found.get("tax_code", ""),
        "email": company["email"],
        "phone": company["phone"],
        "legal_address": found.get("address", ""),
    }


def _payer_edits(row: dict[str, Any], line: ImportLine) -> dict[str, Any]:
    found = line.values
    wanted = {
        "name": found.get("company_name"),
        "tax_code": found.get("tax_code"),
        "email": _email(found.get("email", "")),
        "phone": found.get("phone"),
        "legal_address": found.get("address"),
    }
    return {name: value for name, value in wanted.items() if value and row[name] != value}


def kind_of(found: dict[str, Any], country: str) -> str:
    """Individual, unless the line's kind, its name's legal form or the length of its tax code says otherwise."""
    said = KIND_OF_WORD.get(words.fold(found.get("kind", "")))
    if said:
        return said
    name, code = found.get("company_name", ""), found.get("tax_code", "")
    if PROPRIETOR_NAME.search(name):
        return "sole_proprietor"
    if ENTITY_NAME.search(name):
        return "legal_entity"
    return "legal_entity" if code and len(code) == ENTITY_TAX_CODES.get(country) else "individual"


# --- contracts and accounts --------------------------------------------------------------------------------------


def _write_contracts(work: Work, known: Known, lines: Sequence[ImportLine], payers: dict[int, int]) -> dict[str, int]:
    """Contracts by number, made where the line names one that is not there."""
    new: dict[str, dict[str, Any]] = {}
    for line in lines:
        number = line.values.get("contract_number", "")
        if number and number not in known.contracts and number not in new:
            company_id = known.companies[line.values["company_code"]]["id"]
            new[number] = {
                "company_id": company_id,
                "seller_id": work.seller.id,
                "payer_id": payers[company_id],
                "number": number,
                "signed_on": line.values.get("contract_date") or work.start,
            }
    made = insert_all(work.session, Contract, list(new.values()))
    return {number: row[0] for number, row in known.contracts.items()} | dict(zip(new, made, strict=True))


def _write_accounts(
    work: Work, known: Known, lines: Sequence[ImportLine], payers: dict[int, int], contracts: dict[str, int]
) -> None:
    new: list[dict[str, Any]] = []
    for line in lines:
        code, number, currency = line.values["company_code"], line.values.get("account_number", ""), ""
        currency = currency_of(work, line)
        if number in known.accounts if number else (code, currency) in known.own_accounts:
            continue
        company_id = known.companies[code]["id"]
        row = {
            "company_id": company_id,
            "seller_id": work.seller.id,
            "payer_id": payers[company_id],
            "contract_id": contracts.get(line.values.get("contract_number", "")),
            "number": number,
            "currency": currency,
        }
        new.append(row)
        work.mark(line.number, "created")
        if number:
            known.accounts[number] = row
        known.own_accounts.setdefault((code, currency), row)
    _number(work, [row for row in new if not row["number"]])
    for row, account_id in zip(new, insert_all(work.session, Account, new), strict=True):
        row["id"] = account_id


def _number(work: Work, rows: Sequence[dict[str, Any]]) -> None:
    for row, number in zip(rows, numbering.number_accounts(work.session, work.seller.id, len(rows)), strict=True):
        row["number"] = number
