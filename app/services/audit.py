"""What must always hold: each invariant counts its breaches; `flask audit` prints them, every scenario ends
with them.
"""

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.errors import N_
from app.core.files import digest_of
from app.models import DocumentFile, PartySnapshot
from app.services import documents, parties, trail

# name → (sentence, SQL that counts breaches). Amounts are the scaled integers of the columns.
_COUNTS: dict[str, tuple[str, str]] = {
    "postings_move_between_accounts_of_their_currency": (
        N_("Every posting joins two ledger accounts of its own currency and Seller."),
        """SELECT COUNT(*) FROM posting p JOIN ledger_account d ON d.id = p.debit_id
 JOIN ledger_account c ON c.id = p.credit_id
 WHERE d.currency <> p.currency OR c.currency <> p.currency OR d.seller_id <> c.seller_id OR p.amount <= 0""",
    ),
    "books_sum_to_zero": (
        N_("All debits less all credits are zero in every currency."),
        """SELECT COUNT(*) FROM (SELECT currency, SUM(amount) AS total FROM (
 SELECT d.currency, p.amount FROM posting p JOIN ledger_account d ON d.id = p.debit_id UNION ALL
 SELECT c.currency, -p.amount FROM posting p JOIN ledger_account c ON c.id = p.credit_id) x GROUP BY currency) y
 WHERE total <> 0""",
    ),
    "postings_bear_their_entry": (
        N_("Every posting has the day and the company of its entry."),
        """SELECT COUNT(*) FROM posting p JOIN entry e ON e.id = p.entry_id
 WHERE p.happened_on <> e.happened_on OR COALESCE(p.company_id, 0) <> COALESCE(e.company_id, 0)""",
    ),
    "documents_are_the_sum_of_their_lines": (
        N_("An invoice or credit note is the sum of its lines: net, tax and total."),
        """SELECT COUNT(*) FROM document d LEFT JOIN (SELECT document_id, SUM(net) AS net, SUM(tax) AS tax,
 SUM(gross) AS gross FROM document_line GROUP BY document_id) l ON l.document_id = d.id
 WHERE d.kind IN ('invoice', 'credit_note') AND d.state = 'issued'
 AND (d.net <> COALESCE(l.net, 0) OR d.tax <> COALESCE(l.tax, 0) OR d.total <> COALESCE(l.gross, 0))""",
    ),
    "acts_agree_with_their_invoices": (
        N_("An act has the sums of the invoice it stands on."),
        """SELECT COUNT(*) FROM document a JOIN document d ON d.id = a.basis_id WHERE
 a.kind IN ('act', 'correction_act') AND (a.total <> d.total OR a.tax <> d.tax OR a.account_id <> d.account_id)""",
    ),
    "every_invoice_has_one_act": (
        N_("Every invoice and credit note of a billing run has exactly one act."),
        """SELECT COUNT(*) FROM document d WHERE d.kind IN ('invoice', 'credit_note') AND d.run_id IS NOT NULL AND
 (SELECT COUNT(*) FROM document a WHERE a.basis_id = d.id) <> 1""",
    ),
    "lines_are_their_charges": (
        N_("The lines of a document come to its charges."),
        """SELECT COUNT(*) FROM (SELECT document_id, SUM(amount) AS amount FROM document_line GROUP BY document_id) l
 JOIN (SELECT document_id, SUM(amount) AS amount FROM charge GROUP BY document_id) c ON c.document_id = l.document_id
 WHERE l.amount <> c.amount""",
    ),
    "documents_are_in_the_books": (
        N_("Every issued invoice and credit note is posted once, at its total."),
        """SELECT COUNT(*) FROM document d WHERE d.kind IN ('invoice', 'credit_note') AND d.state = 'issued'
 AND d.run_id IS NOT NULL AND (d.net <> 0 OR d.tax <> 0) AND COALESCE((SELECT SUM(CASE WHEN o.account_id IS NOT NULL
 THEN p.amount ELSE -p.amount END) FROM entry e JOIN posting p ON p.entry_id = e.id JOIN ledger_account o
 ON o.id = p.debit_id WHERE e.document_id = d.id AND e.kind IN ('billed', 'corrected')), 0) <> d.total""",
    ),
    "numbers_have_no_gaps": (
        N_("A Seller's numbers of a kind and year run from 1 to the last, each once."),
        """SELECT COUNT(*) FROM number_series s LEFT JOIN (SELECT seller_id, kind, {year} AS year, COUNT(*) AS had,
 MAX(sequence) AS top, COUNT(DISTINCT sequence) AS single FROM document WHERE sequence IS NOT NULL
 GROUP BY seller_id, kind, {year}) d ON d.seller_id = s.seller_id AND d.kind = s.kind AND d.year = s.year
 WHERE s.kind IN ('invoice', 'act', 'credit_note', 'correction_act', 'reconciliation')
 AND (COALESCE(d.had, 0) <> s.last_number OR COALESCE(d.top, 0) <> s.last_number
 OR COALESCE(d.single, 0) <> s.last_number)""",
    ),
    "payment_numbers_have_no_gaps": (
        N_("A Seller's payment numbers run from 1 to the last, each once."),
        """SELECT COUNT(*) FROM (SELECT s.seller_id, SUM(s.last_number) AS taken FROM number_series s
 WHERE s.kind = 'payment' GROUP BY s.seller_id) t LEFT JOIN (SELECT seller_id, COUNT(*) AS had FROM payment
 WHERE sequence IS NOT NULL GROUP BY seller_id) p ON p.seller_id = t.seller_id WHERE COALESCE(p.had, 0) <> t.taken""",
    ),
    "dates_follow_numbers": (
        N_("In a series a later number never has an earlier date."),
        """SELECT COUNT(*) FROM (SELECT issued_on, LAG(issued_on) OVER (PARTITION BY seller_id, kind, {year}
 ORDER BY sequence) AS before FROM document WHERE sequence IS NOT NULL) x WHERE before > issued_on""",
    ),
    "invoices_are_paid_by_allocations": (
        N_("What an invoice shows as paid is what is allocated to it, within its total."),
        """SELECT COUNT(*) FROM document d LEFT JOIN (SELECT document_id, SUM(amount) AS amount FROM allocation
 GROUP BY document_id) a ON a.document_id = d.id WHERE d.kind = 'invoice' AND (d.paid <> COALESCE(a.amount, 0)
 OR d.paid > d.total OR d.settlement <> CASE WHEN d.paid = d.total THEN 'paid' WHEN d.paid > 0 THEN 'partly'
 ELSE 'unpaid' END)""",
    ),
    "payments_are_used_by_allocations": (
        N_("What is used of a payment is what it is allocated to, within its amount."),
        """SELECT COUNT(*) FROM payment p LEFT JOIN (SELECT payment_id, SUM(amount) AS amount FROM allocation
 GROUP BY payment_id) a ON a.payment_id = p.id WHERE p.used <> COALESCE(a.amount, 0) OR p.used > p.amount""",
    ),
    "receivables_are_open_invoices": (
        N_("An account's receivable in the books is what its invoices wait for."),
        """SELECT COUNT(*) FROM (SELECT l.account_id, COALESCE((SELECT SUM(p.amount) FROM posting p
 WHERE p.debit_id = l.id), 0) - COALESCE((SELECT SUM(p.amount) FROM posting p WHERE p.credit_id = l.id), 0) AS books
 FROM ledger_account l WHERE l.kind = 'receivable') b LEFT JOIN (SELECT account_id, SUM(total - paid) AS waiting
 FROM document WHERE kind = 'invoice' AND state = 'issued' GROUP BY account_id) d ON d.account_id = b.account_id
 WHERE b.books <> COALESCE(d.waiting, 0)""",
    ),
    "advances_are_unused_payments": (
        N_("An account's advances in the books are what is not used of its payments."),
        """SELECT COUNT(*) FROM (SELECT l.account_id, COALESCE((SELECT SUM(p.amount) FROM posting p
 WHERE p.credit_id = l.id), 0) - COALESCE((SELECT SUM(p.amount) FROM posting p WHERE p.debit_id = l.id), 0) AS books
 FROM ledger_account l WHERE l.kind = 'advances') b LEFT JOIN (SELECT account_id, SUM(amount - used) AS waiting
 FROM payment WHERE state = 'credited' GROUP BY account_id) p ON p.account_id = b.account_id
 WHERE b.books <> COALESCE(p.waiting, 0)""",
    ),
    "vat_on_advances_is_that_of_the_advances_left": (
        N_("VAT on an advance is the estimated tax within what is left of it, in the payment and in the books."),
        """SELECT COUNT(*) FROM payment p LEFT JOIN (SELECT e.payment_id,
 SUM(CASE WHEN l.id = o.debit_id THEN o.amount ELSE -o.amount END) AS amount FROM ledger_account l
 JOIN posting o ON l.id IN (o.debit_id, o.credit_id) JOIN entry e ON e.id = o.entry_id
 WHERE l.kind = 'vat_advances' GROUP BY e.payment_id) b ON b.payment_id = p.id
 WHERE COALESCE(b.amount, 0) <> COALESCE(p.advance_tax, 0) OR (p.advance_tax_bp IS NOT NULL
 AND COALESCE(p.advance_tax, -1) <> CASE WHEN p.state = 'credited' THEN (2 * (p.amount - p.used) * p.advance_tax_bp
 + 10000 + p.advance_tax_bp) / (2 * (10000 + p.advance_tax_bp)) ELSE 0 END)""",
    ),
    "fees_are_in_the_books": (
        N_("What gateways kept of a payment is posted once, at its sum."),
        """SELECT COUNT(*) FROM payment p LEFT JOIN (SELECT e.payment_id, SUM(o.amount) AS amount FROM posting o
 JOIN ledger_account l ON l.id = o.debit_id AND l.kind = 'fees' JOIN entry e ON e.id = o.entry_id GROUP BY e.payment_id)
 f ON f.payment_id = p.id WHERE p.fee <> COALESCE(f.amount, 0)""",
    ),
    "money_in_another_currency_is_in_both_books": (
        N_("Money in another currency came in as it was, and was credited as its rate says, in each currency's books."),
        """SELECT COUNT(*) FROM payment p WHERE p.paid_amount IS NOT NULL AND p.state = 'credited' AND (2 <> (
 SELECT COUNT(*) FROM entry e JOIN posting o ON o.entry_id = e.id JOIN ledger_account d ON d.id = o.debit_id
 JOIN ledger_account c ON c.id = o.credit_id WHERE e.payment_id = p.id AND e.kind = 'paid' AND (
 (d.kind = 'clearing' AND c.kind = 'exchange' AND o.currency = p.paid_currency AND o.amount = p.paid_amount) OR
 (d.kind = 'exchange' AND c.kind = 'advances' AND o.currency = p.currency AND o.amount = p.amount))))""",
    ),
    "instalments_add_up": (
        N_("The down payment and the parts of an instalment plan come to its total, and to its invoice."),
        """SELECT COUNT(*) FROM instalment_plan p LEFT JOIN (SELECT plan_id, SUM(amount) AS amount FROM instalment_part
 GROUP BY plan_id) s ON s.plan_id = p.id LEFT JOIN document d ON d.id = p.document_id
 WHERE p.total <> p.down_payment + COALESCE(s.amount, 0) OR p.total <> COALESCE(d.total, p.total)""",
    ),
    "instalments_follow_their_payments": (
        N_("What the parts of an instalment plan show as paid is what their invoice was paid beyond the down payment."),
        """SELECT COUNT(*) FROM instalment_plan p JOIN document d ON d.id = p.document_id
 JOIN (SELECT plan_id, SUM(paid) AS paid, SUM(CASE WHEN (state = 'paid') <> (paid = amount) THEN 1 ELSE 0 END) AS wrong
 FROM instalment_part GROUP BY plan_id) s ON s.plan_id = p.id
 WHERE s.wrong > 0 OR s.paid <> CASE WHEN d.paid > p.down_payment THEN d.paid - p.down_payment ELSE 0 END""",
    ),
    "nothing_is_billed_twice": (
        N_("A period of an account has one regular document of a kind."),
        """SELECT COUNT(*) FROM (SELECT account_id, kind, period_start, occurrence FROM document
 WHERE run_id IS NOT NULL GROUP BY account_id, kind, period_start, occurrence HAVING COUNT(*) > 1) x""",
    ),
    "rows_stay_in_their_company": (
        N_("Documents, charges and payments belong to the company of their account."),
        """SELECT (SELECT COUNT(*) FROM document d JOIN account a ON a.id = d.account_id
 WHERE a.company_id <> d.company_id) + (SELECT COUNT(*) FROM charge c JOIN account a ON a.id = c.account_id
 WHERE a.company_id <> c.company_id) + (SELECT COUNT(*) FROM payment p JOIN account a ON a.id = p.account_id
 WHERE a.company_id <> p.company_id) + (SELECT COUNT(*) FROM document_line l JOIN document d ON d.id = l.document_id
 WHERE d.company_id <> l.company_id)""",
    ),
    "rated_charges_are_their_records": (
        N_("What a month's rated usage was charged is the sum of its records known when it was charged."),
        """SELECT COUNT(*) FROM (SELECT ch.subscription_id, ch.component_id, ch.month, SUM(ch.amount) AS amount,
 MAX(ch.created_at) AS known_at FROM charge ch JOIN component c ON c.id = ch.component_id
 WHERE c.tariff_id IS NOT NULL AND ch.promotion_id IS NULL GROUP BY ch.subscription_id, ch.component_id, ch.month) b
 WHERE b.amount <> (SELECT COALESCE(SUM(u.amount), 0) FROM usage u WHERE u.subscription_id = b.subscription_id
 AND u.component_id = b.component_id AND u.day >= b.month AND u.day < {next_month} AND u.created_at <= b.known_at)
 AND NOT EXISTS (SELECT 1 FROM usage u WHERE u.subscription_id = b.subscription_id
 AND u.component_id = b.component_id AND u.day >= b.month AND u.day < {next_month} AND u.amount IS NULL)""",
    ),
    "paid_orders_have_their_money": (
        N_(
            "No order waits behind a payment called paid that did not bring its sum to the order’s account: open "
            "such an order, have it paid again or cancel it; what came is on the account."
        ),
        """SELECT COUNT(*) FROM orders o WHERE o.state = 'pending' AND EXISTS (SELECT 1 FROM payment_attempt a
 LEFT JOIN payment p ON p.id = a.payment_id WHERE a.order_id = o.id AND a.state = 'paid' AND (p.id IS NULL
 OR p.account_id <> o.account_id OR (p.state = 'credited' AND p.amount < a.amount AND p.key NOT LIKE 'refund:%')))""",
    ),
    "done_accounts_have_documents": (
        N_("An account that a run calls done has a document of that run."),
        """SELECT COUNT(*) FROM run_item r WHERE r.state = 'done' AND NOT EXISTS (SELECT 1 FROM document d
 WHERE d.run_id = r.run_id AND d.account_id = r.account_id)""",
    ),
}
_YEAR = {
    "postgresql": "CAST(EXTRACT(YEAR FROM issued_on) AS INTEGER)",
    "sqlite": "CAST(SUBSTR(issued_on, 1, 4) AS INTEGER)",
}
_NEXT_MONTH = {"postgresql": "(b.month + INTERVAL '1 month')", "sqlite": "DATE(b.month, '+1 month')"}


