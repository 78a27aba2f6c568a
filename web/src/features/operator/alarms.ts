import type { FaultLoad, ServerLoad } from "../../api/operator.ts";
import { isRecent, judgeServer } from "./faults.ts";

/** What an operator must look at. Named as the cards that tell more. */
export type Alarm = "lossIn" | "lossOut" | "rejected" | "serverErrors" | "failedConnections";

/** Loss that people notice in speech and pictures. */
const LOSS_ALARM = 0.02;
/** Per second. Peers that have just left send a few; a flood is worth a look at the network. */
const REJECTED_ALARM = 100;

export const serverFaults = (faults: FaultLoad) => faults.workers_failed + faults.internal;
export const lostConnections = (faults: FaultLoad) => faults.connections_failed;

/** The alarms of the last sample, in the order of the cards. */
export function alarmsOf(samples: readonly ServerLoad[]): Alarm[] {
  const totals = samples.at(-1)?.totals;
  if (!totals) return [];
  const verdict = judgeServer(samples);
  const raised: Record<Alarm, boolean> = {
    lossIn: totals.loss_in > LOSS_ALARM,
    lossOut: totals.loss_out > LOSS_ALARM,
    rejected: totals.rejected_per_s > REJECTED_ALARM,
    serverErrors: verdict === "worker" || verdict === "recent",
    failedConnections: isRecent(samples, lostConnections),
  };
  return (Object.keys(raised) as Alarm[]).filter((alarm) => raised[alarm]);
}
