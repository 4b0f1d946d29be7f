"""What each kind of import may bring: fields as data, with the words that files use for them."""

from dataclasses import dataclass, field
from enum import StrEnum

from app.core.errors import N_


class ImportKind(StrEnum):
    """What the lines of a file are."""

    CUSTOMERS = "customers"
    SUBSCRIBERS = "subscribers"
    CATALOG = "catalog"
    USAGE = "usage"
    PAYMENTS = "payments"
    RATES = "rates"


@dataclass(frozen=True)
class Field:
    """One thing a line may tell. `type` is one of text, code, choice, money, number, measure, int, date, datetime,
    time, flag, currency, country, month; `synonyms` are separated by «|», most telling first."""

    name: str
    label: str
    type: str = "text"
    required: bool = False
    synonyms: tuple[str, ...] = ()
    minimum: int | None = None
    positive: bool = False
    strict: bool = False  # money hangs on it: a malformed cell rejects the line even where the field is optional
    open_ended: bool = False  # a blank cell has a meaning of its own and is not reported


@dataclass(frozen=True)
class KindFields:
    """The fields of a kind; `keys` name what makes two lines one; of each of `one_of` at least one must be given."""

    fields: tuple[Field, ...]
    keys: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...] = ()
    has_services: bool = False
    stand_ins: dict[str, str] = field(default_factory=dict)  # required field → the one that serves without it
    by_name: dict[str, Field] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.by_name.update({one.name: one for one in self.fields})


def _field(name: str, label: str, kind: str, words: str, **rules: object) -> Field:
    return Field(name, label, kind, synonyms=tuple(words.split("|")), **rules)  # type: ignore[arg-type]


