import type { FaultLoad, ServerLoad } from "../../api/operator.ts";
import { formatBitrate, formatBytes, formatLatency, formatNumber, formatShare } from "../../i18n/format.ts";
import { language, t } from "../../i18n/index.ts";
import { additions, isRecent, judgeServer } from "./faults.ts";
import { Sparkline } from "./sparkline.tsx";

interface CardProps {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly values: readonly number[];
  readonly alarm?: boolean;
}

function Card({ label, value, note, values, alarm }: CardProps) {
  return (
    <div class={`card ${alarm ? "card--alarm" : ""}`}>
      <dt class="card__label">{label}</dt>
      <dd class="card__value">{value}</dd>
      {note && <dd class="card__note">{note}</dd>}
      <dd class="card__chart" aria-hidden="true">
        <Sparkline values={values} />
      </dd>
    </div>
  );
}

interface GroupProps {
  readonly load: ServerLoad;
  readonly samples: readonly ServerLoad[];
}

/** Loss that people notice in speech and pictures. */
const LOSS_ALARM = 0.02;
/** Per second. Peers that have just left send a few; a flood is worth a look at the network. */
const REJECTED_ALARM = 100;

export function StreamCards({ load, samples }: GroupProps) {
  const m = t();
  const locale = language.value;
  const { totals } = load;
  const rate = (value: number) => `${formatNumber(value, locale)} ${m.operator.perSecondShort}`;
  const course = (pick: (totals: ServerLoad["totals"]) => number) => samples.map((s) => pick(s.totals));
  return (
    <dl class="cards">
      <Card
        label={m.operator.bitrateOut}
        value={formatBitrate(totals.bitrate_out_bps, locale, m)}
        note={`${m.operator.packetsOut}: ${rate(totals.packets_out_per_s)}`}
        values={course((s) => s.bitrate_out_bps)}
      />
      <Card
        label={m.operator.bitrateIn}
        value={formatBitrate(totals.bitrate_in_bps, locale, m)}
        note={`${m.operator.packetsIn}: ${rate(totals.packets_in_per_s)}`}
        values={course((s) => s.bitrate_in_bps)}
      />
      <Card
        label={m.operator.latency}
        value={formatLatency(totals.forward_latency_p99_us, locale, m)}
        note={`${m.operator.latencyTail}; ${m.operator.latencyMedian}: ${formatLatency(totals.forward_latency_p50_us, locale, m)}`}
        values={course((s) => s.forward_latency_p99_us)}
      />
    </dl>
  );
}

export function QualityCards({ load, samples }: GroupProps) {
  const m = t().operator;
  const locale = language.value;
  const { totals } = load;
  const rate = (value: number) => `${formatNumber(value, locale, 1)} ${m.perSecondShort}`;
  const course = (pick: (totals: ServerLoad["totals"]) => number) => samples.map((s) => pick(s.totals));
  return (
    <dl class="cards">
      <Card
        label={m.lossIn}
        value={formatShare(totals.loss_in, locale, 2)}
        values={course((s) => s.loss_in)}
        alarm={totals.loss_in > LOSS_ALARM}
      />
      <Card
        label={m.lossOut}
        value={formatShare(totals.loss_out, locale, 2)}
        values={course((s) => s.loss_out)}
        alarm={totals.loss_out > LOSS_ALARM}
      />
      <Card label={m.nacks} value={rate(totals.nacks_per_s)} values={course((s) => s.nacks_per_s)} />
      <Card label={m.plis} value={rate(totals.plis_per_s)} values={course((s) => s.plis_per_s)} />
      <Card
        label={m.rejected}
        value={rate(totals.rejected_per_s)}
        note={totals.rejected_per_s > REJECTED_ALARM ? m.rejectedMany : m.rejectedFew}
        values={course((s) => s.rejected_per_s)}
        alarm={totals.rejected_per_s > REJECTED_ALARM}
      />
      <FaultCards load={load} samples={samples} />
    </dl>
  );
}

const serverFaults = (faults: FaultLoad) => faults.workers_failed + faults.internal;
const lostConnections = (faults: FaultLoad) => faults.connections_failed;

/** Counts since the start, as these are rare; the alarm is about what happens now. */
function FaultCards({ load, samples }: GroupProps) {
  const m = t().operator;
  const locale = language.value;
  const verdict = judgeServer(samples);
  const connections = lostConnections(load.faults);
  return (
    <>
      <Card
        label={m.serverErrors}
        value={formatNumber(serverFaults(load.faults), locale)}
        note={m.serverVerdict[verdict]}
        values={additions(samples, serverFaults)}
        alarm={verdict === "worker" || verdict === "recent"}
      />
      <Card
        label={m.failedConnections}
        value={formatNumber(connections, locale)}
        note={connections > 0 ? m.failedConnectionsSome : m.sinceStartNone}
        values={additions(samples, lostConnections)}
        alarm={isRecent(samples, lostConnections)}
      />
    </>
  );
}

export function MachineCards({ load, samples }: GroupProps) {
  const m = t();
  const locale = language.value;
  return (
    <dl class="cards">
      <Card
        label={m.operator.processor}
        value={formatShare(load.process.cpu_share, locale)}
        note={m.operator.processorNote}
        values={samples.map((s) => s.process.cpu_share)}
      />
      <Card
        label={m.operator.memory}
        value={formatBytes(load.process.memory_bytes, locale, m)}
        values={samples.map((s) => s.process.memory_bytes)}
      />
      <Card
        label={m.operator.openFiles}
        value={formatNumber(load.process.open_files, locale)}
        values={samples.map((s) => s.process.open_files)}
      />
      {load.workers.map((worker, index) => (
        <Card
          key={index}
          label={m.operator.worker(index + 1)}
          value={formatShare(worker.cpu_share, locale)}
          note={`${formatNumber(worker.packets_in_per_s, locale)} → ${formatNumber(worker.packets_out_per_s, locale)} ${m.operator.packetsPerSecond}`}
          values={samples.map((s) => s.workers[index]?.cpu_share ?? 0)}
        />
      ))}
    </dl>
  );
}
