"""The school's pages in Firefox: the first head plans a lesson, asks for a consent, and looks at the journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from .firefox import firefox
from .school import PASSWORD, setup_path
from .server import running_server

pytestmark = [pytest.mark.interop, pytest.mark.browser, pytest.mark.timeout(120)]
SHOWN = "(id) => !!document.querySelector(`[data-testid=${id}]`)"
SAYS = "(id, text) => (document.querySelector(`[data-testid=${id}]`)?.textContent ?? '').includes(text)"
PLAN = {"title": "Sounds and letters", "date": "2030-01-15", "time": "10:00"}


async def test_pages_in_firefox(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    profile.mkdir()
    with running_server(tmp_path / "server") as server:
        async with firefox(profile) as fox:
            await fox.goto(server.http + setup_path(server))
            person = {"name": "Anna", "email": "head@example.org", "password": PASSWORD}
            for name, text in ({"organisation": "Glade"} | person).items():
                await fox.fill(f"field-{name}", text)
            await fox.click("submit")
            await fox.until(SHOWN, "home")

            await fox.click("nav-lessons")
            await fox.click("plan-lesson")
            for name, text in PLAN.items():
                await fox.fill(f"field-{name}", text)
            await fox.click("save-lesson")
            await fox.until("() => !document.querySelector('dialog')")

            await fox.click("nav-families")
            await fox.goto(server.http + "/consents")
            await fox.click("publish-processing")
            await fox.fill("field-text", "We ask for your consent.")
            await fox.click("publish-document")
            await fox.until(SAYS, "consent-processing", "version 1")

            await fox.goto(server.http + "/journal")
            await fox.until(SAYS, "journal-page", "There are no entries for this month.")
            await fox.goto(server.http + "/data")
            await fox.until(SAYS, "data-page", "365 days")
            await fox.goto(server.http + "/audit")
            await fox.until(SAYS, "audit-page", "Consent document published")
            await fox.goto(server.http + "/account")
            await fox.until(
                """() => {
                    const contrast = document.querySelector('[data-testid=account-contrast]');
                    if (!contrast) return false;
                    contrast.value = 'more';
                    contrast.dispatchEvent(new Event('change', { bubbles: true }));
                    return document.documentElement.dataset.contrast === 'more';
                }"""
            )
            assert not fox.errors, fox.errors
