import { useEffect, useState } from "preact/hooks";

/** Whole seconds since a moment (milliseconds of the wall clock), counted on while mounted. */
export function useSecondsSince(startMs: number): number {
  const [seconds, setSeconds] = useState(() => elapsed(startMs));
  useEffect(() => {
    setSeconds(elapsed(startMs));
    const timer = setInterval(() => setSeconds(elapsed(startMs)), 250);
    return () => clearInterval(timer);
  }, [startMs]);
  return seconds;
}

function elapsed(startMs: number): number {
  return Math.max(0, Math.floor((Date.now() - startMs) / 1000));
}
