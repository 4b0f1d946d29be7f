"""Commands for operators and checks: each calls one service, commits, and says one clear line when it cannot.

Every command prepares its database first (an empty DATA_DIR too) and runs to its end by itself, without web or queue.
"""

import datetime as dt
import functools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import sqlalchemy as sa
from alembic.util import CommandError
from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core import clock
from app.core.actor import Actor
from app.core.errors import N_, DomainError, NotFound, Refused
from app.core.files import written_whole
from app.core.period import Month
from app.extensions import db
from app.models import Company, RenameList, Request, Seller, migrating
from app.services import (
    audit,
    billing,
    documents,
    importing,
    reconciliation,
    registers,
    renaming,
    setup,
    switching,
)
from app.services.cabinet import subscribers
from app.services.renaming.lists import NOTHING_GOOD

OPERATOR = Actor.system("operator")
TOLD = 50  # problems of a file, on a terminal


def register(app: Flask) -> None:
    """Add every command."""
    own = (
        upgrade,
        add_administrator,
        load_demo,
        sync_permissions,
        close_month,
        make_reconciliation,
        export,
        rename,
        switch_options,
        undo,
        check_invariants,
    )
    for command in (*own, *IMPORTS):
        command.parse_args = functools.partial(_parsed, command.parse_args)  # type: ignore[method-assign]
        app.cli.add_command(command)
    app.cli.get_command = functools.partial(_found, app.cli.get_command)  # type: ignore[method-assign]


def _parsed(parse: Callable[..., list[str]], context: click.Context, words: list[str]) -> list[str]:
    """The words of a command; what is wrong with them in one line, without click's two of usage."""
    try:
        return parse(context, words)
    except click.UsageError as error:
        raise OneLine(error.format_message()) from error


def _found(find: Callable[..., click.Command | None], context: click.Context, name: str) -> click.Command:
    """The command of a name; a mistyped one in one line, without click's usage."""
    command = find(context, name)
    if command is None:
        raise OneLine(f"There is no command «{name}». `flask --app run --help` lists them.")
    return command


@contextmanager
def prepared() -> Iterator[Session]:
    """A session that sees everything, over a database that is migrated and has a Seller."""
    settings = current_app.config["KABINET"]
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with db.engine.begin() as connection:
        migrating.upgrade(connection)
    session = db.session()
    with tenancy.seeing(tenancy.EVERYONE, session):
        setup.ensure_defaults(session, settings.default_country)
        session.commit()
        try:
            yield session
        finally:
            session.rollback()


def plain_errors(command: Callable[..., Any]) -> Callable[..., Any]:
    """What goes wrong is one line on stderr and exit 2; nothing half-written stays."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except DomainError as error:
            fail(str(error))
        except (OSError, SQLAlchemyError, CommandError) as error:  # the last: tables of a newer program
            fail(f"{type(error).__name__}: {str(error).splitlines()[0]}")

    return run


def fail(sentence: str) -> None:
    """One line on stderr, exit 2."""
    click.echo(sentence.replace("\n", " "), err=True)
    raise SystemExit(2)


class OneLine(click.ClickException):
    """What click itself would say in three lines."""

    exit_code = 2


class Target(click.Path):
    """A file to be written, in a folder that is there: told before anything is done, not after."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Its path; OneLine where it cannot be written there."""
        path: Any = super().convert(value, param, ctx)
        folder = Path(path).parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise OneLine(f"Nothing can be written to the folder «{folder}». Name a folder that is there and is yours.")
        return path


