type Option = readonly [value: string, label: string];

type WithValues = typeof Intl & { supportedValuesOf?: (key: "timeZone") => string[] };

/** For browsers that cannot list what they know (before Chrome 99, Firefox 93, Safari 15.4). */
const FEW = [
  "Europe/Kaliningrad",
  "Europe/Moscow",
  "Asia/Yekaterinburg",
  "Asia/Novosibirsk",
  "Asia/Vladivostok",
];

export const TIME_ZONES: readonly string[] = (Intl as WithValues).supportedValuesOf?.("timeZone") ?? FEW;

export function timeZoneOptions(): readonly Option[] {
  return TIME_ZONES.map((zone) => [zone, zone.replaceAll("_", " ")] as const);
}
