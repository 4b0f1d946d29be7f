"""News to customers: staff write it, see how it reads and how many will get it, and a job tells it."""

import secrets
from typing import Any

import sqlalchemy as sa
from flask import current_app, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.models import Job, Seller
from app.services import news
from app.services.news import News, Words
from app.views.base import OfficePage, attempt, needs
from app.views.office import cells, numbers
from app.views.office.labels import word


class NewsPage(OfficePage):
    """Write, look, send; and what was sent before."""

    route_base = "/office/news"

    @expose("/", methods=["GET"])
    @needs(Right.CUSTOMERS_READ)
    def index(self) -> Any:
        """What was sent, and the form."""
        return self._page(None)

    @expose("/look", methods=["POST"])
    @needs(Right.CUSTOMERS_WRITE)
    def look(self) -> Any:
        """How it reads and how many will get it; nothing is sent."""
        given = self._given()
        seller = attempt(news.check, given)
        return self._page(given if seller else None)

    @expose("/send", methods=["POST"])
    @needs(Right.CUSTOMERS_WRITE)
    def send(self) -> Any:
        """A job tells it; sending the form twice tells it once."""
        job = attempt(news.order, self._given(), request.form.get("key", "")[:40])
        if job is None:
            return self._page(None)
        return redirect(url_for("JobsPage.show", job_id=job.id))

    def _page(self, looked: News | None) -> Any:
        sellers = list(self.session.scalars(sa.select(Seller).order_by(Seller.id)))
        return self.render_template(
            "office/news.html",
            title=gettext("News to customers"),
            sellers=[(one.id, one.short_name or one.name) for one in sellers],
            languages=self._languages(),
            given=request.form,
            looked=looked,
            receivers=news.receivers(self.session, self.actor, looked.seller_id) if looked else None,
            key=request.form.get("key") or secrets.token_hex(12),
            told=[self._shown(job) for job in news.told(self.session, self.actor)],
            may_write=self.actor.may(Right.CUSTOMERS_WRITE),
        )

    def _languages(self) -> list[tuple[str, str]]:
        return [(code, one["name"]) for code, one in current_app.config["LANGUAGES"].items()]

    def _given(self) -> News:
        def words(ending: str) -> Words:
            subject, text = (request.form.get(f"{name}{ending}", "").strip() for name in ("subject", "text"))
            return Words(subject, text.replace("\r\n", "\n"))

        others = {code: words(f"_{code}") for code, _ in self._languages()}
        written = {code: one for code, one in others.items() if one.subject or one.text}
        return News(numbers.whole(request.form.get("seller")) or 0, words(""), written)

    def _shown(self, job: Job) -> dict[str, Any]:
        figures = (job.result or {}).get("figures", {})
        return {
            "id": job.id,
            "subject": job.title,
            "when": cells.moment(job.created_at),
            "state": job.state,
            "state_text": str(word(job.state)),
            "notices": figures.get("notices", ""),
            "letters": figures.get("letters", ""),
        }