class ResultFile(Target):
    """Where a list goes with its results: the ending says the format, which is not the list's own by any need."""

    FORMATS = {".xlsx": "xlsx", ".csv": "csv", "": ""}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Its path; OneLine where the ending is of no format that can be written."""
        path: Path = super().convert(value, param, ctx)
        if path.suffix.lower() not in self.FORMATS:
            raise OneLine(f"Results are written as .xlsx or .csv, not as «{path.suffix}». Name the file accordingly.")
        return path

    @classmethod
    def format_of(cls, path: Path) -> str:
        """«xlsx» or «csv»; nothing where the name has no ending: then as the list itself is."""
        return cls.FORMATS[path.suffix.lower()]


def written_as(fmt: str | None, out: Path, known: tuple[str, ...]) -> str:
    """The format that was asked for, else the one the ending says, else the first; OneLine where the two differ."""
    ending = out.suffix.lower().removeprefix(".")
    if fmt is not None and ending in known and ending != fmt:
        raise OneLine(f"The file is named .{ending} and the format is {fmt}. Say one of the two.")
    return fmt or (ending if ending in known else known[0])


class MonthWord(click.ParamType):
    """YYYY-MM."""

    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        """The month written so."""
        try:
            return value if isinstance(value, Month) else Month.parse(value)
        except ValueError as error:
            raise OneLine(f"{error}.") from None


class DayWord(click.ParamType):
    """YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dt.date:
        """The day written so."""
        try:
            return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
        except ValueError:
            raise OneLine(f"a day is written YYYY-MM-DD, not {value!r}.") from None


@contextmanager
def bar(total: int, label: str) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, silence elsewhere; call it with how much is done."""
    with click.progressbar(length=max(total, 1), label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as shown:

        def show(done: int) -> None:
            shown.update(done - shown.pos)

        yield show


def sellers_of(session: Session, code: str | None) -> list[Seller]:
    """The Seller of a code, or all."""
    query = sa.select(Seller).order_by(Seller.id)
    found = list(session.scalars(query.where(Seller.code == code) if code else query))
    if not found:
        known = ", ".join(session.scalars(sa.select(Seller.code).order_by(Seller.id)))
        raise NotFound(N_("There is no Seller %(code)s. Known: %(known)s."), code=code, known=known)
    return found


@click.command("upgrade")
@plain_errors
def upgrade() -> None:
    """Bring the database to the newest tables and make what every installation has."""
    with prepared():
        click.echo("The database is up to date.")


@click.command("add-administrator")
@click.argument("username")
@click.argument("email")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, envvar="ADMINISTRATOR_PASSWORD")
@plain_errors
def add_administrator(username: str, email: str, password: str) -> None:
    """The first person of an installation without the demo: an administrator of the provider."""
    from app.access.roles import Role
    from app.services import people

    with prepared() as session:
        people.create_user(
            session,
            OPERATOR,
            username=username,
            email=email,
            first_name=username,
            last_name="",
            password=password,
            roles=[Role.ADMINISTRATOR],
        )
        session.commit()
    click.echo(f"{username} can sign in.")


@click.command("demo")
@click.option("--size", type=click.Choice(["full", "small"]), help="How much of it; DEMO_SIZE otherwise.")
@plain_errors
def load_demo(size: str | None) -> None:
    """Load the demo's Sellers, companies, people and a year of closed months; once."""
    from app.services import demo

    settings = current_app.config["KABINET"]
    with prepared() as session, click.progressbar(length=100, label="Demo", file=sys.stderr) as shown:

        def show(done: int, total: int, message: str) -> None:
            shown.label = message
            shown.update(int(100 * done / max(total, 1)) - shown.pos)

        about = (settings.demo_password, size or settings.demo_size)
        made = demo.load(session, *about, show, session.commit, settings.secret_key)
        session.commit()
    click.echo("The demo is loaded." if made else "The demo was already there; nothing changed.")


@click.command("sync-permissions")
@plain_errors
def sync_permissions() -> None:
    """Make the rows of roles and of FAB's permissions that the code names; safe to repeat."""
    from app.services import people

    views = current_app.extensions["appbuilder"].baseviews
    pairs = {(name, view.class_permission_name) for view in views for name in view.base_permissions}
    with prepared() as session:
        roles, permissions = people.sync_permissions(session, pairs)
        session.commit()
    click.echo(f"Roles made: {roles}; permissions made: {permissions}.")


