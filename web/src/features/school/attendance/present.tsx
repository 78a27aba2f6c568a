import { useEffect } from "preact/hooks";
import { call } from "../../../api/school.ts";
import { formatTime, s } from "../../../i18n/school/index.ts";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { minutes } from "./totals.ts";

const EVERY_MS = 5000;

/** Who is in a lesson that goes on, asked for again and again. */
export function Present({ lesson }: { lesson: string }) {
  const m = s();
  const words = m.attendance;
  const path = { lesson };
  const found = useResource(() => call("GET /api/schedule/{lesson}/attendance/now", { path }), [lesson]);
  useEffect(() => {
    const timer = setInterval(() => void found.reload(), EVERY_MS);
    return () => clearInterval(timer);
  }, [found.reload]);
  return (
    <section class="card-box card-box--calling" data-testid="present">
      <div class="card-box__head">
        <h2>{words.now}</h2>
        {found.data && (
          <span class="tag">{words.hereCount(found.data.rows.filter(({ here }) => here).length)}</span>
        )}
      </div>
      <Loaded from={found}>
        {({ rows }) =>
          rows.length === 0 ? (
            <p class="soft">{words.nobody}</p>
          ) : (
            <ul class="rows">
              {rows.map((row) => (
                <li key={row.person} class="row row--line" data-testid="present-row">
                  <div class="row__main">
                    <p class="row__title">
                      {row.name}
                      <span class={`tag ${row.here ? "tag--good" : ""}`}>
                        {row.here ? words.here : words.gone(formatTime(row.left_at))}
                      </span>
                    </p>
                    <p class="row__note">{words.came(formatTime(row.came_at))}</p>
                  </div>
                  <span>{m.lessons.minutesShort(minutes(row.received_s))}</span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  );
}
