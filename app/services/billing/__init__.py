"""Closing a month: what is due and not yet billed becomes charges, invoices and acts, batch by batch.

The run's items are the work list and the row lock is the lease: a batch is one transaction, so a batch that dies has
done nothing and any worker may take it again. Running a closed month again bills only the difference.
"""

import json
from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.core.period import Month
from app.models import Account, BillingRun, Company, Document, RunItem, Seller
from app.rules.lifecycle import RunItemState, RunState
from app.services import numbering, sets, trail
from app.services.billing import due, issue, quoting
from app.services.billing.dialect import Sql, from_cents

BATCH = 5_000  # accounts a transaction: statements stay large, the series' row stays locked for seconds at most


@dataclass(frozen=True)
class Progress:
    """How far a run is: numbers of accounts, and the sum billed."""

    total: int
    done: int
    nothing: int
    quarantined: int
    left: int


@dataclass(frozen=True)
class PreviewLine:
    """One account of a dry run: what it would be billed now, what it was billed last month, and why they differ."""

    account_id: int
    company_id: int
    number: str
    company: str
    currency: str
    total: Decimal
    last_total: Decimal
    reasons: tuple[str, ...]

    @property
    def difference(self) -> Decimal:
        """Now less last month."""
        return self.total - self.last_total


@dataclass(frozen=True)
class Preview:
    """A dry run: nothing was written."""

    month: Month
    accounts: int = 0  # how many would be billed; `lines` may show fewer
    lines: list[PreviewLine] = field(default_factory=list)
    trouble: list[tuple[int, str, str, Refused]] = field(default_factory=list)  # account id, number, company, reason
    totals: dict[str, Decimal] = field(default_factory=dict)


def _seller(session: Session, seller_id: int) -> Seller:
    seller = session.get(Seller, seller_id)
    if seller is None:
        raise NotFound(N_("There is no such Seller. Choose one from the list."))
    return seller


def _check_month(seller: Seller, month: Month) -> None:
    if month.first_day > clock.today(seller.zone):
        raise Refused(N_("%(month)s has not begun yet. Choose an earlier month."), month=str(month))


def is_early(seller: Seller, month: Month) -> bool:
    """Whether the month still runs: it may be closed, and its rest is billed by closing it again."""
    return month.first_day <= clock.today(seller.zone) <= month.period.last_day


# Accounts with something in the month: a subscription in force, or charges that may have to be taken back.
_CONCERNED = """SELECT s.account_id FROM subscription s JOIN account a ON a.id = s.account_id AND a.seller_id = :seller
 WHERE s.starts_on < :end AND (s.ends_on IS NULL OR s.ends_on > :start)
 AND s.state NOT IN ('ordered', 'processing', 'needs_setup', 'out_of_stock')
 UNION SELECT c.account_id FROM charge c JOIN account a ON a.id = c.account_id AND a.seller_id = :seller
 WHERE c.month = :start"""


def start_run(session: Session, actor: Actor, seller_id: int, month: Month) -> BillingRun:
    """Open the run of a month, or open it again: every account concerned is looked at (once more)."""
    actor.need(Right.BILLING_RUN)
    seller = _seller(session, seller_id)
    _check_month(seller, month)
    run = _run_of(session, seller, month, actor)
    _enlist(due.month_sql(session, seller, month), run.id)
    session.expire_all()
    run.state = RunState.RUNNING.value
    run.finished_at = None
    session.flush()
    trail.record(session, actor, "billing.start", "billing_run", run.id, month=str(month), seller=seller.code)
    return run


def _run_of(session: Session, seller: Seller, month: Month, actor: Actor) -> BillingRun:
    known = sa.select(BillingRun).where(BillingRun.seller_id == seller.id, BillingRun.month == month.first_day)
    run = session.scalars(known).first()
    if run is None:
        run = BillingRun(
            seller_id=seller.id,
            month=month.first_day,
            issue_on=month.shift(1).first_day,
            state=RunState.RUNNING.value,
            started_by=actor.name,
        )
        session.add(run)
        session.flush()
    return run


