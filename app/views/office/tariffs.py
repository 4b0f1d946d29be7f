"""Tariffs with their prefixes, rates and packages; rates from a file; «try a call»; records that wait."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from app.access.permissions import Right
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Refused
from app.core.period import Month
from app.models import Account, Seller, SuspendedUsage, Tariff, TariffPackage, TariffPrefix, TariffRate
from app.rules.rating import BASE_UNITS, EventKind, Rated, Rounding, TimeClass
from app.services import work
from app.services.rating import rates, suspense, tariffs
from app.services.work import JobName
from app.views.base import OfficePage, attempt, needs, say
from app.views.office import cells, numbers
from app.views.office.desk import Desk, Kept
from app.views.office.labels import word

KINDS = tuple(EventKind)
LONGEST = 31 * 86_400
_REFUSED_SHOWN = 50


class _PartOfTariff(Desk):
    """A row of a tariff: a change of it makes workers read the tariff again."""

    is_abstract = True
    area = "Catalog"
    menu = False
    deletable = True
    labels = {"tariff": _l("Tariff"), "kind": _l("Kind of event")}
    options = {"kind": KINDS}

    def _touch(self, item: Any) -> None:
        tariffs.touch(self.datamodel.session, [item.tariff_id])

    def post_add(self, item: Any) -> None:
        """The tariff is another one now."""
        self._touch(item)

    post_update = post_add

    def pre_delete(self, item: Any) -> None:
        """The tariff is another one now."""
        self._touch(item)


class TariffPrefixes(_PartOfTariff):
    """Which numbers are in which destination."""

    model = TariffPrefix
    route_base = "/office/tariff-prefixes"
    names = (_l("Prefixes"), _l("Prefix"))
    list_columns = ["prefix", "destination", "tariff"]
    search_columns = ["prefix", "destination", "tariff"]
    order_columns = ["prefix"]
    base_order = ("prefix", "asc")
    form_columns = ["tariff", "prefix", "destination"]
    labels = {**_PartOfTariff.labels, "prefix": _l("Prefix")}
    fixed = frozenset({"tariff"})
    required = frozenset({"tariff", "prefix", "destination"})
    hints = {"prefix": _l("Digits with the country's code, like 38067. The longest prefix of a number decides.")}


class TariffRates(_PartOfTariff):
    """What events cost; a new price is a new rate from a day on."""

    model = TariffRate
    route_base = "/office/tariff-rates"
    names = (_l("Rates of the tariff"), _l("Rate of the tariff"))
    list_columns = [
        "destination", "kind", "time_class", "valid_from", "price", "per", "connect_fee", "first_increment",
        "increment", "tariff",
    ]  # fmt: skip
    search_columns = ["destination", "kind", "time_class", "valid_from", "tariff"]
    order_columns = ["id"]
    base_order = ("id", "asc")
    form_columns = [
        "tariff", "kind", "destination", "time_class", "weight", "valid_from", "group_start", "price", "per",
        "connect_fee", "first_increment", "increment", "rounding", "decimals", "minimum", "maximum",
    ]  # fmt: skip
    labels = {
        **_PartOfTariff.labels,
        "weight": _l("Weight"),
        "group_start": _l("From unit"),
        "price": _l("Price"),
        "per": _l("For units"),
        "connect_fee": _l("Connect fee"),
        "first_increment": _l("First increment"),
        "increment": _l("Next increments"),
        "decimals": _l("Decimals"),
        "minimum": _l("Least"),
        "maximum": _l("Most"),
    }
    formats = dict.fromkeys(("price", "connect_fee", "minimum", "maximum"), cells.unit_price)
    options = {"kind": KINDS, "time_class": ("", *TimeClass), "rounding": tuple(Rounding)}
    fixed = frozenset({"tariff"})
    required = frozenset({"tariff", "valid_from", "per", "increment"})
    hints = {
        "destination": _l("Empty: any destination that has no rate of its own."),
        "time_class": _l("Empty: at any time."),
        "weight": _l("Of several rates that fit, the heaviest decides."),
        "group_start": _l("0 for the first step; 60 for a step from the second minute on."),
        "per": _l("Seconds, bytes or pieces the price is for: 60 for a minute, 1000000 for a megabyte."),
        "first_increment": _l("60 and 1: the first minute is billed whole, then each second."),
    }
    keeps_by = _l("Records are rated by this rate already. Give the new price a later first day.")

    def complete(self, item: Any) -> None:
        """A rate that nothing could be priced by is told so, field by field."""
        if min(item.price or 0, item.connect_fee or 0, item.minimum or 0, item.maximum or 0) < 0:
            raise Kept(gettext("A price, a fee and a bound are zero or more."))
        if min(item.per, item.increment) < 1 or min(item.first_increment or 0, item.group_start or 0) < 0:
            raise Kept(gettext("«For units» and «Next increments» are 1 or more; the other steps are zero or more."))
        if not 0 <= (4 if item.decimals is None else item.decimals) <= 4:
            raise Kept(gettext("A charge has from 0 to 4 decimals."))
        if item.minimum is not None and item.maximum is not None and item.minimum > item.maximum:
            raise Kept(gettext("The least a call costs is not above the most."))

    def pre_update(self, item: Any) -> None:
        """A rate that records were rated by stays as it is."""
        if rates.is_used(self.datamodel.session, item.id):
            raise Kept(str(self.keeps_by))
        super().pre_update(item)

    def pre_delete(self, item: Any) -> None:
        """A rate that records were rated by stays."""
        if rates.is_used(self.datamodel.session, item.id):
            raise Kept(str(self.keeps_by))
        super().pre_delete(item)


class TariffPackages(_PartOfTariff):
    """What is included in a month."""

    model = TariffPackage
    route_base = "/office/tariff-packages"
    names = (_l("Packages"), _l("Package"))
    list_columns = ["name", "code", "kind", "amount", "destinations", "valid_from", "valid_to", "tariff"]
    search_columns = ["name", "code", "kind", "tariff"]
    order_columns = ["id"]
    base_order = ("id", "asc")
    form_columns = ["tariff", "code", "name", "kind", "amount", "destinations", "valid_from", "valid_to"]
    labels = {**_PartOfTariff.labels, "destinations": _l("Destinations"), "amount": _l("Units a month")}
    fixed = frozenset({"tariff", "code"})
    required = frozenset({"tariff", "code", "name", "amount", "valid_from"})
    hints = {
        "amount": _l("Seconds, bytes or pieces: 6000 for a hundred minutes."),
        "destinations": _l("Separated by «;». Empty: any."),
    }
    keeps_by = _l("This package was used. End it by a date instead.")


class Tariffs(Desk):
    """Lists of rates that components charged by usage are priced by."""

    model = Tariff
    area = "Catalog"
    route_base = "/office/tariffs"
    names = (_l("Tariffs of usage"), _l("Tariff of usage"))
    list_columns = ["name", "code", "seller", "currency", "splits"]
    search_columns = ["name", "code", "seller"]
    order_columns = ["name"]
    base_order = ("name", "asc")
    form_columns = ["seller", "code", "name", "currency", "splits"]
    labels = {"splits": _l("Calls are split where the time class changes")}
    fixed = frozenset({"seller", "code", "currency"})
    required = frozenset({"seller", "code", "name", "currency"})
    related = ("TariffRates", "TariffPrefixes", "TariffPackages")
    deletable = True
    keeps_by = _l("This tariff has rates, or components are priced by it.")

    def post_update(self, item: Any) -> None:
        """Workers read the tariff again."""
        tariffs.touch(self.datamodel.session, [item.id])


class RatingPage(OfficePage):
    """What a call would cost; rates of a tariff from a file."""

    route_base = "/office/rating"

    @expose("/")
    @needs(Right.CATALOG_READ)
    def index(self) -> Any:
        """Try a call: the number, the day and time, how long; the price with how it came about."""
        listed = list(self.session.scalars(sa.select(Tariff).order_by(Tariff.name).limit(200)))
        given = request.args
        errors: dict[str, str] = {}
        tariff = self._tariff(listed, numbers.whole(given.get("tariff")))
        rated, trouble = None, ""
        asked = self._asked(tariff, errors)
        if tariff is not None and asked is not None and not errors:
            try:
                rated = rates.try_call(self.session, self.actor, tariff.id, asked)
            except Refused as error:
                trouble = say(error)
        return self.render_template(
            "office/rating.html",
            title=gettext("Try a call"),
            tariffs=[(one.id, one.name) for one in listed],
            tariff=tariff,
            asked=asked,
            errors=errors,
            given=given,
            kinds=[(one.value, word(one.value)) for one in KINDS],
            unit=word(BASE_UNITS[EventKind(asked.kind)]) if asked else "",
            rated=rated,
            rows=_explained(rated) if rated else [],
            billed=sum(costing.billed for _, _, costing in rated.costings) if rated else 0,
            trouble=trouble,
            columns=rates.SAMPLE,
            today=clock.today(tariff.seller.zone if tariff else "UTC"),
        )

    def _tariff(self, listed: list[Tariff], wanted: int | None) -> Tariff | None:
        return next((one for one in listed if one.id == wanted), listed[0] if listed else None)

    def _asked(self, tariff: Tariff | None, errors: dict[str, str]) -> rates.Asked | None:
        given = request.args
        if tariff is None or "number" not in given:
            return None
        today = clock.today(tariff.seller.zone)
        day = numbers.day(given["day"], errors, "day") if given.get("day") else today
        try:
            time = dt.time.fromisoformat(given.get("time") or "12:00")
        except ValueError:
            errors["time"], time = gettext("Write the time like 14:05."), dt.time(12)
        amount = numbers.whole(given.get("amount") or "60")
        if amount is None or not 0 <= amount <= 10**15:
            errors["amount"], amount = gettext("Write a whole number."), 0
        kind = given.get("kind", "voice")
        kind = kind if kind in set(EventKind) else EventKind.VOICE.value
        if kind == EventKind.VOICE and amount > LONGEST:
            errors["amount"] = gettext("Write a whole number.")
        number = given["number"].strip()[:40]
        zone = given.get("zone", "").strip()[:60]
        return rates.Asked(
            number, day or today, time.replace(tzinfo=None), amount, kind, zone, bool(given.get("package"))
        )

    @expose("/rates", methods=["POST"])
    @needs(Right.CATALOG_WRITE)
    def load(self) -> Any:
        """Take a file of rates into the chosen tariff."""
        tariff = self.row(Tariff, request.form.get("tariff"))
        upload = request.files.get("file")
        if upload is None or not upload.filename:
            flash(gettext("Choose a file first."), "warning")
            return redirect(url_for("RatingPage.index", tariff=tariff.id))
        tariff_id = tariff.id

        def load(session: Any, actor: Actor) -> rates.Loaded:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "rates"
                upload.save(path)
                return rates.load_file(session, actor, tariff_id, path)

        loaded = attempt(load)
        if loaded is not None:
            _tell(loaded)
        return redirect(url_for("RatingPage.index", tariff=tariff_id))

    @expose("/again", methods=["POST"])
    @needs(Right.CATALOG_WRITE)
    def again(self) -> Any:
        """Rate the records that came in before their service had this tariff."""
        tariff = self.row(Tariff, request.form.get("tariff"))
        params = {"tariff_id": tariff.id, "page": url_for("RatingPage.index", tariff=tariff.id)}
        title = gettext("Rating of records by «%(tariff)s»", tariff=tariff.name)
        job = attempt(work.order_job, JobName.RATE_USAGE, params, title)
        return redirect(url_for("JobsPage.show", job_id=job.id))


def _tell(loaded: rates.Loaded) -> None:
    flash(
        gettext(
            "%(rates)s rates and %(prefixes)s prefixes taken, %(unchanged)s unchanged, %(refused)s lines refused.",
            rates=loaded.rates,
            prefixes=loaded.prefixes,
            unchanged=loaded.unchanged,
            refused=len(loaded.refused),
        ),
        "warning" if loaded.refused else "success",
    )
    for line, error in loaded.refused[:_REFUSED_SHOWN]:
        flash(gettext("Line %(line)s: %(reason)s", line=line, reason=say(error)), "warning")


def _explained(rated: Rated) -> list[dict[str, Any]]:
    """A row for each step of each class of time: units × price for how many = cost."""
    rows: list[dict[str, Any]] = []
    for kind, rate, costing in rated.costings:
        shown = {"class": word(kind.value), "destination": rate.destination, "since": cells.date(rate.valid_from)}
        if costing.connect_fee:
            fee = cells.unit_price(costing.connect_fee)
            rows.append({**shown, "what": gettext("Connect fee"), "units": "", "cost": fee})
        for units, step, cost in costing.parts:
            price = cells.unit_price(step.price).striptags()  # in a sentence, which is text
            text = gettext("%(price)s for %(per)s", price=price, per=step.per)
            rows.append({**shown, "what": text, "units": units, "cost": cells.unit_price(cost)})
    return rows


class SuspensePage(OfficePage):
    """Records of usage that wait for a subscriber, a service or a rate."""

    route_base = "/office/suspense"

    @expose("/")
    @needs(Right.IMPORTS_RUN)
    def index(self) -> Any:
        """The records with their reason; chosen ones are tried again or dropped."""
        args = self.page_args(size=50)
        state = "dropped" if request.args.get("state") == "dropped" else "waiting"
        reason = request.args.get("reason", "")[:300]
        shown = self.paginate(suspense.waiting(args.search, reason, state), args)
        why = suspense.reasons(self.session)
        sellers = {one.id: one.code for one in self.session.scalars(sa.select(Seller))}
        return self.render_template(
            "office/suspense.html",
            title=gettext("Suspended records"),
            shown=shown,
            search=args.search,
            state=state,
            reason=reason,
            reasons=[("", gettext("Any reason")), *((one, f"{gettext(one)} ({count})") for one, count in why)],
            sellers=sellers,
            word=word,
            began=_began,
            waiting=sum(count for _, count in why),
            files=self.files("export_list", q=args.search, state=state, reason=reason),
        )

    @expose("/export/<fmt>")
    @needs(Right.IMPORTS_RUN, Right.EXPORTS_RUN)
    def export_list(self, fmt: str) -> Any:
        """The records found, as a file."""
        state = "dropped" if request.args.get("state") == "dropped" else "waiting"
        query = suspense.waiting(self.page_args().search, request.args.get("reason", "")[:300], state)
        titles = [gettext("Number"), gettext("Reason"), gettext("Began"), gettext("Service"), gettext("Quantity")]
        rows = (
            [one.number, gettext(one.reason), _began(one), word(one.line.get("service", ""))]
            + [str(one.line.get("quantity", "")), one.line.get("unit", ""), one.created_at]
            for one in self.session.scalars(query.execution_options(yield_per=1000))
        )
        return self.export(gettext("Suspended records"), [*titles, gettext("Unit"), gettext("When")], rows, fmt)

    @expose("/again", methods=["POST"])
    @needs(Right.IMPORTS_RUN)
    def again(self) -> Any:
        """Try the chosen records, or (as a job) all of them."""
        if request.form.get("all"):
            params = {"page": url_for("SuspensePage.index")}
            job = attempt(work.order_job, JobName.RETRY_SUSPENDED, params, gettext("Suspended records tried again"))
            return redirect(url_for("JobsPage.show", job_id=job.id))
        tried = attempt(suspense.retry, _chosen())
        if tried is not None:
            text = gettext(
                "%(placed)s records found a place, %(waiting)s wait on.", placed=tried.placed, waiting=tried.waiting
            )
            flash(text, "success" if tried.placed else "info")
        return redirect(url_for("SuspensePage.index"))

    @expose("/drop", methods=["POST"])
    @needs(Right.IMPORTS_RUN)
    def drop(self) -> Any:
        """Give the chosen records up, with a reason."""
        count = attempt(suspense.drop, _chosen(), request.form.get("why", ""))
        if count is not None:
            flash(gettext("%(count)s records are dropped.", count=count), "success")
        return redirect(url_for("SuspensePage.index"))


def _began(one: SuspendedUsage) -> str:
    """When a record began, as instants are written everywhere."""
    try:
        return cells.moment(dt.datetime.fromisoformat(str(one.line.get("started_at", ""))))
    except ValueError:
        return ""


def _chosen() -> list[int]:
    found = (numbers.whole(one) for one in request.form.getlist("record")[:1000])
    return [one for one in found if one is not None]


class DetailPage(OfficePage):
    """The usage of an account in a month as a file: every record, or sums by time class."""

    route_base = "/office/usage-detail"

    @expose("/", methods=["GET", "POST"])
    @needs(Right.DOCUMENTS_READ)
    def index(self) -> Any:
        """Choose account and month; the file is made in the background."""
        account_id = numbers.whole(request.values.get("account"))
        account = self.session.get(Account, account_id) if account_id is not None else None
        this = Month.of(clock.today(account.seller.zone if account else "UTC"))
        month = numbers.month(request.values.get("month", ""), this.shift(-1))
        if request.method == "POST" and account is not None:
            extent = "classes" if request.form.get("extent") == "classes" else "records"
            page = url_for("DetailPage.index", account=account.id)
            params = {"account_id": account.id, "month": str(month), "extent": extent, "page": page}
            title = gettext("Usage of %(account)s in %(month)s", account=account.number, month=str(month))
            job = attempt(work.order_job, JobName.DETAIL_REPORT, params, title)
            return redirect(url_for("JobsPage.show", job_id=job.id))
        return self.render_template(
            "office/usage_detail.html",
            title=gettext("Detail of usage"),
            account=account,
            month=month,
            months=[(str(one), cells.month(one.first_day)) for one in (this.shift(-back) for back in range(24))],
        )
