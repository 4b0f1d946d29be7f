"""Payers of a company: looked at, added, edited and deleted wherever one is needed (AST-037…054, AST-099)."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import get_locale, gettext

from app.access.permissions import Right
from app.core.errors import DomainError
from app.models import Payer
from app.rules.payer_fields import PAYER_KINDS
from app.services.cabinet import payers
from app.services.cabinet.payers import Form
from app.views.base import attempt, needs_one, say
from app.views.cabinet import frame, words
from app.views.doors import countries


def kind_tabs(every: Sequence[Payer], kind: str, url: Callable[[str], str]) -> list[dict[str, Any]]:
    """All, individuals, legal entities, sole proprietors, with how many there are of each."""
    found = [{"label": gettext("All"), "url": url(""), "active": not kind, "count": len(every)}]
    for one in PAYER_KINDS:
        count = sum(payer.kind == one for payer in every)
        found.append(
            {"label": words.word(words.PAYER_KINDS, one), "url": url(one), "active": kind == one, "count": count}
        )
    return found


def lines_of(payer: Payer) -> list[tuple[str, str]]:
    """A payer's address as a confirmation repeats it (SMC-60)."""
    country = get_locale().territories.get(payer.legal_country or payer.country, payer.country)
    return [
        (gettext("Company"), payer.name),
        (gettext("E-mail"), payer.email),
        (gettext("Phone"), payer.phone),
        (gettext("Street"), payer.legal_address),
        (gettext("City"), " ".join(part for part in (payer.legal_postal_code, payer.legal_city) if part)),
        (gettext("Country"), country),
    ]


def back_asked() -> str:
    """Where the person came from, a page of the cabinet; the list of payers otherwise."""
    asked = str(request.values.get("back", ""))
    is_ours = asked.startswith("/my/") and "\\" not in asked and "//" not in asked
    return asked if is_ours else url_for("PayersPage.index")


def _chosen(back: str) -> str:
    """The step of the checkout or the top-up a payer was added for, with that payer chosen."""
    path, step = back.partition("?")[0], url_for("CheckoutPage.payer")
    if path == url_for("TopUpPage.set") and "payer=" not in back:
        return f"{back}&payer={g.saved_payer}"
    return f"{step}?payer={g.saved_payer}" if path == step else back


class PayersPage(frame.Page):
    """The legal parties in whose name money moves."""

    route_base = "/my/payers"

    @expose("/")
    @needs_one(Right.CABINET_PAYMENTS, Right.CABINET_BUY)
    def index(self) -> Any:
        """The list, by kind."""
        kind = request.args.get("kind", "")
        every = payers.list_payers(self.session, self.actor)
        return self.show(
            "payers.html",
            payers=[(one, lines_of(one)) for one in every if not kind or one.kind == kind],
            tabs=kind_tabs(every, kind, lambda k: url_for("PayersPage.index", kind=k or None)),
            kind=kind,
        )

    @expose("/new", methods=["GET", "POST"])
    @needs_one(Right.CABINET_PAYMENTS, Right.CABINET_BUY)
    def new(self) -> Any:
        """A new payer."""
        kind = request.values.get("kind", "") or "legal_entity"
        form = self._form({"kind": kind, "country": self.company.country})
        return self._save(form, payers.add, gettext("New payer")) or redirect(_chosen(back_asked()))

    @expose("/<int:payer_id>", methods=["GET", "POST"])
    @needs_one(Right.CABINET_PAYMENTS, Right.CABINET_BUY)
    def edit(self, payer_id: int) -> Any:
        """Edit one; documents that are issued keep what they say."""
        payer = payers.payer_of(self.session, self.actor, payer_id)
        known = {name: getattr(payer, name) or "" for name in (*_BASE, *(c.key for c in Payer.__table__.c))}
        form = self._form({**known, "country": payer.country or self.company.country})
        done = self._save(form, payers.edit, payer.name, payer_id)
        return done or redirect(back_asked())

    def _form(self, known: dict[str, Any]) -> Form:
        given = request.form if request.method == "POST" else known
        kind = given.get("kind", "")
        country = str(given.get("country", ""))[:2].upper()
        values = {name: str(value) for name, value in given.items()}
        return Form(kind if kind in PAYER_KINDS else "legal_entity", country, values)

    def _save(self, form: Form, service: Any, title: str, payer_id: int | None = None) -> Any:
        """The form again, with its mistakes; None where it is saved."""
        errors: dict[str, str] = {}
        if request.method == "POST" and "save" in request.form:

            def keep(*who: Any) -> Payer:
                try:
                    made: Payer = service(*who, *(() if payer_id is None else (payer_id,)), form)
                except payers.Wrong as error:
                    errors.update({it.field: say(DomainError(it.text, **dict(it.params))) for it in error.problems})
                    raise
                return made

            made = attempt(keep)
            if made is not None:
                for doubt in payers.doubts_of(form):
                    flash(say(doubt), "warning")
                flash(gettext("Payer «%(name)s» is saved.", name=made.name), "success")
                g.saved_payer = made.id
                return None
        return self.show(
            "payer.html",
            title=title,
            form=form,
            errors=errors,
            fields=payers.fields_of(form.country, form.kind),
            label=lambda field: gettext(field.label),
            kinds=[(one, words.word(words.PAYER_KINDS, one)) for one in PAYER_KINDS],
            countries=countries(),
            back=back_asked(),
        )

    @expose("/<int:payer_id>/delete", methods=["POST"])
    @needs_one(Right.CABINET_PAYMENTS, Right.CABINET_BUY)
    def delete(self, payer_id: int) -> Any:
        """Delete one that nothing uses."""
        attempt(payers.remove, payer_id, done=gettext("The payer is deleted."))
        return redirect(back_asked())


_BASE = ("name", "contact_person", "phone", "email")
