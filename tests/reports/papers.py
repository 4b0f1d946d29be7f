"""Parties and documents the report tests print; all invented."""

import datetime as dt
from decimal import Decimal
from typing import Any

from app.core.period import Month
from app.reports.document import (
    ActData,
    ChargeLine,
    ChargeReportData,
    ChargeSummary,
    InvoiceData,
    Line,
    Operation,
    Party,
    ReconciliationData,
    Reference,
)

D = Decimal
DAY = dt.date(2026, 11, 21)
OCTOBER = Month(2026, 10).period

SELLERS = {
    "UA": Party(
        name="ТОВ «Хмара Плюс»",
        country="UA",
        tax_ids={"edrpou": "32855961", "ipn": "328559626546", "vat_certificate": "100345678"},
        address="04071, м. Київ, вул. Нижній Вал, буд. 15, оф. 7",
        phone="+380 44 333 22 11",
        bank_name="АТ «ПЕРШИЙ БАНК»",
        account="UA213223130000026007233566001",
        signatory="Шевченко Т. Г.",
        signatory_post="Директор",
        basis="Статуту",
    ),
    "RU": Party(
        name="ООО «Облако»",
        country="RU",
        tax_ids={"inn": "7707083893", "kpp": "770701001"},
        address="101000, г. Москва, ул. Мясницкая, д. 1, стр. 2",
        phone="+7 495 123-45-67",
        bank_name="ПАО БАНК «ПРИМЕР» Г. МОСКВА",
        account="40702810638050013199",
        bic="044525225",
        corr_account="30101810400000000225",
        signatory="Иванов И. И.",
        signatory_post="Генеральный директор",
        accountant="Петрова А. С.",
        basis="Устава",
    ),
    "BY": Party(
        name="ООО «Воблака»",
        country="BY",
        tax_ids={"unp": "190275968"},
        address="220030, г. Минск, ул. Ленина, 5",
        bank_name="ОАО «Пример-банк»",
        account="BY20 OLMP 3135 0000 0010 0000 0933",
        bic="OLMPBY2X",
        signatory="Янка К. К.",
        signatory_post="Директор",
    ),
    "KZ": Party(
        name="ТОО «Бұлт Қазақстан»",
        country="KZ",
        tax_ids={"bin": "971240001315", "kbe": "17", "knp": "859"},
        address="050000, г. Алматы, пр. Абая, 10",
        bank_name="АО «Пример Банк»",
        account="KZ86125KZT5004100100",
        bic="CASPKZKA",
        signatory="Әбішев Қ. Ә.",
        signatory_post="Директор",
    ),
    "PL": Party(
        name="Chmura Sp. z o.o.",
        country="PL",
        tax_ids={"nip": "5260250274", "regon": "000331501"},
        address="ul. Świętokrzyska 12, 00-916 Warszawa",
        phone="+48 22 555 44 33",
        bank_name="Bank Przykładowy S.A.",
        account="PL61109010140000071219812874",
        bic="WBKPPLPP",
        signatory="Żaneta Łęcka",
        signatory_post="Prezes zarządu",
    ),
    "DE": Party(
        name="Wolke GmbH",
        country="DE",
        tax_ids={"vat": "DE136695976"},
        address="Unter den Linden 1, 10117 Berlin",
        bank_name="Beispielbank AG",
        account="DE89370400440532013000",
        bic="COBADEFFXXX",
        signatory="Jörg Müller",
        signatory_post="Geschäftsführer",
    ),
}
BUYERS = {
    "UA": Party(
        name="ПрАТ «Оріон Телеком»",
        country="UA",
        tax_ids={"edrpou": "00032112", "ipn": "000321126546"},
        address="79000, м. Львів, просп. Свободи, 28",
        phone="+380 32 255 55 55",
        signatory="Ґалаґан Ї. Є.",
        signatory_post="Генеральний директор",
    ),
    "RU": Party(
        name="АО «Орион»",
        country="RU",
        tax_ids={"inn": "7728168971", "kpp": "772801001"},
        address="117218, г. Москва, ул. Кржижановского, д. 14",
        signatory="Сидоров П. П.",
        signatory_post="Директор",
    ),
    "PL": Party(
        name="Orion Telekom S.A.",
        country="PL",
        tax_ids={"nip": "7740001454"},
        address="ul. Chemików 7, 09-411 Płock",
        signatory="Jan Źródłowski",
        signatory_post="Dyrektor",
    ),
    "DE": Party(name="Orion Ltd", country="GB", tax_ids={"vat": "GB980780684"}, address="1 Poultry, London EC2R 8EJ"),
}
BUYERS |= {"BY": BUYERS["RU"], "KZ": BUYERS["RU"]}
CURRENCY = {"UA": "UAH", "RU": "RUB", "BY": "BYN", "KZ": "KZT", "PL": "PLN", "DE": "EUR"}
RATE = {"UA": D(20), "RU": D(22), "BY": D(25), "KZ": D(16), "PL": D(23), "DE": D(19)}
SERVICES = {
    "UA": ("Послуги хмарного хостингу, тариф «Бізнес»", "Оренда ліцензій офісного пакета", "Додаткова IP-адреса"),
    "RU": (
        "Услуги облачного хостинга, тариф «Бизнес», за октябрь 2026 г.",
        "Аренда лицензий офисного пакета",
        "Доп. IP-адрес",
    ),
    "PL": ("Usługi hostingu w chmurze, taryfa „Biznes”", "Najem licencji pakietu biurowego", "Dodatkowy adres IP"),
    "DE": ("Cloud hosting, plan Business", "Office suite licences", "Additional IP address"),
}
SERVICES |= {"BY": SERVICES["RU"], "KZ": SERVICES["RU"]}
UNITS = {"UA": "міс.", "RU": "мес.", "BY": "мес.", "KZ": "мес.", "PL": "mies.", "DE": "month"}


