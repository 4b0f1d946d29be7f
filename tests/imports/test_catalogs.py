"""Price lists of clouds, partners and metered models become price lines; what is wrong in them is reported."""

import json
from decimal import Decimal

import pytest

from app.core.errors import Refused
from app.imports.catalogs import Catalog, read_catalog
from app.imports.fields import ImportKind
from app.imports.mapping import Mapping
from tests.imports.files import SAMPLES

CATALOGS = SAMPLES / "catalogs"
needs_catalogs = pytest.mark.skipif(
    not CATALOGS.exists(), reason="no catalogs: ../shared/samples is not beside this repository"
)


def said(catalog: Catalog) -> list[tuple[int, str]]:
    return [(line, str(problem)) for line, problem in catalog.errors]


@needs_catalogs
def test_the_sample_of_cloud_instances_loads_whole() -> None:
    catalog = read_catalog(CATALOGS / "ec2_ondemand_2017.csv")
    assert (len(catalog.lines), catalog.errors, catalog.warnings) == (3273, [], [])
    assert len({line.product_code for line in catalog.lines}) == 3273
    first = catalog.lines[0]
    assert (first.line, first.product_code, first.category) == (2, "m1.small/ap-northeast-1/linux", "General purpose")
    assert (first.price, first.unit, first.unit_quantity, first.currency) == (Decimal("0.061"), "hour", 1, "USD")
    assert first.attributes["memory_gib"] == "1.7"


@needs_catalogs
def test_the_sample_of_metered_models_loads_whole() -> None:
    catalog = read_catalog(CATALOGS / "genai_prices_0.2.3.json")
    assert (len(catalog.lines), len(catalog.unpriced), catalog.errors) == (5768, 179, [])
    assert len({line.product_code for line in catalog.lines} | {one.product_code for one in catalog.unpriced}) == 2330
    assert len(catalog.warnings) == 179 + 25
    by_key = {(line.product_code, line.component_code): line for line in catalog.lines}
    read = by_key["anthropic/claude-3-5-haiku-latest", "cache_read_mtok"]
    assert (read.price, read.unit, read.unit_quantity) == (Decimal("0.08"), "token", 1_000_000)
    searches = by_key["anthropic/claude-3-5-haiku-latest", "web_searches_kcount"]
    assert (searches.price, searches.unit_quantity) == (Decimal(10), 1000)
    for line in catalog.lines:
        fitted = line.fitted()
        assert fitted.price == fitted.price.quantize(Decimal("0.0001"))
        assert fitted.price / fitted.unit_quantity == line.price / line.unit_quantity
        assert fitted.unit_quantity <= 10**9


def test_a_price_of_many_decimals_is_kept_for_more_units() -> None:
    content = json.dumps([{"provider": "p", "model": "m", "prices_usd_per_million_units": {"input_mtok": "0.10875"}}])
    [line] = read_catalog(content.encode()).lines
    fitted = line.fitted()
    assert (fitted.price, fitted.unit_quantity) == (Decimal("1.0875"), 10_000_000)


def test_stepped_and_conditional_prices_of_models() -> None:
    models = [
        {
            "provider": "p",
            "model": "steps",
            "prices_usd_per_million_units": {
                "input_mtok": {"base": 1.25, "tiers": [{"start": 200000, "price": 2.5}]},
                "output_mtok": [{"from": 0, "price": "10"}, {"from": 200000, "price": "15"}],
            },
        },
        {
            "provider": "p",
            "model": "hours",
            "prices_usd_per_million_units": [
                {"constraint": {"start_time": "00:30", "end_time": "16:30"}, "prices": {"input_mtok": 0.5}},
                {"prices": {"input_mtok": "0.25"}},
            ],
        },
    ]
    catalog = read_catalog(json.dumps(models).encode())
    assert catalog.errors == []
    step, listed, day, night = catalog.lines
    assert (step.model, step.tiers) == ("volume", ((Decimal(0), Decimal("1.25")), (Decimal(200000), Decimal("2.5"))))
    assert listed.tiers == ((Decimal(0), Decimal(10)), (Decimal(200000), Decimal(15)))
    assert (day.plan_code, day.price) == ("start-time-00-30-end-time-16-30", Decimal("0.5"))
    assert (night.plan_code, night.price) == ("", Decimal("0.25"))


def test_malformed_items_are_reported_with_their_lines() -> None:
    content = b"""[
{"provider": "p", "model": "good", "prices_usd_per_million_units": {"input_mtok": "1"}},
{"provider": "p", "model": "bad", "prices_usd_per_million_units": {"input_mtok": "free", "output_mtok": "-1"}},
{"provider": "p", "model": "", "prices_usd_per_million_units": {"input_mtok": "1"}},
{"provider": "p", "model": "steps", "prices_usd_per_million_units": {"input_mtok": {"tiers": [{"start": 5}]}}},
"text",
{"provider": "p", "model": "none", "prices_usd_per_million_units": {}}
]"""
    catalog = read_catalog(content)
    assert [line.product_code for line in catalog.lines] == ["p/good"]
    assert [one.product_code for one in catalog.unpriced] == ["p/none"]
    assert said(catalog) == [
        (3, "The price «free» of «input_mtok» is not an amount. Write digits only, like 0.25."),
        (3, "The price «-1» of «output_mtok» is less than zero. Correct it."),
        (4, "The line names no product. Fill in its code."),
        (5, "The price steps of «input_mtok» cannot be read. Each needs a quantity it starts from and a price."),
        (6, "The item is not an object with named values. Correct it."),
    ]


