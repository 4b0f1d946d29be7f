"""The goods of the demo as data: products, plans and priced parts in three languages, prices in hryvnias."""

from dataclasses import dataclass, field

Words = tuple[str, str, str]  # Ukrainian, Russian, Polish
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
    for_subscribers: bool = False


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
                for_subscribers=True,
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
)
