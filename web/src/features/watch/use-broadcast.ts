import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api/http.ts";
import { type Broadcast, fetchBroadcast } from "../../api/watch.ts";

const LOOK_MS = 2000;

export type Watched =
  | { readonly kind: "loading" }
  | { readonly kind: "notFound" }
  | { readonly kind: "known"; readonly broadcast: Broadcast; readonly reachable: boolean };

/** What is shown, looked at again and again; without a connection what was known last. */
export function useBroadcast(code: string): Watched {
  const [watched, setWatched] = useState<Watched>({ kind: "loading" });
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        const broadcast = await fetchBroadcast(code, abort.signal);
        setWatched({ kind: "known", broadcast, reachable: true });
      } catch (cause) {
        if (abort.signal.aborted) return;
        if (cause instanceof ApiError && cause.status === 404) setWatched({ kind: "notFound" });
        else setWatched((before) => (before.kind === "known" ? { ...before, reachable: false } : before));
      }
      timer = setTimeout(() => void look(), LOOK_MS);
    };
    void look();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [code]);
  return watched;
}
