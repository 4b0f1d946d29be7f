"""What the demo's shop sells, as data in four languages: prices in hryvnias, a month or the plan's own period."""

from dataclasses import dataclass
from typing import Any

Said = tuple[str, str, str, str]  # Ukrainian, Russian, Polish, English
LANGUAGES = ("uk", "ru", "pl", "en")
PIECES: Said = ("шт.", "шт.", "szt.", "pcs")
GB: Said = ("ГБ", "ГБ", "GB", "GB")
MONTH: Said = ("міс.", "мес.", "mies.", "month")
HOURS: Said = ("год.", "ч", "godz.", "h")


@dataclass(frozen=True)
class Slice:
    """A priced part: a range as (least, most, step) where the customer sets it."""

    code: str
    said: Said
    unit: Said
    price: str
    charged: str = "period"
    model: str = "per_unit"
    range: tuple[str, str, str] | None = None
    included: str = "0"
    tiers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Deal:
    """A plan of a ware; `dollars` makes a second one in that currency, at about the bank's rate."""

    code: str
    said: Said
    slices: tuple[Slice, ...]
    months: int = 1
    trial_days: int = 0
    needs_identifier: bool = False
    renews_daily: bool = False
    tax: str = "standard"
    dollars: str = ""


@dataclass(frozen=True)
class Ware:
    """A product of the shop."""

    code: str
    category: str
    said: Said
    note: Said
    deals: tuple[Deal, ...]
    kind: str = "service"
    instructions: Said = ("", "", "", "")


# code, parent, icon, words; the first ones are made by `goods.CATEGORIES` already
SHELVES: tuple[tuple[str, str | None, str, Said], ...] = (
    ("cloud", None, "fa-cloud", ("Хмарні продукти", "Облачные продукты", "Produkty w chmurze", "Cloud products")),
    ("servers", "cloud", "fa-server", ("Сервери", "Серверы", "Serwery", "Servers")),
    ("storage", "cloud", "fa-database", ("Сховища та копії", "Хранение и копии", "Dane i kopie", "Storage and backup")),
    ("hosting", "cloud", "fa-globe", ("Хостинг", "Хостинг", "Hosting", "Hosting")),
    ("licences", None, "fa-key", ("Програми", "Программы", "Programy", "Software")),
    ("office-work", "licences", "fa-file-invoice", ("Офіс", "Офис", "Biuro", "Office")),
    ("security", "licences", "fa-shield-halved", ("Захист", "Защита", "Ochrona", "Security")),
    ("bookkeeping", None, "fa-file-invoice", ("Бухгалтерія", "Бухгалтерия", "Księgowość", "Bookkeeping")),
    ("domains", None, "fa-globe", ("Домени та сертифікати", "Домены и сертификаты", "Domeny i certyfikaty",
                                   "Domains and certificates")),
    ("names", "domains", "fa-globe", ("Доменні імена", "Доменные имена", "Nazwy domen", "Domain names")),
    ("certificates", "domains", "fa-certificate", ("Сертифікати", "Сертификаты", "Certyfikaty", "Certificates")),
    ("telecom", None, "fa-phone", ("Зв’язок", "Связь", "Łączność", "Telecom")),
    ("mobile", "telecom", "fa-sim-card", ("Мобільний зв’язок", "Мобильная связь", "Telefonia komórkowa", "Mobile")),
    ("options", "telecom", "fa-sim-card", ("Послуги лінії", "Услуги линии", "Usługi linii", "Options of a line")),
    ("devices", None, "fa-laptop", ("Пристрої", "Устройства", "Urządzenia", "Devices")),
    ("books", None, "fa-book", ("Книги та курси", "Книги и курсы", "Książki i kursy", "Books and courses")),
    ("games", None, "fa-gamepad", ("Ігри", "Игры", "Gry", "Games")),
)  # fmt: skip

FEE: Said = ("Абонплата", "Абонентская плата", "Opłata abonamentowa", "Fee")
SEAT: Said = ("Користувач", "Пользователь", "Użytkownik", "User")
MONTHLY: Said = ("Щомісяця", "Помесячно", "Miesięcznie", "Monthly")
YEARLY: Said = ("На рік", "На год", "Na rok", "For a year")
TRIAL: Said = ("Пробна версія, 30 днів", "Пробная версия, 30 дней", "Wersja próbna, 30 dni", "Trial, 30 days")


