"""One reconciliation act over several contracts: each with its own balances, and all of them together."""

import datetime as dt
import io
import random
from decimal import Decimal as D

import pytest
from openpyxl import load_workbook

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Refused
from app.core.period import Month
from app.reports.document import DocumentInconsistent, Paragraph, Table
from app.reports.render import pdf, xlsx
from app.services import audit, billing, gathering, payments, reconciliation
from app.services.setup import ensure_defaults
from tests import makers

OFFICE = Actor.system("olga")
LAYOUTS = {
    "UA": ("UAH", "uk", "За договором № ", "Разом за всіма договорами", "Поза договорами"),
    "RU": ("RUB", "ru", "По договору № ", "Итого по всем договорам", "Вне договоров"),
    "PL": ("PLN", "pl", "Umowa nr ", "Razem ze wszystkich umów", "Poza umowami"),
    "DE": ("EUR", "en", "Under contract No. ", "All contracts together", "Under no contract"),
}


def contracted(session, country="UA", contracts=2, without=False):
    """A company with an account for each contract (and one without), all with a plan and payments over some months."""
    ensure_defaults(session)
    currency, locale, *_ = LAYOUTS[country]
    seller = makers.seller(session, country=country, currency=currency, locale=locale)
    company = makers.company(session, seller, country=country, locale=locale)
    payer = makers.payer(session, company)
    chance = random.Random(country)
    accounts = []
    for number in range(contracts + without):
        of = None
        if number < contracts:
            signed = dt.date(2025, 1 + contracts - number, 15)  # the later account stands on the older contract
            of = makers.contract(session, company, payer, signed_on=signed, number=f"Д-{country}-{number}").id
        account = makers.account(session, company, payer, currency=currency, contract_id=of)
        makers.subscription(session, account, makers.plan(session, seller, f"{100 + 37 * number}.3300"))
        accounts.append(account)
    for month in (Month(2026, 8), Month(2026, 9), Month(2026, 10)):
        with clock.standing_at(month.shift(1).first_day + dt.timedelta(days=4)):
            run = billing.start_run(session, OFFICE, seller.id, month)
            billing.run_batch(session, OFFICE, run.id)
            for account in accounts:
                amount = D(chance.randint(1, 30_000)) / 100
                payments.record_payment(session, OFFICE, account.id, amount, month.shift(1).first_day, currency=None)
    session.expire_all()
    return company, accounts


def look(session, company, start, last):
    accounts = reconciliation.accounts_of(session, OFFICE, company.id)
    return reconciliation.statement_of(session, OFFICE, accounts, start, last)


def act_of(session, company, start=dt.date(2026, 9, 1), last=dt.date(2026, 10, 31)):
    with clock.standing_at(dt.date(2026, 11, 20)):
        return reconciliation.make_act(session, OFFICE, company.id, start, last)


def test_each_contract_and_the_whole_open_and_close_as_the_books_do(session):
    company, _ = contracted(session, contracts=3, without=True)
    closing: dict[str, D] = {}
    for month in (Month(2026, 7), Month(2026, 8), Month(2026, 9), Month(2026, 10), Month(2026, 11)):
        made = look(session, company, month.first_day, month.period.last_day)
        assert [g.contract.number if g.contract else "" for g in made.groups] == ["Д-UA-2", "Д-UA-1", "Д-UA-0", ""]
        for part in (made, *made.groups):
            assert part.opening + part.debit - part.credit == part.closing
        for name in ("opening", "debit", "credit", "closing"):
            assert sum(getattr(group, name) for group in made.groups) == getattr(made, name)
        for group in made.groups:
            key = group.contract.number if group.contract else ""
            assert group.opening == closing.get(key, D(0))
            closing[key] = group.closing
    assert len({value for value in closing.values()}) == 4
    assert [(n, c) for n, c, _ in audit.check_all(session) if c] == []


