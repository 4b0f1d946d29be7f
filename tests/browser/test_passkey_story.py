"""A passkey in a real browser: added with a virtual authenticator, then used to sign in without a password."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.access.roles import Role
from app.models import Passkey
from tests import makers
from tests.browser.hands import fill, press, see, sign_in

pytestmark = pytest.mark.browser


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
    sign_in(browser, site, name)
    browser.get(f"{site}/passkeys/")
    fill(browser, "passkey_name", "Laptop")
    press(browser, "[data-passkey-go]", stays=True)
    see(browser, "Last used")
    browser.delete_all_cookies()
    browser.get(f"{site}/login/?next=/profile/safety")
    press(browser, "[data-passkey-go]", stays=True)
    see(browser, "Where you are signed in")
    session.expire_all()
    assert session.query(Passkey).one().used_at is not None
