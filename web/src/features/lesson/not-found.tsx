import { t } from "../../i18n/index.ts";
import { MessagePage } from "../../ui/page.tsx";

/** The same neutral page for a wrong, expired or foreign link: it tells a stranger nothing. */
export function NotFound() {
  const m = t().notFound;
  return (
    <MessagePage
      pageTitle={m.pageTitle}
      heading={m.heading}
      text={[m.text, m.action]}
      testId="link-not-found"
    />
  );
}
