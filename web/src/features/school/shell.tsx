import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { s } from "../../i18n/school/index.ts";
import { pathname } from "../../navigation.ts";
import type { SchoolPage } from "../../route.ts";
import { Select } from "../../ui/form.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Link } from "../../ui/link.tsx";
import { Logo } from "../../ui/picture.tsx";
import { LanguageSwitch, ThemeSwitch } from "../../ui/switches.tsx";
import { sectionsOf } from "./sections.ts";
import { chooseOrganisation, organisations, place } from "./session.ts";
import "../../ui/parts.css";
import "./school.css";

/** The frame of all pages of the school: a menu at the side, on phones at the bottom. */
export function Shell(props: { current: SchoolPage | "home"; children: ComponentChildren }) {
  const here = place.value;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const path = pathname.value;
  useEffect(() => {
    // Readers that do not see hear where they are now.
    if (!first.current) main.current?.focus({ preventScroll: true });
    first.current = false;
  }, [path]);
  return (
    <div class="shell">
      <a class="skip-link" href="#content">
        {t().common.skipToContent}
      </a>
      <header class="shell__header">
        <Link class="shell__brand" href="/">
          <Logo />
          <span>{here?.organisation.name ?? t().productName}</span>
        </Link>
        <LanguageSwitch />
        <ThemeSwitch />
        <Link
          class={`icon-button shell__account ${props.current === "account" ? "icon-button--current" : ""}`}
          href="/account"
          current={props.current === "account"}
          testId="account-link"
        >
          <Icon name="person" />
          <span class="visually-hidden">{s().nav.account}</span>
        </Link>
      </header>
      {here && <Menu current={props.current} />}
      <main class="shell__main" id="content" tabIndex={-1} ref={main}>
        {props.children}
      </main>
    </div>
  );
}

function Menu({ current }: { current: SchoolPage | "home" }) {
  const m = s().nav;
  const all = organisations.value;
  const here = place.value;
  if (!here) return null;
  return (
    <nav class="menu" aria-label={m.label}>
      {all.length > 1 && (
        <div class="menu__organisation">
          <Select
            label={m.organisation}
            value={here.organisation.id}
            options={all.map(({ id, name }) => [id, name] as const)}
            onChoose={chooseOrganisation}
          />
        </div>
      )}
      <ul class="menu__items">
        {sectionsOf(here.roles).map((section) => (
          <li key={section.name} class={section.wide ? "menu__wide" : undefined}>
            <Link
              href={section.path}
              class="menu__item"
              current={current === section.name}
              testId={`nav-${section.name}`}
            >
              <Icon name={section.icon} />
              <span>{m[section.name as keyof typeof m]}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
