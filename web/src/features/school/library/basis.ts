/** The API keeps one line; it says in Russian, the language of these papers, which kind of basis it is. */
const PREFIXES = { list: "Федеральный перечень, № ", minutes: "Протокол педсовета " } as const;

export type BasisKind = keyof typeof PREFIXES;

/** What of a line the form shows; a line in other words is left as it is. */
export function basisOf(line: string): { readonly kind: BasisKind; readonly text: string } {
  if (line.startsWith(PREFIXES.list)) return { kind: "list", text: line.slice(PREFIXES.list.length) };
  return {
    kind: "minutes",
    text: line.startsWith(PREFIXES.minutes) ? line.slice(PREFIXES.minutes.length) : line,
  };
}

/** One line of a kind and its number; empty without a number. */
export function basisText(kind: string, text: string): string {
  const number = text.trim().replace(/\s+/g, " ");
  if (number === "") return "";
  if (kind === "list") return PREFIXES.list + number;
  return /^протокол/i.test(number) ? number : PREFIXES.minutes + number;
}

/** The end of a day of the viewer's own zone, as a moment in UTC: the first that is no longer valid. */
export function endOfDay(date: string): string {
  const day = new Date(`${date}T00:00`);
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1).toISOString();
}

/** The day before that moment, YYYY-MM-DD. */
export function lastDay(iso: string): string {
  const moment = new Date(new Date(iso).getTime() - 1);
  const two = (n: number) => String(n).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}
