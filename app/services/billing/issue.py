"""From `bill_charge` to documents: lines rounded once, invoices and acts numbered, charges kept, books written.

One statement a table for the whole batch; numbers are taken just before the rows that carry them.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.models import Account, Document, Payer, Seller
from app.rules.policies import dates_of_invoice
from app.services import ledger, numbering, parties, payments
from app.services.billing.dialect import Sql, half_up_sql
from app.services.policies import calendar_for

_LINE = """account_id BIGINT, position INTEGER, name VARCHAR(255), unit VARCHAR(40), quantity BIGINT, unit_price BIGINT,
 amount BIGINT, tax_bp INTEGER, net BIGINT, tax BIGINT, gross BIGINT"""
_DOC = """account_id BIGINT PRIMARY KEY, kind VARCHAR(16), act_kind VARCHAR(16), occurrence INTEGER, place INTEGER,
 net BIGINT, tax BIGINT, total BIGINT, corrects_id BIGINT"""


@dataclass(frozen=True)
class Dates:
    """The days a month's documents bear: acts its last day, invoices the day after (or later, never back in time)."""

    act: dt.date
    invoice: dt.date


def round_lines(sql: Sql, rounding: str) -> None:
    """Fill `bill_line` and `bill_doc`: what each account's documents will say."""
    sql.scratch("bill_line", _LINE)
    sql.scratch("bill_doc", _DOC)
    window = "OVER (PARTITION BY account_id, tax_bp, tax_included ORDER BY position)"
    upto = f"CAST(SUM(amount) {window} AS BIGINT)" if rounding == "carry" else "amount"
    rate = "(CASE WHEN tax_bp < 0 THEN 0 ELSE tax_bp END)"
    within = "(CASE WHEN tax_included THEN 10000 + " + rate + " ELSE 10000 END)"

    def cents(amount: str) -> str:
        return half_up_sql(amount, "100")

    def tax(amount: str) -> str:
        return half_up_sql(f"{amount} * {rate}", within)

    sql.run(
        f"INSERT INTO bill_line SELECT account_id, position, name, unit, quantity, unit_price, amount, tax_bp, "
        "CASE WHEN tax_included THEN base - tax ELSE base END, tax, CASE WHEN tax_included THEN base ELSE base "
        "+ tax END "
        f"FROM (SELECT r.*, after - before AS base, {tax('after')} - {tax('before')} AS tax "
        f"FROM (SELECT u.*, {cents('upto')} AS after, {cents('(upto - amount)')} AS before "
        f"FROM (SELECT g.*, {upto} AS upto FROM (SELECT account_id, name, unit, unit_price, tax_bp, tax_included, "
        "CAST(SUM(share) AS BIGINT) AS quantity, CAST(SUM(amount) AS BIGINT) AS amount, "
        "ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY MIN(CASE kind WHEN 'period' THEN 0 WHEN 'once' THEN 1 "
        "WHEN 'usage' THEN 2 WHEN 'discount' THEN 3 ELSE 4 END), name, unit_price, tax_bp) AS position "
        "FROM bill_charge GROUP BY account_id, name, unit, unit_price, tax_bp, tax_included) g) u) r) t"
    )
    sql.learn("bill_line")
    sql.run(
        "INSERT INTO bill_doc (account_id, kind, act_kind, occurrence, place, net, tax, total) "
        "SELECT account_id, CASE WHEN total < 0 THEN 'credit_note' ELSE 'invoice' END, "
        "CASE WHEN total < 0 THEN 'correction_act' ELSE 'act' END, 0, "
        "ROW_NUMBER() OVER (PARTITION BY CASE WHEN total < 0 THEN 1 ELSE 0 END ORDER BY account_id), net, tax, total "
        "FROM (SELECT account_id, CAST(SUM(net) AS BIGINT) AS net, CAST(SUM(tax) AS BIGINT) AS tax, "
        "CAST(SUM(gross) AS BIGINT) AS total FROM bill_line GROUP BY account_id) x"
    )
    sql.learn("bill_doc")


