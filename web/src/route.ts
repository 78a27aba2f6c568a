export type EntrancePage = "sign-in" | "register" | "setup";
/** `sheet`: links of a group's families, /groups/{id}/links; `attendance` of a lesson, /lessons/{id}/attendance;
 *  `recordings` of all or of a lesson. */
export type SchoolPage =
  | "sheet"
  | "attendance"
  | "recordings"
  | "journal"
  | "consents"
  | "family"
  | "data"
  | "people"
  | "groups"
  | "families"
  | "roster"
  | "lessons"
  | "library"
  | "audit"
  | "account";

export type Route =
  | { readonly page: "home" }
  | { readonly page: "lesson"; readonly code: string }
  | { readonly page: "watch"; readonly code: string }
  | { readonly page: "ownLesson"; readonly id: string }
  | { readonly page: "operator" }
  | { readonly page: "entrance"; readonly name: EntrancePage }
  | { readonly page: "welcome"; readonly code: string }
  | { readonly page: "school"; readonly name: SchoolPage; readonly id: string | null }
  | { readonly page: "unknown" };

const ENTRANCE: readonly string[] = ["sign-in", "register", "setup"] satisfies EntrancePage[];
const SCHOOL: readonly string[] = [
  "journal",
  "recordings",
  "consents",
  "family",
  "data",
  "people",
  "groups",
  "families",
  "roster",
  "lessons",
  "library",
  "audit",
  "account",
] satisfies SchoolPage[];

/** Which page a path means. Malformed escapes and unknown paths are the neutral "unknown". */
export function parseRoute(pathname: string): Route {
  const parts = pathname.split("/").filter((part) => part !== "");
  const [first, second] = parts;
  if (first === undefined) return { page: "home" };
  if (parts.length === 1) {
    if (first === "operator") return { page: "operator" };
    if (ENTRANCE.includes(first)) return { page: "entrance", name: first as EntrancePage };
    if (SCHOOL.includes(first)) return { page: "school", name: first as SchoolPage, id: null };
  }
  if (parts.length === 2 && second !== undefined) {
    if (first === "groups" || first === "library") return { page: "school", name: first, id: second };
    if (first === "lessons") return { page: "ownLesson", id: second };
    if (first === "l") return link("lesson", second);
    if (first === "welcome" || first === "watch") return link(first, second);
  }
  if (parts.length === 3 && second) {
    const path = `${first}/${parts[2]}`;
    if (path === "groups/links") return { page: "school", name: "sheet", id: second };
    if (path === "lessons/recordings") return { page: "school", name: "recordings", id: second };
    if (path === "lessons/attendance") return { page: "school", name: "attendance", id: second };
  }
  return { page: "unknown" };
}

function link(page: "lesson" | "welcome" | "watch", code: string): Route {
  try {
    return { page, code: decodeURIComponent(code) };
  } catch {
    // A malformed escape is a wrong link like any other: the same neutral page answers it.
    return { page: "unknown" };
  }
}
