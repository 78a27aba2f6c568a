export type Route =
  | { readonly page: "home" }
  | { readonly page: "lesson"; readonly code: string }
  | { readonly page: "operator" }
  | { readonly page: "unknown" };

/** Which page a path means. Malformed escapes and unknown paths are the neutral "unknown". */
export function parseRoute(pathname: string): Route {
  const parts = pathname.split("/").filter((part) => part !== "");
  if (parts.length === 0) return { page: "home" };
  if (parts.length === 1 && parts[0] === "operator") return { page: "operator" };
  if (parts.length === 2 && parts[0] === "l" && parts[1]) {
    try {
      return { page: "lesson", code: decodeURIComponent(parts[1]) };
    } catch {
      // A malformed escape is a wrong link like any other: the same neutral page answers it.
      return { page: "unknown" };
    }
  }
  return { page: "unknown" };
}
