import { c } from "../../../i18n/control/index.ts";
import { Icon } from "../../../ui/icon.tsx";
import { Banner } from "./banners.tsx";
import { type Control, type Inside, leads } from "./model.ts";

interface Props {
  readonly control: Control;
  readonly snapshot: Inside;
}

/** Whether one agrees, with what comes of it. The answer that keeps one out of it is as easy as the other. */
function Question({ control, snapshot }: Props) {
  const m = c().recording;
  const { you, state } = snapshot.recording;
  const answer = (agreed: boolean) => void control.send({ type: "recording_consent", agreed });
  return (
    <section class="consent" data-testid="recording-question" aria-label={m.heading}>
      <h2 class="consent__question">
        <Icon name="record" size={20} />
        {state === "running" ? m.questionRunning : m.question}
      </h2>
      <p>{you.included ? m.included : m.excluded}</p>
      <p>{m.whoSees}</p>
      {you.held && (
        <p class="consent__held" data-testid="recording-held">
          {m.held}
        </p>
      )}
      <div class="consent__actions">
        <button
          type="button"
          class="button button--primary"
          data-testid="recording-agree"
          onClick={() => answer(true)}
        >
          {m.agree}
        </button>
        <button type="button" class="button" data-testid="recording-refuse" onClick={() => answer(false)}>
          {m.refuse}
        </button>
      </div>
    </section>
  );
}

const MOST_NAMES = 5;

/** Names of persons for who leads. */
export function namesOf(snapshot: Inside, keys: readonly string[] | undefined): string {
  const found = (keys ?? []).map((key) => snapshot.people.find((one) => one.person === key)?.name ?? key);
  const more = found.length - MOST_NAMES;
  return more > 0 ? `${found.slice(0, MOST_NAMES).join(", ")} ${c().recording.more(more)}` : found.join(", ");
}

/** That a recording runs or stands, for everybody; whether one agrees, for who is asked. */
export function RecordingBanners({ control, snapshot }: Props) {
  const m = c().recording;
  const { recording } = snapshot;
  const { state, you } = recording;
  if (state === "off") return null;
  const host = leads(snapshot);
  const waiting = namesOf(snapshot, recording.waiting);
  const refused = namesOf(snapshot, recording.refused);
  const mayChange = you.asked && you.agreed !== null && !host;
  return (
    <>
      {state === "running" && (
        <div class="banner banner--recording" data-testid="recording-banner">
          <i class="recording-dot" aria-hidden="true" />
          <span>{m.on}</span>
          {mayChange && you.agreed && (
            <button
              type="button"
              class="button"
              data-testid="recording-withdraw"
              onClick={() => void control.send({ type: "recording_consent", agreed: false })}
            >
              {m.withdraw}
            </button>
          )}
        </div>
      )}
      {(state === "paused" || (state === "asking" && (host || you.agreed !== null))) && (
        <Banner
          tone={refused || (state === "paused" && !host) ? "warning" : "plain"}
          icon={state === "paused" ? "pause" : "record"}
          testId={`recording-${state}`}
          actions={
            mayChange && (
              <button
                type="button"
                class="button"
                data-testid="recording-change"
                onClick={() => void control.send({ type: "recording_consent", agreed: !you.agreed })}
              >
                {you.agreed ? m.withdraw : m.agree}
              </button>
            )
          }
        >
          {[
            state === "paused" ? m.paused : host ? m.askingHost : m.asking(recording.waiting_for),
            you.agreed === false && m.youRefused,
            refused && m.refused(refused),
            waiting && m.waiting(waiting),
          ]
            .filter(Boolean)
            .join(" ")}
        </Banner>
      )}
      {state === "running" && host && recording.waiting_for > 0 && waiting && (
        <Banner tone="plain" icon="clock" testId="recording-waiting">
          {m.late(waiting)}
        </Banner>
      )}
      {you.asked && you.agreed === null && <Question control={control} snapshot={snapshot} />}
    </>
  );
}
