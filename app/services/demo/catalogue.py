"""What the demo's Sellers sell: one catalogue in three languages and currencies, with every way of charging."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.core.money import half_up
from app.core.period import Month
from app.models import Category, Component, Plan, PriceVersion, Product, Promotion, Seller

Words = tuple[str, str, str]  # Ukrainian, Russian, Polish
COUNTRIES = ("UA", "RU", "PL")
RATE = {"UA": Decimal(1), "RU": Decimal(2), "PL": Decimal("0.09")}  # prices are written in hryvnias
ALWAYS = dt.date(2020, 1, 1)

MONTH: Words = ("міс", "мес", "mies.")
PIECE: Words = ("шт", "шт", "szt.")
GB: Words = ("ГБ", "ГБ", "GB")
MINUTE: Words = ("хв", "мин", "min")


@dataclass(frozen=True)
class Part:
    """A component: `price` in hryvnias (or steps of them), what is included, and by how much it rose in the year."""

    code: str
    words: Words
    unit: Words
    price: str = "0"
    charged: str = "period"
    model: str = "per_unit"
    included: str = "0"
    tiers: tuple[tuple[str, str], ...] = ()
    per_quantity: int = 1
    rise: str = ""  # factor from the seventh closed month on
    rise_day: int = 1


@dataclass(frozen=True)
class Offer:
    """A plan of a product; what is left out of `months` is a month."""

    code: str
    words: Words
    parts: tuple[Part, ...]
    months: int = 1
    tax: str = "standard"
    limits: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Good:
    """A product with its plans."""

    code: str
    category: str
    words: Words
    offers: tuple[Offer, ...]
    note: Words = ("", "", "")


CATEGORIES = (
    ("cloud", "Cloud", None),
    ("servers", "Virtual servers", "cloud"),
    ("storage", "Storage and backup", "cloud"),
    ("licences", "Software licences", None),
    ("telecom", "Telecom", None),
    ("mobile", "Mobile plans", "telecom"),
    ("options", "Options of a line", "telecom"),
    ("equipment", "Equipment by instalments", None),
    ("domains", "Domains and certificates", None),
)

OPTIONS = (
    ("roaming", ("Роумінг Європа", "Роуминг Европа", "Roaming Europa"), "95"),
    ("static-ip", ("Статична IP-адреса", "Статический IP-адрес", "Stały adres IP"), "60"),
    ("records", ("Запис розмов", "Запись разговоров", "Nagrywanie rozmów"), "45"),
    ("antispam", ("Антиспам", "Антиспам", "Antyspam"), "15"),
)


def _mobile(code: str, name: str, fee: str, gigabytes: str, minutes: str) -> Offer:
    return Offer(
        f"mobile-{code}",
        (f"Бізнес {name}", f"Бизнес {name}", f"Biznes {name}"),
        (
            Part("fee", ("абонплата", "абонплата", "abonament"), MONTH, fee, rise="1.08"),
            Part("data", ("інтернет", "интернет", "internet"), GB, "9", "usage", included=gigabytes),
            Part("voice", ("дзвінки", "звонки", "rozmowy"), MINUTE, "0.75", "usage", included=minutes),
        ),
        tax="telecom",
    )


GOODS = (
    Good(
        "server",
        "servers",
        ("Віртуальний сервер", "Виртуальный сервер", "Serwer wirtualny"),
        (
            Offer(
                "server-flex",
                ("Сервер гнучкий", "Сервер гибкий", "Serwer elastyczny"),
                (
                    Part("cpu", ("ядро процесора", "ядро процессора", "rdzeń procesora"), PIECE, "210", rise="1.05"),
                    Part("ram", ("пам'ять", "память", "pamięć"), GB, "95"),
                    Part(
                        "disk",
                        ("диск", "диск", "dysk"),
                        GB,
                        model="tiered",
                        tiers=(("0", "4.5"), ("100", "3.9"), ("500", "3.2")),
                        rise="1.06",
                        rise_day=15,
                    ),
                    Part(
                        "traffic",
                        ("вихідний трафік", "исходящий трафик", "ruch wychodzący"),
                        GB,
                        charged="usage",
                        model="tiered",
                        included="200",
                        tiers=(("0", "1.2"), ("1000", "0.9")),
                    ),
                ),
                limits={"cpu": "64", "ram": "512", "disk": "10000"},
            ),
            Offer(
                "server-start",
                ("Сервер старт", "Сервер старт", "Serwer start"),
                (Part("fee", ("плата за сервер", "плата за сервер", "opłata za serwer"), PIECE, "390"),),
            ),
        ),
        (
            "Ресурси змінюються без зупинки, рахуються за днями.",
            "Ресурсы меняются без остановки, считаются по дням.",
            "Zasoby zmieniane bez zatrzymania, liczone dniami.",
        ),
    ),
    Good(
        "objects",
        "storage",
        ("Об'єктне сховище", "Объектное хранилище", "Magazyn obiektowy"),
        (
            Offer(
                "objects-pay",
                ("Сховище за обсягом", "Хранилище по объёму", "Magazyn według ilości"),
                (
                    Part(
                        "stored",
                        ("зберігання", "хранение", "przechowywanie"),
                        GB,
                        charged="usage",
                        model="volume",
                        tiers=(("0", "0.95"), ("500", "0.8"), ("2000", "0.62")),
                    ),
                    Part("requests", ("запити", "запросы", "zapytania"), PIECE, "14", "usage", per_quantity=100_000),
                ),
            ),
        ),
    ),
    Good(
        "backup",
        "storage",
        ("Резервне копіювання", "Резервное копирование", "Kopia zapasowa"),
        (
            Offer(
                "backup-box",
                ("Копії щодня", "Копии ежедневно", "Kopie codzienne"),
                (
                    Part("fee", ("плата", "плата", "opłata"), MONTH, "320", model="flat"),
                    Part("place", ("місце копій", "место копий", "miejsce na kopie"), GB, "1.1", included="100"),
                ),
            ),
        ),
    ),
    Good(
        "office",
        "licences",
        ("Офісні програми", "Офисные программы", "Programy biurowe"),
        (
            Offer(
                "office-month",
                ("Офіс, щомісяця", "Офис, помесячно", "Biuro, miesięcznie"),
                (Part("seat", ("ліцензія", "лицензия", "licencja"), PIECE, "240", rise="1.1"),),
            ),
            Offer(
                "office-year",
                ("Офіс, на рік", "Офис, на год", "Biuro, na rok"),
                (Part("seat", ("ліцензія на рік", "лицензия на год", "licencja na rok"), PIECE, "2400"),),
                months=12,
            ),
        ),
    ),
    Good(
        "books",
        "licences",
        ("Бухгалтерія онлайн", "Бухгалтерия онлайн", "Księgowość online"),
        (
            Offer(
                "books-base",
                ("Бухгалтерія базова", "Бухгалтерия базовая", "Księgowość podstawowa"),
                (
                    Part("fee", ("доступ", "доступ", "dostęp"), MONTH, "890", model="flat"),
                    Part("user", ("користувач", "пользователь", "użytkownik"), PIECE, "150", included="2"),
                ),
            ),
        ),
    ),
    Good(
        "assistant",
        "licences",
        ("Помічник у листах", "Помощник в письмах", "Asystent poczty"),
        (
            Offer(
                "assistant-pay",
                ("Помічник за обсягом", "Помощник по объёму", "Asystent według zużycia"),
                (Part("tokens", ("токени", "токены", "tokeny"), PIECE, "85", "usage", per_quantity=1_000_000),),
            ),
        ),
    ),
    Good(
        "mobile",
        "mobile",
        ("Корпоративний зв'язок", "Корпоративная связь", "Łączność firmowa"),
        (
            _mobile("150", "150", "150", "10", "300"),
            _mobile("250", "250", "250", "25", "800"),
            _mobile("400", "400", "400", "60", "2000"),
        ),
    ),
    Good(
        "options",
        "options",
        ("Додаткові послуги", "Дополнительные услуги", "Usługi dodatkowe"),
        (
            Offer(
                "line-options",
                ("Послуги лінії", "Услуги линии", "Usługi linii"),
                tuple(Part(code, words, MONTH, price) for code, words, price in OPTIONS),
                tax="telecom",
            ),
        ),
    ),
    Good(
        "channel",
        "telecom",
        ("Виділений канал", "Выделенный канал", "Łącze dedykowane"),
        (
            Offer(
                "channel-100",
                ("Канал 100 Мбіт/с", "Канал 100 Мбит/с", "Łącze 100 Mb/s"),
                (
                    Part("setup", ("підключення", "подключение", "podłączenie"), PIECE, "1500", "once"),
                    Part("fee", ("плата за канал", "плата за канал", "opłata za łącze"), MONTH, "2700", model="flat"),
                ),
                tax="telecom",
            ),
        ),
    ),
    Good(
        "domain",
        "domains",
        ("Доменне ім'я", "Доменное имя", "Nazwa domeny"),
        (
            Offer(
                "domain-year",
                ("Домен на рік", "Домен на год", "Domena na rok"),
                (Part("fee", ("реєстрація", "регистрация", "rejestracja"), PIECE, "480"),),
                months=12,
            ),
        ),
    ),
    Good(
        "phones",
        "equipment",
        ("Телефони частинами", "Телефоны в рассрочку", "Telefony na raty"),
        (
            Offer(
                "phones-parts",
                ("Телефони, 12 частин", "Телефоны, 12 частей", "Telefony, 12 rat"),
                (Part("part", ("частина за телефони", "часть за телефоны", "rata za telefony"), PIECE, "2000"),),
            ),
        ),
    ),
)


def make_price(country: str, price: str) -> Decimal:
    """A price of the catalogue in the currency of a country, to the hundredth."""
    return half_up(Decimal(price) * RATE[country])


def add_categories(session: Session) -> dict[str, int]:
    """The shelves, by code."""
    known: dict[str, int] = {code: id_ for code, id_ in session.execute(sa.select(Category.code, Category.id))}
    for code, name, parent in CATEGORIES:
        if code not in known:
            row = Category(code=code, name=name, parent_id=known[parent] if parent else None)
            session.add(row)
            session.flush()
            known[code] = row.id
    return known


def add_goods(session: Session, seller: Seller, categories: dict[str, int], months: list[Month]) -> None:
    """A Seller's products, plans, components and their prices; `months` are the closed ones, oldest first."""
    word = COUNTRIES.index(seller.country)
    for good in GOODS:
        product = Product(
            seller_id=seller.id,
            category_id=categories[good.category],
            code=good.code,
            name=good.words[word],
            description=good.note[word],
        )
        session.add(product)
        session.flush()
        for offer in good.offers:
            _add_offer(session, seller, product, offer, months)
    session.flush()


