"""Lines of payments → money in, by account, invoice, customer's code, tax code, or what the purpose names."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from app.core.errors import N_, DomainError
from app.imports.lines import ImportLine
from app.models import Account, Company, Document, DocumentKind, Payer, Payment
from app.services import paying, payments, transfers
from app.services.importing.opening import Entry
from app.services.importing.work import Work, rows_in

UNMATCHED = N_(
    "No account, invoice or customer here goes by what the line names. Correct it, or add an account number."
)
SEVERAL = N_("Several accounts go by what the line names. Add a column with the account's number.")
DISAGREE = N_("The line names the account %(account)s and an invoice of another one. Correct one of the two.")
TOKEN = re.compile(r"[\w][\w/.-]*[\w]")


class Books:
    """Accounts and invoices by every name that lines use."""

    def __init__(self, work: Work, lines: Sequence[ImportLine]) -> None:
        session, seller = work.session, work.seller
        tokens = [token for line in lines for token in tokens_of(line)]
        account = sa.select(Account.id, Account.number, Account.currency, Account.company_id)
        account = account.where(Account.seller_id == seller.id).order_by(Account.id)
        numbers = [*_all(lines, "account_number"), *tokens]
        self.accounts = {row.number: row for row in rows_in(session, account, Account.number, numbers)}
        self.by_id = {row.id: row for row in self.accounts.values()}
        invoice = sa.select(Document.id, Document.number, Document.account_id).where(
            Document.seller_id == seller.id, Document.kind == DocumentKind.INVOICE.value
        )
        invoices = [*_all(lines, "invoice_number"), *tokens]
        self.invoices = {row.number: row for row in rows_in(session, invoice, Document.number, invoices)}
        for row in rows_in(session, account, Account.id, [one.account_id for one in self.invoices.values()]):
            self.by_id[row.id] = row
        self.by_code: dict[str, list[Any]] = {}
        coded = account.add_columns(Company.code).join(Company, Company.id == Account.company_id)
        for row in rows_in(session, coded, Company.code, _all(lines, "company_code")):
            self.by_code.setdefault(row.code, []).append(row)
        self.by_tax_code: dict[str, list[Any]] = {}
        taxed = account.add_columns(Payer.tax_code).join(Payer, Payer.id == Account.payer_id)
        for row in rows_in(session, taxed, Payer.tax_code, _all(lines, "payer_tax_code")):
            self.by_tax_code.setdefault(row.tax_code, []).append(row)

    def find(self, work: Work, line: ImportLine) -> tuple[Any, list[int]]:
        """The account and invoices a line means; (None, []) with the line refused where there is none."""
        found = line.values
        invoices = self._invoices(line)
        named = {invoice.account_id for invoice in invoices}
        account = self.accounts.get(found.get("account_number", ""))
        if account is not None:
            if named - {account.id}:
                work.refuse(line.number, DISAGREE, account=account.number)
            return account, [invoice.id for invoice in invoices]
        candidates = [self.by_id[one] for one in named] or self._by_parties(found) or self._by_purpose(line)
        if len(candidates) > 1 and found.get("currency"):
            candidates = [one for one in candidates if one.currency == found["currency"]]
        if len(candidates) != 1 or found.get("account_number"):
            work.refuse(line.number, SEVERAL if len(candidates) > 1 else UNMATCHED)
            return None, []
        return candidates[0], [invoice.id for invoice in invoices]

    def _invoices(self, line: ImportLine) -> list[Any]:
        names = [line.values.get("invoice_number", ""), *tokens_of(line)]
        return [self.invoices[name] for name in dict.fromkeys(names) if name in self.invoices]

    def _by_parties(self, found: dict[str, Any]) -> list[Any]:
        return self.by_code.get(found.get("company_code", "")) or self.by_tax_code.get(
            found.get("payer_tax_code", ""), []
        )

    def _by_purpose(self, line: ImportLine) -> list[Any]:
        return [self.accounts[token] for token in dict.fromkeys(tokens_of(line)) if token in self.accounts]


def tokens_of(line: ImportLine) -> list[str]:
    """What in the purpose may be a number of an account or an invoice."""
    purpose = line.values.get("purpose", "")
    return [token for token in TOKEN.findall(purpose) if any(sign.isdigit() for sign in token) and len(token) <= 60]


def _all(lines: Iterable[ImportLine], name: str) -> list[str]:
    return [line.values[name] for line in lines if name in line.values]


def apply(work: Work, entries: Sequence[Entry]) -> None:
    """Credit lines to their accounts; money that came in before is left alone."""
    lines = [entry.things[0] for entry in entries]
    books = Books(work, lines)
    keys = {entry.number: key_of(work, entry) for entry in entries}
    known = {row.key for row in rows_in(work.session, sa.select(Payment.key), Payment.key, keys.values())}
    known |= transfers.is_held(work.session, keys.values())
    promises = transfers.Promises.of(work.session, work.seller.id, [line.values.get("purpose", "") for line in lines])
    for line in lines:
        if keys[line.number] in known:
            work.mark(line.number, "unchanged")
            continue
        promise = promises.named(line.values.get("purpose", ""))
        account, invoices = books.find(work, line) if promise is None else (None, [])
        if line.number in work.refused:
            continue
        try:
            with work.session.begin_nested():
                if promise is not None:
                    _settle(work, line, promise, keys[line.number])
                elif account is not None:
                    _credit(work, line, account.id, invoices, keys[line.number])
            work.mark(line.number, "created")
        except DomainError as error:
            work.refused[line.number] = error


def key_of(work: Work, entry: Entry) -> str:
    """What makes two lines the same money: the bank's reference with its day and sum, else the line's whole content."""
    found = entry.things[0].values
    if not found.get("reference"):
        return f"file:{work.seller.id}:{entry.digest}"
    who = [found.get(name, "") for name in ("account_number", "company_code", "payer_tax_code", "invoice_number")]
    said = [found["reference"], found["paid_on"].isoformat(), f"{found['amount'].normalize():f}", *who]
    return f"bank:{work.seller.id}:{hashlib.sha256(chr(31).join(said).encode()).hexdigest()}"


def _credit(work: Work, line: ImportLine, account_id: int, invoices: list[int], key: str) -> None:
    found = line.values
    payments.record_payment(
        work.session,
        work.actor,
        account_id,
        found["amount"],
        found["paid_on"],
        reference=found.get("reference", "")[:120],
        purpose=found.get("purpose", "")[:500],
        invoice_ids=invoices,
        key=key,
        currency=found.get("currency"),
        fee=found.get("fee") or Decimal(0),
    )


def _settle(work: Work, line: ImportLine, promise: Any, key: str) -> None:
    """Money whose purpose names an attempt by bank transfer."""
    found = line.values
    money = paying.Money(found["paid_on"], key, found.get("reference", "")[:120], found.get("purpose", "")[:500])
    transfers.settle_line(work.session, work.actor, promise, found["amount"], found.get("currency") or "", money)
