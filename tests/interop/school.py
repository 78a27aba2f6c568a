"""The school's pages as people use them: the steps that several journeys share."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from .server import RunningServer

PASSWORD = "a forest of firs"


def setup_path(server: RunningServer) -> str:
    """Path of the link for the first head that the server printed."""
    match = re.search(r"http://localhost:\d+(/setup#code=\S+)", server.text())
    assert match is not None, server.text()
    return match[1]


async def fill(page: Page, **values: str) -> None:
    """Fields of a form by name."""
    for name, value in values.items():
        await page.get_by_test_id(f"field-{name}").fill(value)


async def set_up(page: Page, server: RunningServer) -> None:
    """Makes the head with the console's link, and is signed in."""
    await page.goto(server.http + setup_path(server))
    person = {"name": "Анна Павловна", "email": "head@example.org", "password": PASSWORD}
    await fill(page, organisation="Детский сад «Поляна»", **person)
    await page.get_by_test_id("submit").click()
    await expect(page.get_by_test_id("home")).to_be_visible(timeout=15_000)


async def register(page: Page, server: RunningServer, name: str, email: str) -> None:
    """Asks for a teacher's role, and waits for its confirmation."""
    await page.goto(server.http + "/register")
    await fill(page, name=name, email=email, password=PASSWORD)
    await page.get_by_test_id("submit").click()
    await expect(page.get_by_test_id("waiting")).to_be_visible(timeout=15_000)


async def sign_in(page: Page, server: RunningServer, email: str) -> None:
    await page.goto(server.http + "/sign-in")
    await fill(page, email=email, password=PASSWORD)
    await page.get_by_test_id("submit").click()
    await expect(page.locator(".shell")).to_be_visible(timeout=15_000)


async def confirm(page: Page) -> None:
    """The head confirms the first request of the list."""
    await page.get_by_test_id("confirm-role").first.click()
    await page.get_by_test_id("confirm-action").click()
    await expect(page.get_by_test_id("confirm-dialog")).to_be_hidden(timeout=10_000)
