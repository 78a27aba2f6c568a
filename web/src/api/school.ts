import { ApiError, requestJson } from "./http.ts";
import type { Endpoints } from "./schema.ts";

type Parts<E extends keyof Endpoints> = Pick<Endpoints[E], "path" | "query" | "body">;

/** Keys of what an endpoint takes; what it does not take cannot be given. */
type Taken<E extends keyof Endpoints> = {
  [K in keyof Parts<E>]: Parts<E>[K] extends null ? never : K;
}[keyof Parts<E>];

type Given<E extends keyof Endpoints> = Pick<Parts<E>, Taken<E>>;

interface Anything {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | null | undefined>>;
  readonly body?: unknown;
}

let whenSignedOut = () => {};

/** Whoever keeps the session hears when the server no longer knows it: it expired, or a role was revoked. */
export function onSignedOut(listener: () => void): void {
  whenSignedOut = listener;
}

/** The address of an endpoint, "GET /api/groups/{group}". */
export function address(endpoint: string, given: Anything = {}): string {
  const path = endpoint
    .slice(endpoint.indexOf(" ") + 1)
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(given.path?.[name] ?? ""));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given.query ?? {})) {
    if (value !== null && value !== undefined) query.set(name, String(value));
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

/**
 * Calls one endpoint of the school's API.
 *
 * @throws ApiError with the server's code.
 */
export async function call<E extends keyof Endpoints>(
  endpoint: E,
  ...[given]: Taken<E> extends never ? [] : [Given<E>]
): Promise<Endpoints[E]["answer"]> {
  const all = (given ?? {}) as Anything;
  const init: RequestInit = {
    method: endpoint.slice(0, endpoint.indexOf(" ")),
    headers: { "x-polyana": "1", ...(all.body === undefined ? {} : { "content-type": "application/json" }) },
    ...(all.body === undefined ? {} : { body: JSON.stringify(all.body) }),
  };
  try {
    return (await requestJson(address(endpoint, all), init)) as Endpoints[E]["answer"];
  } catch (error) {
    if (error instanceof ApiError && error.code === "NOT_SIGNED_IN") whenSignedOut();
    throw error;
  }
}
