import { useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Notice } from "../../ui/notice.tsx";
import { MessagePage } from "../../ui/page.tsx";
import type { CallEnd } from "./model.ts";

/** So many characters of a number are read to an operator, who finds the log's lines by them. */
const READ_ALOUD = 8;

export interface EndedProps {
  readonly end: CallEnd;
  readonly correlationId: string;
  readonly onRejoin: () => Promise<void>;
  readonly problem: { readonly text: string; readonly code: string } | null;
}

/** After the call: what happened in plain words, the way back, and what the operator needs to find it. */
export function Ended({ end, correlationId, onRejoin, problem }: EndedProps) {
  const m = t();
  const [busy, setBusy] = useState(false);
  const words = m.ended[end.kind];
  const rejoin = async () => {
    if (busy) return;
    setBusy(true);
    try {
      await onRejoin();
    } finally {
      setBusy(false);
    }
  };
  const label = end.kind === "duplicate" ? m.ended.continueHere : m.ended.rejoin;
  const quiet =
    end.kind === "removed" || end.kind === "denied" || end.kind === "closed" || end.kind === "left";
  return (
    <MessagePage pageTitle={words.heading} heading={words.heading} text={[words.text]} testId="left-screen">
      {problem && (
        <Notice tone="danger" icon="alert" alert>
          <p>{problem.text}</p>
          <p>
            {m.common.code}: <code>{problem.code}</code>
          </p>
        </Notice>
      )}
      <div class="message__actions">
        <button
          type="button"
          class={`button button--big ${quiet ? "button--quiet" : "button--primary"}`}
          data-testid="rejoin"
          aria-disabled={busy}
          onClick={() => void rejoin()}
        >
          {busy && <span class="spinner" aria-hidden="true" />}
          {busy ? m.prejoin.joining : label}
        </button>
      </div>
      {end.kind !== "left" && (
        <p class="code-line">
          <span>
            {m.common.code}: <code data-testid="end-code">{end.code}</code>
          </span>
          <span>
            {m.ended.correlation}:{" "}
            <code data-testid="correlation-id">{correlationId.slice(0, READ_ALOUD)}</code>
          </span>
        </p>
      )}
    </MessagePage>
  );
}
