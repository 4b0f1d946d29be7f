"""Lines of currency rates → the rate of a bank from a day on; the same line again changes nothing."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from app.core.errors import N_, DomainError
from app.imports.lines import ImportLine
from app.models import CurrencyRate
from app.rules import exchange
from app.services import rates
from app.services.importing.opening import Entry
from app.services.importing.work import Work

SAME = N_("The line names %(currency)s twice. A rate has two different currencies.")


def apply(work: Work, entries: Sequence[Entry]) -> None:
    """Write the rates; the Seller's currency and bank stand for what a line does not say."""
    lines = [entry.things[0] for entry in entries]
    days = {line.values["day"] for line in lines}
    stored = work.session.scalars(sa.select(CurrencyRate).where(CurrencyRate.day.in_(days)))
    known = {(row.base, row.quote, row.day, row.source): row for row in stored}
    for line in lines:
        try:
            _write(work, line, known)
        except DomainError as error:
            work.refused[line.number] = error


def _write(work: Work, line: ImportLine, known: dict[Any, CurrencyRate]) -> None:
    found = line.values
    source = found.get("source") or rates.bank_of(work.seller)
    quote = found.get("quote") or exchange.QUOTES.get(source) or work.seller.currency
    if quote == found["base"]:
        work.refuse(line.number, SAME, currency=quote)
        return
    rate, nominal = exchange.four_decimals(Decimal(found["rate"]), int(found.get("nominal") or 1))
    key = (found["base"], quote, found["day"], source[:20])
    row = known.get(key)
    if row is None:
        base, _, day, bank = key
        row = known[key] = CurrencyRate(base=base, quote=quote, day=day, source=bank, rate=rate, nominal=nominal)
        work.session.add(row)
        work.mark(line.number, "created")
    elif (row.rate, row.nominal) != (rate, nominal):
        row.rate, row.nominal = rate, nominal
        work.mark(line.number, "changed")
    else:
        work.mark(line.number, "unchanged")
