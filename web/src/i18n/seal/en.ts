import { pluralForms } from "../plural.ts";
import type { SealCatalogue } from "./index.ts";

const plural = pluralForms("en");
const count = (n: number, one: string, other: string) => `${n} ${plural(n, { one, other })}`;

export const en: SealCatalogue = {
  heading: "Seal",
  text: "Your browser itself checks the signature and compares every piece of the film with what was signed.",
  check: "Check the seal",
  again: "Check once more",
  stop: "Stop",
  reading: "Reading the seal…",
  progress: (done, all) => `${done} of ${all} read`,
  label: "Check of the seal",
  good: "The seal is good",
  goodText: (pieces) =>
    `It was signed with a valid key of this server. ${count(pieces, "piece is", "pieces are")} what was signed, byte by byte.`,
  signatureGood: "The signature is good",
  signatureOnly:
    "It was signed with a valid key of this server. Only staff can read the files themselves; while it is shown, the server compares every second with the seal.",
  broken: "The seal is broken",
  changed: (n) => count(n, "piece differs from what was signed", "pieces differ from what was signed"),
  where: (what, time) => `${what}, ${time}`,
  gone: (what) => `${what}: the file is gone`,
  more: (n) => `and ${n} more`,
  signatureFaults: {
    wrong: "The signature does not fit what is signed: the seal is forged or damaged.",
    unknownKey: "It is signed with a key that this server does not have.",
    revokedKey: "The key that signed it was revoked: it can no longer be trusted.",
    otherContent: "This is the seal of something else.",
  },
  whatToDo: "Do not show it, and tell the head.",
  noSeal: "It has no seal now that could be checked.",
  unsupported: "This browser cannot check such signatures (Ed25519). Update it, or check on the server.",
  insecure: "At an address that is not secure (no https) browsers check no signatures. Check on the server.",
  onServer: "Check on the server",
  serverGood: "The server has read all files: they are what was signed.",
  serverBroken: "The server has read all files: they were changed. The badge is gone, broadcasts stopped.",
  failed: "The check broke off: no connection to the server.",
  parts: {
    picture: (layer) => `Picture, layer ${layer}`,
    sound: "Sound",
    subtitles: "Subtitles",
  },
  signedBy: "Key",
  organisation: "Organisation",
  title: "Title",
  verifiedAt: "Verified",
  verifiers: { head: "head", methodologist: "methodologist" },
  not: "Not verified yet",
  close: "Close",
  details: "What is signed",
  files: (n, size) => `${count(n, "file", "files")}, ${size}`,
};
