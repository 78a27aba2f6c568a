const PREFIX = "polyana.";

/** Reads a remembered value; null when there is none or the browser forbids storage. */
export function readStored(key: string, area: "local" | "session" = "local"): string | null {
  try {
    return storage(area).getItem(PREFIX + key);
  } catch {
    // Private modes and embedded views may refuse storage: then nothing is remembered, by design.
    return null;
  }
}

/** Remembers a value, or forgets it for null. Where storage is forbidden nothing happens. */
export function writeStored(key: string, value: string | null, area: "local" | "session" = "local"): void {
  try {
    if (value === null) storage(area).removeItem(PREFIX + key);
    else storage(area).setItem(PREFIX + key, value);
  } catch {
    // See readStored: remembering is a convenience, never a condition for joining.
  }
}

function storage(area: "local" | "session"): Storage {
  return area === "local" ? window.localStorage : window.sessionStorage;
}
