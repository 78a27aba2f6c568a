import type { ContentAnswer, PreparationState } from "../../../api/schema.ts";

export function isPending(state: PreparationState): boolean {
  return state === "queued" || state === "running";
}

export type Missing = "file" | "licence" | "basis" | "valid";

/** What a draft still needs before somebody else can verify it. */
export function missing(content: ContentAnswer, now: Date): readonly Missing[] {
  const found: Missing[] = [];
  if (content.preparation.state !== "ready") found.push("file");
  if (content.licence.trim() === "") found.push("licence");
  if (content.basis.trim() === "") found.push("basis");
  if (content.valid_until !== null && new Date(content.valid_until) <= now) found.push("valid");
  return found;
}

export type Step = "submit" | "takeBack" | "giveBack" | "verify" | "withdraw" | "revise" | "remove";

/** Who could verify by role, but had a hand in it. */
export function isOwn(content: ContentAnswer): boolean {
  return content.may.includes("withdraw") && !content.may.includes("verify");
}

/** What the viewer may do now, as far as the server's `may` goes. */
export function stepsOf(content: ContentAnswer): Readonly<Record<Step, boolean>> {
  const { state } = content;
  const mayChange = content.may.includes("change");
  const mayVerify = content.may.includes("verify");
  const mayWithdraw = content.may.includes("withdraw");
  const ended = state === "withdrawn" || state === "expired";
  return {
    submit: mayChange && state === "draft" && missing(content, new Date()).length === 0,
    // Who could verify it says why it is given back.
    takeBack: mayChange && !mayVerify && state === "submitted",
    giveBack: mayWithdraw && state === "submitted",
    verify: mayVerify && state === "submitted",
    withdraw: mayWithdraw && state === "verified",
    revise: mayChange && ended,
    // What was verified once is removed by who may withdraw; the server has the last word.
    remove: mayChange && (state === "draft" || ended) && (content.verified_at === null || mayWithdraw),
  };
}