def test_cloud_instances_with_faults() -> None:
    catalog = read_catalog(
        b"instance_type,family,vcpu,region,os,price_eur_per_hour\n"
        b"a.small,General,1,eu,linux,0.061\na.small,General,1,eu,linux,0.07\n,General,1,eu,linux,1\nb.big,General,8,eu,linux,\n"
    )
    [line] = catalog.lines
    assert (line.currency, line.price) == ("EUR", Decimal("0.061"))
    assert [number for number, _ in said(catalog)] == [3, 4, 5]


def test_a_partner_price_list_gives_a_plan_for_each_term_and_segment() -> None:
    catalog = read_catalog(
        b"ProductId,SkuId,ProductTitle,SkuTitle,Publisher,SkuDescription,UnitOfMeasure,Tags,Market,Currency,Segment,"
        b"TermDuration,BillingPlan,UnitPrice,ERP Price,EffectiveStartDate,EffectiveEndDate,PricingTierRangeMin\n"
        b"P1,0001,Suite,Suite Basic,Maker,,Licence,,UA,USD,Commercial,P1M,Monthly,6.00,7.50,10/1/2026,9/30/2027,\n"
        b"P1,0001,Suite,Suite Basic,Maker,,Licence,,UA,USD,Commercial,P1Y,Annual,60.00,75.00,10/13/2026,,1\n"
        b"P1,0001,Suite,Suite Basic,Maker,,Licence,,UA,USD,Commercial,P1Y,Annual,55.00,70.00,10/13/2026,,300\n"
        b"P1,0001,Suite,Suite Basic,Maker,,Licence,,UA,USD,Education,P3Y,None,150.00,180.00,10/13/2026,,\n"
        b"P1,,Suite,,Maker,,Licence,,UA,USD,Commercial,P1M,Monthly,6.00,7.50,10/1/2026,,\n"
    )
    month, year, three = catalog.lines
    assert (month.product_code, month.plan_code) == ("P1:0001", "p1m-monthly-commercial-ua")
    assert (month.charged, month.period_months, str(month.valid_from)) == ("period", 1, "2026-10-01")
    assert (year.model, year.tiers) == ("volume", ((Decimal(0), Decimal(60)), (Decimal(300), Decimal(55))))
    assert (year.period_months, three.period_months) == (12, 36)
    assert said(catalog) == [(6, "The line names no product. Fill in its code.")]


def test_retail_meters_are_grouped_into_steps() -> None:
    items = [
        {"currencyCode": "USD", "tierMinimumUnits": start, "retailPrice": price, "armRegionName": "eu", "meterId": "m1",
         "meterName": "Data Stored", "productName": "Blob", "skuName": "Hot", "serviceName": "Storage",
         "unitOfMeasure": "100 GB/Month", "type": "Consumption"}
        for start, price in ((0.0, 0.0208), (51200.0, 0.02))
    ]  # fmt: skip
    catalog = read_catalog(json.dumps({"BillingCurrency": "USD", "Items": items}).encode())
    [line] = catalog.lines
    assert (line.model, line.unit, line.unit_quantity) == ("tiered", "GB/Month", 100)
    assert line.tiers == ((Decimal(0), Decimal("0.0208")), (Decimal(51200), Decimal("0.02")))


def test_a_table_of_any_headers_is_a_price_list() -> None:
    catalog = read_catalog(
        "Артикул;Найменування;Група;Од.;Ціна;Валюта;Кількість від;Період;Колір\n"
        "A1;Тариф «Бізнес»;Тарифи;;1 200,50;грн;;місяць;синій\n"
        "B1;Хмара;Сервери;година;0,0612;USD;;;\n"
        "C1;СМС;Повідомлення;шт;0,90;UAH;0;;\nC1;СМС;Повідомлення;шт;0,80;UAH;1000;;\n"
        "D1;Пошта;Сервіс;;багато;UAH;;місяць;\n;Без коду;Сервіс;;5,00;UAH;;місяць;\n".encode()
    )
    plan, cloud, messages = catalog.lines
    assert (plan.price, plan.charged, plan.period_months, plan.currency) == (Decimal("1200.50"), "period", 1, "UAH")
    assert plan.attributes == {"Колір": "синій"}
    assert (cloud.charged, cloud.unit) == ("usage", "година")
    assert (messages.model, messages.tiers) == (
        "tiered",
        ((Decimal(0), Decimal("0.90")), (Decimal(1000), Decimal("0.80"))),
    )
    assert [line for line, _ in said(catalog)] == [6, 7]


def test_a_json_list_of_plain_objects_is_a_price_list() -> None:
    items = [
        {"sku": "A", "name": "One", "price": 1.234, "currency": "USD", "extra": {"zone": "eu"}},
        {"sku": "B", "price": 2},
    ]
    catalog = read_catalog(json.dumps(items).encode())
    assert [(line.product_code, line.price) for line in catalog.lines] == [("A", Decimal("1.234")), ("B", Decimal(2))]
    assert catalog.lines[0].attributes == {"extra zone": "eu"}


def test_a_mapping_overrules_the_guess() -> None:
    mapping = Mapping(ImportKind.CATALOG, {"code": "x", "price": "y"})
    [line] = read_catalog(b"x,y,price\nA,1.50,9.99\n", mapping).lines
    assert line.price == Decimal("1.50")


def test_no_price_list_is_refused() -> None:
    with pytest.raises(Refused, match="PDF"):
        read_catalog(b"%PDF-1.4")
