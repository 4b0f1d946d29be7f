"""Rates of banks: files of NBU, CBR and NBP and tables of one's own; bills in dollars paid in hryvnias."""

import datetime as dt
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from app.core.actor import Actor
from app.core.errors import Refused
from app.models import CurrencyRate
from app.rules.exchange import Rate, four_decimals, share
from app.services import importing, rates

OFFICE = Actor.system("olga")
NBU_JSON = """[{"r030":840,"txt":"Долар США","rate":41.3612,"cc":"USD","exchangedate":"20.11.2026","special":null},
{"r030":392,"txt":"Єна","rate":0.26523,"cc":"JPY","exchangedate":"20.11.2026","special":null}]"""
NBU_UNITS = """[{"StartDate":"20.11.2026","TimeSign":"0000","CurrencyCode":"978","CurrencyCodeL":"EUR","Units":100,
"Amount":4512.34}]"""
NBU_XML = """<?xml version="1.0" encoding="utf-8"?><exchange><currency><r030>840</r030><txt>Долар США</txt>
<rate>41.3612</rate><cc>USD</cc><exchangedate>20.11.2026</exchangedate></currency></exchange>"""
CBR_XML = """<?xml version="1.0" encoding="windows-1251"?><ValCurs Date="20.11.2026" name="Foreign Currency Market">
<Valute ID="R01235"><NumCode>840</NumCode><CharCode>USD</CharCode><Nominal>1</Nominal><Name>Доллар США</Name>
<Value>81,1234</Value><VunitRate>81,1234</VunitRate></Valute><Valute ID="R01335"><NumCode>398</NumCode>
<CharCode>KZT</CharCode><Nominal>100</Nominal><Name>Тенге</Name><Value>15,6201</Value></Valute></ValCurs>"""
NBP_TABLE = """[{"table":"A","no":"226/A/NBP/2026","effectiveDate":"2026-11-20","rates":[
{"currency":"dolar amerykański","code":"USD","mid":3.6512},{"currency":"jen","code":"JPY","mid":0.023412}]}]"""
NBP_ONE = """{"table":"A","currency":"euro","code":"EUR","rates":[
{"no":"225/A/NBP/2026","effectiveDate":"2026-11-19","mid":4.2511},
{"no":"226/A/NBP/2026","effectiveDate":"2026-11-20","mid":4.2498}]}"""
TABLE = "Валюта;Курс;Дата;Номінал\nUSD;41,3612;20.11.2026;1\nJPY;26,523;20.11.2026;100\n"


def load(session, tmp_path, content, seller, encoding="utf-8"):
    path = tmp_path / "rates"
    path.write_text(content, encoding)
    batch, shown = importing.preview_file(session, OFFICE, "rates", path, "rates", seller_id=seller.id)
    assert not shown.mapping_problems
    return importing.apply_batch(session, OFFICE, batch.id, path)


def stored(session):
    rows = session.scalars(sa.select(CurrencyRate).order_by(CurrencyRate.base, CurrencyRate.day))
    return [(r.base, r.quote, r.nominal, str(r.rate), r.day.isoformat(), r.source) for r in rows]


