import { useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api/http.ts";
import { fetchLoad } from "../../api/operator.ts";
import { EMPTY_HISTORY, type LoadHistory, remember } from "./history.ts";

const PERIOD_MS = 1000;

export interface LoadState {
  readonly history: LoadHistory;
  /** Since when no answer has come; null while all is well. Milliseconds of the wall clock. */
  readonly silentSinceMs: number | null;
}

/** Asks for the load once a second while the page is visible, never twice at a time. */
export function useLoad(token: string, onRejected: () => void): LoadState {
  const [state, setState] = useState<LoadState>({ history: EMPTY_HISTORY, silentSinceMs: null });
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const poll = async () => {
      const startedMs = performance.now();
      if (document.visibilityState === "visible") await ask(token, abort.signal, setState, onRejected);
      if (!abort.signal.aborted) {
        timer = setTimeout(() => void poll(), Math.max(0, PERIOD_MS - (performance.now() - startedMs)));
      }
    };
    void poll();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [token]);
  return state;
}

async function ask(
  token: string,
  signal: AbortSignal,
  setState: (change: (before: LoadState) => LoadState) => void,
  onRejected: () => void,
): Promise<void> {
  try {
    const load = await fetchLoad(token, signal);
    setState((before) => ({ history: remember(before.history, load), silentSinceMs: null }));
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401 || error.status === 403) onRejected();
    else setState((before) => ({ ...before, silentSinceMs: before.silentSinceMs ?? Date.now() }));
  }
}
