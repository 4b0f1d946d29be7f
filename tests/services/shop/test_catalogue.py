"""The catalogue: shelves that follow what is sold, categories with counters, searching and ordering."""

import datetime as dt
import io
from decimal import Decimal

import pytest
import sqlalchemy as sa
from PIL import Image
from sqlalchemy.orm import Session

from app import models as m
from app.core import clock
from app.core.actor import Actor
from app.core.errors import NotFound, Refused
from app.imports.fields import ImportKind
from app.rules.parameters import Range
from app.rules.pricing import Price
from app.rules.shelves import Priced, Tag, periods_of, tag_of
from app.services import finding, setup
from app.services.importing import batches
from app.services.shop import catalogue, pictures, shelves
from app.services.shop.catalogue import Asked
from tests import makers

DAY = dt.date(2026, 11, 10)


@pytest.fixture(autouse=True)
def standing():
    with clock.standing_at(DAY):
        yield


def category(session: Session, code: str, name: str, **more) -> m.Category:
    return makers._put(session, m.Category(code=code, name=name, **more))


def product(
    session: Session, seller: m.Seller, name: str, price: str = "100.0000", shelf: m.Category | None = None, **more
):
    """A product with one plan; its plan is returned."""
    plan = makers.plan(session, seller, price=price, **more)
    plan.product.name = name
    plan.product.category_id = shelf.id if shelf else None
    session.flush()
    return plan


def names(
    session: Session, seller: m.Seller, *, code: str = "", locale: str = "uk", currency: str = "", **asked
) -> list[str]:
    front = catalogue.open_front(session, seller, currency, locale)
    tree = catalogue.tree_of(session, front)
    branch = tree.find(code) if code else None
    return [card.shelf.name for card in catalogue.list_products(session, front, tree, branch, Asked(**asked)).cards]


def test_prices_on_cards_say_what_they_are_of():
    cpu = Priced(
        "period", Price("per_unit", Decimal(210)), Range("cpu", "", "", Decimal(2), Decimal(8), Decimal(1), Decimal(2))
    )
    fee = Priced("period", Price("flat", Decimal(90)))
    tokens = Priced("usage", Price("per_unit", Decimal(85), 1_000_000), unit="tokens")
    setup_fee = Priced("once", Price("flat", Decimal(1500)))

    assert tag_of([cpu, fee, tokens, setup_fee], 12, 2000) == Tag(Decimal("612.0000"), 12)  # (2 × 210 + 90) with 20 %
    assert tag_of([tokens], 1, 0) == Tag(Decimal("85.0000"), 0, 1_000_000, "tokens")
    assert tag_of([setup_fee], 1, 0) == Tag(Decimal("1500.0000"), 0)
    assert tag_of([fee], 1, 0, trial_days=30) == Tag(Decimal(0), 1)
    assert tag_of([fee, Priced("period", None)], 1, 0) is None  # a part without a price cannot be sold
    assert tag_of([fee, Priced("usage", None, is_rated=True)], 1, 0) is not None  # a tariff prices its records
    assert tag_of([], 1, 0) is None
    assert (periods_of(1), periods_of(12), periods_of(24), periods_of(1, 30)) == ((1, 3, 6, 12), (12,), (24,), (1,))


@pytest.mark.covers("SMC-42")
def test_categories_count_their_products_and_those_below(session):
    seller, other = makers.seller(session), makers.seller(session)
    cloud = category(session, "cloud", "Хмарні продукти", position=1)
    servers = category(session, "servers", "Сервери", parent_id=cloud.id)
    category(session, "empty", "Порожня")
    books = category(session, "books", "Книги", position=2, translations={"en": {"name": "Books"}})
    for n in range(3):
        product(session, seller, f"Сервер {n}", shelf=servers)
    product(session, seller, "Хмара", shelf=cloud)
    product(session, seller, "Книга", shelf=books)
    product(session, seller, "Без полиці")
    product(session, other, "Чуже", shelf=cloud)
    off = product(session, seller, "Знято з продажу", shelf=cloud)
    off.product.is_on_sale = False
    shelves.stock(session, seller.id)
    shelves.stock(session, other.id)

    front = catalogue.open_front(session, seller, "", "en")
    tree = catalogue.tree_of(session, front)
    assert [(b.name, b.count, b.depth) for b in tree.branches] == [
        ("Хмарні продукти", 4, 0),
        ("Сервери", 3, 1),
        ("Books", 1, 0),
    ]
    assert tree.total == 6
    assert [b.code for b in tree.path(tree.find("servers"))] == ["cloud", "servers"]
    assert len(names(session, seller, code="cloud")) == 4
    assert names(session, seller, code="books") == ["Книга"]
    with pytest.raises(NotFound):
        tree.find("empty")


