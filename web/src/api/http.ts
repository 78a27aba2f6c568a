/** A request that did not succeed. `code` is the server's own, or `NETWORK` when no answer came. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function errorFrom(status: number, body: unknown): ApiError {
  const error = isRecord(body) && isRecord(body["error"]) ? body["error"] : {};
  const code = typeof error["code"] === "string" ? error["code"] : `HTTP_${status}`;
  const message = typeof error["message"] === "string" ? error["message"] : `HTTP status ${status}`;
  return new ApiError(status, code, message);
}

/**
 * Fetches JSON from our own origin.
 *
 * @throws ApiError with status 0 and code NETWORK when no answer came, else with the server's status.
 */
export async function requestJson(path: string, init: RequestInit = {}): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, { cache: "no-store", credentials: "same-origin", ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, "NETWORK", String(cause));
  }
  if (response.status === 204) return null;
  let body: unknown = null;
  try {
    body = await response.json();
  } catch (cause) {
    if (response.ok) throw new ApiError(response.status, "BAD_RESPONSE", String(cause));
  }
  if (!response.ok) throw errorFrom(response.status, body);
  return body;
}
