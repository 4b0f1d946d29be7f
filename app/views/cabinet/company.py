"""The company itself: personal information."""

from typing import Any

from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.models import Payer
from app.rules import payer_fields
from app.rules.mailing import mask_addresses
from app.services.cabinet import details, payers
from app.views.base import needs
from app.views.cabinet import frame


class DetailsPage(frame.Page):
    """Personal information (A1-02, A1-03)."""

    route_base = "/my/company"

    @expose("/")
    @needs(Right.CABINET_PAYMENTS)
    def index(self) -> Any:
        """Who the company is to us: parties, contracts, accounts, delivery."""
        return self.show(
            "details.html",
            company=self.company,
            payers=[
                (one, identifiers_of(one, self.company.country)) for one in payers.list_payers(self.session, self.actor)
            ],
            rows=details.accounts_of(self.session, self.actor),
            lines={line.id: line for line in self.accounts},
            mask=mask_addresses,
        )


def identifiers_of(payer: Payer, country: str) -> list[tuple[str, str]]:
    """The payer's codes and accounts by their names in its country; what it has not is left out."""
    usual = {
        "tax_code": gettext("Tax code"),
        "okpo": gettext("OKPO"),
        "kpp": gettext("KPP"),
        "ogrn": gettext("OGRN"),
        "vat_number": gettext("VAT number"),
        "iban": gettext("Settlement account"),
        "settlement_account": gettext("Settlement account"),
        "correspondent_account": gettext("Correspondent account"),
        "bank_name": gettext("Bank"),
        "bik": gettext("Bank code"),
    }
    found = []
    for name, word in usual.items():
        label = payer_fields.label_of(name, payer.country or country, payer.kind)
        found.append((gettext(label) if label else word, getattr(payer, name)))
    return [(label, value) for label, value in found if value]
