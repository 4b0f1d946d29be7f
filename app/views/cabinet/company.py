"""The company itself: personal information."""

from typing import Any

from flask_appbuilder.baseviews import expose

from app.access.permissions import Right
from app.rules.mailing import mask_addresses
from app.services.cabinet import details
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
            payers=details.payers_of(self.session, self.actor),
            rows=details.accounts_of(self.session, self.actor),
            lines={line.id: line for line in self.accounts},
            mask=mask_addresses,
            masked=frame.masked,
        )
