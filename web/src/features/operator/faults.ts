import type { FaultLoad, ServerLoad } from "../../api/operator.ts";

/** What an operator has to do: nothing, read the log of what is over, read it now, or start the server anew. */
export type ServerVerdict = "none" | "past" | "recent" | "worker";

/** What was added between neighbouring samples; a server that was started anew begins at zero. */
export function additions(samples: readonly ServerLoad[], pick: (faults: FaultLoad) => number): number[] {
  const totals = samples.map((sample) => pick(sample.faults));
  return totals.map((total, index) => Math.max(0, total - (totals[index - 1] ?? total)));
}

/** Whether anything was added in the samples that are shown. */
export function isRecent(samples: readonly ServerLoad[], pick: (faults: FaultLoad) => number): boolean {
  return additions(samples, pick).some((added) => added > 0);
}

export function judgeServer(samples: readonly ServerLoad[]): ServerVerdict {
  const now = samples.at(-1)?.faults;
  if (!now) return "none";
  // A worker does not come back by itself: the alarm stays until the server was started anew.
  if (now.workers_failed > 0) return "worker";
  if (isRecent(samples, (faults) => faults.internal)) return "recent";
  return now.internal > 0 ? "past" : "none";
}
