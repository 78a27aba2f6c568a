import { t } from "../../i18n/index.ts";
import { Page, usePageTitle } from "../../ui/page.tsx";
import { Clearing } from "../../ui/picture.tsx";
import "./home.css";

/** Says what this server is. It lists nothing: who is not invited learns nothing here. */
export function Home() {
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