COMPANY_CODE = (
    "customer id|customer code|client id|client code|company code|company id|customer number|customer no|"
    "customer|client|"
    "customer key|cust id|account holder id|code|id|"
    "cliente id|id cliente|id de cliente|codigo de cliente|codigo cliente|numero de cliente|cliente|"
    "код клієнта|код контрагента|номер клієнта|ід клієнта|клієнт id|id клієнта|клієнт|код|"
    "код клиента|номер клиента|ид клиента|клиент id|id клиента|клиент|код абонента|"
    "kod klienta|numer klienta|id klienta|klient|identyfikator klienta|nr klienta|kod|"
    "record id|kundennummer|kunden nr|kunden id|numero client|id client|code client|id do cliente|codigo do cliente|"
    "codice cliente"
)
COMPANY_NAME = (
    "company name|customer name|client name|name|company|organization|organisation|legal name|full name|"
    "nombre|nombre del cliente|razon social|empresa|nombre completo|"
    "назва|назва компанії|назва клієнта|найменування|повна назва|організація|компанія|контрагент|піб|"
    "название|название компании|наименование|полное наименование|наименование клиента|организация|компания|фио|имя|"
    "nazwa|nazwa firmy|nazwa klienta|firma|imię i nazwisko|kontrahent|pełna nazwa|"
    "cust name|account name|піб абонента|фио абонента|полное имя|повне ім'я|kundenname|firmenname|nom|nom du client|"
    "raison sociale|nome|nome do cliente|ragione sociale"
)
TAX_CODE = (
    "tax code|tax id|tax number|tin|vat number|vat id|vat no|edrpou|inn|nip|unp|bin|iin|registration number|"
    "nif|cif|rfc|numero fiscal|identificacion fiscal|"
    "єдрпоу|код єдрпоу|код за єдрпоу|рнокпп|іпн|податковий номер|податковий код|інн|"
    "инн|код инн|едрпоу|код егрпоу|окпо|унп|бин|иин|налоговый номер|"
    "numer nip|nip klienta|numer podatkowy|pesel|regon"
)
ACCOUNT_NUMBER = (
    "account number|account|account no|billing account|personal account|account id|acct|"
    "numero de cuenta|cuenta|"
    "особовий рахунок|номер особового рахунку|рахунок|номер рахунку|о р|"
    "лицевой счет|номер лицевого счета|лицевой|л с|номер счета|счет|"
    "numer konta|konto|konto klienta|nr konta|konto abonenckie"
)
CURRENCY = (
    "currency|currency code|curr|billing currency|moneda|divisa|валюта|код валюти|код валюты|waluta|kod waluty|"
    "account currency"
)
SUBSCRIBER_NUMBER = (
    "subscriber number|subscriber|phone number|msisdn|line number|number|service number|mobile number|"
    "telephone number|sim|login|"
    "numero de telefono|numero de linea|abonado|linea|numero de abonado|"
    "номер абонента|абонент|номер телефону|номер лінії|телефонний номер|абонентський номер|номер|логін|"
    "номер телефона|номер линии|телефонный номер|абонентский номер|логин|"
    "numer abonenta|abonent|numer telefonu|numer linii|numer"
)
SUBSCRIBER_NAME = (
    "subscriber name|display name|line name|user name|name|employee|new name|label|"
    "nombre del abonado|nombre de la linea|usuario|nombre|"
    "назва абонента|ім'я абонента|назва лінії|користувач|нове ім'я|нова назва|піб|назва|ім'я|"
    "имя абонента|название абонента|пользователь|новое имя|новое название|фио|наименование|название|имя|"
    "nazwa abonenta|imię abonenta|użytkownik|nowa nazwa|nazwa linii|nazwa"
)
START_DATE = (
    "start date|start|from|valid from|activation date|connected|connection date|begin date|service start|"
    "effective from|"
    "fecha de inicio|inicio|fecha de alta|alta|"
    "дата початку|початок|дата підключення|діє з|з дати|дата активації|"
    "дата начала|начало|дата подключения|действует с|дата активации|"
    "data rozpoczęcia|data początku|początek|data aktywacji|ważny od|od|"
    "vertragsbeginn|startdatum|beginn|date de debut|debut|data de inicio|data di inizio|data inizio"
)
END_DATE = (
    "end date|end|to|valid to|valid until|expiry|expiry date|termination date|effective to|"
    "fecha de fin|fin|fecha de baja|vencimiento|"
    "дата закінчення|кінець|діє до|дата відключення|дата завершення|"
    "дата окончания|окончание|действует до|дата отключения|дата завершения|"
    "data zakończenia|koniec|ważny do|data wygaśnięcia|do"
)
UNIT = (
    "unit|unit of measure|uom|measure|unit of measurement|unidad|unidad de medida|"
    "одиниця|одиниця виміру|од|од виміру|единица|единица измерения|ед|ед изм|jednostka|jednostka miary|jm|j m|"
    "unit description|usage unit|billing unit|pricing unit|charge unit"
)
QUANTITY = (
    "quantity|qty|amount used|volume|usage|units|count|seats|licenses|licences|used|duration|billsec|"
    "cantidad|volumen|consumo|unidades|"
    "кількість|к-сть|кіл-сть|обсяг|використано|тривалість|"
    "количество|кол-во|объем|использовано|длительность|"
    "ilość|liczba|zużycie|wolumen|czas trwania"
)

