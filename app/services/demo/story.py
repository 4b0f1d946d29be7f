"""Who the demo's people and companies are: decided once from fixed seeds, so that every load tells the same story."""

import random
from dataclasses import dataclass

from app.rules.payer_fields import INDIVIDUAL, LEGAL_ENTITY, SOLE_PROPRIETOR
from app.services.demo.names import Name, make_name


@dataclass(frozen=True)
class House:
    """A legal entity of the provider."""

    country: str
    currency: str
    zone: str
    locale: str
    name: str
    short_name: str
    prefix: str
    rounding: str
    director: tuple[str, str]  # nominative, genitive
    post: tuple[str, str]
    accountant: str
    acts_on: str


HOUSES = (
    House(
        "UA",
        "UAH",
        "Europe/Kyiv",
        "uk",
        "ТОВ «Вигадані мережі»",
        "Вигадані мережі",
        "ВМ-",
        "carry",
        ("Довгань Остап Романович", "Довганя Остапа Романовича"),
        ("Директор", "директора"),
        "Левицька Соломія Іванівна",
        "Статуту",
    ),
    House(
        "RU",
        "RUB",
        "Europe/Moscow",
        "ru",
        "ООО «Выдуманные сети»",
        "Выдуманные сети",
        "ВС-",
        "line",
        ("Рябинин Глеб Павлович", "Рябинина Глеба Павловича"),
        ("Генеральный директор", "генерального директора"),
        "Кленова Дарья Ильинична",
        "Устава",
    ),
    House(
        "PL",
        "PLN",
        "Europe/Warsaw",
        "pl",
        "Zmyślone Sieci Sp. z o.o.",
        "Zmyślone Sieci",
        "ZS/",
        "carry",
        ("Stanisław Źródlany", "Stanisława Źródlanego"),
        ("Prezes zarządu", "prezesa zarządu"),
        "Łucja Gajewska",
        "umowy spółki",
    ),
)
HOUSE_OF = {house.country: house for house in HOUSES}

_FIRMS = {
    "UA": "Мідний Їжак|Бузкова Сова|Тихий Лелека|Три Равлики|Скляний Кит|Солом'яний Лев|Північна Вивірка|"
    "Кришталевий Борсук|Картатий Тигр|Жовтий Дельфін|Веселий Жайворонок|Срібна Черепаха|Ліхтарний Жук|Сонячний Кажан|"
    "Зелений Пінгвін|Дев'ять Ластівок",
    "RU": "Медный Ёж|Сиреневая Сова|Клетчатый Тигр|Стеклянный Кит|Соломенный Лев|Хрустальный Барсук|Жёлтый Дельфин|"
    "Бумажная Чайка|Фонарный Жук|Девять Ласточек|Круглый Журавль|Лунный Бобр",
    "PL": "Miedziany Jeż|Liliowa Sowa|Cichy Bocian|Trzy Ślimaki|Szklany Wieloryb|Kraciasty Tygrys|Żółty Delfin|"
    "Srebrny Żółw|Zielony Pingwin|Okrągły Żuraw|Księżycowy Bóbr",
}
_FORMS = {
    "UA": ("ТОВ «{}»", "ФОП {}"),
    "RU": ("ООО «{}»", "ИП {}"),
    "PL": ("{} Sp. z o.o.", "{}, działalność gospodarcza"),
}
PAYING = ("on_time", "late", "partial", "over", "ahead", "debtor")
_WEIGHTS = (60, 15, 8, 7, 5, 5)
# What a company may have: (offer, smallest and largest quantity).
_BASKET = (
    ("server-flex", 1, 3),
    ("server-start", 1, 6),
    ("objects-pay", 1, 1),
    ("backup-box", 1, 1),
    ("office-month", 3, 40),
    ("office-year", 2, 15),
    ("books-base", 1, 1),
    ("assistant-pay", 1, 1),
    ("channel-100", 1, 1),
    ("domain-year", 1, 4),
)


@dataclass(frozen=True)
class Client:
    """A company of the story: how it pays, what it has, how many lines, and what becomes of it."""

    number: int
    code: str
    country: str
    kind: str
    name: str
    director: Name
    paying: str
    basket: tuple[tuple[str, int], ...]
    lines: int = 0
    fate: str = ""  # suspended | closed | credited | quarantined | blocked


ORION_BASKET = (
    ("server-flex", 2),
    ("objects-pay", 1),
    ("backup-box", 1),
    ("office-month", 25),
    ("books-base", 1),
    ("assistant-pay", 1),
    ("channel-100", 1),
    ("domain-year", 2),
)


def tell_clients(size: str) -> list[Client]:
    """The companies, «orion» and «vega» first: sixty in full, nine in small."""
    lines = 5_000 if size == "full" else 25
    orion = Client(
        1,
        "orion",
        "UA",
        LEGAL_ENTITY,
        "ТОВ «Оріон Зоряні Вантажі»",
        Name("Соломія", "Марчук"),
        "on_time",
        ORION_BASKET,
        lines,
        "credited",
    )
    vega_basket = (("server-flex", 1), ("office-month", 8), ("books-base", 1))
    vega = Client(
        2,
        "vega",
        "RU",
        LEGAL_ENTITY,
        "ООО «Вега Ночные Аптеки»",
        Name("Илья", "Громов"),
        "late",
        vega_basket,
        12 if size == "full" else 3,
    )
    wanted = {"UA": 25, "RU": 18, "PL": 15} if size == "full" else {"UA": 2, "RU": 3, "PL": 2}
    told = [orion, vega]
    for country, count in wanted.items():
        told += [_tell_client(len(told) + 1 + place, country, place, size) for place in range(count)]
    return told


def _tell_client(number: int, country: str, place: int, size: str) -> Client:
    rng = random.Random(f"{country}:{place}")  # noqa: S311  # a story, no secret
    firms = _FIRMS[country].split("|")
    director = make_name(country, rng)
    if place < len(firms):
        kind, name = LEGAL_ENTITY, _FORMS[country][0].format(firms[place])
    elif place % 3:
        kind, name = SOLE_PROPRIETOR, _FORMS[country][1].format(director.full)
    else:
        kind, name = INDIVIDUAL, director.full
    few = 2 if kind == INDIVIDUAL else rng.randint(2, 4)
    basket = tuple((offer, rng.randint(low, high)) for offer, low, high in rng.sample(_BASKET, few))
    return Client(
        number,
        f"{country.lower()}-{place + 1:03d}",
        country,
        kind,
        name,
        director,
        _DECIDED.get((country, place)) or rng.choices(PAYING, _WEIGHTS)[0],
        basket,
        rng.randint(4, 30) if size == "full" and kind != INDIVIDUAL and rng.random() < 0.4 else 0,
        _FATES.get((country, place), ""),
    )


_FATES = {
    ("UA", 1): "suspended",
    ("RU", 0): "quarantined",
    ("RU", 1): "closed",
    ("RU", 2): "blocked",
    ("PL", 0): "credited",
    ("UA", 7): "closed",
    ("PL", 4): "suspended",
    ("PL", 5): "blocked",
}
_DECIDED = {("UA", 3): "debtor", ("UA", 5): "over", ("RU", 4): "debtor", ("RU", 6): "over", ("PL", 2): "debtor"}
