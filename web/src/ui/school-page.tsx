import type { ComponentChildren } from "preact";
import { s } from "../i18n/school/index.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { usePageTitle } from "./page.tsx";

/** A page of the school: its heading, what can be done there, its parts. */
export function SchoolPage(props: {
  title: string;
  heading?: string | undefined;
  lead?: string;
  back?: string;
  tools?: ComponentChildren;
  testId?: string;
  children: ComponentChildren;
}) {
  usePageTitle(props.title);
  return (
    <div class="school-page" data-testid={props.testId}>
      <header class="form">
        {props.back && (
          <Link class="school-page__back" href={props.back}>
            <Icon name="chevron" size={20} />
            {s().common.back}
          </Link>
        )}
        <div class="school-page__head">
          <h1>{props.heading ?? props.title}</h1>
          {props.tools && <div class="school-page__tools">{props.tools}</div>}
        </div>
        {props.lead && <p class="school-page__lead">{props.lead}</p>}
      </header>
      {props.children}
    </div>
  );
}