def _counter(sql: str) -> Callable[[Session], int]:
    def count(session: Session) -> int:
        kind = session.get_bind().dialect.name
        written = sql.replace("{year}", _YEAR[kind]).replace("{next_month}", _NEXT_MONTH[kind])
        return int(session.execute(sa.text(written)).scalar_one())

    return count


def _changed_snapshots(session: Session) -> int:
    rows = session.execute(sa.select(PartySnapshot.digest, PartySnapshot.company_id, PartySnapshot.data))
    return sum(digest != parties.digest_of(owner, data) for digest, owner, data in rows.yield_per(1000))


def changed_files(session: Session, files_dir: Path) -> int:
    """How many stored files of documents no longer have their digest; one that is gone is made again the same."""
    digests = session.scalars(sa.select(DocumentFile.sha256).distinct()).yield_per(1000)
    stored = ((documents.path_of(files_dir, digest), digest) for digest in digests)
    return sum(path.exists() and digest_of(path) != digest for path, digest in stored)


INVARIANTS: dict[str, tuple[str, Callable[[Session], int]]] = {
    **{name: (sentence, _counter(sql)) for name, (sentence, sql) in _COUNTS.items()},
    "requisites_have_their_digest": (
        N_("The requisites that documents were issued with are as they were."),
        _changed_snapshots,
    ),
    "the_trail_is_unbroken": (N_("Every event of the audit trail follows from the one before it."), trail.broken_links),
}

TAIL = N_("Every event that once was the newest of the audit trail is still there.")
FILES = N_("Every stored file of a document is as it was made.")


def check_all(session: Session, files_dir: Path | None = None) -> list[tuple[str, int, str]]:
    """Every invariant: (name, number of breaches, what it says); stored files and the trail's tail by folder."""
    found = [(name, count(session), sentence) for name, (sentence, count) in INVARIANTS.items()]
    if files_dir is not None:
        found.append(("files_have_their_digest", changed_files(session, files_dir), FILES))
        found.append(("the_trail_has_its_tail", trail.lost_heads(session, files_dir.parent), TAIL))
        trail.keep_head(session, files_dir.parent)
    return found