@pytest.mark.covers("SMC-43")
def test_lists_are_ordered_and_cut_into_pages(session):
    seller = makers.seller(session)
    for name, price, position in (("Б", "30.0000", 2), ("А", "10.0000", 3), ("В", "20.5000", 1)):
        product(session, seller, name, price).product.position = position
    shelves.stock(session, seller.id)

    assert names(session, seller, order="position") == ["В", "Б", "А"]
    assert names(session, seller, order="name") == ["А", "Б", "В"]
    assert names(session, seller, order="cheap") == ["А", "В", "Б"]
    assert names(session, seller, order="dear") == ["Б", "В", "А"]
    assert names(session, seller, order="new") == ["В", "А", "Б"]
    for order in catalogue.ORDERS:  # pages behind the middle are reached from the end
        pages = [names(session, seller, order=order, page=number, size=1) for number in (1, 2, 3)]
        assert sum(pages, []) == names(session, seller, order=order)
    front = catalogue.open_front(session, seller, "", "uk")
    leaf = catalogue.list_products(session, front, catalogue.tree_of(session, front), None, Asked(page=99, size=2))
    assert ([c.shelf.name for c in leaf.cards], leaf.page, leaf.pages, leaf.first, leaf.last) == (["А"], 2, 2, 3, 3)


@pytest.mark.covers("SMC-44")
@pytest.mark.parametrize("walked", [0, 10_000])
def test_words_are_found_in_any_case_before_and_after_they_are_worked_in(session, monkeypatch, walked):
    monkeypatch.setattr(catalogue, "WALKED", walked)
    seller = makers.seller(session)
    server = product(session, seller, "Віртуальний сервер «Їжак»")
    server.product.translations = {"en": {"name": "Virtual server Hedgehog", "description": "runs at once"}}
    product(session, seller, "Сервер для пошти")
    product(session, seller, "100% знижка_тут")
    shelves.stock(session, seller.id)

    for _ in range(2):
        assert names(session, seller, words="їжак") == ["Віртуальний сервер «Їжак»"]
        assert names(session, seller, words="СЕРВЕР віртуал") == ["Віртуальний сервер «Їжак»"]
        assert sorted(names(session, seller, words="сервер")) == ["Віртуальний сервер «Їжак»", "Сервер для пошти"]
        assert names(session, seller, words="hedgehog", locale="en") == ["Virtual server Hedgehog"]
        assert names(session, seller, words="їжак", locale="en") == ["Virtual server Hedgehog"]  # its own name is known
        assert names(session, seller, words="% зн") == ["100% знижка_тут"]
        assert names(session, seller, words=server.product.code)[:1] == ["Віртуальний сервер «Їжак»"]
        assert names(session, seller, words="нічого такого") == []
        while finding.catch_up(session):
            pass


def test_a_product_not_sold_in_the_chosen_currency_is_shown_in_its_own_and_last(session):
    seller = makers.seller(session)
    both = product(session, seller, "В обох", "100.0000")
    dollars = makers.plan(session, seller, price="3.0000", currency="USD")
    dollars.product_id = both.product_id
    product(session, seller, "Лише гривні", "1.0000")
    shelves.stock(session, seller.id)

    front = catalogue.open_front(session, seller, "USD", "uk")
    assert (front.currency, front.currencies) == ("USD", ("UAH", "USD"))
    leaf = catalogue.list_products(session, front, catalogue.tree_of(session, front), None, Asked(order="cheap"))
    assert [(c.shelf.name, c.shelf.currency, c.shelf.price, c.shelf.is_foreign) for c in leaf.cards] == [
        ("В обох", "USD", Decimal("3.0000"), False),
        ("Лише гривні", "UAH", Decimal("1.0000"), True),
    ]
    assert catalogue.open_front(session, seller, "XXX", "uk").currency == "UAH"
    ware = catalogue.show_product(session, front, both.product.code)
    assert [offer.plan.currency for offer in ware.offers] == ["USD"]


def test_a_price_that_begins_on_a_day_stands_on_its_card_that_day(session):
    seller = makers.seller(session)
    plan = product(session, seller, "Хмара", "100.0000")
    old = plan.components[0].prices[0]
    old.valid_to = DAY + dt.timedelta(days=5)
    makers._put(
        session,
        m.PriceVersion(component_id=plan.components[0].id, valid_from=old.valid_to, unit_price=Decimal("140.0000")),
    )
    shelves.stock(session, seller.id)
    card = sa.select(m.Shelf.price)

    assert session.scalars(card).all() == [Decimal("100.0000")]
    assert sum(shelves.restock(session, seller.id)) == 0  # nothing differs, nothing is written
    with clock.standing_at(old.valid_to):
        assert sum(shelves.restock(session, seller.id)) == 1
    session.expire_all()
    assert session.scalars(card).all() == [Decimal("140.0000")]


def test_prices_without_tax_are_shown_with_it(session):
    setup.ensure_tax_rates(session)
    seller = makers.seller(session)
    product(session, seller, "Хмара", "100.0000", tax_included=False)
    shelves.stock(session, seller.id)
    assert session.scalars(sa.select(m.Shelf.price)).all() == [Decimal("120.0000")]


