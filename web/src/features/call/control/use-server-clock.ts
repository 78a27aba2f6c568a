import { useEffect, useState } from "preact/hooks";
import type { Control } from "./model.ts";
import { secondsUntil } from "./state.ts";

/** Whole seconds until a moment of the server's clock (seconds since the epoch), counted on while mounted. */
export function useSecondsUntil(at: number, control: Control): number {
  const left = () => secondsUntil(at, Date.now(), control.clockOffsetMs.peek());
  const [seconds, setSeconds] = useState(left);
  useEffect(() => {
    setSeconds(left());
    const timer = setInterval(() => setSeconds(left()), 250);
    return () => clearInterval(timer);
  }, [at]);
  return seconds;
}