@pytest.mark.parametrize(
    ("content", "encoding", "expected"),
    [
        (
            NBU_JSON,
            "utf-8",
            [
                ("JPY", "UAH", 10, "2.6523", "2026-11-20", "NBU"),
                ("USD", "UAH", 1, "41.3612", "2026-11-20", "NBU"),
            ],
        ),
        (NBU_UNITS, "utf-8", [("EUR", "UAH", 100, "4512.3400", "2026-11-20", "NBU")]),
        (NBU_XML, "utf-8", [("USD", "UAH", 1, "41.3612", "2026-11-20", "NBU")]),
        (
            CBR_XML,
            "cp1251",
            [
                ("KZT", "RUB", 100, "15.6201", "2026-11-20", "CBR"),
                ("USD", "RUB", 1, "81.1234", "2026-11-20", "CBR"),
            ],
        ),
        (
            NBP_TABLE,
            "utf-8",
            [
                ("JPY", "PLN", 100, "2.3412", "2026-11-20", "NBP"),
                ("USD", "PLN", 1, "3.6512", "2026-11-20", "NBP"),
            ],
        ),
        (
            NBP_ONE,
            "utf-8",
            [
                ("EUR", "PLN", 1, "4.2511", "2026-11-19", "NBP"),
                ("EUR", "PLN", 1, "4.2498", "2026-11-20", "NBP"),
            ],
        ),
        (
            TABLE,
            "utf-8",
            [
                ("JPY", "UAH", 100, "26.5230", "2026-11-20", "NBU"),
                ("USD", "UAH", 1, "41.3612", "2026-11-20", "NBU"),
            ],
        ),
    ],
    ids=["nbu-json", "nbu-units", "nbu-xml", "cbr-xml", "nbp-table", "nbp-currency", "own-table"],
)
def test_files_of_banks_and_own_tables_become_rates_once(session, tmp_path, seller, content, encoding, expected):
    assert load(session, tmp_path, content, seller, encoding).created == len(expected)
    assert stored(session) == expected
    assert load(session, tmp_path, content, seller, encoding).unchanged == len(expected)
    assert stored(session) == expected


def test_a_corrected_rate_takes_the_place_of_the_wrong_one(session, tmp_path, seller):
    load(session, tmp_path, NBU_XML, seller)
    assert load(session, tmp_path, NBU_XML.replace("41.3612", "41.4000"), seller).changed == 1
    assert [row[3] for row in stored(session)] == ["41.4000"]


@pytest.mark.parametrize(
    "content",
    [
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><exchange><currency>&a;</currency></exchange>',
        "<html><body>nothing</body></html>",
        '[{"name": "not a rate"}]',
        "[" * 100_000,
        '[{"cc": "USD", "rate": 41.3, "exchangedate": "20-11-2026"}]',
    ],
)
def test_what_is_no_list_of_rates_is_refused_in_a_sentence(session, tmp_path, seller, content):
    with pytest.raises(Refused):
        load(session, tmp_path, content, seller)
    assert stored(session) == []


def test_a_rate_holds_until_the_next_one_but_not_for_ever(session, seller):
    session.add(CurrencyRate(base="USD", quote="UAH", day=dt.date(2026, 11, 20), rate=D("41.5"), source="NBU"))
    session.add(CurrencyRate(base="USD", quote="UAH", day=dt.date(2026, 11, 20), rate=D("42.5"), source="CASH"))
    session.flush()
    friday = rates.rate_on(session, seller, "USD", "UAH", dt.date(2026, 11, 22))
    assert (friday.rate, friday.day, friday.source) == (D("41.5000"), dt.date(2026, 11, 20), "NBU")
    with pytest.raises(Refused, match="Import the bank’s rates"):
        rates.rate_on(session, seller, "USD", "UAH", dt.date(2026, 11, 19))
    with pytest.raises(Refused, match="2026-12-05"):
        rates.rate_on(session, seller, "USD", "UAH", dt.date(2026, 12, 5))
    seller.rate_source = "CASH"
    assert rates.rate_on(session, seller, "USD", "UAH", dt.date(2026, 11, 22)).rate == D("42.5000")


def test_a_markup_is_on_top_of_the_rate():
    rate = Rate("USD", "UAH", D("41.5000"), 1, dt.date(2026, 11, 20), "NBU", 150)
    assert rate.value_of(D("100.00")) == D("4212.25")
    assert rate.bought_by(D("4212.25")) == D("100.00")
    assert Rate.from_dict(rate.to_dict()) == rate


def test_decimals_beyond_four_become_units():
    assert four_decimals(D("0.023412"), 1) == (D("2.3412"), 100)
    assert four_decimals(D("41.5"), 1) == (D("41.5000"), 1)


def test_shares_of_a_sum_come_to_the_sum():
    parts = [D("33.33"), D("33.33"), D("33.34")]
    before, shares = D(0), []
    for part in parts:
        shares.append(share(D("4100.01"), before, part, D("100.00")))
        before += part
    assert sum(shares) == D("4100.01")