CUSTOMERS = KindFields(
    fields=(
        _field("company_code", N_("Customer code"), "code", COMPANY_CODE, required=True),
        _field("company_name", N_("Name"), "text", COMPANY_NAME),
        _field("first_name", N_("First name"), "text",
               "first name|given name|forename|vorname|prénom|imię|ім'я|имя|nombre|primeiro nome"),
        _field("middle_name", N_("Middle name"), "text",
               "middle name|patronymic|second name|по батькові|отчество|drugie imię"),
        _field("last_name", N_("Last name"), "text",
               "last name|surname|family name|nachname|nom de famille|nazwisko|прізвище|фамилия|apellidos|apellido|"
               "sobrenome"),
        _field(
            "kind", N_("Kind of party"), "choice",
            "customer type|client type|customer kind|party type|legal form|type|tipo de cliente|tipo|тип клієнта|"
            "вид клієнта|тип|"
            "форма власності|тип клиента|вид клиента|typ klienta|rodzaj klienta|forma prawna",
        ),
        _field("tax_code", N_("Tax code"), "code", TAX_CODE),
        _field(
            "country", N_("Country"), "country",
            "country|country code|pais|країна|код країни|страна|код страны|kraj|kod kraju",
        ),
        _field(
            "email", N_("E-mail"), "text",
            "email|e mail|email address|mail|correo|correo electronico|електронна пошта|ел пошта|пошта|эл почта|"
            "электронная почта|почта|poczta|adres email|имейл|імейл",
        ),
        _field(
            "phone", N_("Phone"), "text",
            "phone|telephone|contact phone|contact number|tel|telefono de contacto|telefono|телефон|контактний телефон|"
            "контактный телефон|telefon|telefon kontaktowy",
        ),
        _field(
            "address", N_("Address"), "text",
            "address|billing address|legal address|street address|direccion|domicilio|адреса|юридична адреса|"
            "поштова адреса|"
            "адрес|юридический адрес|почтовый адрес|adres|adres siedziby",
        ),
        _field(
            "locale", N_("Language"), "choice",
            "language|locale|lang|idioma|мова|мова документів|язык|язык документов|język",
        ),
        _field(
            "contract_number", N_("Contract number"), "code",
            "contract number|contract no|contract id|agreement number|agreement|contract|numero de contrato|contrato|"
            "номер договору|договір|договір №|№ договору|номер договора|договор|договор №|№ договора|numer umowy|"
            "nr umowy|umowa",
        ),
        _field(
            "contract_date", N_("Contract date"), "date",
            "contract date|agreement date|date of contract|fecha de contrato|fecha del contrato|дата договору|"
            "дата договора|data umowy",
            open_ended=True,
        ),
        _field(
            "contract_kind", N_("Kind of contract"), "choice",
            "contract|contract type|contract kind|contract term|term|contrato|tipo de contrato|тип договору|"
            "вид договору|договір|"
            "тип договора|вид договора|договор|typ umowy|rodzaj umowy|umowa|"
            "vertrag|vertragsart|contrat|type de contrat|tipo de contrato|contratto",
        ),
        _field("account_number", N_("Account number"), "code", ACCOUNT_NUMBER),
        _field("currency", N_("Currency"), "currency", CURRENCY, strict=True),
        _field(
            "plan", N_("Plan"), "text",
            "plan|plan name|tariff|tariff plan|rate plan|package|product|service plan|tarifa|paquete|producto|"
            "тариф|тарифний план|план|пакет|продукт|тарифный план|taryfa|plan taryfowy|pakiet|abonament",
        ),
        _field(
            "monthly_charge", N_("Monthly charge (tax included)"), "money",
            "monthly charges|monthly charge|monthly fee|monthly price|monthly amount|monthly|mrr|"
            "recurring charge|subscription fee|"
            "monthly cost|monthly payment|price per month|"
            "cargos mensuales|cargo mensual|cuota mensual|tarifa mensual|mensualidad|precio mensual|pago mensual|"
            "абонплата|абонентська плата|щомісячна плата|місячна плата|щомісячний платіж|плата на місяць|"
            "сума на місяць|"
            "абонентская плата|абон плата|ежемесячная плата|ежемесячный платеж|месячная плата|плата в месяц|"
            "сумма в месяц|"
            "oplata miesieczna|opłata miesięczna|abonament miesięczny|miesięczna opłata|kwota miesięczna|"
            "opłata abonamentowa|abonament|monthly recurring revenue|monthly revenue|monthly bill|monthly spend|"
            "monatliche gebühr|monatsgebühr|grundgebühr|monatlicher betrag|abonnement mensuel|frais mensuels|"
            "mensualite|mensalidade|valor mensal|cobranca mensal|canone mensile|tariffa mensile|costo mensile",
            minimum=0,
            strict=True,
        ),
        _field(
            "total_charged", N_("Charged so far"), "money",
            "total charges|total charged|total charge|charged total|lifetime charges|total billed|total amount|"
            "total revenue|"
            "cargos totales|cargo total|total cargos|total facturado|importe total|"
            "всього нараховано|нараховано всього|загальна сума|усього нараховано|сума нарахувань|"
            "всего начислено|начислено всего|общая сумма|итого начислено|сумма начислений|"
            "opłaty łącznie|łącznie naliczono|suma opłat|razem naliczono|opłaty razem|łączne opłaty|"
            "gesamtbetrag|gesamtkosten|frais totaux|total facture|cobrancas totais|total cobrado|addebiti totali",
        ),
        _field("start_date", N_("Subscription starts"), "date", START_DATE, strict=True),
        _field("end_date", N_("Subscription ends"), "date", END_DATE, strict=True, open_ended=True),
        _field("subscriber_number", N_("Subscriber number"), "code", SUBSCRIBER_NUMBER),
        _field("subscriber_name", N_("Subscriber name"), "text", SUBSCRIBER_NAME),
        _field("quantity", N_("Quantity"), "number", QUANTITY, positive=True, strict=True),
        _field(
            "payment_method_note", N_("Payment method"), "choice",
            "payment method|payment type|pay method|metodo de pago|forma de pago|medio de pago|"
            "спосіб оплати|метод оплати|форма оплати|способ оплаты|метод оплаты|форма оплаты|"
            "metoda płatności|sposób płatności|forma płatności|"
            "zahlungsart|mode de paiement|metodo de pagamento|forma de pagamento|metodo di pagamento",
        ),
        _field(
            "tenure_months", N_("Months with us"), "int",
            "tenure|tenure in months|tenure months|months|account length|months as customer|months with us|"
            "permanencia|antiguedad|meses|meses de permanencia|"
            "стаж|стаж місяців|термін місяців|місяців|термін|стаж у місяцях|"
            "стаж месяцев|срок месяцев|месяцев|срок|стаж в месяцах|"
            "staż|liczba miesięcy|miesiące|staż w miesiącach|"
            "vertragsdauer|anzahl monate|anciennete|tempo de contrato|meses de contrato|mesi",
            minimum=0,
        ),
    ),
    keys=("company_code", "account_number", "contract_number", "subscriber_number", "plan", "start_date"),
    has_services=True,
    stand_ins={"company_code": "account_number"},
)  # fmt: skip

