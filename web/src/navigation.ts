import { signal } from "@preact/signals";

/** The path of the page that is shown. */
export const pathname = signal(location.pathname);

addEventListener("popstate", () => {
  pathname.value = location.pathname;
});

/** Shows another of our pages without loading anew. */
export function navigate(path: string, how: "push" | "replace" = "push"): void {
  if (how === "push") history.pushState(null, "", path);
  else history.replaceState(null, "", path);
  pathname.value = location.pathname;
  scrollTo(0, 0);
}
