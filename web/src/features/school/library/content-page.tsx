import { useEffect, useRef, useState } from "preact/hooks";
import type { ContentAnswer, GroupAnswer, LibraryAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { l } from "../../../i18n/library/index.ts";
import { s } from "../../../i18n/school/index.ts";
import { announce } from "../../../ui/announcer.tsx";
import { lazy } from "../../../ui/lazy.tsx";
import { Loaded, PartFailed, Skeleton } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import type { Place } from "../session.ts";
import { ContentForm } from "./content-form.tsx";
import { Facts } from "./facts.tsx";
import { History } from "./history.tsx";
import { StateTag, VerifiedBadge } from "./marks.tsx";
import { PagesPreview } from "./pages-preview.tsx";
import { PreparationPanel } from "./preparation-panel.tsx";
import type { Preview as PreviewPart } from "./preview.tsx";
import { ReportPanel } from "./report-panel.tsx";
import { isPending } from "./review.ts";
import { ReviewPanel } from "./review-panel.tsx";
import { SealPanel } from "./seal-panel.tsx";
import { SubtitlesPanel } from "./subtitles-panel.tsx";
import { UploadPanel } from "./upload-panel.tsx";
import { uploadOf } from "./uploads.ts";

const LOOK_MS = 1000;
/** The player is large, and few pages have something to play. */
const Preview = lazy<Parameters<typeof PreviewPart>[0]>(
  () => import("./preview.tsx").then((module) => module.Preview),
  { loading: Skeleton, failed: PartFailed },
);

/** One piece of content: what is written of it, its file, what the checks found, where it is on its way. */
export function ContentPage({ place, id }: PageProps & { id: string }) {
  const m = l();
  const path = { organisation: place.organisation.id };
  const around = useResource(
    async () => ({
      usage: await call("GET /api/organisations/{organisation}/library", { path }),
      ...(await call("GET /api/organisations/{organisation}/groups", { path })),
    }),
    [],
  );
  const found = useResource(() => call("GET /api/content/{content}", { path: { content: id } }), [id]);
  const content = found.data;
  usePreparationWatch(content, found.reload);
  useUploadWatch(id, found.reload);
  return (
    <SchoolPage
      title={content?.title ?? m.pageTitle}
      back="/library"
      testId="content-page"
      tools={
        content && (
          <p class="chips">
            <span class="age-mark age-mark--large">{m.ageMark(content.age_mark)}</span>
            {content.badge ? <VerifiedBadge /> : <StateTag content={content} />}
          </p>
        )
      }
    >
      <Loaded from={found}>
        {(known) => (
          <Parts
            place={place}
            content={known}
            groups={around.data?.groups ?? []}
            usage={around.data?.usage ?? null}
            reload={found.reload}
          />
        )}
      </Loaded>
    </SchoolPage>
  );
}

function Parts(props: {
  place: Place;
  content: ContentAnswer;
  groups: readonly GroupAnswer[];
  usage: LibraryAnswer | null;
  reload: () => Promise<void>;
}) {
  const { content, groups, place, reload, usage } = props;
  const [changing, setChanging] = useState(false);
  const [seek, setSeek] = useState<{ readonly second: number } | null>(null);
  const mayChange = content.may.includes("change") && content.state === "draft";
  const state = content.preparation.state;
  const isReady = state === "ready";
  // What is to be done comes first; another file in place of one that is there comes late.
  const needsFile = state === "none" || content.upload !== null || uploadOf(content.id) !== null;
  const upload = <UploadPanel content={content} usage={usage} />;
  return (
    <>
      <ReviewPanel content={content} onChange={reload} />
      {isReady &&
        (content.pages > 0 ? <PagesPreview content={content} /> : <Preview content={content} seek={seek} />)}
      {mayChange && needsFile && upload}
      <PreparationPanel content={content} mayChange={content.may.includes("change")} onChange={reload} />
      <Facts content={content} groups={groups} onChange={mayChange ? () => setChanging(true) : null} />
      {(isReady || state === "refused") && (
        <ReportPanel
          key={content.revision}
          content={content.id}
          onSeek={isReady && content.pages === 0 ? (second) => setSeek({ second }) : null}
        />
      )}
      {isReady && content.pages === 0 && (
        <SubtitlesPanel content={content} mayChange={mayChange} onChange={reload} />
      )}
      {isReady && <SealPanel content={content} onChange={reload} />}
      {mayChange && !needsFile && upload}
      {place.roles.has("head") && (
        <History
          organisation={content.organisation}
          content={content.id}
          revision={`${content.revision} ${content.state} ${state} ${content.seal_broken_at}`}
        />
      )}
      {changing && (
        <ContentForm
          place={place}
          groups={groups}
          content={content}
          onSaved={() => {
            announce(s().common.saved);
            void reload();
          }}
          onClose={() => setChanging(false)}
        />
      )}
    </>
  );
}

/** Once an upload has ended, whichever page began it. */
function useUploadWatch(content: string, reload: () => Promise<void>): void {
  const isUploading = uploadOf(content) !== null;
  const before = useRef(isUploading);
  useEffect(() => {
    if (before.current && !isUploading) void reload();
    before.current = isUploading;
  }, [isUploading, reload]);
}

/** While its file is prepared, how far that is; its end is told. */
function usePreparationWatch(content: ContentAnswer | null, reload: () => Promise<void>): void {
  const state = content?.preparation.state ?? null;
  const before = useRef(state);
  useEffect(() => {
    const m = l().preparation;
    const wasPending = before.current !== null && isPending(before.current);
    before.current = state;
    if (!wasPending) return;
    if (state === "ready") announce(m.readyNow);
    if (state === "refused") announce(m.refusedNow);
    if (state === "failed") announce(m.failedNow);
  }, [state]);
  useEffect(() => {
    if (state === null || !isPending(state)) return;
    let wanted = true;
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      await reload();
      if (wanted) timer = setTimeout(() => void look(), LOOK_MS);
    };
    timer = setTimeout(() => void look(), LOOK_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [state, reload]);
}