def issue(session: Session, sql: Sql, seller: Seller, run_id: int, dates: Dates, quoted: bool = False) -> int:
    """Issue the documents of `bill_doc` with everything that hangs on them; returns how many accounts were billed.

    `quoted` where `bill_rate` has the rates that documents in a foreign currency keep.
    """
    count = sql.run("SELECT COUNT(*) FROM bill_doc").scalar_one()
    if not count:
        return 0
    _place_corrections(sql)
    _freeze_parties(session, sql, seller)
    session.flush()
    _insert_documents(session, sql, seller, run_id, dates, quoted)
    _insert_lines_and_charges(sql)
    _post(session, sql, seller)
    _wish_for_mail(sql)
    _settle(session, sql)
    return count


def _place_corrections(sql: Sql) -> None:
    """A second document of a period gets the next occurrence; a credit note names the invoice it corrects."""
    before = "FROM document d WHERE d.account_id = bill_doc.account_id AND d.period_start = :start"
    sql.run(
        "UPDATE bill_doc SET occurrence = (SELECT COALESCE(MAX(d.occurrence) + 1, 0) "
        f"{before} AND d.kind = bill_doc.kind AND d.run_id IS NOT NULL), corrects_id = (SELECT MIN(d.id) {before} "
        "AND d.kind = 'invoice' AND d.occurrence = 0 AND d.run_id IS NOT NULL)"
    )


def _freeze_parties(session: Session, sql: Sql, seller: Seller) -> None:
    parties.freeze(session, seller)
    ids = sql.run(
        "SELECT p.id FROM bill_doc d JOIN bill_account a ON a.account_id = d.account_id "
        "JOIN payer p ON p.id = a.payer_id WHERE p.snapshot_id IS NULL"
    ).scalars()
    parties.freeze_all(session, Payer, list(ids))


_DOC_COLUMNS = """company_id, created_at, kind, seller_id, account_id, payer_id, contract_id, run_id, basis_id,
 corrects_id,
 state, number, sequence, issued_on, period_start, period_end, occurrence, due_on, currency, locale, net, tax,
 total, paid,
 settlement, seller_snapshot_id, payer_snapshot_id"""


# A credit note keeps the rates of the invoice it corrects.
_RATES = """CASE WHEN d.kind = 'credit_note' THEN COALESCE((SELECT o.data FROM document o WHERE o.id = d.corrects_id),
 r.data{as_json}) ELSE r.data{as_json} END"""
_RATES_FROM = "LEFT JOIN bill_rate r ON r.account_id = d.account_id"


def _insert_documents(session: Session, sql: Sql, seller: Seller, run_id: int, dates: Dates, quoted: bool) -> None:
    """Invoices and their acts, credit notes and theirs; `bill_made` learns the invoices' and notes' ids."""
    for kind, act in (("invoice", "act"), ("credit_note", "correction_act")):
        if sql.run("SELECT COUNT(*) FROM bill_doc WHERE kind = :kind", kind=kind).scalar_one():
            _insert_kind(session, sql, seller, run_id, kind, kind, dates.invoice, quoted)
            _list_made(sql, kind)
            _insert_kind(session, sql, seller, run_id, kind, act, dates.act, quoted)


