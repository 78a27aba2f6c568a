import { signal } from "@preact/signals";
import { readStored, writeStored } from "./storage.ts";

/** What a lesson may cost, in megabytes: about two hours, one lesson and half a lesson of small pictures. */
export const DATA_BUDGETS = [300, 150, 75] as const;
const KEY = "data-budget";

function remembered(): number | null {
  const stored = Number(readStored(KEY));
  return DATA_BUDGETS.find((megabytes) => megabytes === stored) ?? null;
}

/** The choice of this device; null: no limit of its own. */
export const dataBudget = signal<number | null>(remembered());

export function chooseDataBudget(megabytes: number | null): void {
  dataBudget.value = megabytes;
  writeStored(KEY, megabytes === null ? null : String(megabytes));
}
