import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { BusyButton, Problem, useForm } from "../../../ui/form.tsx";
import { Handover } from "../../../ui/handover.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { Qr } from "./qr.tsx";

/** The shared link of a lesson, by which guests come to the lobby. */
export function LessonLinks({ lesson }: { lesson: string }) {
  const m = s().lessons;
  const path = { lesson };
  const found = useResource(() => call("GET /api/schedule/{lesson}/links", { path }), []);
  const form = useForm({}, {}, async () => {
    const [known] = found.data?.links ?? [];
    if (known) await call("DELETE /api/links/{link}", { path: { link: known.id } });
    else await call("POST /api/schedule/{lesson}/links", { path, body: {} });
    await found.reload();
  });
  return (
    <section class="form">
      <h3>{m.links}</h3>
      <p class="soft">{m.linksText}</p>
      <Loaded from={found}>
        {({ links: [link] }) => (
          <>
            {link && (
              <>
                <Handover label={m.links} link={link.link} />
                <Qr svg={link.qr} />
              </>
            )}
            <form class="form" onSubmit={form.submit}>
              <Problem text={form.problem} />
              <div>
                <BusyButton busy={form.busy} class={link ? "button--quiet" : "button"} testId="lesson-link">
                  {link ? m.revokeLink : m.makeLink}
                </BusyButton>
              </div>
            </form>
          </>
        )}
      </Loaded>
    </section>
  );
}
