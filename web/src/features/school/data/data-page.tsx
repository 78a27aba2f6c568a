import { call } from "../../../api/school.ts";
import { s } from "../../../i18n/school/index.ts";
import { Link } from "../../../ui/link.tsx";
import { Loaded } from "../../../ui/loaded.tsx";
import { useResource } from "../../../ui/resource.ts";
import { SchoolPage } from "../../../ui/school-page.tsx";
import type { PageProps } from "../school.tsx";

/** How long the server keeps what, and whether it knows of children. The settings file decides. */
export function DataPage({ place }: PageProps) {
  const m = s();
  const words = m.data;
  const found = useResource(() => call("GET /api/retention"), []);
  return (
    <SchoolPage title={words.pageTitle} lead={words.lead} testId="data-page">
      <Loaded from={found}>
        {(kept) => (
          <>
            <section class="card-box">
              <h2>{words.kept}</h2>
              <dl class="facts">
                <Kept name={words.journal} value={words.days(kept.journal_days)} setting="journal_days" />
                <Kept name={words.chat} value={words.days(kept.chat_days)} setting="chat_days" />
                <Kept
                  name={m.recordings.pageTitle}
                  value={words.days(kept.recording_days)}
                  setting="recording_days"
                />
                <Kept name={words.devices} value={words.days(kept.device_days)} setting="device_days" />
                <Kept name={words.consents} value={words.withFamily} />
                <Kept name={words.log} value={words.forever} />
              </dl>
              <p class="soft">
                {words.setting} <code>school.retention</code>
              </p>
            </section>
            <section class="card-box" data-testid="pupils-data">
              <h2>{words.pupils}</h2>
              <p>{kept.pupils_data ? words.pupilsOn : words.pupilsOff}</p>
              <p class="soft">
                {words.pupilsSetting} <code>school.pupils_data</code>
              </p>
            </section>
          </>
        )}
      </Loaded>
      {place.roles.has("head") && (
        <ul class="tiles">
          <li>
            <Link class="tile-link" href="/consents">
              <h2>{m.consents.pageTitle}</h2>
              <p>{words.consentsText}</p>
            </Link>
          </li>
          <li>
            <Link class="tile-link" href="/families">
              <h2>{m.families.pageTitle}</h2>
              <p>{words.familiesText}</p>
            </Link>
          </li>
        </ul>
      )}
    </SchoolPage>
  );
}

function Kept(props: { name: string; value: string; setting?: string }) {
  return (
    <div class="facts__one">
      <dt>{props.name}</dt>
      <dd>
        {props.value} {props.setting && <code class="soft">{props.setting}</code>}
      </dd>
    </div>
  );
}