def _enlist(sql: Sql, run_id: int) -> None:
    # Items first, then their run: a batch locks in this order, too.
    sql.run("UPDATE run_item SET state = 'pending', reason = '' WHERE run_id = :run AND state <> 'pending'", run=run_id)
    sql.run("UPDATE billing_run SET billed = 0, empty = 0, quarantined = 0 WHERE id = :run", run=run_id)
    sql.run(
        "INSERT INTO run_item (company_id, created_at, run_id, account_id, state, reason, attempts) "
        "SELECT a.company_id, :now, :run, a.id, 'pending', '', 0 FROM account a WHERE a.id IN "
        f"({_CONCERNED}) AND NOT EXISTS (SELECT 1 FROM run_item r WHERE r.run_id = :run AND r.account_id = a.id) "
        "ORDER BY a.id",
        run=run_id,
        now=clock.now().replace(tzinfo=None),
    )
    counted = "SELECT COUNT(*) FROM run_item WHERE run_id = :run"
    sql.run(f"UPDATE billing_run SET accounts = ({counted}) WHERE id = :run", run=run_id)


def run_batch(session: Session, actor: Actor, run_id: int, size: int = BATCH) -> Progress:
    """Bill up to `size` waiting accounts in the caller's transaction; commit after each call."""
    actor.need(Right.BILLING_RUN)
    run = session.get(BillingRun, run_id)
    if run is None:
        raise NotFound()
    if run.state != RunState.RUNNING.value:
        return progress(session, run_id)
    accounts = _lease(session, run_id, size)
    if accounts:
        _bill(session, run, accounts)
        _count_in(session, run_id, accounts)
    now = progress(session, run_id)
    if not now.left:
        run.state = RunState.DONE.value
        run.finished_at = clock.now()
        session.flush()
    return now


def _lease(session: Session, run_id: int, size: int) -> list[int]:
    waiting = (
        sa.select(RunItem.account_id)
        .where(RunItem.run_id == run_id, RunItem.state == RunItemState.PENDING.value)
        .order_by(RunItem.id)
        .limit(size)
    )
    return list(session.scalars(waiting.with_for_update(skip_locked=True)))


def _count_in(session: Session, run_id: int, accounts: list[int]) -> None:
    """Add a batch to the figures of its run: the work of one batch, however large the run."""
    counted = Sql(session, {"run": run_id, "accounts": sets.dump(accounts)}).run(
        f"SELECT i.state, COUNT(*) FROM {sets.id_source(session, 'accounts')} {{then}} run_item i "
        "ON i.run_id = :run AND i.account_id = r.id GROUP BY i.state"
    )
    by: dict[str, int] = {state: count for state, count in counted}
    _change_figures(session, run_id, by.get("done", 0), by.get("nothing", 0), by.get("quarantined", 0))


def _change_figures(session: Session, run_id: int, billed: int, nothing: int, quarantined: int) -> None:
    more = {"billed": billed, "empty": nothing, "quarantined": quarantined}
    values = {name: getattr(BillingRun, name) + number for name, number in more.items() if number}
    if values:
        change = sa.update(BillingRun).where(BillingRun.id == run_id).values(values)
        session.execute(change.execution_options(synchronize_session=False))


def _bill(session: Session, run: BillingRun, accounts: list[int]) -> None:
    """Bill these accounts together; where that fails, by halves, until the bad one stands alone in quarantine."""
    try:
        with session.begin_nested():
            _bill_together(session, run, accounts)
    except (DomainError, SQLAlchemyError, ArithmeticError, ValueError) as error:
        if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
            raise
        session.expire_all()  # a snapshot read inside is gone with it; the rollback forgets only what was written
        if len(accounts) == 1:
            _quarantine(session, run.id, accounts[0], error)
            return
        middle = len(accounts) // 2
        _bill(session, run, accounts[:middle])
        _bill(session, run, accounts[middle:])


def _quarantine(session: Session, run_id: int, account_id: int, error: Exception) -> None:
    if not isinstance(error, DomainError):
        error = Refused(N_("The account's data does not fit together (%(error)s)."), error=type(error).__name__)
    reason, params = error.text, {name: str(value) for name, value in error.params.items()}
    mark = sa.update(RunItem).where(RunItem.run_id == run_id, RunItem.account_id == account_id)
    session.execute(
        mark.values(
            state=RunItemState.QUARANTINED.value,
            reason=reason[:500],
            reason_params=params,
            attempts=RunItem.attempts + 1,
        )
    )


def _bill_together(session: Session, run: BillingRun, accounts: list[int]) -> None:
    seller = _seller(session, run.seller_id)
    month = Month.of(run.month)
    sql = due.month_sql(session, seller, month)
    _open_batch(sql, accounts)
    issued_on = numbering.date_for(session, seller.id, "invoice", run.issue_on)
    quoted = quoting.quote_rates(session, sql, seller, month, issued_on)
    due.gather(sql)
    issue.round_lines(sql, seller.rounding)
    issue.open_made(sql)
    dates = issue.Dates(act=month.period.last_day, invoice=run.issue_on)
    issue.issue(session, sql, seller, run.id, dates, quoted)
    _mark(sql, run.id)
    session.expire_all()


