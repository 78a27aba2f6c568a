import { t } from "../../i18n/index.ts";
import { MessagePage } from "../../ui/page.tsx";

export function OperatorPage() {
  const m = t().operator;
  return <MessagePage pageTitle={m.pageTitle} heading={m.heading} text={[]} />;
}
