import type { PassAnswer, PassKind } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { formatDay, formatTime, s } from "../../../i18n/school/index.ts";
import { BusyButton, Problem, useForm } from "../../../ui/form.tsx";
import { Handover } from "../../../ui/handover.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { Qr } from "./qr.tsx";

const KINDS: readonly PassKind[] = ["camera", "wall", "audience"];

/** What comes into a lesson without a person: its addresses and tokens, made and ended here. */
export function LessonPasses({ lesson }: { lesson: string }) {
  const m = s().lessons;
  const path = { lesson };
  const found = useResource(() => call("GET /api/schedule/{lesson}/passes", { path }), []);
  return (
    <details class="passes">
      <summary data-testid="lesson-passes">{m.passes}</summary>
      <p class="soft">{m.passesText}</p>
      <Loaded from={found}>
        {({ passes }) => (
          <>
            {passes.map((one) => (
              <OnePass key={one.id} found={one} onChange={found.reload} />
            ))}
            <div class="form__actions">
              {KINDS.map((kind) => (
                <MakePass key={kind} lesson={lesson} kind={kind} onChange={found.reload} />
              ))}
            </div>
          </>
        )}
      </Loaded>
    </details>
  );
}

function MakePass(props: { lesson: string; kind: PassKind; onChange: () => Promise<void> }) {
  const m = s().lessons;
  const { lesson, kind } = props;
  const form = useForm({}, {}, async () => {
    const body = { kind, name: m.passNames[kind] };
    await call("POST /api/schedule/{lesson}/passes", { path: { lesson }, body });
    await props.onChange();
  });
  return (
    <form onSubmit={form.submit}>
      <Problem text={form.problem} />
      <BusyButton busy={form.busy} class="button button--small" testId={`pass-${kind}`}>
        {m.passMake[kind]}
      </BusyButton>
    </form>
  );
}

function OnePass({ found, onChange }: { found: PassAnswer; onChange: () => Promise<void> }) {
  const m = s().lessons;
  const form = useForm({}, {}, async () => {
    await call("DELETE /api/passes/{pass}", { path: { pass: found.id } });
    await onChange();
  });
  const equipment = found.kind !== "audience";
  return (
    <section class="form passes__one" data-testid="pass">
      <div>
        <h3>{m.passKinds[found.kind]}</h3>
        <p class="soft">{m.passKindTexts[found.kind]}</p>
      </div>
      <Handover label={m.passUrl[found.kind]} link={found.url} />
      {equipment ? <Handover label={m.passToken} link={found.token} /> : <Qr svg={found.qr} />}
      {equipment && (
        <p class="soft">
          {found.used_at
            ? m.passUsed(`${formatDay(found.used_at)}, ${formatTime(found.used_at)}`)
            : m.passNever}
        </p>
      )}
      <form class="form" onSubmit={form.submit}>
        <Problem text={form.problem} />
        <div>
          <BusyButton busy={form.busy} class="button--quiet" testId="revoke-pass">
            {m.passRevoke}
          </BusyButton>
        </div>
      </form>
    </section>
  );
}