@click.command("close-month")
@click.argument("month", type=MonthWord())
@click.option("--seller", "code", help="Code of one Seller; all of them otherwise.")
@click.option("--dry-run", is_flag=True, help="Show what would be billed; write nothing.")
@plain_errors
def close_month(month: Month, code: str | None, dry_run: bool) -> None:
    """Bill what is due of a month and not billed yet: charges, invoices, acts and the books."""
    with prepared() as session:
        for seller_id, name in [(s.id, s.code) for s in sellers_of(session, code)]:
            (_show_dry_run if dry_run else _close)(session, seller_id, name, month)


def _show_dry_run(session: Session, seller_id: int, name: str, month: Month) -> None:
    shown = billing.preview(session, OPERATOR, seller_id, month)
    _warn_early(session, seller_id, name, month)
    sums = ", ".join(f"{total} {currency}" for currency, total in shown.totals.items()) or "nothing"
    click.echo(f"{name} {month}: {shown.accounts} accounts would be billed, {sums}; {len(shown.trouble)} in trouble.")
    for line in shown.lines[:20]:
        why = f" ({', '.join(line.reasons)})" if line.reasons else ""
        click.echo(f"  {line.number}  {line.company}  {line.total} {line.currency}, last month {line.last_total}{why}")
    for _, number, company, reason in shown.trouble:
        click.echo(f"  {number}  {company}: {reason}", err=True)
    session.rollback()


def _warn_early(session: Session, seller_id: int, name: str, month: Month) -> None:
    if billing.is_early(session.get_one(Seller, seller_id), month):
        click.echo(
            f"{name}: {month} ends only on {month.period.last_day}. What comes until then is billed when you close it "
            f"again; documents are dated {month.shift(1).first_day}.",
            err=True,
        )


def _close(session: Session, seller_id: int, name: str, month: Month) -> None:
    run = billing.start_run(session, OPERATOR, seller_id, month)
    session.commit()
    _warn_early(session, seller_id, name, month)
    run_id = run.id
    before = billing.billed(session, run_id)
    now = billing.progress(session, run_id)
    with bar(now.total, f"{name} {month}") as show:
        while now.left:
            now = billing.run_batch(session, OPERATOR, run_id)
            session.commit()
            show(now.total - now.left)
    if not now.total:
        billing.run_batch(session, OPERATOR, run_id)
        session.commit()
    billed = billing.billed(session, run_id)
    sums = ", ".join(f"{total} {currency}" for currency, total in billed) or "nothing"
    again = " Nothing new was due: this is what was billed before." if billed and billed == before else ""
    click.echo(
        f"{name} {month}: {now.done} accounts billed, {sums}; {now.nothing} with nothing due, "
        f"{now.quarantined} in quarantine.{again}"
    )
    for number, company, reason in billing.quarantine(session, run_id):
        click.echo(f"  {number}  {company}: {reason}", err=True)


@click.command("reconciliation")
@click.argument("company")
@click.argument("start", metavar="FROM", type=DayWord())
@click.argument("last", metavar="TO", type=DayWord())
@click.option("--account", help="Number of one account; otherwise all of them, by contract.")
@click.option("--currency", help="All accounts of this currency, where the company has several currencies.")
@click.option("--format", "fmt", type=click.Choice(["pdf", "xlsx"]), help="By the ending of FILE; else pdf.")
@click.option("--out", type=Target(), required=True)
@plain_errors
def make_reconciliation(
    company: str, start: dt.date, last: dt.date, account: str | None, currency: str | None, fmt: str | None, out: Path
) -> None:
    """A reconciliation act of a company (its code) from FROM to TO, both days included."""
    fmt = written_as(fmt, out, ("pdf", "xlsx"))
    with prepared() as session:
        found = session.scalars(sa.select(Company).where(Company.code == company)).first()
        if found is None:
            raise NotFound(N_("There is no company %(code)s. Check its code."), code=company)
        account_id = reconciliation.account_named(session, OPERATOR, found.id, account) if account else None
        act = reconciliation.make_act(session, OPERATOR, found.id, start, last, account_id, currency)
        path = documents.file_of(session, OPERATOR, act.id, fmt, current_app.config["KABINET"].files_dir)
        with written_whole(out) as part:
            part.write_bytes(path.read_bytes())
        session.commit()
        closing = (act.data or {})["closing"]
        click.echo(f"{act.number}: closing balance {closing} {act.currency}, written to {out}.")


