import type { ServerLoad } from "../../api/operator.ts";
import { formatBitrate, formatBytes, formatLatency, formatNumber, formatShare } from "../../i18n/format.ts";
import { language, t } from "../../i18n/index.ts";
import { type Alarm, lostConnections, serverFaults } from "./alarms.ts";
import { additions, judgeServer } from "./faults.ts";
import { Sparkline } from "./sparkline.tsx";

interface CardProps {
  readonly label: string;
  readonly value: string;
  readonly note?: string;
  readonly values: readonly number[];
  /** Of a card that can be an alarm: its place on the page, and whether it is one now. */
  readonly id?: Alarm;
  readonly alarm?: boolean;
}

function Card({ label, value, note, values, id, alarm }: CardProps) {
  return (
    <div class={`card ${alarm ? "card--alarm" : ""}`} id={id}>
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

/** A rate; tenths only where they tell something. */
function perSecond(value: number, unit: string): string {
  return `${formatNumber(value, language.value, value < 100 ? 1 : 0)} ${unit}`;
}

export function StreamCards({ load, samples }: GroupProps) {
  const m = t();
  const locale = language.value;
  const { totals } = load;
  const rate = (value: number) => perSecond(value, m.operator.perSecondShort);
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
        note={m.operator.latencyNote(formatLatency(totals.forward_latency_p50_us, locale, m))}
        values={course((s) => s.forward_latency_p99_us)}
      />
    </dl>
  );
}

interface QualityProps extends GroupProps {
  readonly alarms: readonly Alarm[];
}

export function QualityCards({ load, samples, alarms }: QualityProps) {
  const m = t().operator;
  const locale = language.value;
  const { totals } = load;
  const rate = (value: number) => perSecond(value, m.perSecondShort);
  const course = (pick: (totals: ServerLoad["totals"]) => number) => samples.map((s) => pick(s.totals));
  const state = (id: Alarm) => ({ id, label: m[id], alarm: alarms.includes(id) });
  return (
    <dl class="cards">
      <Card
        {...state("lossIn")}
        value={formatShare(totals.loss_in, locale, 2)}
        {...(alarms.includes("lossIn") ? { note: m.lossInMuch } : {})}
        values={course((s) => s.loss_in)}
      />
      <Card
        {...state("lossOut")}
        value={formatShare(totals.loss_out, locale, 2)}
        {...(alarms.includes("lossOut") ? { note: m.lossOutMuch } : {})}
        values={course((s) => s.loss_out)}
      />
      <Card label={m.nacks} value={rate(totals.nacks_per_s)} values={course((s) => s.nacks_per_s)} />
      <Card label={m.plis} value={rate(totals.plis_per_s)} values={course((s) => s.plis_per_s)} />
      <Card
        {...state("rejected")}
        value={rate(totals.rejected_per_s)}
        note={alarms.includes("rejected") ? m.rejectedMany : m.rejectedFew}
        values={course((s) => s.rejected_per_s)}
      />
      {/* Counts since the start, as these are rare; the alarm is about what happens now. */}
      <Card
        {...state("serverErrors")}
        value={formatNumber(serverFaults(load.faults), locale)}
        note={m.serverVerdict[judgeServer(samples)]}
        values={additions(samples, serverFaults)}
      />
      <Card
        {...state("failedConnections")}
        value={formatNumber(lostConnections(load.faults), locale)}
        note={lostConnections(load.faults) > 0 ? m.failedConnectionsSome : m.sinceStartNone}
        values={additions(samples, lostConnections)}
      />
    </dl>
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
