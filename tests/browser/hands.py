"""Eyes and hands of a person at a browser: each waits until the page has come, as a person would."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests import makers

T = TypeVar("T")
PATIENCE = 30  # seconds until a page that has not come is a failure


def eventually(browser: Any, look: Callable[[], T]) -> T:
    """What `look` gives as soon as it is something; a page that gives way to the next one is looked at again."""
    from selenium.common.exceptions import WebDriverException

    end, trouble = time.monotonic() + PATIENCE, None
    while time.monotonic() < end:
        try:
            if seen := look():
                return seen
        except WebDriverException as error:
            trouble = error
        time.sleep(0.1)
    raise AssertionError(f"{browser.current_url} never came to it:\n{page(browser)[:3000]}") from trouble


@contextmanager
def leaving(browser: Any) -> Iterator[None]:
    """What is done inside leads to another page: go on when that one is whole."""
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.common.by import By

    before = browser.find_element(By.TAG_NAME, "html")

    def is_gone() -> bool:
        try:
            return not before.is_enabled()
        except WebDriverException:
            return True

    yield
    eventually(browser, is_gone)
    eventually(browser, lambda: browser.execute_script("return document.readyState") == "complete")


def page(browser: Any) -> str:
    """The words that are shown, spaces made plain."""
    shown = browser.execute_script("return document.body ? document.body.innerText : ''")
    return str(shown).replace("\xa0", " ").replace("\u202f", " ")


def see(browser: Any, *words: str) -> str:
    """Wait until the page shows all these words; what it shows then."""

    def shown() -> str:
        text = page(browser)
        return text if all(word in text for word in words) else ""

    return eventually(browser, shown)


def click(browser: Any, text: str, within: str = "", stays: bool = False) -> None:
    """Click the link or button of these words, inside what `within` selects; wait for the page it leads to."""
    press(browser, ", ".join(f"{within} {one}" for one in ("a", "button", "summary")), text, stays)


def press(browser: Any, css: str, text: str = "", stays: bool = False) -> None:
    """Click the first shown thing that `css` selects and `text` names; `stays`: it leads to no other page."""
    from selenium.webdriver.common.by import By

    def press_it() -> bool:
        shown = [one for one in browser.find_elements(By.CSS_SELECTOR, css) if one.is_displayed()]
        said = [(one, " ".join(one.text.split())) for one in shown]
        wanted = [one for one, words in said if words == text] or [one for one, words in said if text in words]
        if not wanted:
            return False
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", wanted[0])
        wanted[0].click()
        return True

    if stays:
        eventually(browser, press_it)
        return
    with leaving(browser):
        eventually(browser, press_it)


def fill(browser: Any, name: str, value: str | Path) -> None:
    """Write into the field of a name; a date is set, a file is chosen, a list's value selected."""
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import Select

    def fill_it() -> bool:
        field = browser.find_element(By.NAME, name)
        if field.tag_name == "select":
            Select(field).select_by_value(str(value))
        elif field.get_attribute("type") in ("date", "month"):
            browser.execute_script("arguments[0].value = arguments[1]", field, value)
        elif field.get_attribute("type") == "file":
            field.send_keys(str(value))
        else:
            field.clear()
            field.send_keys(value)
        return True

    eventually(browser, fill_it)


def choose(browser: Any, name: str, value: str) -> None:
    """Choose a value of a field by name, as a click on its label would."""
    find = "const it = document.querySelector(`[name='${arguments[0]}'][value='${arguments[1]}']`);"
    eventually(browser, lambda: browser.execute_script(f"{find} it?.click(); return !!it", name, value))


def is_chosen(browser: Any, name: str, value: str) -> bool:
    """Whether that value of a field is the chosen one."""
    asked = "return document.querySelector(`[name='${arguments[0]}'][value='${arguments[1]}']`).checked"
    return bool(browser.execute_script(asked, name, value))


def written(browser: Any, name: str) -> str:
    """What stands in the field of a name."""
    return str(browser.execute_script("return document.querySelector(`[name='${arguments[0]}']`).value", name))


def sign_in(browser: Any, server: str, name: str) -> None:
    """Sign in as a person whose password is the makers' one."""
    browser.get(f"{server}/login/")
    fill(browser, "username", name)
    fill(browser, "password", makers.PASSWORD)
    with leaving(browser):
        browser.execute_script("document.querySelector('[name=password]').form.requestSubmit()")


def take_a_phone(browser: Any) -> None:
    """Look at pages as on a telephone 390 points wide."""
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def fits_the_screen(browser: Any) -> bool:
    """Whether nothing of the page is wider than a telephone."""
    return bool(browser.execute_script("return document.documentElement.scrollWidth <= 390"))