@click.command("export")
@click.argument("register_name", metavar="invoices|acts|payments|charges|balances|subscribers")
@click.option("--month", type=MonthWord(), help="Of a register; a list of subscribers has none.")
@click.option("--company", help="Code of the company whose subscribers they are.")
@click.option("--seller", "code", help="Code of one Seller; all of them otherwise.")
@click.option("--format", "fmt", type=click.Choice(["xlsx", "csv"]), help="By the ending of FILE; else xlsx.")
@click.option("--delimiter", default=";", show_default=True, help="Of a CSV: one character.")
@click.option("--bom/--no-bom", default=True, show_default=True, help="Begin a CSV with the mark of UTF-8.")
@click.option("--out", type=Target(), required=True)
@plain_errors
def export(
    register_name: str,
    month: Month | None,
    company: str | None,
    code: str | None,
    fmt: str | None,
    delimiter: str,
    bom: bool,
    out: Path,
) -> None:
    """A register of a month for bookkeepers, or a company's subscribers."""
    if len(delimiter) != 1:
        raise Refused(N_("The delimiter is one character."))
    fmt = written_as(fmt, out, ("xlsx", "csv"))
    if register_name == "subscribers":
        _export_subscribers(company, fmt, delimiter, bom, out)
        return
    if month is None:
        raise Refused(N_("Say the month of the register: --month 2026-10."))
    with prepared() as session:
        seller_id = sellers_of(session, code)[0].id if code else None
        with written_whole(out) as part, part.open("wb") as target:
            count = registers.write(
                session,
                OPERATOR,
                register_name,
                month,
                fmt,
                target,
                seller_id=seller_id,
                delimiter=delimiter,
                bom=bom,
                apart=True,
            )
        click.echo(f"{count} rows written to {out}.")


def _export_subscribers(code: str | None, fmt: str, delimiter: str, bom: bool, out: Path) -> None:
    if code is None:
        raise Refused(N_("Say whose subscribers: --company CODE."))
    with prepared() as session:
        company = company_named(session, code)
        with written_whole(out) as part, part.open("wb") as target:
            count = subscribers.write_list(session, OPERATOR, company.id, fmt, target, delimiter=delimiter, bom=bom)
        click.echo(f"{count} rows written to {out}.")


# --- lists of a company ----------------------------------------------------------------------------------------------


def company_named(session: Session, code: str) -> Company:
    """The company of a code."""
    found = session.scalars(sa.select(Company).where(Company.code == code)).first()
    if found is None:
        raise NotFound(N_("There is no company %(code)s. Check its code."), code=code)
    return found


@click.command("rename")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--company", "code", required=True, help="Code of the company whose subscribers they are.")
@click.option("--dry-run", is_flag=True, help="Say what would come of it; write nothing.")
@click.option("--take-suggestions", is_flag=True, help="Take the suggested spellings of names of mixed letters.")
@click.option("--result", type=ResultFile(), help="Where the list with results goes: .xlsx or .csv.")
@plain_errors
def rename(file: Path, code: str, dry_run: bool, take_suggestions: bool, result: Path | None) -> None:
    """Rename a company's subscribers by a list: numbers and new names, XLSX or CSV."""
    with prepared() as session:
        company = company_named(session, code)
        opened = renaming.open_list(file)
        kept = file if dry_run else importing.store_upload(current_app.config["KABINET"].data_dir, file)
        found = renaming.read_list(session, OPERATOR, company.id, opened, kept, file.name, limit=renaming.MOST_LINES)
        found.takes_suggestions = take_suggestions
        click.echo(_judged(found, dry_run))
        frozen = renaming.gate_of(session, found.seller_id).refusal
        if dry_run and frozen is not None:
            click.echo(str(frozen))
        good = renaming.good_lines(found.counts)
        if not dry_run and good:
            renaming.order(session, OPERATOR, found.request_id, by_job=False)
            session.commit()
            _apply_names(session, found, file.name)
        if result is not None:
            with written_whole(result) as part, part.open("wb") as target:
                renaming.write_list_result(session, found, opened, target, fmt=ResultFile.format_of(result))
            click.echo(f"The list with its results: {result}")
        if not dry_run and not good:
            raise Refused(NOTHING_GOOD)


