import { formatBytes, formatNumber, formatShare } from "../../../i18n/format.ts";
import { language, t } from "../../../i18n/index.ts";
import { l } from "../../../i18n/library/index.ts";

/** 1:02:03, or 2:03; of seconds. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, number) => (number ? String(part).padStart(2, "0") : String(part))).join(":");
}

export function bytes(size: number): string {
  return formatBytes(size, language.value, t());
}

export function share(of: number): string {
  return formatShare(of, language.value);
}

export function number(value: number, digits = 1): string {
  return formatNumber(value, language.value, digits);
}

/** How long something may still take, roughly; of seconds. */
export function rough(seconds: number): string {
  const m = l().upload;
  if (seconds < 60) return m.seconds(Math.max(1, Math.ceil(seconds)));
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? m.minutes(minutes) : m.hours(Math.floor(minutes / 60), minutes % 60);
}
