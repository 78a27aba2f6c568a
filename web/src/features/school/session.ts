import { computed, signal } from "@preact/signals";
import { ApiError } from "../../api/http.ts";
import type { Me, OrganisationAnswer, Role } from "../../api/schema.ts";
import { call, onSignedOut } from "../../api/school.ts";
import { navigate } from "../../navigation.ts";
import { readStored, writeStored } from "../../platform/storage.ts";

export type SessionState =
  | { readonly kind: "loading" }
  | { readonly kind: "unreachable" }
  | { readonly kind: "none" }
  | { readonly kind: "signedIn"; readonly me: Me };

export const session = signal<SessionState>({ kind: "loading" });
const chosenOrganisation = signal(readStored("organisation"));

/** After signing in, and whenever the account has changed. */
export function begin(me: Me): void {
  session.value = { kind: "signedIn", me };
}

export function end(): void {
  session.value = { kind: "none" };
}

onSignedOut(end);

/** Asks the server who is signed in. */
export async function refresh(): Promise<void> {
  try {
    begin(await call("GET /api/me"));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    session.value = { kind: error.status === 401 ? "none" : "unreachable" };
  }
}

export async function signOut(everywhere: boolean): Promise<void> {
  await (everywhere ? call("DELETE /api/sessions") : call("DELETE /api/session"));
  end();
  navigate("/", "replace");
}

/** What somebody is in the organisation that is shown: only confirmed roles count. */
export interface Place {
  readonly me: Me;
  readonly organisation: OrganisationAnswer;
  readonly roles: ReadonlySet<Role>;
}

export const organisations = computed((): readonly OrganisationAnswer[] => {
  const known = session.value;
  if (known.kind !== "signedIn") return [];
  const confirmed = known.me.roles.filter((role) => role.state === "confirmed");
  return [...new Map(confirmed.map((role) => [role.organisation.id, role.organisation])).values()];
});

/** Null while no role is confirmed. */
export const place = computed((): Place | null => {
  const known = session.value;
  const all = organisations.value;
  const organisation = all.find(({ id }) => id === chosenOrganisation.value) ?? all[0];
  if (known.kind !== "signedIn" || !organisation) return null;
  const held = known.me.roles.filter(
    (role) => role.state === "confirmed" && role.organisation.id === organisation.id,
  );
  return { me: known.me, organisation, roles: new Set(held.map(({ role }) => role)) };
});

export function chooseOrganisation(id: string): void {
  chosenOrganisation.value = id;
  writeStored("organisation", id);
}