def _judged(found: RenameList, dry_run: bool) -> str:
    good = renaming.good_lines(found.counts)
    told = [f"{count} {name.replace('_', ' ')}" for name, count in sorted(found.counts.items()) if name != "ok"]
    start = "Dry run, nothing written: " if dry_run else ""
    return f"{start}{found.lines} lines: {good} to be renamed{''.join(f', {one}' for one in told)}."


def _apply_names(session: Session, found: RenameList, label: str) -> None:
    """Apply an ordered list to its end, a commit a step; in a freeze that waits, say when it begins."""
    request_id = found.request_id
    with bar(found.lines, label) as show:
        while not (now := renaming.apply_step(session, OPERATOR, request_id)).is_over and now.waits_until is None:
            session.commit()
            show(now.done)
    session.commit()
    done = found.outcomes.get("done", 0)
    if now.waits_until is not None:
        opens = now.waits_until.astimezone(ZoneInfo(renaming.gate_of(session, found.seller_id).zone))
        came = f"{done} renamed; what is left" if found.applied_packs else "it"
        click.echo(
            f"Batch {request_id} waits for the end of the freeze: {came} begins by itself on {opens:%Y-%m-%d %H:%M}."
        )
        return
    click.echo(f"Batch {request_id}: {done} renamed, {found.lines - done} left as they were.")


@click.command("undo")
@click.argument("batch", type=int)
@plain_errors
def undo(batch: int) -> None:
    """Undo a batch by its number: names get back what they were, options what is opposite."""
    with prepared() as session:
        request = session.get(Request, batch) if 0 < batch < 2**63 else None
        if request is None:
            raise NotFound(
                N_("There is no batch %(number)s. Its page and the command that made it say its number."), number=batch
            )
        if request.kind == renaming.KIND:
            made = renaming.undo(session, OPERATOR, batch, by_job=False)
            session.commit()
            if made.request_id == batch:
                done = made.outcomes.get("done", 0)
                kept = f"{done} stay renamed, no other name" if done else "no name"
                click.echo(f"Batch {batch} is {'ended' if done else 'cancelled'}: {kept} was changed.")
                return
            _apply_names(session, made, f"undo {batch}")
            return
        came = switching.begin_undo(session, OPERATOR, batch)
        while not came.is_over:
            session.commit()  # each part is kept: killed midway, the same command undoes the rest
            came = switching.undo_step(session, OPERATOR, batch)
        session.commit()
        click.echo(
            f"Batch {batch}: {came.cancelled} requests cancelled, {came.countered} opposite ones asked for, "
            f"{came.at_operator} are at the operator, {came.billed} are billed and stay."
        )
        if came.batch_id is not None:
            _run_options(session, came.batch_id)


@click.command("options")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--company", "code", required=True, help="Code of the company whose subscribers they are.")
@click.option("--dry-run", is_flag=True, help="Say what would come of it and what it costs; write nothing.")
@click.option("--result", type=ResultFile(), help="Where the list with results goes: .xlsx or .csv.")
@plain_errors
def switch_options(file: Path, code: str, dry_run: bool, result: Path | None) -> None:
    """Switch options of subscribers by a list: number; option (code or name); on or off; day (today where empty)."""
    with prepared() as session:
        company = company_named(session, code)
        seller = session.get_one(Seller, company.seller_id)
        choice = switching.Choice("on", "", clock.today(seller.zone))
        draft = switching.open_draft(session, OPERATOR, company.id, choice)
        with _opened(file) as source:
            own = "xlsx" if source.peek(4)[:4] == b"PK\x03\x04" else "csv"
            switching.take_file(session, OPERATOR, draft.id, source, file.name)
        click.echo(_previewed(draft, dry_run))
        good = draft.details["summary"]["verdicts"].get("ok")
        if not dry_run and good:
            switching.confirm(session, OPERATOR, draft.id)  # with a job, which goes on where this is killed
            session.commit()
            while switching.ask_step(session, OPERATOR, draft.id).left:
                session.commit()
            session.commit()
            _run_options(session, draft.id)
        if result is not None:
            with written_whole(result) as part, part.open("wb") as target:
                switching.write_result(session, draft, target, (ResultFile.format_of(result) or own) == "csv")
            click.echo(f"The list with its results: {result}")
        if not dry_run and not good:
            raise Refused(NOTHING_GOOD)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """A file to read; Refused, in a sentence, where it is not there."""
    try:
        with file.open("rb") as source:
            yield source
    except OSError as error:
        raise Refused(
            N_("There is no file «%(name)s», or it cannot be read. Check its name."), name=file.name
        ) from error