SUBSCRIBERS = KindFields(
    fields=(
        _field("account_number", N_("Account number"), "code", ACCOUNT_NUMBER),
        _field("company_code", N_("Customer code"), "code", COMPANY_CODE),
        _field("number", N_("Subscriber number"), "code", SUBSCRIBER_NUMBER, required=True),
        _field("name", N_("Subscriber name"), "text", SUBSCRIBER_NAME),
        _field("plan", N_("Plan"), "text", "|".join(CUSTOMERS.by_name["plan"].synonyms)),
        _field("monthly_charge", N_("Monthly charge (tax included)"), "money",
               "|".join(CUSTOMERS.by_name["monthly_charge"].synonyms), minimum=0, strict=True),
        _field("start_date", N_("Connected on"), "date", START_DATE, strict=True),
        _field("end_date", N_("Disconnected on"), "date", END_DATE, strict=True, open_ended=True),
        _field("iccid", N_("SIM card (ICCID)"), "code", "iccid|sim card|sim number|sim|сім-карта|номер сім|"
        "сим карта|номер sim|karta sim"),
    ),
    keys=("number",),
    has_services=True,
)  # fmt: skip

CATALOG = KindFields(
    fields=(
        _field(
            "code", N_("Product code"), "code",
            "sku|sku id|code|product code|product id|article|item code|plan code|instance type|meter id|model|"
            "part number|id|meter rate code|plan id|tariff id|offer id|service id|item id|"
            "codigo|codigo de producto|articulo|код|код товару|код продукту|артикул|код послуги|код тарифу|"
            "код товара|код продукта|код услуги|код тарифа|kod|kod produktu|symbol|kod towaru|indeks",
            required=True,
        ),
        _field(
            "name", N_("Product name"), "text",
            "name|product name|product|sku title|title|item|item name|sku name|plan|plan name|service|"
            "service name|product title|description|"
            "nombre|producto|nombre del producto|назва|назва товару|товар|послуга|найменування|тариф|"
            "название|наименование|название товара|услуга|тарифный план|nazwa|nazwa produktu|produkt|usługa|towar",
        ),
        _field(
            "category", N_("Category"), "text",
            "category|family|product family|group|product group|service family|provider|publisher|"
            "categoria|familia|grupo|категорія|група|група товарів|категория|группа|группа товаров|kategoria|grupa",
        ),
        _field(
            "component", N_("Component"), "text",
            "component|meter|meter name|metric|parameter|componente|компонент|параметр|показник|метрика|"
            "показатель|składnik|parametr|metryka",
        ),
        _field("unit", N_("Unit"), "text", UNIT),
        _field(
            "unit_quantity", N_("Units the price is for"), "number",
            "unit quantity|per|price per|units per price|pack size|quantity per unit|per unit quantity|pack|за одиниць|"
            "за единиц|"
            "ilość w opakowaniu",
            positive=True,
            strict=True,
            open_ended=True,
        ),
        _field(
            "price", N_("Price"), "money",
            "price|unit price|list price|retail price|rate|cost|amount|price usd per hour|price per unit|"
            "price per month|monthly price|unit rate|net price|"
            "monthly charge|monthly fee|precio|precio unitario|tarifa|importe|"
            "ціна|ціна за одиницю|вартість|абонплата|цена|цена за единицу|стоимость|абонентская плата|cena|"
            "cena jednostkowa|stawka|opłata",
            required=True, minimum=0,
        ),
        _field("currency", N_("Currency"), "currency", CURRENCY, strict=True),
        _field(
            "period", N_("Period"), "text",
            "period|billing period|billing plan|term|term duration|billing cycle|periodo|plazo|період|термін|"
            "період оплати|"
            "период|срок|период оплаты|okres|okres rozliczeniowy",
        ),
        _field(
            "model", N_("Charge model"), "choice",
            "charge model|pricing model|price model|billing model|modelo de precio|модель ціни|"
            "модель тарифікації|модель цены|"
            "модель тарификации|model ceny|model rozliczeń|model",
        ),
        _field(
            "from_quantity", N_("From quantity"), "number",
            "from quantity|tier minimum units|min quantity|minimum quantity|tier from|from|range from|"
            "pricing tier range min|starting range|tiered usage start|"
            "cantidad desde|desde|від кількості|кількість від|від|от количества|количество от|от|od ilości|ilość od|od",
            minimum=0,
            strict=True,
            open_ended=True,
        ),
        _field("valid_from", N_("Valid from"), "date", START_DATE + "|effective start date|"
        "effective date", strict=True, open_ended=True),
        _field("valid_to", N_("Valid to"), "date", END_DATE + "|effective end date", strict=True, open_ended=True),
    ),
    keys=("code", "component", "unit", "currency", "period", "model", "from_quantity", "valid_from"),
    stand_ins={"code": "name"},
)  # fmt: skip

