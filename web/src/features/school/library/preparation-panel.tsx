import { useState } from "preact/hooks";
import type { ContentAnswer, ContentKind } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { l } from "../../../i18n/library/index.ts";
import { explain } from "../../../i18n/school/index.ts";
import { BusyButton, Problem } from "../../../ui/form.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { Bar } from "./progress.tsx";
import { isPending } from "./review.ts";
import { share } from "./words.ts";

const STEPS: readonly string[] = ["check", "encode"];

/** How far the file of content is from what can be shown, step by step. Nothing once it is ready. */
export function PreparationPanel(props: {
  content: ContentAnswer;
  mayChange: boolean;
  onChange: () => Promise<void>;
}) {
  const m = l().preparation;
  const { content, mayChange } = props;
  const { state, step, done, failure } = content.preparation;
  const path = { content: content.id };
  const act = useAction(props.onChange);
  if (state === "none" || state === "ready") return null;
  return (
    <section class="card-box" data-testid="preparation" data-state={state}>
      <h2>{m.heading}</h2>
      {state === "queued" && <p>{m.queued}</p>}
      {state === "running" && <Steps kind={content.kind} step={step} done={done} />}
      {state === "cancelled" && <p>{m.cancelled}</p>}
      {state === "refused" && (
        <Notice tone="danger" icon="alert" heading={m.refusedNow}>
          <p>{m.refusedText}</p>
        </Notice>
      )}
      {state === "failed" && (
        <Notice tone="danger" icon="alert" heading={m.failedNow}>
          <p>{failure && m.failures[failure]}</p>
        </Notice>
      )}
      <Problem text={act.problem} />
      {mayChange && isPending(state) && (
        <div>
          <BusyButton
            type="button"
            class="button--quiet"
            busy={act.busy}
            testId="cancel-preparation"
            onClick={() => act.run(() => call("DELETE /api/content/{content}/preparation", { path }))}
          >
            {m.cancel}
          </BusyButton>
        </div>
      )}
      {mayChange && content.state === "draft" && (state === "failed" || state === "cancelled") && (
        <div>
          <BusyButton
            type="button"
            busy={act.busy}
            testId="prepare-again"
            onClick={() => act.run(() => call("POST /api/content/{content}/preparation", { path }))}
          >
            {m.again}
          </BusyButton>
        </div>
      )}
    </section>
  );
}

function Steps(props: { kind: ContentKind; step: string | null; done: number | null }) {
  const m = l().preparation;
  const { kind, step, done } = props;
  const isPages = kind === "image" || kind === "document";
  const now = STEPS.indexOf(step ?? "");
  return (
    <ol class="steps">
      {STEPS.map((name, number) => {
        const isNow = number === Math.max(0, now);
        return (
          <li key={name} class={`steps__one ${isNow ? "steps__one--now" : ""}`} data-testid={`step-${name}`}>
            <span class="steps__sign" aria-hidden="true">
              {number < now ? <Icon name="check" size={16} /> : number + 1}
            </span>
            <span class="steps__words">
              <span class="row__title">
                {m.steps[name]}
                {isNow && done !== null && <span class="soft">{share(done)}</span>}
              </span>
              <span class="row__note">{isPages && name === "check" ? m.checkPages : m.stepsText[name]}</span>
              {isNow && <Bar label={m.steps[name] ?? ""} done={step === null ? null : done} />}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** Something that is asked of the server, once at a time; then what is shown is read anew. */
export function useAction(onDone: () => Promise<void>) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = (act: () => Promise<unknown>) => {
    if (busy) return;
    setBusy(true);
    setProblem(null);
    act()
      .catch((error: unknown) => setProblem(explain(error)))
      .then(onDone)
      .finally(() => setBusy(false));
  };
  return { busy, problem, run };
}
