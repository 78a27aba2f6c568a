import { expect, test } from "vitest";
import type { FaultLoad, ServerLoad } from "../src/api/operator.ts";
import { alarmsOf } from "../src/features/operator/alarms.ts";
import { additions, isRecent, judgeServer } from "../src/features/operator/faults.ts";

const CALM: FaultLoad = { workers_failed: 0, internal: 0, connections_failed: 0 };

function samples(...faults: Partial<FaultLoad>[]): ServerLoad[] {
  return faults.map((some) => ({ faults: { ...CALM, ...some } }) as ServerLoad);
}

test("errors from before the page was opened raise no alarm", () => {
  expect(judgeServer(samples({ internal: 4 }, { internal: 4 }))).toBe("past");
  expect(judgeServer(samples({}, {}))).toBe("none");
  expect(judgeServer([])).toBe("none");
});

test("an error that happens while somebody looks raises one", () => {
  expect(judgeServer(samples({ internal: 4 }, { internal: 5 }, { internal: 5 }))).toBe("recent");
});

test("a failed worker stays an alarm until the server was started anew", () => {
  expect(judgeServer(samples({ workers_failed: 1, internal: 2 }))).toBe("worker");
  expect(judgeServer(samples({ workers_failed: 1 }, {}))).toBe("none");
});

test("a server that was started anew takes nothing away", () => {
  const seen = samples({ connections_failed: 7 }, {}, { connections_failed: 1 });
  const pick = (faults: FaultLoad) => faults.connections_failed;
  expect(additions(seen, pick)).toEqual([0, 0, 1]);
  expect(isRecent(seen, pick)).toBe(true);
  expect(isRecent(seen.slice(0, 2), pick)).toBe(false);
});

test("alarms are told in the order of the cards", () => {
  const totals = { loss_in: 0.001, loss_out: 0.05, rejected_per_s: 4000 };
  const load = { totals, faults: { ...CALM, workers_failed: 1 } } as ServerLoad;
  expect(alarmsOf([load])).toEqual(["lossOut", "rejected", "serverErrors"]);
  expect(
    alarmsOf([{ ...load, totals: { ...load.totals, loss_out: 0, rejected_per_s: 3 }, faults: CALM }]),
  ).toEqual([]);
  expect(alarmsOf([])).toEqual([]);
});
