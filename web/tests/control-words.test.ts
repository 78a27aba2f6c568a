import { describe, expect, it } from "vitest";
import { isDrawn } from "../src/features/call/control/pictures.tsx";
import { EMOJI } from "../src/features/call/control/reactions.tsx";
import { PICTURES } from "../src/features/call/host/poll-maker.tsx";
import { controlCatalogues } from "../src/i18n/control/index.ts";

function paths(value: unknown, at = ""): string[] {
  if (typeof value !== "object" || value === null) return [`${at}:${typeof value}`];
  return Object.entries(value).flatMap(([key, inner]) => paths(inner, `${at}/${key}`));
}

describe("the words of a call that somebody leads", () => {
  const { ru, en } = controlCatalogues;

  it("are the same in both languages, and none is empty", () => {
    expect(paths(en)).toEqual(paths(ru));
    for (const words of [ru, en]) expect(JSON.stringify(words)).not.toContain('""');
  });

  it("decline", () => {
    expect([1, 2, 5, 21].map(ru.people.lobbyCount)).toEqual(["Ждёт 1", "Ждут 2", "Ждут 5", "Ждёт 21"]);
    expect([1, 3, 11].map(ru.poll.votes)).toEqual(["1 голос", "3 голоса", "11 голосов"]);
    expect([1, 4, 5].map(ru.time.leftSoon)).toEqual([
      "До конца занятия осталась 1 минута",
      "До конца занятия осталось 4 минуты",
      "До конца занятия осталось 5 минут",
    ]);
    expect([2, 3, 4, 12, 22].map(en.hand.place).map((text) => text.split(" ")[6])).toEqual([
      "2nd",
      "3rd",
      "4th",
      "12th",
      "22nd",
    ]);
  });

  it("name every reaction", () => {
    for (const emoji of EMOJI) for (const words of [ru, en]) expect(words.emoji[emoji]).toBeTruthy();
  });

  it("name every picture of polls, and all of them are drawn", () => {
    for (const picture of PICTURES)
      for (const words of [ru, en]) expect(words.pictures[picture]).toBeTruthy();
    expect([...PICTURES, ...EMOJI].filter((picture) => !isDrawn(picture))).toEqual([]);
  });
});