def _open_batch(sql: Sql, accounts: list[int]) -> None:
    due.open_scratch(sql)
    sql.scratch("bill_batch", "account_id BIGINT PRIMARY KEY")
    source = sets.id_source(sql.session, "accounts")
    sql.run(f"INSERT INTO bill_batch (account_id) SELECT r.id FROM {source}", accounts=sets.dump(accounts))
    sql.learn("bill_batch")
    sql.run(
        "INSERT INTO bill_account SELECT a.id, a.company_id, a.payer_id, a.contract_id, a.currency "
        "FROM account a JOIN bill_batch b ON b.account_id = a.id"
    )
    sql.learn("bill_account")


def _mark(sql: Sql, run_id: int) -> None:
    sql.run(
        "UPDATE run_item SET attempts = attempts + 1, reason = COALESCE((SELECT MIN(t.reason) FROM bill_trouble t "
        "WHERE t.account_id = run_item.account_id), ''), state = CASE "
        "WHEN account_id IN (SELECT account_id FROM bill_trouble) THEN 'quarantined' "
        "WHEN account_id IN (SELECT account_id FROM bill_doc) THEN 'done' "
        "WHEN EXISTS (SELECT 1 FROM document d WHERE d.run_id = :run AND d.account_id = run_item.account_id) "
        "THEN 'done' ELSE 'nothing' END WHERE run_id = :run AND account_id IN (SELECT account_id FROM bill_batch)",
        run=run_id,
    )
    for held in sql.run("SELECT DISTINCT reason FROM bill_trouble").scalars().all():
        sentence, params = due.reason_of(held)
        sql.run(
            "UPDATE run_item SET reason = :sentence, reason_params = (:params){as_json} WHERE run_id = :run "
            "AND reason = :reason AND account_id IN (SELECT account_id FROM bill_batch)",
            run=run_id,
            reason=held,
            sentence=sentence,
            params=json.dumps(params),
        )


def progress(session: Session, run_id: int) -> Progress:
    """How many accounts of a run are in which state."""
    kept = sa.select(BillingRun.accounts, BillingRun.billed, BillingRun.empty, BillingRun.quarantined)
    total, done, nothing, held = session.execute(kept.where(BillingRun.id == run_id)).one()
    return Progress(total=total, done=done, nothing=nothing, quarantined=held, left=total - done - nothing - held)


def billed(session: Session, run_id: int) -> list[tuple[str, Decimal]]:
    """What a run billed in all, by currency: invoices less credit notes."""
    sums = (
        sa.select(Document.currency, sa.func.sum(Document.total))
        .where(Document.run_id == run_id, Document.kind.in_(("invoice", "credit_note")))
        .group_by(Document.currency)
        .order_by(Document.currency)
    )
    return [(currency, total) for currency, total in session.execute(sums)]


def quarantine(session: Session, run_id: int) -> list[tuple[str, str, str]]:
    """Account number, company and reason of everything in quarantine."""
    waiting = (
        sa.select(Account.number, Company.name, RunItem.reason, RunItem.reason_params)
        .join(Account, Account.id == RunItem.account_id)
        .join(Company, Company.id == RunItem.company_id)
        .where(RunItem.run_id == run_id, RunItem.state == RunItemState.QUARANTINED.value)
        .order_by(Account.number)
    )
    found = session.execute(waiting)
    return [(number, name, str(Refused(reason, **(params or {})))) for number, name, reason, params in found]


def retry(session: Session, actor: Actor, run_id: int, account_ids: list[int] | None = None) -> int:
    """Put quarantined accounts (all, or those named) back to work; returns how many."""
    actor.need(Right.BILLING_RUN)
    run = session.get(BillingRun, run_id)
    if run is None:
        raise NotFound()
    again = sa.update(RunItem).where(RunItem.run_id == run_id, RunItem.state == RunItemState.QUARANTINED.value)
    if account_ids is not None:
        again = again.where(RunItem.account_id.in_(account_ids))
    count: int = session.execute(  # type: ignore[attr-defined]
        again.values(state=RunItemState.PENDING.value).execution_options(synchronize_session=False)
    ).rowcount
    if count:
        _change_figures(session, run_id, 0, 0, -count)
        run.state = RunState.RUNNING.value
        session.flush()
    trail.record(session, actor, "billing.retry", "billing_run", run_id, accounts=count)
    return count


