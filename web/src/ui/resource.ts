import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Resource<T> {
  /** The last that was loaded; it stays while it loads anew. */
  readonly data: T | null;
  readonly error: unknown;
  reload(): Promise<void>;
}

/** Something that the server tells; loaded anew when one of the keys changes. */
export function useResource<T>(load: () => Promise<T>, keys: readonly unknown[]): Resource<T> {
  const [state, setState] = useState<{ data: T | null; error: unknown }>({ data: null, error: null });
  const attempt = useRef(0);
  const reload = useCallback(async () => {
    attempt.current += 1;
    const mine = attempt.current;
    try {
      const data = await load();
      if (attempt.current === mine) setState({ data, error: null });
    } catch (error) {
      if (attempt.current === mine) setState((known) => ({ ...known, error }));
    }
  }, keys);
  useEffect(() => {
    setState({ data: null, error: null });
    void reload();
    return () => {
      attempt.current += 1;
    };
  }, [reload]);
  return { ...state, reload };
}
