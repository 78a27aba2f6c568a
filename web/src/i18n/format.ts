import type { Catalogue, Language } from "./catalogue.ts";

const DAY_MS = 86_400_000;

function startOfDay(moment: Date): number {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}

/** "Начало сегодня в 10:00", in the viewer's own time zone. */
export function formatStart(iso: string, now: Date, locale: Language, m: Catalogue): string | null {
  const start = new Date(iso);
  if (Number.isNaN(start.getTime())) return null;
  const time = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(start);
  const days = Math.round((startOfDay(start) - startOfDay(now)) / DAY_MS);
  const day =
    Math.abs(days) <= 1
      ? new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(days, "day")
      : new Intl.DateTimeFormat(locale, { day: "numeric", month: "long" }).format(start);
  return m.format.startsAt(day, time);
}

function scaled(value: number, step: number, units: readonly string[], locale: Language): string {
  let scale = 0;
  let rest = value;
  while (rest >= step && scale < units.length - 1) {
    rest /= step;
    scale += 1;
  }
  const digits = scale === 0 || rest >= 100 ? 0 : 1;
  return `${formatNumber(rest, locale, digits)} ${units[scale]}`;
}

export function formatNumber(value: number, locale: Language, digits = 0): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);
}

/** A bit rate in bit/s with a decimal prefix. */
export function formatBitrate(bps: number, locale: Language, m: Catalogue): string {
  return scaled(bps, 1000, m.format.bitsPerSecond, locale);
}

/** A size in bytes with a binary step, as memory is usually told. */
export function formatBytes(bytes: number, locale: Language, m: Catalogue): string {
  return scaled(bytes, 1024, m.format.bytes, locale);
}

/** A share of one, as per cent. */
export function formatShare(share: number, locale: Language, digits = 0): string {
  return new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: digits }).format(share);
}

/** A duration given in microseconds; milliseconds from 1,000 us on. */
export function formatLatency(us: number, locale: Language, m: Catalogue): string {
  return us < 1000
    ? `${formatNumber(us, locale)} ${m.format.microseconds}`
    : `${formatNumber(us / 1000, locale, 1)} ${m.format.milliseconds}`;
}

/** A duration in seconds as days and hours, hours and minutes, or minutes. */
export function formatUptime(seconds: number, m: Catalogue): string {
  const minutes = Math.floor(seconds / 60);
  return m.format.duration(Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60);
}
