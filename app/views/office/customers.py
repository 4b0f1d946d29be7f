"""Customers: companies, the parties that pay, contracts, accounts, subscribers and their delivery."""

from typing import Any

import sqlalchemy as sa
from flask_appbuilder.baseviews import expose
from flask_appbuilder.security.decorators import has_access
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.extensions import db
from app.models import Account, Company, Contract, DeliveryChange, Payer, Subscriber
from app.models.company import PAYER_KINDS
from app.rules.mailing import join_addresses, parse_addresses
from app.services import delivering, numbers
from app.views.office import identifiers, story
from app.views.office.desk import Desk, Kept
from app.views.security import current_actor

FIXED_AT_REGISTRATION = ("country", "address", "domain_prefix")
DELIVERY = ("delivery", "delivery_format", "delivery_addresses")


class Companies(Desk):
    """Customers: the list; a company's own page is `company_page`."""

    model = Company
    area = "Customers"
    route_base = "/office/companies"
    names = (_l("Companies"), _l("Company"))
    list_columns = ["name", "code", "seller", "country", "state", "email", "phone"]
    search_columns = ["name", "code", "email", "state", "seller", "country", "phone"]
    order_columns = ["name", "code"]
    base_order = ("name", "asc")
    form_columns = [
        "code",
        "name",
        "seller",
        "country",
        "locale",
        "email",
        "phone",
        "address",
        "domain_prefix",
        "state",
    ]
    required = frozenset({"code", "name", "seller", "country", "locale"})
    hints = {
        "code": _l("A short code your bookkeeping knows this customer by. It cannot be used twice."),
        "locale": _l("Documents and mail are made in this language unless a payer has another."),
        "domain_prefix": _l("The company's own address in the cabinet: Latin letters, digits and hyphens."),
    }
    show_columns = ["code", "name", "seller", "country", "locale", "email", "phone", "address", "state", "attributes"]
    deletable = True
    keeps_by = _l(
        "This company has accounts, payers or people. Close it instead: edit it and choose the state «Closed»."
    )

    def pre_update(self, item: Any) -> None:
        """Where a registered company is, and its domain, are its vendor's for ever (SMC-24, SMC-28)."""
        was = {name: sa.inspect(item).attrs[name].history.deleted for name in FIXED_AT_REGISTRATION}
        if (was["domain_prefix"] or [item.domain_prefix])[0] and any(was.values()):
            raise Kept(
                gettext(
                    "Country, address and domain of a registered company cannot be changed: register a new company."
                )
            )
        super().pre_update(item)

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """The whole story of a company on one page."""
        company = self._rows_of([pk])[0]
        self.update_redirect()
        return self.render_template("office/company.html", **story.of_company(company, current_actor()))


class Payers(Desk):
    """The legal parties in whose name money moves."""

    model = Payer
    area = "Customers"
    route_base = "/office/payers"
    names = (_l("Payers"), _l("Payer"))
    list_columns = ["name", "company", "kind", "country", "tax_code", "legal_city", "email"]
    search_columns = ["name", "tax_code", "company", "kind", "country", "email"]
    order_columns = ["name", "tax_code"]
    base_order = ("name", "asc")
    required = frozenset({"company", "kind", "country", "name"})
    options = {"kind": PAYER_KINDS}
    form_fieldsets_of = [
        (_l("Who it is"), ["company", "kind", "country", "locale", "name", "contact_person", "phone", "fax", "email"]),
        (_l("Codes"), ["tax_code", "kpp", "ogrn", "okpo", "vat_number"]),
        (
            _l("Addresses"),
            [
                "legal_country",
                "legal_postal_code",
                "legal_city",
                "legal_address",
                "actual_same_as_legal",
                "actual_country",
                "actual_postal_code",
                "actual_city",
                "actual_address",
            ],
        ),
        (_l("Bank"), ["bank_name", "bik", "settlement_account", "correspondent_account", "iban"]),
        (
            _l("Signatures"),
            [
                "director_name",
                "director_post",
                "director_name_genitive",
                "director_post_genitive",
                "director_name_dative",
                "director_post_dative",
                "acts_on",
            ],
        ),
        (
            _l("An individual"),
            [
                "birth_date",
                "passport",
                "passport_issued_on",
                "passport_issued_by",
                "registration_city",
                "registration_address",
            ],
        ),
        (_l("Documents"), ["get_in_cabinet", "get_by_post", "get_by_email", "bookkeeping_note"]),
    ]
    hints = identifiers.HINTS
    checks = identifiers.CHECKS
    deletable = True
    keeps_by = _l(
        "This payer has contracts, accounts or documents and stays. Make a new payer and move the account to it."
    )

    def complete(self, item: Payer) -> None:
        """Codes are kept as the payer's country writes them."""
        identifiers.normalise(item)


