"""The first page: of staff, the month's progress; of a company, its balance and last documents."""

from typing import Any

from flask_appbuilder.baseviews import expose

from app.access.permissions import Right
from app.views.base import KabinetPage, for_signed_in


class HomeView(KabinetPage):
    """Chooses the home of staff or of a company; each half is a function `page(view)` of its own side."""

    route_base = ""

    @expose("/")
    @for_signed_in
    def index(self) -> Any:
        """The home of whoever asks."""
        if self.actor.company_id is not None:
            self.actor.need(Right.CABINET_READ)
            from app.views.cabinet import home as cabinet_home

            return cabinet_home.page(self)
        from app.views.office import home as office_home

        return office_home.page(self)
