import { useState } from "preact/hooks";
import { call } from "../../../api/school.ts";
import { explain, s } from "../../../i18n/school/index.ts";
import { BusyButton, Problem } from "../../../ui/form.tsx";
import { Handover } from "../../../ui/handover.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { Notice } from "../../../ui/notice.tsx";
import { useResource } from "../../../ui/resource.ts";
import { Qr } from "./qr.tsx";

/** The personal link of a family. It is part of another form, so its buttons send nothing. */
export function FamilyLink({ family }: { family: string }) {
  const m = s().links;
  const path = { family };
  const found = useResource(() => call("GET /api/families/{family}/links", { path }), []);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const act = async (action: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    try {
      await action();
      await found.reload();
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  const make = () => call("POST /api/families/{family}/links", { path, body: {} });
  return (
    <section class="form">
      <h3>{m.heading}</h3>
      <Loaded from={found}>
        {({ links: [link] }) =>
          link ? (
            <>
              <Handover label={m.heading} link={link.link} />
              <Qr svg={link.qr} />
              {link.alert_at && (
                <Notice tone="warning" icon="alert">
                  <p>
                    {m.alert} {m.devices(link.devices)}
                  </p>
                  <button
                    type="button"
                    class="button"
                    onClick={() =>
                      void act(() => call("DELETE /api/links/{link}/devices", { path: { link: link.id } }))
                    }
                  >
                    {m.forget}
                  </button>
                </Notice>
              )}
              <p class="soft">{m.renewText}</p>
              <div class="form__actions">
                <BusyButton type="button" busy={busy} class="button" onClick={() => void act(make)}>
                  {m.renew}
                </BusyButton>
                <button
                  type="button"
                  class="button button--quiet"
                  onClick={() =>
                    void act(() => call("DELETE /api/links/{link}", { path: { link: link.id } }))
                  }
                >
                  {m.revoke}
                </button>
              </div>
            </>
          ) : (
            <div>
              <BusyButton
                type="button"
                busy={busy}
                class="button"
                testId="make-family-link"
                onClick={() => void act(make)}
              >
                {m.make}
              </BusyButton>
            </div>
          )
        }
      </Loaded>
      <Problem text={problem === null ? null : explain(problem)} />
    </section>
  );
}
