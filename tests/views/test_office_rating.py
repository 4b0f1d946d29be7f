"""The office's pages of tariffs: tables, «try a call», rates from a file, suspended records."""

import datetime as dt
import io
from decimal import Decimal as D

import pytest
import sqlalchemy as sa

from app import models as m
from app.core import clock
from app.services.setup import ensure_defaults
from tests import makers


@pytest.fixture(autouse=True)
def november():
    with clock.standing_at(dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)):
        yield


@pytest.fixture
def tariff(session):
    seller = ensure_defaults(session)
    made = m.Tariff(seller_id=seller.id, code="office", name="Офіс", currency="UAH")
    session.add(made)
    session.flush()
    session.add(m.TariffPrefix(tariff_id=made.id, prefix="380", destination="Україна"))
    session.add(
        m.TariffRate(
            tariff_id=made.id,
            destination="Україна",
            price=D("0.60"),
            connect_fee=D("0.10"),
            increment=1,
            valid_from=dt.date(2026, 1, 1),
        )
    )
    session.commit()
    return made


@pytest.fixture
def office(app, session, tariff):
    who = makers.user(session, "back_office")
    session.commit()
    return makers.sign_in(app.test_client(), who)


def text(answer):
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return answer.get_data(as_text=True)


def post(client, page, address, **fields):
    token = makers._token(text(client.get(page)))
    return client.post(address, data={"csrf_token": token, **fields}, follow_redirects=True)


def test_a_person_tries_a_call_and_sees_how_the_price_came_about(office, tariff):
    page = text(office.get(f"/office/rating/?tariff={tariff.id}&number=0671112233&day=2026-10-05&time=10:00&amount=90"))
    assert "1.00" in page
    assert "Україна" in page
    assert "Working hours" in page
    assert "Connect fee" in page


def test_a_call_without_a_rate_and_nonsense_are_answered_in_words(office, tariff):
    assert "no rate" in text(office.get(f"/office/rating/?tariff={tariff.id}&number=15551234567"))
    page = text(office.get("/office/rating/?tariff=x&number=abc&day=soon&time=25:99&amount=many&kind=song"))
    assert "14:05" in page


def test_tables_of_a_tariff_open_and_a_rate_is_added(office, session, tariff):
    for path in ("tariffs", "tariff-rates", "tariff-prefixes", "tariff-packages"):
        text(office.get(f"/office/{path}/list/"))
    assert "0.60" in text(office.get(f"/office/tariffs/show/{tariff.id}"))
    text(office.get("/office/tariff-rates/add"))


def test_rates_are_taken_from_a_file(office, session, tariff):
    table = io.BytesIO(b"prefix;destination;price\n49;Germany;3.50\nxx;Nowhere;1\n")
    page = text(post(office, "/office/rating/", "/office/rating/rates", tariff=tariff.id, file=(table, "rates.csv")))
    assert "1 rates and 1 prefixes" in page
    assert "Line 3" in page
    assert session.scalar(sa.select(sa.func.count()).select_from(m.TariffRate)) == 2


@pytest.fixture
def waiting(session, tariff):
    row = m.SuspendedUsage(
        source="asterisk",
        source_id="1.1",
        reason="Nobody here has this number, account or customer code.",
        record={"src": "380990000000"},
        line={
            "subscriber_number": "380990000000",
            "service": "voice",
            "quantity": "60",
            "unit": "s",
            "started_at": "2026-10-05T07:00:00+00:00",
        },
        seller_id=tariff.seller_id,
        number="380990000000",
        created_at=clock.now(),
    )
    session.add(row)
    session.commit()
    return row


def test_suspended_records_are_seen_tried_again_and_dropped_with_a_reason(office, session, waiting):
    assert "380990000000" in text(office.get("/office/suspense/?q=38099"))
    page = text(post(office, "/office/suspense/", "/office/suspense/again", record=waiting.id))
    assert "0 records found a place" in page
    assert "Say why" in text(post(office, "/office/suspense/", "/office/suspense/drop", record=waiting.id))
    page = text(post(office, "/office/suspense/", "/office/suspense/drop", record=waiting.id, why="a test line"))
    assert "Nothing waits here" in page
    assert "a test line" in text(office.get("/office/suspense/?state=dropped"))


def test_all_suspended_records_are_tried_again_in_the_background(office, session, waiting):
    post(office, "/office/suspense/", "/office/suspense/again", all="1")
    assert session.scalar(sa.select(m.Job.name).where(m.Job.name == "retry_suspended")) == "retry_suspended"


