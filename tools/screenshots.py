"""Make the pictures of README.md from a running demo: `make run` in one terminal, `make screenshots` in another."""

import os
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

BASE = os.environ.get("KABINET_URL", "http://127.0.0.1:8080")
PASSWORD = os.environ.get("DEMO_PASSWORD", "kabinet-demo")
FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
DESK, TALL, PHONE = (1280, 860), (1440, 1200), (390, 844)
# (file, person, window, path or the link text to follow from it)
PICTURES = (
    ("office-home", "admin", DESK, "/", ""),
    ("office-company", "admin", TALL, "/?q=orion", "company"),
    ("cabinet-home", "owner", DESK, "/", ""),
    ("cabinet-phone", "owner", PHONE, "/", ""),
)


def browser(size: tuple[int, int]) -> webdriver.Chrome:
    """A headless Chromium of that size that talks to nobody else."""
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    quiet = "headless=new no-sandbox disable-gpu disable-quic no-first-run disable-background-networking"
    for word in (*quiet.split(), "disable-component-update", "disable-sync", f"window-size={size[0]},{size[1]}"):
        options.add_argument(f"--{word}")
    options.add_argument(f"--user-data-dir={tempfile.mkdtemp()}")
    if size == PHONE:
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": {"width": 390, "height": 844}})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def sign_in(page: webdriver.Chrome, who: str) -> None:
    """As a person of the demo, reading English."""
    page.get(f"{BASE}/login/")
    page.find_element(By.NAME, "username").send_keys(who)
    page.find_element(By.NAME, "password").send_keys(PASSWORD)
    page.find_element(By.CSS_SELECTOR, "form [type=submit]").click()
    time.sleep(1)
    page.get(f"{BASE}/lang/en")


def take(name: str, who: str, size: tuple[int, int], path: str, follow: str) -> None:
    """One picture."""
    page = browser(size)
    try:
        sign_in(page, who)
        page.get(BASE + (orion_page(page) if follow == "company" else path))
        time.sleep(1)
        FOLDER.mkdir(parents=True, exist_ok=True)
        page.save_screenshot(str(FOLDER / f"{name}.png"))
    finally:
        page.quit()


def orion_page(page: webdriver.Chrome) -> str:
    """The path of the company «orion» as the search box finds it."""
    page.get(f"{BASE}/")
    box = page.find_element(By.CSS_SELECTOR, "input[type=search]")
    box.send_keys("orion\n")
    time.sleep(1)
    links = page.find_elements(By.CSS_SELECTOR, "main a[href*='companies/show/']")
    return links[0].get_attribute("href").removeprefix(BASE) if links else page.current_url.removeprefix(BASE)


if __name__ == "__main__":
    for picture in PICTURES:
        take(*picture)
        sys.stdout.write(f"{picture[0]}\n")
