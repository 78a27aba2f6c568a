import type { Room } from "livekit-client";

/**
 * What this device says of itself, so that the server does not take a slow device for a slow line. The fields are
 * those of `signalling/rtc/client_reports.py`; counters are of the time since the report before.
 */
export interface DeviceReport {
  readonly cpu_limited: boolean;
  readonly bandwidth_limited: boolean;
  readonly frames_decoded: number;
  readonly frames_dropped: number;
  readonly decode_ms: number;
  readonly interval_ms: number;
  readonly lag_ms: number;
  readonly relayed: boolean;
}

export const REPORT_TOPIC = "polyana.report";
const INTERVAL_MS = 2000;

/** Entries of RTCStatsReport (W3C webrtc-stats), as far as they are read here. */
interface Stats {
  readonly id: string;
  readonly type: string;
  readonly kind?: string;
  readonly qualityLimitationReason?: string;
  readonly framesDecoded?: number;
  readonly framesDropped?: number;
  readonly totalDecodeTime?: number;
  readonly selectedCandidatePairId?: string;
  readonly localCandidateId?: string;
  readonly candidateType?: string;
}

/** Counters of all pictures together; times in seconds. */
export interface Totals {
  readonly decoded: number;
  readonly dropped: number;
  readonly decodeTime: number;
}

export interface Reading {
  readonly totals: ReadonlyMap<string, Totals>;
  readonly limits: ReadonlySet<string>;
  readonly relayed: boolean;
}

/** What the statistics of several tracks say together. */
export function read(reports: readonly (Iterable<readonly [string, Stats]> | undefined)[]): Reading {
  const found = new Map<string, Stats>();
  for (const report of reports) for (const [id, stats] of report ?? []) found.set(id, stats);
  const totals = new Map<string, Totals>();
  const limits = new Set<string>();
  let relayed = false;
  for (const [id, stats] of found) {
    if (stats.type === "inbound-rtp" && stats.kind === "video") {
      const { framesDecoded = 0, framesDropped = 0, totalDecodeTime = 0 } = stats;
      totals.set(id, { decoded: framesDecoded, dropped: framesDropped, decodeTime: totalDecodeTime });
    } else if (stats.type === "outbound-rtp" && stats.qualityLimitationReason) {
      limits.add(stats.qualityLimitationReason);
    } else if (stats.type === "transport" && stats.selectedCandidatePairId) {
      const pair = found.get(stats.selectedCandidatePairId);
      relayed ||= found.get(pair?.localCandidateId ?? "")?.candidateType === "relay";
    }
  }
  return { totals, limits, relayed };
}

/** What happened between two readings. A picture that is in one of them only says nothing. */
export function compare(before: Reading, after: Reading, intervalMs: number, lagMs: number): DeviceReport {
  let [decoded, dropped, decodeTime] = [0, 0, 0];
  for (const [id, now] of after.totals) {
    const old = before.totals.get(id);
    if (!old) continue;
    decoded += Math.max(0, now.decoded - old.decoded);
    dropped += Math.max(0, now.dropped - old.dropped);
    decodeTime = Math.max(decodeTime, now.decodeTime - old.decodeTime); // decoders run side by side
  }
  return {
    cpu_limited: after.limits.has("cpu"),
    bandwidth_limited: after.limits.has("bandwidth"),
    frames_decoded: decoded,
    frames_dropped: dropped,
    decode_ms: decodeTime * 1000,
    interval_ms: Math.max(100, intervalMs),
    lag_ms: lagMs,
    relayed: after.relayed,
  };
}

async function readRoom(room: Room): Promise<Reading> {
  const people = [room.localParticipant, ...room.remoteParticipants.values()];
  const tracks = people.flatMap((one) => [...one.trackPublications.values()].map(({ track }) => track));
  return read(
    await Promise.all(tracks.map((track) => track?.getRTCStatsReport() as Promise<RTCStatsReport>)),
  );
}

/** Reports every two seconds until it is stopped. */
export class DeviceReporter {
  readonly #room: Room;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #before: Reading | null = null;
  #readAt = 0;

  constructor(room: Room) {
    this.#room = room;
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    const due = performance.now() + INTERVAL_MS;
    const wasVisible = document.visibilityState === "visible";
    this.#timer = setTimeout(() => {
      // Timers of pages that nobody sees are late by design.
      const visible = wasVisible && document.visibilityState === "visible";
      void this.#report(visible ? Math.max(0, performance.now() - due) : 0);
    }, INTERVAL_MS);
  }

  async #report(lagMs: number): Promise<void> {
    try {
      const now = performance.now();
      const reading = await readRoom(this.#room);
      const report = compare(this.#before ?? reading, reading, now - this.#readAt, lagMs);
      this.#before = reading;
      this.#readAt = now;
      const payload = new TextEncoder().encode(JSON.stringify(report));
      await this.#room.localParticipant.publishData(payload, { topic: REPORT_TOPIC, reliable: false });
    } catch (error) {
      console.info("polyana: no report this time", error); // the connection is away; the next one will do
    }
    if (this.#timer !== undefined) this.#wait();
  }
}