def _of(said: Said, more: Said) -> Said:
    uk, ru, pl, en = (f"{one}: {two[:1].lower()}{two[1:]}" for one, two in zip(said, more, strict=True))
    return (uk, ru, pl, en)


def _fee(price: str, said: Said = FEE, unit: Said = MONTH) -> Slice:
    return Slice("fee", said, unit, price, model="flat")


def _seat(price: str) -> Slice:
    return Slice("seat", SEAT, PIECES, price)


def _software(  # noqa: PLR0913
    code: str, category: str, said: Said, note: Said, price: str, year: str, *, trial: bool = False, dollars: str = ""
) -> Ware:
    """A program by the user: monthly, for a year, and sometimes for thirty days free."""
    deals = [
        Deal(f"{code}-month", _of(said, MONTHLY), (_seat(price),), dollars=dollars, renews_daily=True),
        Deal(f"{code}-year", _of(said, YEARLY), (_seat(year),), months=12),
    ]
    if trial:
        deals.append(Deal(f"{code}-trial", _of(said, TRIAL), (_seat(price),), trial_days=30))
    how: Said = (
        "Відкрийте посилання з листа та увійдіть своєю адресою пошти.",
        "Откройте ссылку из письма и войдите своим адресом почты.",
        "Otwórz odnośnik z wiadomości i zaloguj się swoim adresem e-mail.",
        "Open the link in the letter and sign in with your e-mail address.",
    )
    return Ware(code, category, said, note, tuple(deals), "licence", how)


def _simple(code: str, category: str, said: Said, note: Said, *slices: Slice, **more: Any) -> Ware:
    """A service with one plan."""
    return Ware(code, category, said, note, (Deal(f"{code}-plan", said, slices, **more),))


def _name(zone: str, price: str) -> Ware:
    said: Said = (f"Домен .{zone}", f"Домен .{zone}", f"Domena .{zone}", f"Domain .{zone}")
    note: Said = (
        "Реєстрація та подовження на рік, керування зоною у кабінеті.",
        "Регистрация и продление на год, управление зоной в кабинете.",
        "Rejestracja i przedłużenie na rok, zarządzanie strefą w panelu.",
        "Registration and renewal for a year, the zone managed in the cabinet.",
    )
    fee: Said = ("Реєстрація на рік", "Регистрация на год", "Rejestracja na rok", "Registration for a year")
    slices = (_fee(price, fee, PIECES),)
    code = f"name-{zone.replace('.', '-')}"
    return Ware(code, "names", said, note, (Deal(f"{code}-year", said, slices, 12, needs_identifier=True),), "domain")


def _certificate(code: str, said: Said, note: Said, price: str) -> Ware:
    fee: Said = ("Сертифікат на рік", "Сертификат на год", "Certyfikat na rok", "Certificate for a year")
    how: Said = (
        "Підтвердіть домен записом DNS з листа; сертифікат надійде за кілька хвилин.",
        "Подтвердите домен записью DNS из письма; сертификат придёт через несколько минут.",
        "Potwierdź domenę wpisem DNS z wiadomości; certyfikat przyjdzie po kilku minutach.",
        "Prove the domain by the DNS record of the letter; the certificate comes in a few minutes.",
    )
    deal = Deal(f"{code}-year", said, (_fee(price, fee, PIECES),), 12, needs_identifier=True)
    return Ware(code, "certificates", said, note, (deal,), "certificate", how)