USAGE = KindFields(
    fields=(
        _field(
            "source_id", N_("Record id"), "code",
            "source id|record id|event id|uniqueid|unique id|call id|cdr id|usage id|transaction id|id|uuid|"
            "id de registro|ід запису|номер запису|код запису|ид записи|номер записи|код записи|id rekordu|"
            "identyfikator",
        ),
        _field("account_number", N_("Account number"), "code", ACCOUNT_NUMBER),
        _field("subscriber_number", N_("Subscriber number"), "code",
               "src|source|caller|calling number|a number|from number|" + SUBSCRIBER_NUMBER),
        _field("company_code", N_("Customer code"), "code", COMPANY_CODE),
        _field(
            "service", N_("Service or metric"), "text",
            "service|metric|meter|service name|usage type|event type|type|product|resource|event|kind|"
            "servicio|metrica|tipo|послуга|сервіс|метрика|тип|ресурс|вид послуги|услуга|сервис|вид услуги|usługa|"
            "metryka|zasób|typ",
            required=True,
        ),
        _field("quantity", N_("Quantity"), "measure", QUANTITY, required=True, minimum=0, strict=True),
        _field("unit", N_("Unit"), "text", UNIT),
        _field(
            "started_at", N_("Started at"), "datetime",
            "started at|start time|start|timestamp|time|date|datetime|date time|event time|occurred at|started|"
            "call date|calldate|begin|"
            "start date|fecha|fecha y hora|hora de inicio|inicio|"
            "дата та час|дата і час|час початку|початок|дата|час|дата початку|"
            "дата и время|время начала|начало|время|дата начала|data i godzina|czas rozpoczęcia|początek|data|"
            "czas|data rozpoczęcia",
            required=True,
        ),
        _field(
            "start_time", N_("Time of day, where it has a column of its own"), "time",
            "time|time of day|start time|call time|hora|час|час початку|время|время начала|czas|godzina|"
            "czas rozpoczęcia",
            strict=True,
        ),
        _field(
            "destination", N_("Destination"), "code",
            "destination|dst|called number|called|b number|to number|to|callee|destino|numero destino|"
            "напрямок|призначення|номер призначення|кому|куди|направление|назначение|номер назначения|куда|"
            "numer docelowy|cel|kierunek|numer b",
        ),
        _field(
            "zone", N_("Zone of the price"), "text",
            "zone|tariff zone|roaming zone|destination zone|country zone|зона|тарифна зона|тарифная зона|strefa",
        ),
        _field(
            "direction", N_("Direction"), "choice",
            "direction|call direction|in out|dir|напрям|вхідний вихідний|направление вызова|тип вызова|kierunek "
            "połączenia",
        ),
    ),
    keys=("source_id",),
    one_of=(("account_number", "subscriber_number", "company_code"),),
)  # fmt: skip

