import { call } from "../../../api/school.ts";
import { l } from "../../../i18n/library/index.ts";
import { formatDay, formatTime, s } from "../../../i18n/school/index.ts";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";

const MOST = 50;

/** What happened to content, from the audit log, newest first. For those who may read it. */
export function History(props: { organisation: string; content: string; revision: string }) {
  const m = l().review;
  const found = useResource(
    () =>
      call("GET /api/organisations/{organisation}/audit", {
        path: { organisation: props.organisation },
        query: { target: `content:${props.content}`, limit: MOST },
      }),
    [props.content, props.revision],
  );
  return (
    <details class="details card-box" data-testid="history">
      <summary>{m.history}</summary>
      <Loaded from={found}>
        {({ entries }) => (
          <ol class="rows">
            {entries.length === 0 && <li class="soft">{m.historyEmpty}</li>}
            {entries.map((entry) => (
              <li key={entry.number} class="row row--line" data-testid="history-entry">
                <div class="row__main">
                  <p class="row__title">{s().audit.actions[entry.action]}</p>
                  <p class="row__note">
                    <time dateTime={entry.at}>
                      {formatDay(entry.at)}, {formatTime(entry.at)}
                    </time>
                    {" · "}
                    {entry.actor_name ?? m.system}
                  </p>
                </div>
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </details>
  );
}
