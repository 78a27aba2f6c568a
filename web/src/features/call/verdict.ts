import type { Fault, Verdict } from "./model.ts";

export const VERDICT_TOPIC = "polyana.verdict";
const FAULTS: readonly string[] = ["home", "device", "firewall", "server"] satisfies Fault[];

/** What the server says is at fault; null: nothing is wrong any more, or it is no verdict that we know. */
export function parseVerdict(payload: Uint8Array): Verdict | null {
  try {
    const { fault, code } = JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>;
    if (typeof fault !== "string" || !FAULTS.includes(fault) || typeof code !== "string") return null;
    return { fault: fault as Fault, code };
  } catch {
    return null;
  }
}