def test_a_person_of_a_company_finds_none_of_these_pages(app, session, tariff):
    company = makers.company(session)
    client = makers.sign_in(app.test_client(), makers.user(session, "owner", company))
    session.commit()
    for path in ("/office/rating/", "/office/suspense/", f"/office/tariffs/show/{tariff.id}"):
        assert client.get(path).status_code in (403, 404)


@pytest.fixture
def used(session, tariff, office):
    """An account with one rated call in October."""
    seller = session.get_one(m.Seller, tariff.seller_id)
    account = makers.account(session, makers.company(session, seller))
    plan = makers.plan(session, seller)
    part = makers.component(session, plan, code="voice", unit="minute", charged="usage", tariff_id=tariff.id)
    subscription = makers.subscription(session, account, plan)
    session.add(
        m.Usage(
            company_id=account.company_id,
            account_id=account.id,
            subscription_id=subscription.id,
            component_id=part.id,
            source="test",
            source_id="1",
            occurred_at=dt.datetime(2026, 10, 5, 8, tzinfo=dt.UTC),
            day=dt.date(2026, 10, 5),
            quantity=D(1),
            amount=D("0.70"),
            kind="voice",
            time_class="work",
        )
    )
    ids = account.id, account.company_id
    session.commit()
    return ids


def run_jobs(app, session):
    from jobs.context import perform, use

    use(app)
    ids = list(session.scalars(sa.select(m.Job.id).order_by(m.Job.id)))
    session.commit()
    perform("job", ids)
    session.expire_all()
    return list(session.scalars(sa.select(m.Job).order_by(m.Job.id)))


@pytest.mark.parametrize("extent", ["records", "classes"])
def test_staff_and_the_company_order_the_detail_of_a_month(app, session, office, used, extent):
    account_id, company_id = used
    who = makers.user(session, "owner", session.get(m.Company, company_id))
    session.commit()
    address = f"/office/usage-detail/?account={account_id}"
    post(office, address, "/office/usage-detail/", account=account_id, month="2026-10", extent=extent)
    owner = makers.sign_in(app.test_client(), who)
    post(owner, "/my/charges/current", "/my/charges/details", account=account_id, month="2026-10", extent=extent)
    jobs = run_jobs(app, session)
    assert [(job.state, job.result["figures"]["rows"]) for job in jobs] == [("done", 1), ("done", 1)]


def test_a_mapping_tells_on_its_page_how_a_file_is_written(office, session, tariff):
    table = "id;number;length;start;kind\n1;380671110001;3;05-10-26 09.30;call\n".encode("cp1251")
    upload = {"kind": "usage", "seller": tariff.seller_id, "file": (io.BytesIO(table), "odd.csv")}
    shown = post(office, "/office/import/", "/office/import/", **upload)
    address = shown.request.path
    columns = {"source_id": "id", "subscriber_number": "number", "quantity": "length", "started_at": "start",
               "service": "kind"}  # fmt: skip
    told = {"setting-date_format": "%d-%m-%y %H.%M", "setting-unit": "min", "setting-zone": "UTC"}
    page = post(office, address, f"{address}/mapping", **{f"column-{k}": v for k, v in columns.items()}, **told)
    assert "%d-%m-%y %H.%M" in text(page)
    batch = session.scalars(sa.select(m.ImportBatch)).one()
    assert (batch.accepted, batch.rejected) == (1, 0)
    assert batch.mapping["settings"]["unit"] == "min"


@pytest.mark.parametrize(
    ("odd", "sentence"),
    [
        ({"price": "-1"}, "zero or more"),
        ({"per": "0"}, "are 1 or more"),
        ({"increment": "0"}, "are 1 or more"),
        ({"decimals": "5"}, "from 0 to 4 decimals"),
        ({"minimum": "3", "maximum": "2"}, "not above the most"),
    ],
)
def test_a_rate_nothing_is_priced_by_is_refused_in_a_sentence(office, session, tariff, odd, sentence):
    fields = {"tariff": tariff.id, "kind": "voice", "valid_from": "2026-01-01"} | {"price": "1", "connect_fee": "0"}
    fields |= {
        "per": "60",
        "first_increment": "60",
        "increment": "60",
        "rounding": "up",
        "decimals": "4",
        "weight": "0",
    }
    page = text(post(office, "/office/tariff-rates/add", "/office/tariff-rates/add", **{**fields, **odd}))
    assert sentence in page and session.scalar(sa.select(sa.func.count()).select_from(m.TariffRate)) == 1


def test_the_price_of_a_step_is_words_and_not_markup(office, tariff):
    page = text(office.get(f"/office/rating/?tariff={tariff.id}&kind=voice&number=380671112233&amount=90"))
    assert "0.60 for 60" in page and "&lt;span" not in page