WARES: tuple[Ware, ...] = (
    # -- servers
    Ware(
        "cloud-server", "servers",
        ("Хмарний сервер", "Облачный сервер", "Serwer w chmurze", "Cloud server"),
        ("Ядра, пам’ять і диск обираєте самі; змінюються без зупинки.",
         "Ядра, память и диск выбираете сами; меняются без остановки.",
         "Rdzenie, pamięć i dysk wybierasz sam; zmiana bez zatrzymania.",
         "Cores, memory and disk as you set them; changed without stopping."),
        (Deal("cloud-server-flex", ("Хмарний сервер", "Облачный сервер", "Serwer w chmurze", "Cloud server"), (
            Slice("cpu", ("Ядра процесора", "Ядра процессора", "Rdzenie procesora", "Processor cores"), PIECES, "210",
                  range=("1", "32", "1")),
            Slice("ram", ("Пам’ять", "Память", "Pamięć", "Memory"), GB, "95", range=("1", "128", "1")),
            Slice("disk", ("Диск", "Диск", "Dysk", "Disk"), GB, "0", model="tiered", range=("20", "2000", "20"),
                  tiers=(("0", "4.5"), ("100", "3.9"), ("500", "3.2"))),
        ), dollars="0.025"),),
        instructions=("Адреса та пароль сервера — у листі про готовність.",
                      "Адрес и пароль сервера — в письме о готовности.",
                      "Adres i hasło serwera są w wiadomości o gotowości.",
                      "The address and the password are in the letter that it is ready."),
    ),
    _simple("gpu-server", "servers",
            ("Сервер з відеокартою", "Сервер с видеокартой", "Serwer z kartą graficzną", "GPU server"),
            ("Для навчання моделей: платите за години роботи.", "Для обучения моделей: платите за часы работы.",
             "Do uczenia modeli: płacisz za godziny pracy.", "To train models: paid by the hour."),
            Slice("hours", ("Години роботи", "Часы работы", "Godziny pracy", "Hours of work"), HOURS, "86.4000",
                  "usage")),
    _simple("kubernetes", "servers",
            ("Кластер контейнерів", "Кластер контейнеров", "Klaster kontenerów", "Container cluster"),
            ("Керування безкоштовне до трьох вузлів.", "Управление бесплатно до трёх узлов.",
             "Zarządzanie bezpłatne do trzech węzłów.", "Management is free for three nodes."),
            Slice("nodes", ("Вузли", "Узлы", "Węzły", "Nodes"), PIECES, "720", range=("1", "50", "1"))),
    _simple("remote-desktop", "servers",
            ("Віддалений стіл", "Удалённый рабочий стол", "Pulpit zdalny", "Remote desktop"),
            ("Робоче місце у хмарі для кожного.", "Рабочее место в облаке для каждого.",
             "Stanowisko w chmurze dla każdego.", "A workplace in the cloud for everyone."), _seat("410")),
    _simple("database", "servers",
            ("Керована база даних", "Управляемая база данных", "Zarządzana baza danych", "Managed database"),
            ("PostgreSQL з копіями щодня.", "PostgreSQL с ежедневными копиями.",
             "PostgreSQL z kopiami codziennie.", "PostgreSQL with daily backups."),
            _fee("540"), Slice("place", ("Місце", "Место", "Miejsce", "Place"), GB, "6.8", range=("10", "1000", "10"),
                               included="10")),
    _simple("balancer", "servers",
            ("Балансувальник", "Балансировщик", "Równoważenie obciążenia", "Load balancer"),
            ("Ділить запити між серверами.", "Делит запросы между серверами.", "Dzieli ruch między serwery.",
             "Shares requests among servers."), _fee("290")),
    # -- storage
    _simple("cloud-backup", "storage",
            ("Копії у хмару", "Копии в облако", "Kopie do chmury", "Backup to the cloud"),
            ("Щоденні копії серверів і комп’ютерів.", "Ежедневные копии серверов и компьютеров.",
             "Codzienne kopie serwerów i komputerów.", "Daily copies of servers and computers."),
            Slice("place", ("Місце для копій", "Место для копий", "Miejsce na kopie", "Place for copies"), GB, "0",
                  model="volume", range=("100", "10000", "100"),
                  tiers=(("0", "1.9"), ("1000", "1.5"), ("5000", "1.1")))),
    _simple("team-disk", "storage",
            ("Диск команди", "Диск команды", "Dysk zespołu", "Team disk"),
            ("Спільні папки з правами та історією змін.", "Общие папки с правами и историей изменений.",
             "Wspólne foldery z uprawnieniami i historią.", "Shared folders with rights and history."),
            Slice("place", ("Місце", "Место", "Miejsce", "Place"), GB, "1.2", range=("50", "5000", "50"))),
    _simple("archive", "storage",
            ("Архів документів", "Архив документов", "Archiwum dokumentów", "Archive of documents"),
            ("Рідкісне читання, зберігання за обсягом.", "Редкое чтение, хранение по объёму.",
             "Rzadki odczyt, opłata za ilość.", "Rarely read, paid by what is stored."),
            Slice("stored", ("Зберігання", "Хранение", "Przechowywanie", "Stored"), GB, "0.3200", "usage",
                  included="100")),
    # -- hosting
    _simple("dns", "hosting",
            ("DNS-хостинг", "DNS-хостинг", "Hosting DNS", "DNS hosting"),
            ("Зони ваших доменів на швидких серверах імен.", "Зоны ваших доменов на быстрых серверах имён.",
             "Strefy domen na szybkich serwerach nazw.", "Zones of your domains on fast name servers."),
            _fee("250"), Slice("domains", ("Ліміт доменів", "Лимит доменов", "Limit domen", "Limit of domains"), PIECES,
                               "9.5", range=("10", "100", "10"), included="10")),
    Ware("web-hosting", "hosting",
         ("Хостинг сайтів", "Хостинг сайтов", "Hosting stron", "Web hosting"),
         ("Сайт, пошта та сертифікат в одному тарифі.", "Сайт, почта и сертификат в одном тарифе.",
          "Strona, poczta i certyfikat w jednym planie.", "Site, mail and certificate in one plan."),
         (Deal("web-start", ("Хостинг старт", "Хостинг старт", "Hosting start", "Hosting start"), (_fee("95"),)),
          Deal("web-business", ("Хостинг бізнес", "Хостинг бизнес", "Hosting biznes", "Hosting business"),
               (_fee("190"),)),
          Deal("web-pro", ("Хостинг про", "Хостинг про", "Hosting pro", "Hosting pro"), (_fee("370"),)))),
    _simple("mail-hosting", "hosting",
            ("Пошта на домені", "Почта на домене", "Poczta w domenie", "Mail on your domain"),
            ("Скриньки name@вашдомен.", "Ящики name@вашдомен.", "Skrzynki name@twojadomena.", "Boxes name@yourdomain."),
            Slice("boxes", ("Скриньки", "Ящики", "Skrzynki", "Boxes"), PIECES, "24", range=("5", "500", "5")),
            needs_identifier=True),
    _simple("site-builder", "hosting",
            ("Конструктор сайтів", "Конструктор сайтов", "Kreator stron", "Site builder"),
            ("Сайт за вечір без програміста.", "Сайт за вечер без программиста.", "Strona w jeden wieczór.",
             "A site in an evening, without a programmer."), _fee("160")),
    # -- office programs
    _software("office-suite", "office-work",
              ("Офіс для бізнесу", "Офис для бизнеса", "Biuro dla firm", "Office for business"),
              ("Пошта, документи та зустрічі для команди.", "Почта, документы и встречи для команды.",
               "Poczta, dokumenty i spotkania dla zespołu.", "Mail, documents and meetings for a team."),
              "285", "2850", trial=True, dollars="0.025"),
    _software("mail-only", "office-work",
              ("Пошта для бізнесу", "Почта для бизнеса", "Poczta dla firm", "Mail for business"),
              ("Скринька на 50 ГБ і календар.", "Ящик на 50 ГБ и календарь.", "Skrzynka 50 GB i kalendarz.",
               "A box of 50 GB and a calendar."), "92", "920", dollars="0.025"),
    _software("meetings", "office-work",
              ("Відеозустрічі", "Видеовстречи", "Wideospotkania", "Video meetings"),
              ("До 300 учасників, запис і переклад.", "До 300 участников, запись и перевод.",
               "Do 300 osób, zapis i tłumaczenie.", "Up to 300 people, recorded and translated."), "140", "1400"),
    _software("pdf-editor", "office-work",
              ("Редактор PDF", "Редактор PDF", "Edytor PDF", "PDF editor"),
              ("Правки, підпис і розпізнавання.", "Правки, подпись и распознавание.", "Edycja, podpis i OCR.",
               "Edits, signatures and recognition."), "110", "1100", trial=True),
    _software("tasks", "office-work",
              ("Проєкти та задачі", "Проекты и задачи", "Projekty i zadania", "Projects and tasks"),
              ("Дошки, строки та звіти.", "Доски, сроки и отчёты.", "Tablice, terminy i raporty.",
               "Boards, terms and reports."), "120", "1200"),
    _software("crm", "office-work",
              ("Облік клієнтів", "Учёт клиентов", "Obsługa klientów", "Customer records"),
              ("Угоди, дзвінки та листи в одному місці.", "Сделки, звонки и письма в одном месте.",
               "Umowy, rozmowy i listy w jednym miejscu.", "Deals, calls and letters in one place."), "230", "2300"),
    _software("drawing", "licences",
              ("Креслення", "Черчение", "Kreślenie", "Drafting"),
              ("Плани та моделі для інженерів.", "Планы и модели для инженеров.", "Plany i modele dla inżynierów.",
               "Plans and models for engineers."), "890", "8900"),
    _software("server-system", "licences",
              ("Система для сервера", "Система для сервера", "System serwerowy", "Server system"),
              ("Ліцензія на сервер з оновленнями.", "Лицензия на сервер с обновлениями.",
               "Licencja na serwer z aktualizacjami.", "A licence for a server, updates included."), "640", "6400"),
    _software("service-desk", "licences",
              ("Служба підтримки", "Служба поддержки", "Dział wsparcia", "Service desk"),
              ("Звернення з усіх каналів.", "Обращения из всех каналов.", "Zgłoszenia ze wszystkich kanałów.",
               "Questions from every channel."), "180", "1800", trial=True),
    # -- security
    _software("antivirus", "security",
              ("Антивірус", "Антивирус", "Antywirus", "Antivirus"),
              ("Захист комп’ютерів і телефонів.", "Защита компьютеров и телефонов.",
               "Ochrona komputerów i telefonów.", "Protects computers and telephones."), "55", "550", trial=True),
    _software("passwords", "security",
              ("Менеджер паролів", "Менеджер паролей", "Menedżer haseł", "Password manager"),
              ("Спільні паролі без листування.", "Общие пароли без переписки.", "Wspólne hasła bez wysyłania.",
               "Shared passwords, never sent."), "70", "700"),
    _software("mail-guard", "security",
              ("Захист пошти", "Защита почты", "Ochrona poczty", "Mail guard"),
              ("Фішинг і спам не доходять.", "Фишинг и спам не доходят.", "Bez phishingu i spamu.",
               "No phishing, no spam."), "48", "480"),
    _simple("vpn", "security",
            ("Захищений доступ", "Защищённый доступ", "Bezpieczny dostęp", "Secure access"),
            ("Вхід до мережі офісу звідусіль.", "Вход в сеть офиса отовсюду.", "Dostęp do sieci biura zewsząd.",
             "Into the office’s network from anywhere."),
            Slice("tunnels", ("Тунелі", "Туннели", "Tunele", "Tunnels"), PIECES, "38", range=("5", "200", "5"))),
    _simple("firewall", "security",
            ("Хмарний екран", "Облачный экран", "Zapora w chmurze", "Cloud firewall"),
            ("Правила для всіх серверів одразу.", "Правила для всех серверов сразу.",
             "Reguły dla wszystkich serwerów.", "Rules for all servers at once."), _fee("330")),
    # -- bookkeeping
    Ware("accounting", "bookkeeping",
         ("Бухгалтерія у хмарі", "Бухгалтерия в облаке", "Księgowość w chmurze", "Accounting in the cloud"),
         ("Облік, звіти та електронні документи.", "Учёт, отчёты и электронные документы.",
          "Ewidencja, raporty i e-dokumenty.", "Books, reports and electronic documents."),
         (Deal("accounting-month", ("Бухгалтерія, щомісяця", "Бухгалтерия, помесячно", "Księgowość, miesięcznie",
                                    "Accounting, monthly"),
               (_fee("890"), Slice("user", SEAT, PIECES, "150", range=("2", "40", "1"), included="2"))),
          Deal("accounting-trial", ("Бухгалтерія: пробна версія (30 днів)", "Бухгалтерия: пробная версия (30 дней)",
                                    "Księgowość: wersja próbna (30 dni)", "Accounting: trial (30 days)"),
               (_fee("890"),), trial_days=30)), "licence"),
    _software("payroll", "bookkeeping",
              ("Зарплата та кадри", "Зарплата и кадры", "Płace i kadry", "Payroll and staff"),
              ("Нарахування, відпустки, звіти.", "Начисления, отпуска, отчёты.", "Naliczenia, urlopy, raporty.",
               "Pay, leave and reports."), "360", "3600"),
    _software("warehouse", "bookkeeping",
              ("Склад", "Склад", "Magazyn", "Warehouse"),
              ("Залишки, партії та інвентаризація.", "Остатки, партии и инвентаризация.",
               "Stany, partie i inwentaryzacja.", "Stock, lots and stock-taking."), "310", "3100"),
    _simple("e-documents", "bookkeeping",
            ("Електронні документи", "Электронные документы", "E-dokumenty", "Electronic documents"),
            ("Підпис і обмін з контрагентами.", "Подпись и обмен с контрагентами.",
             "Podpis i wymiana z kontrahentami.", "Signed and exchanged with partners."),
            _fee("120"), Slice("sent", ("Надіслані документи", "Отправленные документы", "Wysłane dokumenty",
                                        "Documents sent"), PIECES, "2.4000", "usage", included="50")),
    # -- domains and certificates
    _name("com.ua", "320"), _name("com", "560"), _name("net", "610"), _name("org", "590"), _name("pl", "430"),
    _name("eu", "390"), _name("shop", "1450"),
    _certificate("cert-domain", ("Сертифікат домену", "Сертификат домена", "Certyfikat domeny", "Domain certificate"),
                 ("Для одного сайту, за кілька хвилин.", "Для одного сайта, за несколько минут.",
                  "Dla jednej strony, w kilka minut.", "For one site, in a few minutes."), "690"),
    _certificate("cert-wildcard", ("Сертифікат усіх піддоменів", "Сертификат всех поддоменов",
                                   "Certyfikat wszystkich subdomen", "Wildcard certificate"),
                 ("Для домену та всіх його піддоменів.", "Для домена и всех его поддоменов.",
                  "Dla domeny i wszystkich subdomen.", "For a domain and all below it."), "3900"),
    _certificate("cert-company", ("Сертифікат компанії", "Сертификат компании", "Certyfikat firmy",
                                  "Company certificate"),
                 ("З перевіркою компанії.", "С проверкой компании.", "Ze sprawdzeniem firmy.",
                  "The company is checked."), "2650"),
    # -- telecom
    _simple("cloud-pbx", "telecom",
            ("Хмарна АТС", "Облачная АТС", "Centrala w chmurze", "Cloud exchange"),
            ("Багатоканальний номер, меню, запис розмов.", "Многоканальный номер, меню, запись разговоров.",
             "Numer wielokanałowy, menu, nagrywanie.", "A multi-line number, menus, recording."),
            _fee("180"), Slice("lines", ("Внутрішні номери", "Внутренние номера", "Numery wewnętrzne", "Extensions"),
                               PIECES, "65", range=("3", "100", "1")), tax="telecom"),
    Ware("office-internet", "telecom",
         ("Інтернет для офісу", "Интернет для офиса", "Internet dla biura", "Internet for an office"),
         ("Оптика з гарантованою швидкістю.", "Оптика с гарантированной скоростью.",
          "Światłowód z gwarantowaną prędkością.", "Fibre with a guaranteed speed."),
         tuple(Deal(f"internet-{speed}", (f"{speed} Мбіт/с", f"{speed} Мбит/с", f"{speed} Mb/s", f"{speed} Mbit/s"),
                    (_fee(price), Slice("setup", ("Підключення", "Подключение", "Podłączenie", "Connection"), PIECES,
                                        "900", "once")), tax="telecom")
               for speed, price in (("100", "450"), ("300", "690"), ("1000", "1290")))),
    _simple("sms-mailing", "telecom",
            ("SMS-розсилка", "SMS-рассылка", "Wysyłka SMS", "SMS mailing"),
            ("Оплата за надіслані повідомлення.", "Оплата за отправленные сообщения.",
             "Opłata za wysłane wiadomości.", "Paid by the messages sent."),
            Slice("sms", ("Повідомлення", "Сообщения", "Wiadomości", "Messages"), PIECES, "0.8500", "usage"),
            tax="telecom"),
    _simple("city-number", "telecom",
            ("Міський номер", "Городской номер", "Numer stacjonarny", "City number"),
            ("Номер будь-якого міста, дзвінки через інтернет.", "Номер любого города, звонки через интернет.",
             "Numer dowolnego miasta, rozmowy przez internet.", "A number of any city, calls over the internet."),
            _fee("85"), tax="telecom"),
    # -- devices, books, games
    _simple("router-rent", "devices",
            ("Оренда маршрутизатора", "Аренда маршрутизатора", "Wynajem routera", "Router, rented"),
            ("Заміна за день, якщо зламався.", "Замена за день, если сломался.", "Wymiana w jeden dzień.",
             "Replaced in a day if it breaks."), _fee("95")),
    _simple("notebook-rent", "devices",
            ("Оренда ноутбука", "Аренда ноутбука", "Wynajem laptopa", "Notebook, rented"),
            ("Готовий до роботи, з обслуговуванням.", "Готов к работе, с обслуживанием.",
             "Gotowy do pracy, z obsługą.", "Ready to work, looked after."), _seat("780")),
    _simple("phone-rent", "devices",
            ("Оренда IP-телефону", "Аренда IP-телефона", "Wynajem telefonu IP", "IP telephone, rented"),
            ("Налаштований під вашу АТС.", "Настроен под вашу АТС.", "Skonfigurowany do centrali.",
             "Set up for your exchange."), _seat("60")),
    _simple("cloud-book", "books",
            ("Книга «Хмара для бізнесу»", "Книга «Облако для бизнеса»", "Książka «Chmura dla firm»",
             "Book «Cloud for business»"),
            ("Електронна, оновлюється щороку.", "Электронная, обновляется каждый год.",
             "Elektroniczna, co roku aktualizowana.", "Electronic, renewed each year."), _fee("180"), months=12),
    _simple("admin-course", "books",
            ("Курс адміністратора", "Курс администратора", "Kurs administratora", "Administrator’s course"),
            ("Уроки, вправи та іспит.", "Уроки, упражнения и экзамен.", "Lekcje, ćwiczenia i egzamin.",
             "Lessons, exercises and an exam."), _seat("450")),
    _simple("team-quiz", "games",
            ("Вікторина для команди", "Викторина для команды", "Quiz dla zespołu", "Team quiz"),
            ("Нова щотижня.", "Новая каждую неделю.", "Nowy co tydzień.", "A new one each week."), _fee("75")),
)  # fmt: skip