def _add_offer(session: Session, seller: Seller, product: Product, offer: Offer, months: list[Month]) -> None:
    word = COUNTRIES.index(seller.country)
    plan = Plan(
        seller_id=seller.id,
        product_id=product.id,
        code=offer.code,
        name=offer.words[word],
        currency=seller.currency,
        tax_category=offer.tax,
        period_months=offer.months,
    )
    for part in offer.parts:
        component = Component(
            code=part.code,
            name=part.words[word][:1].upper() + part.words[word][1:],
            unit=part.unit[word],
            charged=part.charged,
            model=part.model,
            included=Decimal(part.included),
            maximum=Decimal(offer.limits[part.code]) if part.code in offer.limits else None,
            step=Decimal(1) if part.charged == "period" else None,
        )
        component.prices = _prices(seller.country, part, months)
        plan.components.append(component)
    session.add(plan)


def _prices(country: str, part: Part, months: list[Month]) -> list[PriceVersion]:
    if not part.rise:
        return [_price(country, part, Decimal(1), ALWAYS, None)]
    day = months[len(months) // 2].first_day.replace(day=part.rise_day)
    return [_price(country, part, Decimal(1), ALWAYS, day), _price(country, part, Decimal(part.rise), day, None)]


def _price(country: str, part: Part, factor: Decimal, since: dt.date, until: dt.date | None) -> PriceVersion:
    return PriceVersion(
        valid_from=since,
        valid_to=until,
        unit_price=half_up(make_price(country, part.price) * factor),
        per_quantity=part.per_quantity,
        tiers=[[start, str(half_up(make_price(country, price) * factor))] for start, price in part.tiers],
    )


def add_promotions(session: Session, seller: Seller, months: list[Month]) -> None:
    """A percentage for everybody's server, an amount for newcomers, and a code that is used up."""
    since, land = months[0].first_day, seller.country
    words = {"UA": ("Весняна знижка", "Вітальна знижка"), "RU": ("Весенняя скидка", "Приветственная скидка")}
    spring, hello = words.get(land, ("Rabat wiosenny", "Rabat powitalny"))
    common = {"seller_id": seller.id, "valid_from": since}
    session.add_all(
        [
            Promotion(code=f"SPRING-{land}", name=spring, percent_bp=1000, **common),
            Promotion(
                code=f"HELLO-{land}",
                name=hello,
                amount=make_price(land, "100"),
                valid_to=months[-1].shift(4).first_day,
                use_limit=100,
                first_purchase_only=True,
                minimum_sum=make_price(land, "300"),
                **common,
            ),
            Promotion(code=f"ONCE-{land}", name=hello, percent_bp=5000, use_limit=1, used=1, **common),
        ]
    )
    session.flush()


def plans_of(session: Session, seller: Seller) -> dict[str, Plan]:
    """A Seller's plans by code, with their components loaded."""
    query = sa.select(Plan).where(Plan.seller_id == seller.id).options(sa.orm.selectinload(Plan.components))
    return {plan.code: plan for plan in session.scalars(query)}