def _insert_kind(
    session: Session, sql: Sql, seller: Seller, run_id: int, kind: str, made: str, wanted: dt.date, quoted: bool
) -> None:
    count = sql.run("SELECT COUNT(*) FROM bill_doc WHERE kind = :kind", kind=kind).scalar_one()
    day = numbering.date_for(session, seller.id, made, wanted)
    first = numbering.take_numbers(session, seller.id, made, day, count)
    basis = "JOIN bill_made basis ON basis.account_id = d.account_id AND basis.kind = d.kind" if made != kind else ""
    extra, rates, joined = (", data", f", {_RATES}", _RATES_FROM) if quoted else ("", "", "")
    sql.run(
        f"INSERT INTO document ({_DOC_COLUMNS}{extra}) SELECT a.company_id, :now, :made, :seller, a.account_id, "
        f"a.payer_id, a.contract_id, :run, {'basis.id' if basis else 'NULL'}, "
        "CASE WHEN d.kind = 'credit_note' OR d.occurrence > 0 THEN d.corrects_id END, 'issued', "
        f":prefix || {_padded(sql, ':first + d.place - 1', seller.number_digits)}, :first + d.place - 1, :day, "
        ":start, :end, d.occurrence, CASE WHEN :is_invoice THEN :due END, a.currency, "
        "COALESCE(NULLIF(p.locale, ''), c.locale), d.net, d.tax, d.total, 0, "
        f"CASE WHEN d.total > 0 THEN 'unpaid' ELSE 'paid' END, :snapshot, p.snapshot_id{rates} "
        "FROM bill_doc d JOIN bill_account a ON a.account_id = d.account_id JOIN payer p ON p.id = a.payer_id "
        f"JOIN company c ON c.id = a.company_id {basis} {joined} WHERE d.kind = :kind ORDER BY d.place",
        now=_now(),
        made=made,
        kind=kind,
        run=run_id,
        first=first,
        day=day,
        due=dates_of_invoice(day, calendar_for(session, seller.id)).due_on,
        is_invoice=made == "invoice",
        prefix=numbering.prefix_of(seller, made, day),
        snapshot=seller.snapshot_id,
    )


def _padded(sql: Sql, number: str, digits: int) -> str:
    if sql.is_postgresql:  # LPAD cuts what is longer
        return f"LPAD(CAST({number} AS VARCHAR), GREATEST({digits:d}, LENGTH(CAST({number} AS VARCHAR))), '0')"
    return f"PRINTF('%0{digits:d}d', {number})"


def _now() -> dt.datetime:
    return clock.now().replace(tzinfo=None)


def _list_made(sql: Sql, kind: str) -> None:
    # The run is not named: the unique key of the period finds the row, an index of the run would read all its rows.
    sql.run(
        "INSERT INTO bill_made SELECT doc.id, d.account_id, doc.company_id, doc.currency, doc.issued_on, doc.kind, "
        "doc.net, doc.tax, doc.total, doc.corrects_id FROM bill_doc d {then} document doc "
        "ON doc.account_id = d.account_id AND doc.kind = :kind AND doc.period_start = :start "
        "AND doc.occurrence = d.occurrence AND doc.run_id IS NOT NULL WHERE d.kind = :kind",
        kind=kind,
    )
    sql.learn("bill_made")


def _insert_lines_and_charges(sql: Sql) -> None:
    sql.run(
        "INSERT INTO document_line (company_id, created_at, document_id, position, name, unit, quantity, unit_price, "
        "amount, tax_bp, net, tax, gross) SELECT m.company_id, :now, m.id, l.position, l.name, l.unit, l.quantity, "
        "l.unit_price, l.amount, CASE WHEN l.tax_bp >= 0 THEN l.tax_bp END, l.net, l.tax, l.gross "
        "FROM bill_line l JOIN bill_made m ON m.account_id = l.account_id",
        now=_now(),
    )
    sql.run(
        "INSERT INTO charge (company_id, created_at, seller_id, account_id, subscription_id, subscriber_id, "
        "component_id, promotion_id, document_id, kind, month, starts_on, ends_on, name, quantity, unit_price, amount, "
        "tax_bp, tax_included, price_version_id, explained) SELECT b.company_id, :now, :seller, b.account_id, "
        "b.subscription_id, b.subscriber_id, b.component_id, CASE WHEN b.promotion_id > 0 THEN b.promotion_id END, "
        "m.id, b.kind, :start, b.starts_on, b.ends_on, b.name, b.quantity, b.unit_price, b.amount, "
        "CASE WHEN b.tax_bp >= 0 THEN b.tax_bp END, b.tax_included, "
        "CASE WHEN b.price_version_id > 0 THEN b.price_version_id END, b.explained{as_json} "
        "FROM bill_charge b JOIN bill_made m ON m.account_id = b.account_id",
        now=_now(),
    )


def open_made(sql: Sql) -> None:
    """The scratch list of the invoices and credit notes a batch made."""
    sql.scratch(
        "bill_made",
        "id BIGINT, account_id BIGINT PRIMARY KEY, company_id BIGINT, currency VARCHAR(3), issued_on DATE, kind "
        "VARCHAR(16), "
        "net BIGINT, tax BIGINT, total BIGINT, corrects_id BIGINT",
    )


