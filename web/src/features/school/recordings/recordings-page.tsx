import { useEffect, useState } from "preact/hooks";
import type { RecordingAnswer } from "../../../api/schema.ts";
import { address, call } from "../../../api/school.ts";
import { formatDay, formatTime, s } from "../../../i18n/school/index.ts";
import { announce } from "../../../ui/announcer.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Empty, Loaded } from "../../../ui/loaded.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";

const LOOK_AGAIN_MS = 2000;
const MOVING: readonly RecordingAnswer["state"][] = ["recording", "queued", "composing"];

/** Recordings of a lesson or of all: how far they are, to watch, to keep, to delete; and who agreed. */
export function RecordingsPage({ place, id }: PageProps) {
  const m = s().recordings;
  const path = { organisation: place.organisation.id };
  const found = useResource(
    () =>
      id === null
        ? call("GET /api/organisations/{organisation}/recordings", { path })
        : call("GET /api/schedule/{lesson}/recordings", { path: { lesson: id } }),
    [],
  );
  const { data, reload } = found;
  const moving = data?.recordings.some(({ state }) => MOVING.includes(state)) ?? false;
  useEffect(() => {
    if (!moving) return;
    const timer = setTimeout(() => void reload(), LOOK_AGAIN_MS);
    return () => clearTimeout(timer);
  }, [data]);
  return (
    <SchoolPage title={m.pageTitle} lead={m.lead} back="/lessons" testId="recordings-page">
      <Loaded from={found}>
        {({ recordings }) =>
          recordings.length === 0 ? (
            <Empty text={m.none} />
          ) : (
            recordings.map((one) => <Recording key={one.id} recording={one} onChange={reload} />)
          )
        }
      </Loaded>
    </SchoolPage>
  );
}

function Recording({ recording, onChange }: { recording: RecordingAnswer; onChange: () => Promise<void> }) {
  const m = s().recordings;
  const [deleting, setDeleting] = useState(false);
  const { id, state, started_by, duration_s, size } = recording;
  const path = { recording: id };
  const file = address("GET /api/recordings/{recording}/file", { path });
  const when = `${formatDay(recording.started_at)}, ${formatTime(recording.started_at)}`;
  const mayRemove = recording.may.includes("remove");
  return (
    <section class="card-box" data-testid="recording" data-state={state}>
      <div class="card-box__head">
        <h2>
          {recording.title}, {when}
        </h2>
        {state !== "ready" && <span class="tag">{m.states[state]}</span>}
      </div>
      <p class="soft">
        {[
          started_by && m.by(started_by.name),
          duration_s !== null && m.length(duration_s),
          size !== null && state === "ready" && m.size(size),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {state === "ready" && (
        // biome-ignore lint/a11y/useMediaCaption: nobody has written down what was said
        <video
          class="recording__player"
          controls
          preload="metadata"
          src={file}
          aria-label={when}
          data-testid="recording-player"
        />
      )}
      {state === "composing" && (
        <progress
          class="recording__progress"
          max={1}
          value={recording.done ?? 0}
          aria-label={m.states.composing}
        />
      )}
      {state === "failed" && (
        <Notice tone="warning" icon="alert">
          <p>{m.failed}</p>
        </Notice>
      )}
      <p class="soft" data-testid="recording-kept">
        {state === "deleted"
          ? recording.removed_by
            ? m.deletedBy(recording.removed_by.name)
            : m.expired
          : m.kept(formatDay(recording.expires_at))}
      </p>
      <div class="form__actions">
        {state === "ready" && (
          <a
            class="button"
            href={file}
            download={`${recording.title} ${when}.mp4`}
            data-testid="recording-download"
          >
            <Icon name="download" size={20} />
            {m.download}
          </a>
        )}
        {state === "failed" && mayRemove && (
          <button
            type="button"
            class="button"
            onClick={() => void call("POST /api/recordings/{recording}/composition", { path }).then(onChange)}
          >
            {m.again}
          </button>
        )}
        {mayRemove && state !== "deleted" && state !== "recording" && (
          <button
            type="button"
            class="button button--quiet"
            data-testid="recording-delete"
            onClick={() => setDeleting(true)}
          >
            <Icon name="trash" size={20} />
            {m.delete}
          </button>
        )}
      </div>
      <Consents recording={recording} />
      {deleting && (
        <Confirm
          title={m.deleteTitle}
          text={[m.deleteText(when)]}
          action={m.delete}
          dangerous
          act={() => call("DELETE /api/recordings/{recording}", { path })}
          onDone={() => {
            setDeleting(false);
            announce(m.deletedNow);
            void onChange();
          }}
          onClose={() => setDeleting(false)}
        />
      )}
    </section>
  );
}

/** Each answer as it was given. */
function Consents({ recording }: { recording: RecordingAnswer }) {
  const m = s().recordings;
  if (recording.consents.length === 0) return null;
  return (
    <details class="details">
      <summary>{m.consents(new Set(recording.consents.map(({ person }) => person)).size)}</summary>
      <ul class="recording__consents">
        {recording.consents.map((one) => (
          <li key={`${one.person} ${one.at}`}>
            {formatTime(one.at)} {one.name}: {one.agreed ? m.agreed : m.refused}
          </li>
        ))}
      </ul>
    </details>
  );
}
