import type { ComponentChildren } from "preact";
import { Page, usePageTitle } from "../../ui/page.tsx";
import "../../ui/parts.css";

/** One form in the middle of the page. */
export function EntranceFrame(props: {
  pageTitle: string;
  heading: string;
  lead: string;
  foot?: ComponentChildren;
  children: ComponentChildren;
}) {
  usePageTitle(props.pageTitle);
  return (
    <Page homeLink>
      <div class="entrance">
        <header class="entrance__head">
          <h1>{props.heading}</h1>
          <p>{props.lead}</p>
        </header>
        {props.children}
        {props.foot && <footer class="entrance__foot">{props.foot}</footer>}
      </div>
    </Page>
  );
}