def lines(country: str, count: int = 3) -> list[Line]:
    """`count` lines whose tax is carried to the cent."""
    made = []
    for number in range(count):
        quantity, price = D(number % 7 + 1), D("1150.25") + number * D("73.1") + (D("0.0125") if number == 1 else 0)
        net = (quantity * price).quantize(D("0.01"))
        tax = (net * RATE[country] / 100).quantize(D("0.01"))
        name = SERVICES[country][number % 3]
        made.append(Line(name, quantity, UNITS[country], price, net, RATE[country], tax, net + tax))
    return made


def lined(country: str, made: list[Line], **more: Any) -> dict[str, Any]:
    """What an invoice and an act of a country's seller share."""
    return {
        "number": "К-000127",
        "date": DAY,
        "seller": SELLERS[country],
        "buyer": BUYERS[country],
        "lines": made,
        "currency": CURRENCY[country],
        "net": sum((line.net for line in made), D(0)),
        "tax": sum((line.tax for line in made), D(0)),
        "gross": sum((line.gross for line in made), D(0)),
        "period": OCTOBER,
        "contract": Reference("ХП-12/2025", dt.date(2025, 3, 1)),
        **more,
    }


def invoice(country: str, count: int = 3, **more: Any) -> InvoiceData:
    """An invoice with `count` lines."""
    more = {"due": dt.date(2026, 12, 6), "personal_account": "1000457", **more}
    return InvoiceData(**lined(country, more.pop("made", None) or lines(country, count), **more))


def act(country: str, count: int = 3, **more: Any) -> ActData:
    """An act with `count` lines."""
    more = {"invoice": Reference("К-000126", dt.date(2026, 10, 31)), "place": "Київ" if country == "UA" else "", **more}
    return ActData(**lined(country, more.pop("made", None) or lines(country, count), **more))


def reconciliation(country: str, count: int = 6, **more: Any) -> ReconciliationData:
    """A reconciliation act of October with acts and payments by turns."""
    titles = {"UA": ("Акт надання послуг", "Оплата"), "PL": ("Faktura", "Wpłata"), "DE": ("Invoice", "Payment")}
    debit_title, credit_title = titles.get(country, ("Акт", "Платежное поручение"))
    operations = []
    for number in range(count):
        day = dt.date(2026, 10, number * 31 // count + 1)
        if number % 2:
            operations.append(Operation(day, f"{credit_title} № {number}", credit=D("1000.10") + number))
        else:
            operations.append(Operation(day, f"{debit_title} № К-{number:06d}", debit=D("1234.56") + number))
    opening = more.pop("opening", D("500.00"))
    debit, credit = sum((o.debit for o in operations), D(0)), sum((o.credit for o in operations), D(0))
    return ReconciliationData(
        number="7",
        date=DAY,
        ours=SELLERS[country],
        theirs=BUYERS[country],
        period=OCTOBER,
        currency=CURRENCY[country],
        opening=opening,
        lines=operations,
        debit=debit,
        credit=credit,
        closing=opening + debit - credit,
        contract=Reference("ХП-12/2025", dt.date(2025, 3, 1)),
        **more,
    )


def charge_lines(country: str, count: int) -> list[ChargeLine]:
    """Two charges a subscriber, 4 decimals."""
    made = []
    for number in range(count):
        net = D("10.1234") + number * D("0.0101")
        tax = (net * RATE[country] / 100).quantize(D("0.0001"))
        service = SERVICES[country][number % 2]
        made.append(
            ChargeLine(
                f"+38067{number // 2:07d}",
                f"Склад {number // 2}",
                service,
                D(1),
                UNITS[country],
                net,
                net,
                tax,
                net + tax,
                "10.2026",
            )
        )
    return made


def charges(country: str, count: int = 8, detail: bool = True, **more: Any) -> ChargeReportData:
    """A report on charges: summary, and the detail where it is asked for."""
    made = charge_lines(country, count)
    summary = []
    for service in dict.fromkeys(line.service for line in made):
        own = [line for line in made if line.service == service]
        net, tax = sum((line.net for line in own), D(0)), sum((line.tax for line in own), D(0))
        summary.append(ChargeSummary(service, D(len(own)), UNITS[country], net, tax, net + tax))
    cents = [
        sum((getattr(line, name) for line in made), D(0)).quantize(D("0.01"), "ROUND_HALF_UP")
        for name in ("net", "tax", "gross")
    ]
    return ChargeReportData(
        date=DAY,
        seller=SELLERS[country],
        buyer=BUYERS[country],
        account="1000457",
        period=OCTOBER,
        currency=CURRENCY[country],
        summary=summary,
        lines=made if detail else None,
        net=cents[0],
        tax=cents[1],
        gross=cents[2],
        **more,
    )


MAKERS = {"invoice": invoice, "act": act, "reconciliation": reconciliation, "charges": charges}
