import type { Language } from "../i18n/catalogue.ts";
import { requestJson } from "./http.ts";

/** What a lesson link tells before anyone has joined. */
export interface Lesson {
  readonly title: string;
  readonly organisation: string;
  readonly host: string | null;
  /** What the server vouches for about the host. */
  readonly badge?: string | null;
  /** ISO 8601 with offset. */
  readonly starts_at?: string | null;
  readonly state?: "before" | "live" | "after" | "cancelled";
  /** From when on people may enter. */
  readonly opens_at?: string | null;
  /** Whose personal link it is: nobody asks for a name then. */
  readonly family?: string | null;
  /** `consultation`: encrypted from device to device. */
  readonly mode?: string;
  readonly content?: string;
  readonly participants: number;
}

export interface JoinGrant {
  /** Access token (JWT) for the media session. */
  readonly token: string;
  readonly identity: string;
  /** Finds this attempt in the server's log. */
  readonly correlation_id: string;
}

export const NAME_MAX_LENGTH = 60;

/** @throws ApiError 404 for every link that does not open. */
export async function fetchLesson(code: string, signal: AbortSignal): Promise<Lesson> {
  return (await requestJson(`/api/lessons/${encodeURIComponent(code)}`, { signal })) as Lesson;
}

/** Asks for a place in the call. `name` null: the server knows it. */
export type Door = (
  name: string | null,
  language: Language,
  dataBudgetMb: number | null,
) => Promise<JoinGrant>;

/** @throws ApiError 400, 404, 409, 429 or 503 with the server's code. */
export async function requestJoin(
  code: string,
  name: string | null,
  language: Language,
  dataBudgetMb: number | null,
): Promise<JoinGrant> {
  const answer = await requestJson(`/api/lessons/${encodeURIComponent(code)}/join`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      ...(name === null ? {} : { name }),
      language,
      ...(dataBudgetMb ? { data_budget_mb: dataBudgetMb } : {}),
    }),
  });
  return answer as JoinGrant;
}
