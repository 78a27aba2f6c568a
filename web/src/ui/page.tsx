import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { Link } from "./link.tsx";
import { Clearing, Logo } from "./picture.tsx";
import { LanguageSwitch, ThemeSwitch } from "./switches.tsx";

/** Sets the title of the browser's tab, which screen readers announce as the page's name. */
export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}

export function Page(props: { children: ComponentChildren; aside?: ComponentChildren; homeLink?: boolean }) {
  const brand = (
    <>
      <Logo />
      <span>{t().productName}</span>
    </>
  );
  return (
    <div class="page">
      <header class="page__header">
        {props.homeLink ? (
          <Link class="page__brand" href="/">
            {brand}
          </Link>
        ) : (
          <div class="page__brand">{brand}</div>
        )}
        {props.aside}
        <LanguageSwitch />
        <ThemeSwitch />
      </header>
      <main class="page__main">{props.children}</main>
    </div>
  );
}

/** One calm message in the middle of the page: what happened and what to do. */
export function MessagePage(props: {
  pageTitle: string;
  heading: string;
  text: readonly string[];
  children?: ComponentChildren;
  testId?: string;
}) {
  usePageTitle(props.pageTitle);
  return (
    <Page>
      <section class="message" data-testid={props.testId}>
        <Clearing class="message__picture" />
        <h1>{props.heading}</h1>
        {props.text.map((line) => (
          <p key={line}>{line}</p>
        ))}
        {props.children}
      </section>
    </Page>
  );
}