@pytest.mark.parametrize("country", LAYOUTS)
def test_the_act_is_laid_out_by_contract_in_every_country(session, country):
    company, _ = contracted(session, country, contracts=2, without=True)
    _, _, by_contract, together, without = LAYOUTS[country]
    act = act_of(session, company)
    titles, opening = [], []
    for block in gathering.laid_out(session, act).blocks:
        if isinstance(block, Paragraph) and block.bold and block.size == 10:
            titles.append(block.text)
        if isinstance(block, Table):
            opening.append(next(iter(list(block.rows))).cells)
    assert titles[0].startswith(f"{by_contract}Д-{country}-1")
    assert titles[1].startswith(f"{by_contract}Д-{country}-0")
    assert titles[2:] == [without, together]
    assert len(opening) == 4
    assert pdf.render(gathering.laid_out(session, act)) == pdf.render(gathering.laid_out(session, act))


def test_the_workbook_recomputes_every_contract_and_the_whole(session):
    company, _ = contracted(session, contracts=2)
    act = act_of(session, company)
    made = look(session, company, dt.date(2026, 9, 1), dt.date(2026, 10, 31))
    sheet = load_workbook(io.BytesIO(xlsx.render(gathering.laid_out(session, act)))).active
    found = {"Обороти за період": [], "Сальдо кінцеве": []}
    for row in sheet.iter_rows():
        if row[1].value in found:
            found[row[1].value].append([cell.value for cell in row[2:4]])
    turnovers = found["Обороти за період"]
    assert [t[0].startswith("=SUM(") for t in turnovers] == [True, True, False]
    places = [cell for cell in turnovers[2][0].removeprefix("=").split("+")]
    assert [sheet[place].value for place in places] == [turnovers[0][0], turnovers[1][0]]
    assert all(any(str(cell).startswith("=ROUND(") for cell in row) for row in found["Сальдо кінцеве"])
    values = load_workbook(io.BytesIO(xlsx.render(gathering.laid_out(session, act))), data_only=True).active
    shown = [[c.value for c in row[2:4]] for row in values.iter_rows() if row[1].value == "Обороти за період"]
    expected = [*made.groups, made]
    assert [[D(str(a)), D(str(b))] for a, b in shown] == [[p.debit, p.credit] for p in expected]


def test_a_contract_where_nothing_happened_keeps_its_balance(session):
    company, _ = contracted(session, contracts=2)
    act = act_of(session, company, dt.date(2026, 11, 10), dt.date(2026, 11, 15))
    parts = gathering.data_of(session, act).parts
    assert [(part.lines, part.debit, part.credit) for part in parts] == [([], D("0.00"), D("0.00"))] * 2
    assert all(part.opening == part.closing != 0 for part in parts)
    sheet = load_workbook(io.BytesIO(xlsx.render(gathering.laid_out(session, act)))).active
    turnovers = [row[2].value for row in sheet.iter_rows() if row[1].value == "Обороти за період"]
    assert turnovers[:2] == [0, 0]


def test_an_act_that_does_not_add_up_is_not_printed(session):
    company, _ = contracted(session)
    act = act_of(session, company)
    part = act.data["contracts"][0]
    part["closing"] = str(D(part["closing"]) + 1)
    with pytest.raises(DocumentInconsistent):
        pdf.render(gathering.laid_out(session, act))


def test_one_contract_or_one_account_is_laid_out_as_ever(session):
    company, accounts = contracted(session, contracts=1)
    act = act_of(session, company)
    assert "contracts" not in act.data and act.contract_id == accounts[0].contract_id
    two, others = contracted(session, "RU", contracts=2)
    with clock.standing_at(dt.date(2026, 11, 20)):
        period = (dt.date(2026, 9, 1), dt.date(2026, 10, 31))
        act = reconciliation.make_act(session, OFFICE, two.id, *period, account_id=others[1].id)
    assert "contracts" not in act.data and act.contract_id == others[1].contract_id
    assert len(act.data["lines"]) == len(reconciliation.statement(session, OFFICE, others[1].id, *period).rows)


def test_a_currency_is_named_where_the_company_has_two(session):
    company, accounts = contracted(session, contracts=2)
    dollars = makers.account(session, company, accounts[0].payer, currency="USD")
    with pytest.raises(Refused, match="differ in currency"):
        reconciliation.accounts_of(session, OFFICE, company.id)
    assert reconciliation.accounts_of(session, OFFICE, company.id, currency="USD") == [dollars]
    assert len(reconciliation.accounts_of(session, OFFICE, company.id, currency="UAH")) == 2
