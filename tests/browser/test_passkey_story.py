"""A passkey in a real browser: added with a virtual authenticator, then used to sign in without a password."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.models import Passkey
from tests import makers
from tests.browser.test_cabinet_story import fill

pytestmark = pytest.mark.browser


def press(browser: Any, leads_to: str, shows: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    button = browser.find_element(By.CSS_SELECTOR, "[data-passkey-go]")
    WebDriverWait(browser, 20).until(lambda _: button.is_displayed())
    browser.execute_script("arguments[0].click()", button)
    WebDriverWait(browser, 20).until(lambda now: now.current_url.endswith(leads_to) and shows in now.page_source)


@pytest.mark.covers("SMC-34")
def test_olga_adds_a_passkey_and_signs_in_with_it(browser: Any, live_server: str, session: Session) -> None:
    from selenium.webdriver.common.virtual_authenticator import VirtualAuthenticatorOptions

    olga = makers.user(session, Role.OWNER, makers.company(session))
    name = olga.username
    session.commit()
    site = live_server.replace("127.0.0.1", "localhost")  # browsers keep keys for names only
    device = VirtualAuthenticatorOptions()
    device.transport, device.has_resident_key = device.Transport.INTERNAL, True
    device.has_user_verification = device.is_user_verified = True
    browser.add_virtual_authenticator(device)
    browser.get(f"{site}/login/")
    fill(browser, "username", name)
    fill(browser, "password", makers.PASSWORD)
    browser.execute_script("document.querySelector('[name=password]').form.requestSubmit()")
    browser.get(f"{site}/passkeys/")
    fill(browser, "passkey_name", "Laptop")
    press(browser, "/passkeys/", "Last used")
    browser.delete_all_cookies()
    browser.get(f"{site}/login/?next=/profile/safety")
    press(browser, "/profile/safety", "Where you are signed in")
    session.expire_all()
    assert session.query(Passkey).one().used_at is not None