PAYMENTS = KindFields(
    fields=(
        _field("account_number", N_("Account number"), "code", ACCOUNT_NUMBER),
        _field("company_code", N_("Customer code"), "code", COMPANY_CODE),
        _field(
            "amount", N_("Amount"), "money",
            "amount|sum|paid|payment amount|total|amount paid|value|credit|importe|monto|cantidad|pago|"
            "сума|сума платежу|сплачено|оплачено|кредит|сумма|сумма платежа|уплачено|kwota|suma|kwota wpłaty|"
            "wpłata|wartość|gross|credit amount|amount credit|money in|paid in|deposit|deposits|"
            "сума зарахування|сума по кредиту|сума кредит|надходження|сума операції|сума в валюті рахунку|"
            "сума в валюті картки|card currency amount|"
            "сумма по кредиту|сумма зачисления|сумма кредит|приход|поступление|поступления|сумма операции|"
            "kwota transakcji|kwota transakcji waluta rachunku|kwota w walucie rachunku|kwota operacji|uznanie|uznania|"
            "wpływy|betrag|gutschrift|montant",
            required=True, positive=True,
        ),
        _field(
            "paid_on", N_("Paid on"), "date",
            "paid on|payment date|date paid|date|paid at|value date|booking date|transaction date|fecha de pago|fecha|"
            "дата платежу|дата оплати|дата|дата зарахування|дата платежа|дата оплаты|дата зачисления|"
            "data płatności|data wpłaty|data|data księgowania|data operacji|"
            "дата проведення|дата операції|дата транзакції|дата і час операції|дата i час операції|"
            "дата проведения|дата проводки|дата поступления|дата операции|дата транзакции|data transakcji|data waluty|"
            "completed date|created utc|created|date created|date and time|posting date|fecha valor|fecha de operacion|"
            "buchungstag|buchungsdatum|valuta",
            required=True,
        ),
        _field(
            "reference", N_("Payment number"), "code",
            "reference|payment number|payment no|number|payment id|document number|transaction id|ref|doc no|"
            "payment reference|id|"
            "referencia|numero de pago|номер платежу|номер документа|номер|№|№ документа|референс|"
            "номер платежа|номер платежного поручения|numer płatności|numer dokumentu|numer|nr dokumentu|"
            "номер документу|ідентифікатор операції|ідентифікатор платежу|id транзакції|номер транзакції|документ|"
            "идентификатор операции|nr transakcji|numer transakcji|numer referencyjny|balance transaction id|"
            "operation id",
        ),
        _field(
            "payer_name", N_("Payer"), "text",
            "payer|payer name|paid by|from|sender|debtor|customer name|company name|name|pagador|"
            "nombre del pagador|nombre|"
            "платник|назва платника|відправник|контрагент|назва|плательщик|наименование плательщика|отправитель|"
            "название|"
            "płatnik|nadawca|nazwa płatnika|nazwa|"
            "кореспондент|назва кореспондента|найменування контрагента|назва контрагента|наименование контрагента|"
            "nadawca odbiorca|nazwa nadawcy|dane kontrahenta|nazwa kontrahenta|kontrahent|auftraggeber",
        ),
        _field("payer_tax_code", N_("Payer's tax code"), "code",
               "payer tax code|єдрпоу платника|код платника|инн плательщика|nip płatnika|"
               "єдрпоу кореспондента|єдрпоу контрагента|код кореспондента|код контрагента|"
               "ідентифікаційний код контрагента|инн контрагента|инн корреспондента|nip kontrahenta|" + TAX_CODE),
        _field(
            "invoice_number", N_("Invoice number"), "code",
            "invoice number|invoice|invoice no|invoice id|numero de factura|factura|номер рахунку на оплату|"
            "рахунок на оплату|"
            "рахунок фактура|номер інвойсу|счет на оплату|номер счета на оплату|счет фактура|numer faktury|"
            "faktura|nr faktury",
        ),
        _field(
            "purpose", N_("Purpose"), "text",
            "purpose|description|payment purpose|details|note|comment|memo|concepto|descripcion|"
            "призначення|призначення платежу|опис|коментар|назначение|назначение платежа|описание|комментарий|"
            "tytuł|tytuł przelewu|opis|komentarz|"
            "деталі платежу|деталі операції|опис операції|описание операции|детали платежа|"
            "szczegóły transakcji|opis transakcji|opis operacji|tytuł operacji|narrative|transaction details|"
            "verwendungszweck|libelle",
        ),
        _field(
            "currency", N_("Currency"), "currency",
            CURRENCY + "|валюта рахунку|валюта операції|валюта платежу|валюта счета|валюта платежа|валюта операции|"
            "waluta rachunku|waluta operacji",
            strict=True,
        ),
        _field(
            "direction", N_("Money in or out"), "choice",
            "direction|debit credit|credit debit|credit debit indicator|dc|dr cr|trantype|напрям|напрямок|дебет кредит|"
            "дт кт|тип операції|операція|вид операції|направление|приход расход|тип операции|операция|вид операции|"
            "kierunek|strona|rodzaj operacji",
        ),
        _field(
            "fee", N_("Gateway fee"), "money",
            "fee|gateway fee|commission|processing fee|acquiring fee|receiver commission|comision|"
            "комісія|комісія шлюзу|комісія еквайра|комиссия|комиссия шлюза|комиссия эквайера|удержано|"
            "prowizja|prowizja bramki|opłata operatora",
            strict=True, minimum=0,
        ),
    ),
    keys=("reference", "account_number", "company_code", "payer_tax_code", "paid_on"),
    one_of=(("account_number", "company_code", "payer_tax_code", "invoice_number", "purpose"),),
)  # fmt: skip

