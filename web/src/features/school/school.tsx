import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import type { Role } from "../../api/schema.ts";
import { s } from "../../i18n/school/index.ts";
import type { SchoolPage } from "../../route.ts";
import { Loading, lazy, Unreachable } from "../../ui/lazy.tsx";
import { PartFailed, Skeleton } from "../../ui/loaded.tsx";
import { SignIn } from "../entrance/sign-in.tsx";
import { AccountPage } from "./account/account-page.tsx";
import { AttendancePage } from "./attendance/attendance-page.tsx";
import { JournalPage } from "./attendance/journal-page.tsx";
import { AuditPage } from "./audit/audit-page.tsx";
import { ConsentsPage } from "./consents/consents-page.tsx";
import { FamilyPage } from "./consents/family-page.tsx";
import { DataPage } from "./data/data-page.tsx";
import { FamiliesPage } from "./families/families-page.tsx";
import { GroupPage } from "./groups/group-page.tsx";
import { GroupsPage } from "./groups/groups-page.tsx";
import { HomePage } from "./home/home-page.tsx";
import { Waiting } from "./home/waiting.tsx";
import { LessonsPage } from "./lessons/lessons-page.tsx";
import { SheetPage } from "./links/sheet-page.tsx";
import { PeoplePage } from "./people/people-page.tsx";
import { RecordingsPage } from "./recordings/recordings-page.tsx";
import { RosterPage } from "./roster/roster-page.tsx";
import { type Place, place, refresh, session } from "./session.ts";
import { Shell } from "./shell.tsx";

export interface PageProps {
  readonly place: Place;
  readonly id: string | null;
}

interface SchoolPageEntry {
  readonly page: ComponentType<PageProps>;
  readonly roles: readonly Role[];
}

/** With the upload and the player of films, which other pages do not need. */
const LibraryArea = lazy<PageProps>(
  () => import("./library/library-area.tsx").then((module) => module.LibraryArea),
  { loading: Skeleton, failed: PartFailed },
);

const STAFF: readonly Role[] = ["head", "teacher", "methodologist", "operator"];
const PAGES: Partial<Record<SchoolPage | "home", SchoolPageEntry>> = {
  home: { page: HomePage, roles: [...STAFF, "guardian"] },
  people: { page: PeoplePage, roles: STAFF },
  groups: {
    page: (props) => (props.id ? <GroupPage {...props} id={props.id} /> : <GroupsPage {...props} />),
    roles: ["head", "teacher", "methodologist"],
  },
  lessons: { page: LessonsPage, roles: ["head", "teacher", "methodologist", "guardian"] },
  attendance: {
    page: (props) => (props.id ? <AttendancePage {...props} id={props.id} /> : null),
    roles: ["head", "teacher"],
  },
  library: { page: LibraryArea, roles: ["head", "teacher", "methodologist"] },
  recordings: { page: RecordingsPage, roles: ["head", "teacher", "methodologist"] },
  journal: { page: JournalPage, roles: ["head", "teacher"] },
  consents: { page: ConsentsPage, roles: ["head"] },
  family: { page: FamilyPage, roles: ["guardian"] },
  data: { page: DataPage, roles: ["head", "operator"] },
  sheet: {
    page: (props) => (props.id ? <SheetPage {...props} id={props.id} /> : null),
    roles: ["head", "teacher"],
  },
  families: { page: FamiliesPage, roles: ["head", "teacher"] },
  roster: { page: RosterPage, roles: ["head"] },
  audit: { page: AuditPage, roles: ["head"] },
};

/** Everything behind signing in. What somebody may do, the server decides; here is only what they see. */
export function School({ name, id }: { name: SchoolPage | "home"; id: string | null }) {
  useEffect(() => {
    if (session.value.kind !== "signedIn") void refresh();
  }, []);
  const known = session.value;
  switch (known.kind) {
    case "loading":
      return <Loading />;
    case "unreachable":
      return <Unreachable onRetry={() => void refresh()} />;
    case "none":
      return <SignIn />;
    case "signedIn":
      return (
        <Shell current={name}>
          <Shown name={name} id={id} />
        </Shell>
      );
  }
}

function Shown({ name, id }: { name: SchoolPage | "home"; id: string | null }) {
  const known = session.value;
  const here = place.value;
  if (known.kind !== "signedIn") return null;
  if (name === "account") return <AccountPage me={known.me} place={here} />;
  if (here === null) return <Waiting me={known.me} />;
  const entry = PAGES[name];
  if (!entry?.roles.some((role) => here.roles.has(role))) return <p class="soft">{s().common.denied}</p>;
  const Found = entry.page;
  return <Found key={`${name}/${id}/${here.organisation.id}`} place={here} id={id} />;
}
