import { useCallback, useEffect, useState } from "preact/hooks";
import { ApiError } from "../../api/http.ts";
import { fetchLesson, type Lesson } from "../../api/lessons.ts";

export type LessonState =
  | { readonly kind: "loading" }
  | { readonly kind: "notFound" }
  | { readonly kind: "unreachable"; readonly code: string }
  | { readonly kind: "ready"; readonly lesson: Lesson };

/** Loads what a link tells; the second value loads it again. */
export function useLesson(code: string): [LessonState, () => void] {
  const [state, setState] = useState<LessonState>({ kind: "loading" });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    setState({ kind: "loading" });
    fetchLesson(code, abort.signal).then(
      (lesson) => setState({ kind: "ready", lesson }),
      (error: unknown) => {
        if (!abort.signal.aborted) setState(failed(error));
      },
    );
    return () => abort.abort();
  }, [code, attempt]);
  const retry = useCallback(() => setAttempt((n) => n + 1), []);
  return [state, retry];
}

function failed(error: unknown): LessonState {
  if (!(error instanceof ApiError)) throw error;
  return error.status === 404 ? { kind: "notFound" } : { kind: "unreachable", code: error.code };
}
