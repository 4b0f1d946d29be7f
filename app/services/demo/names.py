"""Names of people who do not exist: short lists of common given names and surnames, joined by a seeded choice."""

import random
from dataclasses import dataclass

# country → (women's given names, their surnames, men's given names, their surnames)
_LISTS: dict[str, tuple[str, str, str, str]] = {
    "UA": (
        "Олена Наталія Ірина Оксана Тетяна Марія Юлія Світлана Ганна Катерина Софія Дарина Соломія Вікторія Лариса",
        "Коваленко Шевчук Бондар Мельник Кравець Савчук Левицька Гнатюк Романюк Ткач Пилипенко Довгань Яремчук "
        "Білик Чорна Вовк Зозуля Осадча Стецюк Кушнір Лисенко Марчук Поліщук Гаврилюк Дячук Ярова",
        "Олександр Андрій Сергій Іван Петро Михайло Дмитро Богдан Тарас Роман Юрій Остап Максим Назар Віталій",
        "Коваленко Шевчук Бондар Мельник Кравець Савчук Левицький Гнатюк Романюк Ткач Пилипенко Довгань Яремчук "
        "Білик Чорний Вовк Зозуля Осадчий Стецюк Кушнір Лисенко Марчук Поліщук Гаврилюк Дячук Яровий",
    ),
    "RU": (
        "Анна Елена Ольга Мария Екатерина Татьяна Ирина Светлана Дарья Полина Вера Алина Надежда Марина",
        "Соколова Лебедева Орлова Зайцева Голубева Синицына Берёзкина Полякова Рябинина Кленова Ершова Снегирёва "
        "Тихонова Громова Чайкина Ягодина",
        "Алексей Дмитрий Сергей Николай Павел Артём Михаил Виктор Илья Кирилл Глеб Матвей Фёдор Егор",
        "Соколов Лебедев Орлов Зайцев Голубев Синицын Берёзкин Поляков Рябинин Кленов Ершов Снегирёв Тихонов Громов "
        "Чайкин Ягодин",
    ),
    "PL": (
        "Anna Katarzyna Magdalena Agnieszka Zofia Joanna Ewa Małgorzata Hanna Julia Łucja Wiktoria",
        "Nowak Wiśniewska Zielińska Lewandowska Dąbrowska Mazur Krawczyk Wróbel Jabłońska Sikora Gajewska Źródlana",
        "Piotr Krzysztof Tomasz Paweł Marcin Łukasz Jakub Stanisław Michał Grzegorz Wojciech Kacper",
        "Nowak Wiśniewski Zieliński Lewandowski Dąbrowski Mazur Krawczyk Wróbel Jabłoński Sikora Gajewski Źródlany",
    ),
}
_PARTED = {country: tuple(names.split() for names in lists) for country, lists in _LISTS.items()}


@dataclass(frozen=True)
class Name:
    """A given name and a surname of the same gender."""

    first: str
    last: str

    @property
    def full(self) -> str:
        """Surname first, as documents write it."""
        return f"{self.last} {self.first}"


def make_name(country: str, rng: random.Random) -> Name:
    """A person of a country."""
    women, women_last, men, men_last = _PARTED[country]
    if rng.random() < 0.5:
        return Name(rng.choice(women), rng.choice(women_last))
    return Name(rng.choice(men), rng.choice(men_last))


_DEPARTMENTS = {
    "UA": ("Склад", "Диспетчерська", "Бухгалтерія", "Продажі", "Сервіс", "Охорона", "Кур'єр", "Філія"),
    "RU": ("Склад", "Диспетчерская", "Бухгалтерия", "Продажи", "Сервис", "Охрана", "Курьер", "Филиал"),
    "PL": ("Magazyn", "Dyspozytornia", "Księgowość", "Sprzedaż", "Serwis", "Ochrona", "Kurier", "Oddział"),
}


def make_line_name(country: str, number: int, rng: random.Random) -> str:
    """What a subscriber's line is called: mostly its person, sometimes a place with a number."""
    if rng.random() < 0.12:
        return f"{rng.choice(_DEPARTMENTS[country])} {number % 90 + 1}"
    return make_name(country, rng).full