def cancel(session: Session, actor: Actor, run_id: int) -> None:
    """Stop a run between batches: what is issued stays, what waits is left for the next start."""
    actor.need(Right.BILLING_RUN)
    run = session.get(BillingRun, run_id)
    if run is not None and run.state == RunState.RUNNING.value:
        run.state = RunState.CANCELLED.value
        session.flush()


def preview(session: Session, actor: Actor, seller_id: int, month: Month, *, limit: int | None = None) -> Preview:
    """A dry run of a month: the same statements into scratch tables, nothing kept. Works in a read-only request."""
    actor.need(Right.BILLING_READ)
    seller = _seller(session, seller_id)
    _check_month(seller, month)
    sql = due.month_sql(session, seller, month)
    due.open_scratch(sql)
    sql.run(
        "INSERT INTO bill_account SELECT a.id, a.company_id, a.payer_id, a.contract_id, a.currency FROM account a "
        f"WHERE a.id IN ({_CONCERNED})"
    )
    sql.learn("bill_account")
    quoting.quote_rates(session, sql, seller, month, month.shift(1).first_day)
    due.gather(sql)
    issue.round_lines(sql, seller.rounding)
    accounts = sql.run("SELECT COUNT(*) FROM bill_doc").scalar_one()
    result = Preview(month=month, accounts=accounts, trouble=_read_trouble(sql))
    result.totals.update(
        (currency, from_cents(total))
        for currency, total in sql.run(
            "SELECT a.currency, SUM(d.total) FROM bill_doc d JOIN bill_account a ON a.account_id = d.account_id "
            "GROUP BY a.currency ORDER BY a.currency"
        )
    )
    result.lines.extend(_read_lines(sql, month, limit))
    return result


def _read_trouble(sql: Sql) -> list[tuple[int, str, str, Refused]]:
    rows = sql.run(
        "SELECT a.id, a.number, c.name, MIN(t.reason) FROM bill_trouble t JOIN account a ON a.id = t.account_id "
        "JOIN company c ON c.id = a.company_id GROUP BY a.id, a.number, c.name ORDER BY a.number"
    )
    return [(i, number, name, due.refusal_of(reason)) for i, number, name, reason in rows]


def _read_lines(sql: Sql, month: Month, limit: int | None) -> list[PreviewLine]:
    """Accounts whose bill changes most come first."""
    rows = sql.run(
        "SELECT a.id, a.company_id, a.number, c.name, a.currency, d.total, COALESCE(l.total, 0) AS last, "
        "x.kinds FROM bill_doc d JOIN account a ON a.id = d.account_id JOIN company c ON c.id = a.company_id "
        "LEFT JOIN (SELECT account_id, SUM(total) AS total FROM document WHERE period_start = :last "
        "AND kind IN ('invoice', 'credit_note') AND seller_id = :seller GROUP BY account_id) l ON l.account_id = a.id "
        "JOIN (SELECT account_id, MAX(CASE WHEN kind = 'period' AND (starts_on > :start OR ends_on < :end) THEN "
        "1 ELSE 0 "
        "END) + MAX(CASE WHEN kind = 'usage' THEN 2 ELSE 0 END) + MAX(CASE WHEN kind = 'discount' THEN 4 ELSE 0 END) + "
        "MAX(CASE WHEN kind = 'correction' THEN 8 ELSE 0 END) + MAX(CASE WHEN kind = 'once' THEN 16 ELSE 0 END) "
        "AS kinds "
        "FROM bill_charge GROUP BY account_id) x ON x.account_id = a.id "
        "ORDER BY ABS(d.total - COALESCE(l.total, 0)) DESC, a.number" + (f" LIMIT {limit:d}" if limit else ""),
        last=month.shift(-1).first_day,
    )
    return [
        PreviewLine(i, company, number, name, currency, from_cents(total), from_cents(last), _why(kinds, last))
        for i, company, number, name, currency, total, last, kinds in rows
    ]


def _why(kinds: int, last: int) -> tuple[str, ...]:
    reasons = [
        (not last, N_("first bill")),
        (kinds & 1, N_("part of a month")),
        (kinds & 2, N_("usage")),
        (kinds & 4, N_("discount")),
        (kinds & 8, N_("correction of what was billed")),
        (kinds & 16, N_("one-off charge")),
    ]
    return tuple(text for holds, text in reasons if holds)


__all__ = [
    "BATCH",
    "Preview",
    "PreviewLine",
    "Progress",
    "billed",
    "cancel",
    "preview",
    "progress",
    "quarantine",
    "retry",
    "run_batch",
    "start_run",
]