def _previewed(draft: Request, dry_run: bool) -> str:
    summary = draft.details["summary"]
    told = [f"{count} {name.replace('_', ' ')}" for name, count in sorted(summary["verdicts"].items()) if name != "ok"]
    costs = [
        f"{by['first']['total']} {currency} for the rest of the first month, {by['month']['total']} each month after"
        for currency, by in sorted(summary["sums"].items())
    ]
    return (
        f"{'Dry run, nothing written: ' if dry_run else ''}{summary['lines']} lines: "
        f"{summary['verdicts'].get('ok', 0)} can be done{''.join(f', {one}' for one in told)}. "
        f"Price effect: {'; '.join(costs) or 'none'}."
    )


def _run_options(session: Session, batch_id: int) -> None:
    """Everything of a list of options to its end, the operator's part included."""
    folder = current_app.config["KABINET"].data_dir
    with click.progressbar(length=1, label="Options", file=sys.stderr, hidden=not sys.stderr.isatty()) as shown:

        def show(done: int, total: int) -> None:
            shown.length = max(total, 1)
            shown.update(done - shown.pos)

        switching.run_to_end(session, batch_id, folder, session.commit, show)
    session.expire_all()
    counts = switching.counts_of(session, [batch_id])[batch_id]
    words = {"new": "wait for their day", "sent": "are at the operator", "failed": "could not be sent yet"}
    told = [f"{count} {words.get(state, state)}" for state, count in sorted(counts.items())]
    click.echo(f"Batch {batch_id}: {', '.join(told) or 'no request was made'}.")


@click.command("audit")
@plain_errors
def check_invariants() -> None:
    """Check every invariant of the data; exit 1 where one is broken."""
    with prepared() as session:
        broken = 0
        for name, count, sentence in audit.check_all(session, current_app.config["KABINET"].files_dir):
            click.echo(f"{'ok  ' if not count else 'FAIL'} {count:>6}  {name}: {sentence}")
            broken += bool(count)
    if broken:
        raise SystemExit(1)


# --- files of others -------------------------------------------------------------------------------------------------


