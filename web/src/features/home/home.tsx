import type { Site } from "../../api/schema.ts";
import { call } from "../../api/school.ts";
import { t } from "../../i18n/index.ts";
import { s } from "../../i18n/school/index.ts";
import { Loading, lazy, Unreachable } from "../../ui/lazy.tsx";
import { Link } from "../../ui/link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page, usePageTitle } from "../../ui/page.tsx";
import { Clearing } from "../../ui/picture.tsx";
import { useResource } from "../../ui/resource.ts";
import "./home.css";

const School = lazy(() => import("../school/school.tsx").then((module) => module.School));

/** The front page for strangers, the school's first page for those who have signed in. */
export function Home() {
  const site = useResource(() => call("GET /api/site"), []);
  if (site.error) return <Unreachable onRetry={site.reload} />;
  if (!site.data) return <Loading />;
  return site.data.signed_in ? <School name="home" id={null} /> : <Front site={site.data} />;
}

/** Says what this server is. It lists nothing: who is not invited learns nothing here. */
function Front({ site }: { site: Site }) {
  const m = t().home;
  usePageTitle(m.pageTitle);
  return (
    <Page>
      <div class="home">
        <div class="home__text">
          <h1>{m.heading}</h1>
          <p class="home__lead">{m.lead}</p>
          <p class="home__link">
            {m.linkLooksLike} <code>{`${location.host}/l/…`}</code>
          </p>
          <p class="home__soft">{m.noLink}</p>
          {site.needs_setup ? <NeedsSetUp /> : <ForStaff registration={site.registration} />}
        </div>
        <Clearing class="home__picture" />
        <ul class="home__points">
          {m.points.map((point) => (
            <li key={point.title}>
              <h2>{point.title}</h2>
              <p>{point.text}</p>
            </li>
          ))}
        </ul>
      </div>
    </Page>
  );
}

function NeedsSetUp() {
  const m = s().front;
  return (
    <Notice icon="info" heading={m.needsSetup}>
      <p>{m.needsSetupText}</p>
    </Notice>
  );
}

function ForStaff({ registration }: { registration: boolean }) {
  const m = s().front;
  return (
    <div class="home__staff">
      <Link class="button button--primary" href="/sign-in" testId="to-sign-in">
        {m.staff}
      </Link>
      {registration && (
        <Link class="button button--quiet" href="/register" testId="to-register">
          {m.register}
        </Link>
      )}
    </div>
  );
}
