"""Looks at screens as a strict reader would: axe-core (WCAG 2.2 A and AA, best practice) and what sticks out.

With `SCREENS` naming a folder, pictures of all screens in all variants are left there; without it a few variants are
looked at, which together have both themes, both languages and all sizes.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from .server import ROOT

AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SCREENS = os.environ.get("SCREENS")
RUN = """async (tags) => {
    const found = await axe.run(document, { runOnly: { type: 'tag', values: tags } });
    return found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).join(' | ')}`);
}"""
#: Nothing may stick out to the side: pages scroll in one direction (WCAG 1.4.10).
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
#: Text that is cut off within its own box, where nothing says that it goes on.
CUT = """() => [...document.querySelectorAll('button, h1, h2, h3, p, dt, dd, label, summary, td, th, code')]
    .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1
        && getComputedStyle(e).textOverflow !== 'ellipsis' && getComputedStyle(e).display !== 'inline')
    .map((e) => `${e.tagName} ${e.textContent.slice(0, 60)}`)"""
#: WCAG 2.2, 2.5.8 asks for 24 px, except for links in a sentence; small hands and big thumbs for more.
SMALL = """() => [...document.querySelectorAll('button, summary, input, select, a[href]')]
    .map((e) => [e, e.getBoundingClientRect()])
    .filter(([e, r]) => r.width > 0 && (r.width < 40 || r.height < 40) && getComputedStyle(e).opacity !== '0'
        && getComputedStyle(e).display !== 'inline')
    .map(([e, r]) => `${e.tagName} ${e.textContent || e.ariaLabel} ${Math.round(r.width)}x${Math.round(r.height)}`)"""

Theme = Literal["light", "dark"]
SIZES = {"small": (320, 640), "phone": (390, 844), "lying": (844, 390), "desktop": (1280, 800)}


@dataclass(frozen=True)
class Variant:
    """How a screen is looked at."""

    size: str
    locale: str
    theme: Theme

    def __str__(self) -> str:
        return f"{self.size}-{self.locale[:2]}-{self.theme}"


ALL = [Variant(*each) for each in itertools.product(SIZES, ("ru-RU", "en-GB"), ("light", "dark"))]  # type: ignore[arg-type]
FEW = [
    Variant("small", "ru-RU", "dark"),
    Variant("phone", "en-GB", "light"),
    Variant("lying", "ru-RU", "light"),
    Variant("desktop", "en-GB", "dark"),
]
VARIANTS = ALL if SCREENS else FEW
in_variants = pytest.mark.parametrize("variant", VARIANTS, ids=str)


class Inspector:
    """Goes from screen to screen and collects what is wrong."""

    def __init__(self, page: Page, variant: Variant) -> None:
        self.page = page
        self.variant = variant
        self.faults: list[str] = []

    async def look(self, screen: str) -> None:
        await self.page.wait_for_timeout(300)  # transitions of colours would be measured half way
        found = await self.page.evaluate(RUN, TAGS)
        if (over := await self.page.evaluate(OVERFLOW)) > 0:
            found.append(f"{over} px stick out")
        found += [f"cut off: {text}" for text in await self.page.evaluate(CUT)]
        found += [f"too small to touch: {what}" for what in await self.page.evaluate(SMALL)]
        self.faults += [f"{screen} {self.variant}: {fault}" for fault in found]
        if SCREENS:
            await self.page.screenshot(path=Path(SCREENS) / f"{screen}-{self.variant}.png")

    def check(self) -> None:
        assert not self.faults, "\n".join(self.faults)


async def context_of(browser: Browser, variant: Variant, **options: Any) -> BrowserContext:
    """A context with axe-core in its pages; `options`: of Playwright, in place of the variant's."""
    width, height = SIZES[variant.size]
    chosen: dict[str, Any] = {
        "locale": variant.locale,
        "color_scheme": variant.theme,
        "viewport": {"width": width, "height": height},
        "has_touch": variant.size != "desktop",
        "bypass_csp": True,
        "reduced_motion": "reduce",
    }
    context = await browser.new_context(**(chosen | options))
    await context.add_init_script(path=AXE)
    return context


async def inspector(browser: Browser, variant: Variant, **options: Any) -> Inspector:
    """With camera and microphone allowed, unless `permissions` say otherwise."""
    allowed = {"permissions": ["camera", "microphone"]}
    context = await context_of(browser, variant, **(allowed | options))
    return Inspector(await context.new_page(), variant)
