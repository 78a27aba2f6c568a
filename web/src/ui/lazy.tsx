import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { MessagePage, Page } from "./page.tsx";

/** What is seen until the code is here, and when it cannot be had. */
export interface Waiting {
  readonly loading: ComponentType;
  readonly failed: ComponentType;
}

/** A page whose code loads when it is shown: an area of the product is a chunk of its own. */
export function lazy<P extends object>(
  load: () => Promise<ComponentType<P>>,
  waiting: Waiting = { loading: Loading, failed: () => <Unreachable /> },
): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [, setAttempt] = useState(0);
    const [failed, setFailed] = useState(false);
    const fetchIt = () => {
      load().then(
        (component) => {
          loaded = component;
          setAttempt((n) => n + 1);
        },
        () => setFailed(true),
      );
    };
    useEffect(() => {
      if (!loaded) fetchIt();
    }, []);
    const Loaded = loaded;
    if (Loaded) return <Loaded {...props} />;
    const Shown = failed ? waiting.failed : waiting.loading;
    return <Shown />;
  };
}

export function Loading() {
  return (
    <Page>
      <p class="message" role="status">
        {t().common.loading}
      </p>
    </Page>
  );
}

/** Without a connection. To load anew is surest: after an update of the server the old chunks are gone. */
export function Unreachable({ onRetry }: { onRetry?: () => void }) {
  const m = t();
  return (
    <MessagePage
      pageTitle={m.unreachable.heading}
      heading={m.unreachable.heading}
      text={[m.unreachable.text]}
      testId="unreachable"
    >
      <div class="message__actions">
        <button
          type="button"
          class="button button--primary button--big"
          onClick={onRetry ?? (() => location.reload())}
        >
          {m.common.retry}
        </button>
      </div>
    </MessagePage>
  );
}
