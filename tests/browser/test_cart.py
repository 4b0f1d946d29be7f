"""A stranger fills a cart with mouse and keyboard, and finds it again as a customer."""

import datetime as dt
import os
from decimal import Decimal as D

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from app import models as m
from tests import makers

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


def shot(browser, name):
    if os.environ.get("CART_SHOTS"):
        browser.save_screenshot(f"{os.environ['CART_SHOTS']}/{name}.png")


@pytest.mark.covers("SMC-46", "SMC-47")
def test_a_stranger_looks_into_the_cart_by_mouse_and_by_keyboard(browser, live_server, session, server):
    browser.set_page_load_timeout(240)
    wait = WebDriverWait(browser, 60)
    browser.get(f"{live_server}/shop/product/{server}")
    browser.find_element(By.CSS_SELECTOR, "form.shop-order button[type=submit]").click()
    wait.until(lambda b: b.current_url.endswith("/cart/"))
    shot(browser, "cart")
    menu = browser.find_element(By.CSS_SELECTOR, "[data-kb-cart]")
    assert "(1)" in menu.find_element(By.TAG_NAME, "summary").get_attribute("aria-label")
    ActionChains(browser).move_to_element(menu).perform()
    wait.until(lambda b: "Server S" in menu.text)
    shot(browser, "mini")
    look = menu.find_element(By.CSS_SELECTOR, "[data-kb-cart-look]")
    assert look.find_element(By.CSS_SELECTOR, "a.btn").get_attribute("href").endswith("/cart/")
    browser.get(f"{live_server}/shop/")
    summary = browser.find_element(By.CSS_SELECTOR, "[data-kb-cart] summary")
    browser.execute_script("arguments[0].focus()", summary)
    summary.send_keys(Keys.ENTER)
    wait.until(lambda b: "Server S" in b.find_element(By.CSS_SELECTOR, "[data-kb-cart-look]").text)
    summary.send_keys(Keys.ESCAPE)
    wait.until(lambda b: b.find_element(By.CSS_SELECTOR, "[data-kb-cart]").get_attribute("open") is None)
    browser.get(f"{live_server}/cart/")
    browser.find_element(By.NAME, "chosen").click()
    wait.until(lambda b: not b.find_element(By.CSS_SELECTOR, 'button[value="checkout"]').is_enabled())
    browser.find_element(By.NAME, "chosen").click()
    wait.until(lambda b: b.find_element(By.CSS_SELECTOR, 'button[value="checkout"]').is_enabled())
    if os.environ.get("CART_SHOTS"):
        browser.get(f"{live_server}/cart/?details=all")
        shot(browser, "details")
        browser.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        )
        shot(browser, "dark")
        browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 1500, "deviceScaleFactor": 1, "mobile": True}
        )
        browser.get(f"{live_server}/cart/?details=all")
        shot(browser, "phone")
        browser.get(browser.find_element(By.CSS_SELECTOR, ".cart-deeds a").get_attribute("href"))
        shot(browser, "edit")
