"""A stranger fills a cart with mouse and keyboard, and finds it again as a customer."""

import datetime as dt
from decimal import Decimal as D

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from app import models as m
from tests import makers
from tests.browser.hands import eventually, press

pytestmark = pytest.mark.browser


@pytest.fixture
def server(session):
    """A server with addresses to choose."""
    seller = makers.seller(session)
    session.add(m.TaxRate(country="UA", category="standard", rate_bp=2000, valid_from=dt.date(2020, 1, 1)))
    plan = makers.plan(session, seller, "600.0000", name="Server S")
    makers.component(
        session, plan, "60.0000", code="ipv4", name="IPv4", unit="pcs", minimum=D(0), maximum=D(8), step=D(1)
    )
    makers.component(session, plan, "0.5", code="gib", name="Traffic", unit="GiB", charged="usage", included=D(5120))
    code = plan.product.code
    session.commit()  # and nothing is read after it: a transaction left open would lock the server out
    return code


@pytest.mark.covers("SMC-46", "SMC-47")
def test_a_stranger_looks_into_the_cart_by_mouse_and_by_keyboard(browser, live_server, session, server):
    def menu(inside=""):
        return browser.find_element(By.CSS_SELECTOR, f"[data-kb-cart] {inside}".strip())

    def may_check_out():
        return browser.find_element(By.CSS_SELECTOR, 'button[value="checkout"]').is_enabled()

    browser.get(f"{live_server}/shop/product/{server}")
    press(browser, "form.shop-order button[type=submit]")
    assert browser.current_url.endswith("/cart/")
    assert "(1)" in menu("summary").get_attribute("aria-label")
    ActionChains(browser).move_to_element(menu()).perform()
    eventually(browser, lambda: "Server S" in menu().text)
    assert menu("[data-kb-cart-look] a.btn").get_attribute("href").endswith("/cart/")

    browser.get(f"{live_server}/shop/")
    browser.execute_script("arguments[0].focus()", menu("summary"))
    menu("summary").send_keys(Keys.ENTER)
    eventually(browser, lambda: "Server S" in menu("[data-kb-cart-look]").text)
    menu("summary").send_keys(Keys.ESCAPE)
    eventually(browser, lambda: menu().get_attribute("open") is None)

    browser.get(f"{live_server}/cart/")
    press(browser, "[name=chosen]")  # the cart is counted anew
    eventually(browser, lambda: not may_check_out())
    press(browser, "[name=chosen]")
    eventually(browser, may_check_out)
