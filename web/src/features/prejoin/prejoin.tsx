import { useEffect, useState } from "preact/hooks";
import type { Lesson } from "../../api/lessons.ts";
import { formatStart, language, t } from "../../i18n/index.ts";
import { watchDevices } from "../../platform/devices.ts";
import { BadgeSign } from "../../ui/badge-sign.tsx";
import { Page, usePageTitle } from "../../ui/page.tsx";
import { CaptureHelp } from "./capture-help.tsx";
import { JoinForm } from "./join-form.tsx";
import { PrejoinDevices } from "./prejoin-devices.tsx";
import { Preview } from "./preview.ts";
import { PreviewPanel } from "./preview-panel.tsx";
import "./prejoin.css";

/** What a person takes into the call. */
export interface JoinWish {
  readonly name: string;
  readonly preview: Preview;
}

export interface PrejoinProps {
  readonly lesson: Lesson;
  /** Nobody is asked for a name that the server knows. */
  readonly knownAs: string | null;
  /** Resolves when the call is on screen or the reason why not is in `problem`. */
  readonly onJoin: (wish: JoinWish) => Promise<void>;
  readonly problem: { readonly text: string; readonly code: string } | null;
}

/** The one screen before a call: what it is, how you look and sound, your name, one button. */
export function Prejoin({ lesson, knownAs, onJoin, problem }: PrejoinProps) {
  const m = t();
  const [preview] = useState(() => new Preview());
  usePageTitle(m.prejoin.pageTitle(lesson.title));
  useEffect(() => {
    void preview.start();
    const unwatch = watchDevices();
    return () => {
      unwatch();
      preview.close();
    };
  }, [preview]);

  return (
    <Page>
      <div class="prejoin">
        <section class="prejoin__about">
          <p class="prejoin__organisation">{lesson.organisation}</p>
          <h1>{lesson.title}</h1>
          <LessonFacts lesson={lesson} />
        </section>
        <PreviewPanel preview={preview} />
        <div class="prejoin__join">
          <CaptureHelp preview={preview} />
          <JoinForm problem={problem} knownAs={knownAs} onJoin={(name) => onJoin({ name, preview })} />
        </div>
        <PrejoinDevices preview={preview} />
      </div>
    </Page>
  );
}

function LessonFacts({ lesson }: { lesson: Lesson }) {
  const m = t();
  const start = lesson.starts_at && formatStart(lesson.starts_at, new Date(), language.value, m);
  return (
    <ul class="prejoin__facts">
      {lesson.host && (
        <li>
          {m.prejoin.host(lesson.host)}
          {lesson.badge && <HostBadge badge={lesson.badge} />}
        </li>
      )}
      {start && <li>{start}</li>}
      {lesson.content && <li>{lesson.content}</li>}
      <li>{m.prejoin.peopleInside(lesson.participants)}</li>
    </ul>
  );
}

/** Only what the server sent beside the name: a name can never draw it. */
function HostBadge({ badge }: { badge: string }) {
  const word = t().lesson.badges[badge];
  return word ? (
    <span class="prejoin__badge" data-testid="host-badge">
      <BadgeSign badge={badge} word={word} title={word} />
    </span>
  ) : null;
}