RATES = KindFields(
    fields=(
        _field(
            "base", N_("Currency"), "currency",
            "base|currency|currency code|code|cc|char code|letter code|from|foreign currency|charcode|moneda|"
            "валюта|код валюти|код|літерний код|буквенный код|код валюты|waluta|kod waluty|kod",
            required=True,
        ),
        _field(
            "rate", N_("Exchange rate"), "number",
            "rate|exchange rate|official rate|value|mid|average rate|price|tipo de cambio|"
            "курс|офіційний курс|курс нбу|официальный курс|курс цб|курс банка|kurs|kurs średni|kurs nbp",
            required=True, positive=True,
        ),
        _field(
            "day", N_("Date"), "date",
            "day|date|rate date|exchange date|effective date|valid from|exchangedate|fecha|"
            "дата|дата курсу|дата курса|діє з|действует с|data|data kursu|data obowiązywania",
            required=True,
        ),
        _field(
            "nominal", N_("Units of the rate"), "int",
            "nominal|units|unit|for|amount of units|per|quantity|кількість одиниць|кількість|номінал|одиниць|"
            "номинал|единиц|количество|liczba jednostek|jednostki|nominał",
            minimum=1,
        ),
        _field(
            "quote", N_("Quoted in"), "currency",
            "quote|quote currency|quoted in|to|own currency|валюта курсу|в валюті|валюта котировки|waluta kursu",
        ),
        _field(
            "source", N_("Bank"), "code", "source|bank|issuer|provided by|джерело|банк|источник|źródło",
        ),
    ),
    keys=("base", "quote", "day", "source"),
)  # fmt: skip

