import { useEffect, useState } from "preact/hooks";
import { type Door, type Lesson, requestJoin } from "../../api/lessons.ts";
import { formatStart, language, t } from "../../i18n/index.ts";
import { canCall } from "../../platform/browser.ts";
import { Icon } from "../../ui/icon.tsx";
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
      return (
        <Entry
          lesson={state.lesson}
          door={(...wish) => requestJoin(code, ...wish)}
          knownAs={state.lesson.family ?? null}
          calendar={`/api/lessons/${encodeURIComponent(code)}/calendar.ics`}
          onOpen={retry}
        />
      );
  }
}

/** Where one enters; before and after that, when one may. */
export function Entry(props: {
  lesson: Lesson;
  door: Door;
  knownAs: string | null;
  calendar: string;
  onOpen: () => void;
}) {
  const m = t().lesson;
  const { lesson } = props;
  // What a lesson was when the page came: it goes on for those who are in it.
  const [state] = useState(lesson.state ?? "live");
  const opens = Date.parse(lesson.opens_at ?? "");
  const [early] = useState(opens > Date.now());
  if (!canCall()) return <OldBrowser />;
  if (state === "cancelled")
    return <MessagePage pageTitle={lesson.title} heading={m.cancelledHeading} text={[m.cancelledText]} />;
  if (state === "after")
    return <MessagePage pageTitle={lesson.title} heading={m.afterHeading} text={[m.afterText]} />;
  if (early) return <Before {...props} opens={opens} />;
  return <Visit lesson={lesson} door={props.door} knownAs={props.knownAs} />;
}

/** The longest that browsers wait: 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function Before(props: { lesson: Lesson; opens: number; calendar: string; onOpen: () => void }) {
  const m = t();
  const { lesson, opens } = props;
  useEffect(() => {
    const timer = setTimeout(props.onOpen, Math.min(opens - Date.now() + 500, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  }, [opens]);
  const start = lesson.starts_at && formatStart(lesson.starts_at, new Date(), language.value, m);
  const time = new Intl.DateTimeFormat(language.value, { hour: "numeric", minute: "2-digit" }).format(opens);
  return (
    <MessagePage
      pageTitle={lesson.title}
      heading={lesson.title}
      text={[lesson.organisation, start ?? "", m.lesson.opensAt(time)].filter((line) => line !== "")}
      testId="lesson-before"
    >
      <div class="message__actions">
        <a class="button" href={props.calendar} download>
          <Icon name="calendar" size={20} />
          {m.lesson.calendar}
        </a>
      </div>
    </MessagePage>
  );
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
