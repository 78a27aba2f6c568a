import type { ApiError } from "../../api/http.ts";
import type { Catalogue } from "../../i18n/index.ts";

export interface Problem {
  readonly kind: keyof Catalogue["joinError"];
  readonly code: string;
}

/** What a refused or failed request to join means to a person; the code is the server's own. */
export function describeApiError(error: ApiError): Problem {
  const { status, code } = error;
  if (status === 0) return { kind: "network", code };
  if (code === "TOO_MANY_DEVICES") return { kind: "devices", code };
  if (code === "CONSENT_NEEDED") return { kind: "consent", code };
  if (status === 409) return { kind: "notOpen", code };
  if (status === 401 || status === 403) return { kind: "denied", code };
  if (status === 404) return { kind: "linkNotFound", code };
  if (status === 429) return { kind: "tooMany", code };
  if (status === 503) return { kind: "full", code };
  if (status === 400) return { kind: "nameInvalid", code };
  return { kind: "unknown", code };
}
