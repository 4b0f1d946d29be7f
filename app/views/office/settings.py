"""Settings of the provider: Sellers, tax rates, number series, currency rates, policies, calendar."""

from flask_babel import lazy_gettext as _l

from app.models import CalendarOverride, CurrencyRate, NumberSeries, Policy, Seller, TaxRate
from app.provisioning.registry import PATHS
from app.views.office import cells
from app.views.office.desk import Desk


class Sellers(Desk):
    """Legal entities of the provider."""

    model = Seller
    area = "Settings"
    route_base = "/office/sellers"
    names = (_l("Sellers"), _l("Seller"))
    list_columns = ["name", "code", "country", "currency", "vat_payer", "tax_code", "email"]
    search_columns = ["name", "code", "country", "currency", "tax_code"]
    order_columns = ["code"]
    base_order = ("id", "asc")
    fixed = frozenset({"code"})
    required = frozenset({"code", "name", "country", "currency", "zone", "locale", "rounding"})
    options = {"rounding": ("carry", "line"), "operator": tuple(PATHS)}
    form_fieldsets_of = [
        (_l("Who it is"), ["code", "name", "short_name", "country", "currency", "zone", "locale", "phone", "email"]),
        (
            _l("Taxes"),
            [
                "vat_payer",
                "vat_on_advances",
                "split_payment",
                "rate_source",
                "rounding",
                "tax_code",
                "kpp",
                "ogrn",
                "vat_number",
            ],
        ),
        (
            _l("Address and bank"),
            ["address", "bank_name", "bik", "settlement_account", "correspondent_account", "iban"],
        ),
        (
            _l("Signatures"),
            [
                "director_name",
                "director_post",
                "director_name_genitive",
                "director_post_genitive",
                "accountant_name",
                "acts_on",
            ],
        ),
        (_l("Documents"), ["document_prefix", "number_digits", "invoice_note", "mail_from"]),
        (_l("Switching of options"), ["operator", "operator_settings"]),
    ]
    hints = {
        "operator": _l("Who switches options of subscribers on and off: a connected system, or your staff by hand."),
        "operator_settings": _l("What the connected system needs, as JSON; see docs/extending.md."),
        "zone": _l("The zone its business days are days of, for example Europe/Kyiv."),
        "vat_on_advances": _l("Money that stays an advance is taxed where the country has tax rates «advance» (RU)."),
        "split_payment": _l("PL: services of annex 15: invoices over 15,000 PLN say «split payment»."),
        "rate_source": _l("NBU, CBR, NBP, … as in the currency rates; empty: the central bank of its country."),
        "rounding": _l("Tax is rounded once: by running total over the lines, or line by line."),
    }


class TaxRates(Desk):
    """VAT with dates."""

    model = TaxRate
    area = "Settings"
    route_base = "/office/tax-rates"
    names = (_l("Tax rates"), _l("Tax rate"))
    list_columns = ["country", "category", "rate_bp", "valid_from", "valid_to"]
    labels = {"category": _l("Category")}
    search_columns = ["country", "category", "valid_from"]
    order_columns = ["country"]
    base_order = ("country", "asc")
    form_columns = ["country", "category", "rate_bp", "valid_from", "valid_to"]
    fixed = frozenset({"country", "category", "valid_from"})
    required = frozenset({"country", "category", "rate_bp", "valid_from"})
    hints = {"valid_to": _l("A new rate from a day on is a new row; this one ends on that day.")}


class NumberSeriesView(Desk):
    """The last numbers taken."""

    model = NumberSeries
    area = "Settings"
    route_base = "/office/number-series"
    names = (_l("Number series"), _l("Number series"))
    list_columns = ["seller", "kind", "year", "last_number"]
    formats = {"kind": cells.kind, "year": cells.number}
    search_columns = ["kind", "year"]


class CurrencyRates(Desk):
    """Rates of currencies by day."""

    model = CurrencyRate
    area = "Settings"
    route_base = "/office/currency-rates"
    names = (_l("Currency rates"), _l("Currency rate"))
    list_columns = ["day", "base", "quote", "nominal", "rate", "source"]
    search_columns = ["day", "base", "quote", "source"]
    form_columns = ["day", "base", "nominal", "quote", "rate", "source"]
    required = frozenset({"day", "base", "nominal", "quote", "rate", "source"})
    hints = {
        "rate": _l("So many units of the second currency for the units of the first."),
        "nominal": _l("1, or what the bank quotes: 10, 100, 1000."),
        "source": _l("NBU, CBR, NBP, NBRB, NBK or another bank."),
        "day": _l("The first day it holds; it holds until the next one."),
    }
    deletable = True


class Policies(Desk):
    """Policies as they are kept; the policy calendar changes and checks them."""

    model = Policy
    area = "Settings"
    route_base = "/office/policies"
    names = (_l("Policies"), _l("Policy"))
    list_columns = ["kind", "seller", "settings"]
    search_columns = ["kind"]
    base_order = ("id", "asc")
    menu = False


class CalendarOverrides(Desk):
    """Days a country's calendar has wrong."""

    model = CalendarOverride
    area = "Settings"
    route_base = "/office/calendar"
    names = (_l("Calendar"), _l("Day of the calendar"))
    list_columns = ["day", "country", "is_working"]
    search_columns = ["country", "day", "is_working"]
    form_columns = ["country", "day", "is_working"]
    required = frozenset({"country", "day"})
    deletable = True