FIELDS: dict[ImportKind, KindFields] = {
    ImportKind.CUSTOMERS: CUSTOMERS,
    ImportKind.SUBSCRIBERS: SUBSCRIBERS,
    ImportKind.CATALOG: CATALOG,
    ImportKind.USAGE: USAGE,
    ImportKind.PAYMENTS: PAYMENTS,
    ImportKind.RATES: RATES,
}

SERVICE_WORDS = (
    "service|phone|telephone|internet|line|lines|security|backup|protection|support|streaming|tv|movies|music|"
    "unlimited|roaming|"
    "voicemail|voice mail|sms|mms|vpn|hosting|antivirus|firewall|wifi|wi fi|fiber|static ip|caller id|"
    "call forwarding|plan|option|"
    "addon|add on|data|mobile|cloud|storage|email service|"
    "servicio|telefonico|lineas|linea|seguridad|respaldo|proteccion|soporte|transmision|television|peliculas|"
    "musica|opcion|"
    "послуга|послуги|інтернет|телефонія|телефонний|лінія|лінії|безпека|захист|підтримка|резервне|копіювання|"
    "телебачення|тб|фільми|"
    "музика|роумінг|хостинг|антивірус|опція|смс|"
    "услуга|услуги|интернет|телефония|телефонный|линия|линии|безопасность|защита|поддержка|резервное|копирование|"
    "телевидение|тв|"
    "фильмы|музыка|роуминг|антивирус|опция|"
    "usluga|uslugi|telefon|telefoniczna|linia|linie|bezpieczenstwo|ochrona|wsparcie|kopia|telewizja|filmy|muzyka|"
    "opcja|serwis|"
    "telefonie|leitungen|sicherheit|sicherung|gerateschutz|fernsehen|filme|"
    "telephonique|lignes|securite|sauvegarde|assistance|films|"
    "seguranca|protecao|suporte|filmes|sicurezza|assistenza|telefonico"
)
NOT_SERVICE_WORDS = (
    "churn|gender|sex|senior|partner|dependents|married|paperless|billing|invoice|vat|payer|active|blocked|"
    "status|state|area|"
    "calls|minutes|charge|charges|usage|count|code|number|label|reason|score|refund|consent|subscribed|resident|"
    "satisfaction|referred|"
    "genero|adulto|pareja|dependientes|facturacion|papel|abandono|estado|baja|"
    "стать|партнер|утриманці|рахунок|безпаперовий|платник|активний|статус|відтік|пенсіонер|"
    "пол|партнёр|иждивенцы|счет|безбумажный|плательщик|активен|отток|пенсионер|"
    "plec|partner|senior|faktura|rachunek|platnik|aktywny|odejscie|emeryt|"
    "geschlecht|angehorige|papierlose|rechnung|abwanderung|sexe|partenaire|facturation|desabonnement|"
    "parceiro|dependentes|fatura|cancelamento"
)