def _post(session: Session, sql: Sql, seller: Seller) -> None:
    """Invoice: receivable to revenue and VAT. Credit note: revenue and VAT to advances (it then settles invoices)."""
    sql.run(  # asked of the unique key: whatever is joined here, PostgreSQL guesses wrong while the table is new
        "INSERT INTO ledger_account (company_id, created_at, seller_id, account_id, kind, currency) SELECT "
        "m.company_id, :now, :seller, m.account_id, k.kind, m.currency FROM bill_made m JOIN (SELECT 'receivable' AS "
        "kind UNION ALL SELECT 'advances') k ON 1 = 1 WHERE true ON CONFLICT (account_id, kind, currency) DO NOTHING",
        now=_now(),
    )
    for currency in sql.run("SELECT DISTINCT currency FROM bill_made").scalars().all():
        ledger.open_seller_accounts(session, seller.id, currency)
    sql.run(
        "INSERT INTO entry (company_id, created_at, seller_id, account_id, kind, happened_on, document_id, key) SELECT "
        "m.company_id, :now, :seller, m.account_id, CASE WHEN m.kind = 'invoice' THEN 'billed' ELSE 'corrected' END, "
        "COALESCE(act.issued_on, m.issued_on), m.id, 'document:' || m.id FROM bill_made m "
        "LEFT JOIN document act ON act.basis_id = m.id WHERE m.net <> 0 OR m.tax <> 0",
        now=_now(),
    )
    for kind, part in (("revenue", "net"), ("vat", "tax")):
        sql.run(
            "INSERT INTO posting (company_id, created_at, entry_id, debit_id, credit_id, happened_on, currency, "
            "amount) "
            f"SELECT m.company_id, :now, e.id, CASE WHEN m.{part} > 0 THEN own.id ELSE theirs.id END, "
            f"CASE WHEN m.{part} > 0 THEN theirs.id ELSE own.id END, e.happened_on, m.currency, ABS(m.{part}) "
            "FROM bill_made m {then} entry e ON e.document_id = m.id AND e.kind IN ('billed', 'corrected') "
            "JOIN ledger_account own ON own.account_id = m.account_id AND own.currency = m.currency AND "
            "own.kind = CASE WHEN m.kind = 'invoice' THEN 'receivable' ELSE 'advances' END "
            "JOIN ledger_account theirs ON theirs.account_id IS NULL AND theirs.seller_id = :seller "
            f"AND theirs.currency = m.currency AND theirs.kind = :kind WHERE m.{part} <> 0",
            now=_now(),
            kind=kind,
        )


def _wish_for_mail(sql: Sql) -> None:
    """A wish for each document whose account gets it by e-mail; files are made when first asked for."""
    sql.run(
        "INSERT INTO outbox (company_id, created_at, topic, payload, key, state, attempts, due_at, error) "
        "SELECT m.company_id, :now, 'mail_document', {json}('document_id', m.id), 'mail:' || m.id, 'pending', 0, "
        ":now, '' FROM bill_made m JOIN account a ON a.id = m.account_id "
        "WHERE a.delivery = 'email' AND a.delivery_addresses <> ''",
        now=_now(),
    )


def _settle(session: Session, sql: Sql) -> None:
    """Credit notes become advances, and advances settle what was just issued."""
    actor = Actor.system("billing")
    notes = sql.run("SELECT id, account_id, corrects_id FROM bill_made WHERE kind = 'credit_note' ORDER BY id").all()
    for note_id, account_id, corrects_id in notes:
        note, account = session.get_one(Document, note_id), session.get_one(Account, account_id)
        payments.credit_from_note(session, actor, account, note, corrects_id)
    prepaid = sql.run(
        "SELECT DISTINCT m.account_id FROM bill_made m {then} payment p ON p.account_id = m.account_id "
        "AND p.state = 'credited' AND p.used < p.amount WHERE m.kind = 'invoice' ORDER BY m.account_id"
    ).scalars()
    payments.settle_advances(session, actor, list(prepaid))
