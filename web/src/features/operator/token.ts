import { readStored, writeStored } from "../../platform/storage.ts";

const KEY = "operator.token";

/** The token in a fragment `#token=…`; fragments never reach the server or its logs. */
export function tokenFromFragment(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("token") || null;
}

/** Takes the token out of the address bar, so that no screenshot or copied link carries it. */
export function takeToken(): string | null {
  const token = tokenFromFragment(location.hash);
  if (token === null) return readStored(KEY, "session");
  history.replaceState(null, "", location.pathname);
  keepToken(token);
  return token;
}

export function keepToken(token: string | null): void {
  writeStored(KEY, token, "session");
}
