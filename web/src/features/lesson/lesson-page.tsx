import { t } from "../../i18n/index.ts";
import { canCall } from "../../platform/browser.ts";
import { MessagePage, Page } from "../../ui/page.tsx";
import { NotFound } from "./not-found.tsx";
import { useLesson } from "./use-lesson.ts";
import { Visit } from "./visit.tsx";

/** Everything behind an invitation link. */
export function LessonPage({ code }: { code: string }) {
  const m = t();
  const [state, retry] = useLesson(code);
  switch (state.kind) {
    case "loading":
      return (
        <Page>
          <p class="message" role="status">
            {m.common.loading}
          </p>
        </Page>
      );
    case "notFound":
      return <NotFound />;
    case "unreachable":
      return (
        <MessagePage
          pageTitle={m.unreachable.heading}
          heading={m.unreachable.heading}
          text={[m.unreachable.text]}
          testId="unreachable"
        >
          <div class="message__actions">
            <button type="button" class="button button--primary button--big" onClick={retry}>
              {m.common.retry}
            </button>
          </div>
          <p class="code-line">
            <span>
              {m.common.code}: <code>{state.code}</code>
            </span>
          </p>
        </MessagePage>
      );
    case "ready":
      return canCall() ? <Visit code={code} lesson={state.lesson} /> : <OldBrowser />;
  }
}

function OldBrowser() {
  const m = t();
  return (
    <MessagePage
      pageTitle={m.oldBrowser.heading}
      heading={m.oldBrowser.heading}
      text={[m.oldBrowser.text]}
      testId="old-browser"
    />
  );
}
