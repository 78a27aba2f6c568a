import { c } from "../../../i18n/control/index.ts";
import { BadgeSign } from "../../../ui/badge-sign.tsx";

function wordOf(badge: string): string {
  const { badges } = c();
  return badge in badges ? badges[badge as keyof typeof badges] : badges.staff;
}

/** What a badge says to those who do not see it. Empty without one. */
export function badgeWords(badge: string): string {
  return badge === "" ? "" : c().badgeConfirmed(wordOf(badge));
}

/** Of somebody in a call; nothing without a badge of the server. No name, however written, looks like it. */
export function Badge({ badge, compact = false }: { badge: string; compact?: boolean }) {
  if (badge === "") return null;
  return <BadgeSign badge={badge} word={wordOf(badge)} title={badgeWords(badge)} compact={compact} />;
}