# What `goods.GOODS` are called in English: products, plans and parts by their codes.
ENGLISH: dict[str, str] = {
    "server": "Virtual server", "server-flex": "Flexible server", "server-start": "Server start",
    "objects": "Object storage", "objects-pay": "Storage by volume", "backup": "Backup", "backup-box": "Daily copies",
    "office": "Office programs", "office-month": "Office, monthly", "office-year": "Office, for a year",
    "books": "Bookkeeping online", "books-base": "Bookkeeping, basic", "assistant": "Assistant in letters",
    "assistant-pay": "Assistant by volume", "mobile": "Corporate mobile", "mobile-150": "Business 150",
    "mobile-250": "Business 250", "mobile-400": "Business 400", "options": "Additional services",
    "line-options": "Options of a line", "channel": "Dedicated channel", "channel-100": "Channel 100 Mbit/s",
    "domain": "Domain name", "domain-year": "Domain for a year",
    "cpu": "Processor core", "ram": "Memory", "disk": "Disk", "traffic": "Outgoing traffic", "fee": "Fee",
    "stored": "Stored", "requests": "Requests", "place": "Place for copies", "seat": "Licence", "user": "User",
    "tokens": "Tokens", "data": "Internet", "voice": "Calls", "roaming": "Roaming Europe",
    "static-ip": "Static IP address", "records": "Recording of calls", "antispam": "Antispam", "setup": "Connection",
}  # fmt: skip
UNITS: dict[str, Said] = {  # by the Ukrainian word that `goods` uses
    "міс": MONTH, "шт": PIECES, "ГБ": GB, "хв": ("хв", "мин", "min", "min"),
}  # fmt: skip
