import { useEffect, useState } from "preact/hooks";
import { Home } from "./features/home/home.tsx";
import { LessonPage } from "./features/lesson/lesson-page.tsx";
import { NotFound } from "./features/lesson/not-found.tsx";
import { t } from "./i18n/index.ts";
import { parseRoute } from "./route.ts";
import { Announcer } from "./ui/announcer.tsx";
import { Page } from "./ui/page.tsx";

type OperatorModule = typeof import("./features/operator/operator-page.tsx");

/** The operator's page is a chunk of its own: families never load it. */
function OperatorRoute() {
  const [module, setModule] = useState<OperatorModule | null>(null);
  useEffect(() => {
    void import("./features/operator/operator-page.tsx").then(setModule);
  }, []);
  return module ? (
    <module.OperatorPage />
  ) : (
    <Page>
      <p class="message" role="status">
        {t().common.loading}
      </p>
    </Page>
  );
}

function Screen() {
  const route = parseRoute(location.pathname);
  switch (route.page) {
    case "home":
      return <Home />;
    case "lesson":
      return <LessonPage code={route.code} />;
    case "operator":
      return <OperatorRoute />;
    case "unknown":
      return <NotFound />;
  }
}

export function App() {
  return (
    <>
      <Screen />
      <Announcer />
    </>
  );
}