class Contracts(Desk):
    """Agreements."""

    model = Contract
    area = "Customers"
    route_base = "/office/contracts"
    names = (_l("Contracts"), _l("Contract"))
    list_columns = ["number", "company", "payer", "seller", "signed_on", "ends_on"]
    search_columns = ["number", "company", "payer", "signed_on"]
    order_columns = ["number"]
    form_columns = ["payer", "seller", "number", "signed_on", "ends_on", "payable_currency", "rate_markup_bp"]
    required = frozenset({"payer", "seller", "number", "signed_on"})
    hints = {
        "payable_currency": _l(
            "For accounts in a foreign currency: the Seller's currency, if bills are paid in it at the bank's rate of "
            "the day. Empty: bills are paid in the account's own."
        ),
    }
    deletable = True
    keeps_by = _l("Accounts or documents name this contract. Give it an end date instead.")


class Accounts(Desk):
    """Numbered accounts; an account's own page is `account_page`."""

    model = Account
    area = "Customers"
    route_base = "/office/accounts"
    names = (_l("Accounts"), _l("Account"))
    list_columns = ["number", "company", "payer", "currency", "state", "delivery", "delivery_addresses"]
    search_columns = ["number", "company", "payer", "currency", "state", "seller"]
    order_columns = ["number"]
    base_order = ("number", "asc")
    form_columns = [
        "payer",
        "contract",
        "seller",
        "number",
        "currency",
        "state",
        "delivery",
        "delivery_format",
        "delivery_addresses",
    ]
    fixed = frozenset({"seller", "currency", "number"})
    required = frozenset({"payer", "seller", "number", "currency", "delivery", "delivery_format"})
    options = {"delivery": ("collect", "email"), "delivery_format": ("pdf", "xlsx", "xlsx_split")}
    hints = {
        "delivery_addresses": _l("Several addresses are parted by «;» without a space, 200 characters at most."),
        "contract": _l("Documents name this contract."),
    }
    deletable = True
    keeps_by = _l("This account has subscriptions, documents or money in the ledger. Close it instead.")

    def create(self, item: Account) -> None:
        """Addresses are checked; a new account delivers from the beginning as it says."""
        if item.delivery == "email" or item.delivery_addresses:
            item.delivery_addresses = join_addresses(parse_addresses(item.delivery_addresses or ""))
        super().create(item)

    def change(self, item: Account) -> None:
        """A change of delivery goes through its service: what was in force is kept, with the instant and the name."""
        wanted = [getattr(item, name) for name in DELIVERY]
        for name in DELIVERY:
            past: Any = sa.inspect(item).attrs[name].history
            if past.has_changes() and past.deleted:
                setattr(item, name, past.deleted[0])
        super().change(item)
        delivering.change_delivery(db.session(), current_actor(), item.id, *wanted)

    @expose("/show/<pk>")
    @has_access
    def show(self, pk: str) -> Any:
        """The balance, the moves behind it and what is in force."""
        account = self._rows_of([pk])[0]
        self.update_redirect()
        return self.render_template("office/account.html", **story.of_account(account, current_actor()))


class Subscribers(Desk):
    """Lines of accounts."""

    model = Subscriber
    area = "Customers"
    route_base = "/office/subscribers"
    names = (_l("Subscribers"), _l("Subscriber"))
    list_columns = ["number", "name", "account", "company", "state", "released_on"]
    search_columns = ["number", "name", "account", "company", "state"]
    order_columns = ["number"]
    base_order = ("number", "asc")
    form_columns = ["account", "number", "name", "state"]
    fixed = frozenset({"account", "number"})
    required = frozenset({"account", "number"})
    deletable = True
    keeps_by = _l("This subscriber has subscriptions, usage or charges. Release it instead.")
    labels = {"released_on": _l("Released on")}

    def pre_add(self, item: Any) -> None:
        """A number that another line had is given once it has rested (policy `number_quarantine`)."""
        with db.session.no_autoflush:
            numbers.take(db.session(), item.number)
        super().pre_add(item)
        numbers.keep_changes(db.session(), current_actor(), item)

    def pre_update(self, item: Any) -> None:
        """A new name has its history, and a released number rests."""
        numbers.keep_changes(db.session(), current_actor(), item)
        super().pre_update(item)

    def pre_delete(self, item: Any) -> None:
        """What rests is not deleted."""
        numbers.need_forgettable(db.session(), item)
        super().pre_delete(item)


class DeliveryChanges(Desk):
    """What the delivery of an account was, from when."""

    model = DeliveryChange
    area = "Customers"
    route_base = "/office/delivery-changes"
    names = (_l("Delivery history"), _l("Change of delivery"))
    list_columns = ["account", "valid_from", "delivery", "delivery_format", "delivery_addresses", "changed_by"]
    labels = {"changed_by": _l("Changed by")}
    search_columns = ["changed_by", "delivery_addresses"]
    menu = False
