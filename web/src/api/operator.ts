import { requestJson } from "./http.ts";

export interface WorkerLoad {
  /** Share of one processor core, 0 to 1. */
  readonly cpu_share: number;
  readonly packets_in_per_s: number;
  readonly packets_out_per_s: number;
}

export interface RoomLoad {
  readonly name: string;
  readonly participants: number;
  readonly tracks: number;
  readonly bitrate_in_bps: number;
  readonly bitrate_out_bps: number;
}

export interface TotalLoad {
  readonly rooms: number;
  readonly participants: number;
  readonly publishers_tracks: number;
  readonly packets_in_per_s: number;
  readonly packets_out_per_s: number;
  readonly bitrate_in_bps: number;
  readonly bitrate_out_bps: number;
  /** Shares of packets, 0 to 1. */
  readonly loss_in: number;
  readonly loss_out: number;
  readonly nacks_per_s: number;
  readonly plis_per_s: number;
  readonly forward_latency_p50_us: number;
  readonly forward_latency_p99_us: number;
  readonly rejected_per_s: number;
}

/** Errors since the start of the server. */
export interface FaultLoad {
  /** Data plane threads that ended; their rooms are gone until the server is started anew. */
  readonly workers_failed: number;
  /** The program's own errors, each with a line in the log. */
  readonly internal: number;
  /** Participants whose media found no way, or whose handshake failed. */
  readonly connections_failed: number;
}

export interface ServerLoad {
  readonly uptime_s: number;
  readonly version: string;
  readonly workers: readonly WorkerLoad[];
  readonly rooms: readonly RoomLoad[];
  readonly totals: TotalLoad;
  readonly faults: FaultLoad;
  readonly process: {
    readonly cpu_share: number;
    readonly memory_bytes: number;
    readonly open_files: number;
  };
}

/** @throws ApiError 401 when the operator's token is not accepted. */
export async function fetchLoad(token: string, signal: AbortSignal): Promise<ServerLoad> {
  const headers = { authorization: `Bearer ${token}` };
  return (await requestJson("/api/operator/load", { headers, signal })) as ServerLoad;
}
