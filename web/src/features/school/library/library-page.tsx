import { useEffect, useRef, useState } from "preact/hooks";
import type { ContentAnswer, ContentQuery, LibraryAnswer } from "../../../api/schema.ts";
import { call } from "../../../api/school.ts";
import { l } from "../../../i18n/library/index.ts";
import { s } from "../../../i18n/school/index.ts";
import { navigate } from "../../../navigation.ts";
import { announce } from "../../../ui/announcer.tsx";
import { BusyButton } from "../../../ui/form.tsx";
import { Icon } from "../../../ui/icon.tsx";
import { Empty, Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";
import { ContentForm } from "./content-form.tsx";
import { ContentRows } from "./content-rows.tsx";
import { Filters, NOTHING_WANTED, queryOf, type Wanted } from "./filters.tsx";
import { isPending } from "./review.ts";
import { uploadCount } from "./uploads.ts";
import { bytes } from "./words.ts";

const PAGE = 50;
const TYPING_MS = 250;
const NEARLY_FULL = 0.9;
const LOOK_MS = 3000;
const NOTHING_ASKED = JSON.stringify(queryOf(NOTHING_WANTED));

/** What there is, by what is looked for. */
export function LibraryPage({ place }: PageProps) {
  const m = l();
  const path = { organisation: place.organisation.id };
  const around = useResource(
    async () => ({
      usage: await call("GET /api/organisations/{organisation}/library", { path }),
      ...(await call("GET /api/organisations/{organisation}/groups", { path })),
    }),
    [],
  );
  const [wanted, setWanted] = useState<Wanted>(NOTHING_WANTED);
  const [adding, setAdding] = useState(false);
  const found = useFound(path.organisation, queryOf(useSettled(wanted)));
  // By what was asked for the rows that are shown, not by what is typed now.
  const isEmpty = found.data?.total === 0 && found.data.asked === NOTHING_ASKED;
  const add = (
    <button
      type="button"
      class="button button--primary"
      data-testid="add-content"
      onClick={() => setAdding(true)}
    >
      <Icon name="plus" size={20} />
      {m.add}
    </button>
  );
  return (
    <SchoolPage title={m.pageTitle} lead={m.lead} testId="library-page" tools={!isEmpty && add}>
      {around.data && <Quota usage={around.data.usage} />}
      {!isEmpty && <Filters wanted={wanted} groups={around.data?.groups ?? []} onChange={setWanted} />}
      <Loaded from={found}>
        {({ contents, total }) =>
          isEmpty ? (
            <div class="card-box">
              <Empty heading={m.empty} text={m.emptyText}>
                {add}
              </Empty>
            </div>
          ) : (
            <section class="card-box" aria-label={m.pageTitle}>
              <p class="soft" role="status" data-testid="found-count">
                {total > 0 ? m.found(total) : m.nothing}
              </p>
              {total === 0 && (
                <div>
                  <button type="button" class="button" onClick={() => setWanted(NOTHING_WANTED)}>
                    {m.clear}
                  </button>
                </div>
              )}
              <ContentRows contents={contents} groups={around.data?.groups ?? []} />
              {contents.length < total && (
                <BusyButton type="button" class="button" busy={found.busy} onClick={found.more}>
                  {m.more}
                </BusyButton>
              )}
            </section>
          )
        }
      </Loaded>
      {adding && around.data && (
        <ContentForm
          place={place}
          groups={around.data.groups}
          content={null}
          onSaved={(made) => {
            announce(s().common.saved);
            navigate(`/library/${made.id}`);
          }}
          onClose={() => setAdding(false)}
        />
      )}
    </SchoolPage>
  );
}

/** The first part of what fits, and `more` of it. */
function useFound(organisation: string, query: ContentQuery) {
  const ask = (offset: number) =>
    call("GET /api/organisations/{organisation}/content", {
      path: { organisation },
      query: { ...query, offset, limit: PAGE },
    });
  const key = JSON.stringify(query);
  const first = useResource(async () => ({ ...(await ask(0)), asked: key }), [key]);
  const [rest, setRest] = useState<readonly ContentAnswer[]>([]);
  const [busy, setBusy] = useState(false);
  // While something else is looked for the old rows stay: a list that vanishes at each key would be restless.
  const last = useRef(first.data);
  last.current = first.data ?? last.current;
  useEffect(() => setRest([]), [key]);
  const shown = last.current;
  const uploads = uploadCount.value;
  const isPreparing = shown?.contents.some(({ preparation }) => isPending(preparation.state)) ?? false;
  useEffect(() => {
    if (last.current) void first.reload();
  }, [uploads]);
  useEffect(() => {
    if (!isPreparing) return;
    const timer = setInterval(() => void first.reload(), LOOK_MS);
    return () => clearInterval(timer);
  }, [isPreparing, first.reload]);
  const more = () => {
    setBusy(true);
    ask((shown?.contents.length ?? 0) + rest.length)
      .then(({ contents }) => setRest([...rest, ...contents]))
      .finally(() => setBusy(false));
  };
  return {
    error: first.error,
    reload: first.reload,
    data: shown && { ...shown, contents: [...shown.contents, ...rest] },
    busy,
    more,
  };
}

/** What somebody types counts once they pause. */
function useSettled(wanted: Wanted): Wanted {
  const [settled, setSettled] = useState(wanted);
  useEffect(() => {
    if (wanted.query === settled.query) {
      setSettled(wanted);
      return;
    }
    const timer = setTimeout(() => setSettled(wanted), TYPING_MS);
    return () => clearTimeout(timer);
  }, [wanted]);
  return settled;
}

function Quota({ usage }: { usage: LibraryAnswer }) {
  const m = l();
  const part = usage.quota > 0 ? Math.min(1, usage.used / usage.quota) : 1;
  return (
    <div class="quota" data-testid="quota">
      <p class="quota__words">
        {m.quota(bytes(usage.used), bytes(usage.quota))}
        {part >= NEARLY_FULL && <span class="tag tag--waiting">{m.quotaFull}</span>}
      </p>
      {/* The words say it already. */}
      <div class="bar" aria-hidden="true">
        <span class="bar__done" style={{ width: `${part * 100}%` }} />
      </div>
    </div>
  );
}
