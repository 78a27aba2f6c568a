import type { SchoolCatalogue } from "../../../i18n/school/index.ts";

type Words = SchoolCatalogue["roster"]["messages"];

const KNOWN: readonly (readonly [RegExp, (m: Words, found: readonly string[]) => string])[] = [
  [/^this file is missing$/, (m) => m.fileMissing],
  [/^this column is missing$/, (m) => m.columnMissing],
  [/^must not be empty$/, (m) => m.empty],
  [/^the same as (?:in )?line (\d+)$/, (m, [line]) => m.same(line ?? "")],
  [/^(.+) is none of (.+)$/, (m, [value, known]) => m.noneOf(value ?? "", known ?? "")],
  [/^(.+) is not known$/, (m, [value]) => m.unknown(value ?? "")],
  [/^the group has another age above$/, (m) => m.otherAge],
  [/^more than (\d+) lines$/, (m, [most]) => m.tooMany(most ?? "")],
  [/^(\d+) cells where the header has (\d+)$/, (m, [here, head]) => m.cells(here ?? "", head ?? "")],
  [/^longer than (\d+) characters$/, (m, [most]) => m.tooLong(most ?? "")],
  [/^control characters are not allowed$/, (m) => m.controls],
  [/^no CSV: /, (m) => m.noTable],
];

/** The server tells faults in English; what is not known here is shown as it is. */
export function faultWords(message: string, m: Words): string {
  for (const [pattern, words] of KNOWN) {
    const found = pattern.exec(message);
    if (found) return words(m, found.slice(1));
  }
  return message;
}