def test_what_cannot_be_bought_leaves_the_shelves(session):
    seller = makers.seller(session)
    plan = product(session, seller, "Хмара")
    options = product(session, seller, "Послуги лінії", for_subscribers=True)
    shelves.stock(session, seller.id)
    assert names(session, seller) == ["Хмара"]
    plan.is_on_sale = False
    shelves.stock(session, seller.id, [plan.product_id, options.product_id])
    front = catalogue.open_front(session, seller, "", "uk")
    assert (catalogue.tree_of(session, front).total, front.counters) == (0, {})
    plan.is_on_sale = True
    shelves.stock(session, seller.id, [plan.product_id])
    assert catalogue.tree_of(session, catalogue.open_front(session, seller, "", "uk")).total == 1
    shelves.forget(session, plan.product_id)
    assert catalogue.tree_of(session, catalogue.open_front(session, seller, "", "uk")).total == 0
    plan.is_on_sale = False
    with pytest.raises(NotFound):
        catalogue.show_offer(session, front, plan.id)
    with pytest.raises(NotFound):
        catalogue.show_offer(session, front, options.id)


def test_a_shop_of_nothing_is_empty_and_whole(session):
    seller = makers.seller(session)
    shelves.stock(session, seller.id)
    front = catalogue.open_front(session, seller, "USD", "uk")
    assert (front.window_id, front.currency) == (None, seller.currency)
    tree = catalogue.tree_of(session, front)
    assert catalogue.list_products(session, front, tree, None, Asked(words="а")).cards == []


def test_a_visitor_is_in_the_shop_of_their_company_or_of_newcomers(session):
    first, polish = makers.seller(session), makers.seller(session, country="PL", currency="PLN")
    company = makers.company(session, polish)
    person = Actor(1, "Ольга", company_id=company.id)
    assert catalogue.seller_of_visit(session, person) is polish
    assert catalogue.seller_of_visit(session, None) is first
    assert catalogue.seller_of_visit(session, None, "PL") is polish


def test_a_product_says_its_parameters_and_what_comes_with_it(session):
    seller = makers.seller(session)
    plan = product(session, seller, "DNS", "250.0000")
    part = makers.component(
        session, plan, "5.0000", code="domains", name="Ліміт доменів", unit="шт", minimum=Decimal(10),
        maximum=Decimal(100), step=Decimal(10), translations={"pl": {"name": "Limit domen", "unit": "szt."}},
    )  # fmt: skip
    session.expire(plan)
    front = catalogue.open_front(session, seller, "", "pl")
    offer = catalogue.show_product(session, front, plan.product.code).offers[0]
    (slider,) = offer.parameters
    assert (slider.code, slider.name, slider.unit) == (part.code, "Limit domen", "szt.")
    assert (slider.start, slider.minimum, slider.maximum, slider.step) == (10, 10, 100, 10)
    assert [one.name for one in offer.others] == ["Абонплата"]


def test_an_imported_price_list_stands_in_its_categories(session, tmp_path):
    seller = makers.seller(session)
    path = tmp_path / "prices.csv"
    path.write_text(
        "Артикул;Назва;Категорія;Ціна;Валюта\nS-1;Сервер малий;Сервери;100,50;UAH\nB-1;Книга;Книги;20;UAH\n", "utf-8"
    )
    actor = Actor.system()
    batch, shown = batches.preview_file(session, actor, ImportKind.CATALOG, path, path.name, seller_id=seller.id)
    assert shown.good == 2
    while batches.apply_batch(session, actor, batch.id, path).left:
        pass
    front = catalogue.open_front(session, seller, "", "uk")
    tree = catalogue.tree_of(session, front)
    assert [(b.name, b.count) for b in tree.branches] == [("Книги", 1), ("Сервери", 1)]


def picture(side: int = 40, fmt: str = "PNG") -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(out, fmt)
    out.seek(0)
    return out


def test_pictures_are_written_anew_and_nothing_else_is_kept(tmp_path):
    raw = picture()
    raw = io.BytesIO(raw.getvalue() + b"<script>alert(1)</script>")
    digest = pictures.keep(tmp_path, raw)
    kept = pictures.find(tmp_path, digest)
    assert Image.open(kept).format == "WEBP" and b"script" not in kept.read_bytes()
    big = pictures.find(tmp_path, pictures.keep(tmp_path, picture(1200, "JPEG")))
    assert max(Image.open(big).size) == pictures.SIDE
    for bad in (b"<svg xmlns='x'/>", b"", picture(40, "GIF").getvalue(), picture().getvalue()[:60]):
        with pytest.raises(Refused):
            pictures.keep(tmp_path, io.BytesIO(bad))
    with pytest.raises(Refused):
        pictures.keep(tmp_path, io.BytesIO(b"\x89PNG" + b"0" * (2 * 1024 * 1024)))
    for strange in ("../../etc/passwd", "0" * 64, "x" * 64):
        with pytest.raises(NotFound):
            pictures.find(tmp_path, strange)
