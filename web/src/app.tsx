import { LessonPage } from "./features/lesson/lesson-page.tsx";
import { NotFound } from "./features/lesson/not-found.tsx";
import { pathname } from "./navigation.ts";
import { parseRoute } from "./route.ts";
import { Announcer } from "./ui/announcer.tsx";
import { lazy } from "./ui/lazy.tsx";

/* Families open lesson links and load none of these. */
const Home = lazy(() => import("./features/home/home.tsx").then((module) => module.Home));
const Operator = lazy(() =>
  import("./features/operator/operator-page.tsx").then((module) => module.OperatorPage),
);
const Entrance = lazy(() => import("./features/entrance/entrance.tsx").then((module) => module.Entrance));
const OwnLesson = lazy(() => import("./features/lesson/own-lesson.tsx").then((module) => module.OwnLesson));
const Welcome = lazy(() => import("./features/entrance/welcome.tsx").then((module) => module.Welcome));
const Watch = lazy(() => import("./features/watch/watch-page.tsx").then((module) => module.WatchPage));
const School = lazy(() => import("./features/school/school.tsx").then((module) => module.School));

function Screen() {
  const route = parseRoute(pathname.value);
  switch (route.page) {
    case "home":
      return <Home />;
    case "lesson":
      return <LessonPage code={route.code} />;
    case "watch":
      return <Watch code={route.code} />;
    case "ownLesson":
      return <OwnLesson id={route.id} />;
    case "operator":
      return <Operator />;
    case "entrance":
      return <Entrance name={route.name} />;
    case "welcome":
      return <Welcome code={route.code} />;
    case "school":
      return <School name={route.name} id={route.id} />;
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