def import_command(name: str, kind: str, help_text: str) -> click.Command:
    """A command that loads a file of one kind: all of its good lines in one transaction, or nothing.

    Usage is kept batch by batch instead: it may have millions of records, and each comes in once.
    """
    is_usage = kind == "usage"

    @plain_errors
    def load(
        file: Path,
        code: str | None,
        mapping: str | None,
        start: dt.date | None,
        dry_run: bool,
        rejects: Path | None,
        **more: str | None,
    ) -> None:
        options: dict[str, Any] = {"from": start} if start else {}
        options |= {name: value for name, value in more.items() if value}
        with prepared() as session:
            seller = sellers_of(session, code)[0]
            batch, shown = importing.preview_file(
                session,
                OPERATOR,
                kind,
                file,
                file.name,
                seller_id=seller.id,
                mapping_name=mapping,
                options=options,
            )
            for problem in shown.mapping_problems:
                raise problem
            now = _apply_all(session, batch.id, file, session.commit if is_usage and not dry_run else _nothing)
            _tell_problems(shown)
            if dry_run:
                click.echo(_summary(now, dry_run))
                session.rollback()
                return
            written = _write_rejects(session, batch.id, file, rejects) if now.rejected else None
            session.commit()
        if written:
            click.echo(f"The rejected lines with their reasons: {written}")
        click.echo(_summary(now, dry_run))

    command = click.Command(name, callback=load, help=help_text, short_help=help_text.partition(":")[0])
    command.params = [
        click.Argument(["file"], type=click.Path(path_type=Path)),
        click.Option(["--seller", "code"], help="Code of the Seller; the first one otherwise."),
        click.Option(["--mapping"], help="Name of a saved mapping; the columns are guessed otherwise."),
        click.Option(
            ["--from", "start"], type=DayWord(), help="First day it holds; the first of last month otherwise."
        ),
        click.Option(["--dry-run"], is_flag=True, help="Say what would come of it; write nothing."),
        click.Option(["--rejects"], type=Target(), help="Where rejected lines go; beside FILE, else to DATA_DIR."),
    ]
    if is_usage:
        written = click.Choice(["asterisk", "csv"])
        command.params += [
            click.Option(["--format"], type=written, help="Asterisk's Master.csv or a table; else by its content."),
            click.Option(["--source"], help="Whose records these are: an id comes in once from each source."),
            click.Option(["--zone"], help="Where the file's clock stands, like UTC; the Seller's zone otherwise."),
        ]
    return command


def _tell_problems(shown: importing.Preview) -> None:
    """What is wrong with which line, like a quarantine's reasons; the file of rejected lines has all of them."""
    for number, how, problem in shown.problems[:TOLD]:
        column = "" if problem.column in str(problem) else f"«{problem.column}»: "
        click.echo(f"  line {number}, {how}: {column}{problem}", err=True)
    if len(shown.problems) > TOLD:
        click.echo(f"  … the first {TOLD} are shown", err=True)


def _nothing() -> None:
    """Keep nothing yet."""


def _apply_all(session: Session, batch_id: int, file: Path, keep: Callable[[], None] = _nothing) -> importing.Progress:
    now = importing.apply_batch(session, OPERATOR, batch_id, file)
    with bar(now.total, file.name) as show:
        keep()
        show(now.done)
        while now.left:
            now = importing.apply_batch(session, OPERATOR, batch_id, file)
            keep()
            show(now.done)
    return now


def _summary(now: importing.Progress, dry_run: bool) -> str:
    suspended = f", {now.suspended} suspended" if now.suspended else ""
    suspended += f", {now.skipped} not answered" if now.skipped else ""
    return (
        f"{'Dry run, nothing written: ' if dry_run else ''}{now.total} lines: {now.created} created, "
        f"{now.changed} changed, {now.unchanged} unchanged{suspended}; {now.warned} warned, {now.rejected} rejected."
    )


def _write_rejects(session: Session, batch_id: int, file: Path, wanted: Path | None) -> Path:
    """To the file that was named; else beside the input, or to DATA_DIR where that folder is not to be written."""
    if wanted is not None:
        written = importing.rejects_file(session, OPERATOR, batch_id, file, wanted.with_name(f".{wanted.name}"))
        return written.replace(wanted)
    name = f"{file.stem}.rejected"
    try:
        return importing.rejects_file(session, OPERATOR, batch_id, file, file.with_name(name))
    except OSError:
        return importing.rejects_file(
            session, OPERATOR, batch_id, file, current_app.config["KABINET"].data_dir / f"{name}-{batch_id}"
        )


IMPORTS = (
    import_command("import-customers", "customers", "Load customers: companies, payers, accounts and what they pay."),
    import_command("import-subscribers", "subscribers", "Load subscribers: numbers and names on accounts."),
    import_command("import-catalog", "catalog", "Load a price list: products, plans, parts and prices."),
    import_command("import-usage", "usage", "Load usage: measured events of accounts and subscribers."),
    import_command("import-payments", "payments", "Load payments: money in, credited to accounts."),
    import_command("import-rates", "rates", "Load currency rates: a table, or the file of NBU, CBR or NBP."),
)
