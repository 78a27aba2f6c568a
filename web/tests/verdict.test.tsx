import { signal } from "@preact/signals";
import { cleanup, fireEvent, render } from "@testing-library/preact";
import { afterEach, describe, expect, it } from "vitest";
import { Banners } from "../src/features/call/banners.tsx";
import { compare, read } from "../src/features/call/device-report.ts";
import type { Call, CallPhase, Verdict } from "../src/features/call/model.ts";
import { parseVerdict } from "../src/features/call/verdict.ts";
import { verdictWords } from "../src/features/call/verdict-banner.tsx";
import { catalogues, setLanguage } from "../src/i18n/index.ts";

afterEach(cleanup);

const bytes = (text: string) => new TextEncoder().encode(text);

describe("a verdict", () => {
  it("is read, and what is none is nothing", () => {
    const known = { fault: "home", code: "HOME_LOSS" };
    expect(parseVerdict(bytes(JSON.stringify(known)))).toEqual(known);
    for (const other of [
      "",
      "[]",
      "null",
      '{"fault":null,"code":null}',
      '{"fault":"moon","code":"X"}',
      '{"fault":"home"}',
    ]) {
      expect(parseVerdict(bytes(other))).toBeNull();
    }
  });

  for (const language of ["ru", "en"] as const) {
    it(`says in words what is at fault and what to do, with the code (${language})`, () => {
      setLanguage(language);
      const verdict = signal<Verdict | null>({ fault: "device", code: "DEVICE_DECODING" });
      const phase = signal<CallPhase>({ kind: "connected" });
      const call = {
        phase,
        verdict,
        trouble: signal(null),
        savingData: signal(false),
        secrecy: signal(null),
        audioBlocked: signal(false),
        dismissVerdict: () => {
          verdict.value = null;
        },
      } as unknown as Call;
      const shown = render(<Banners call={call} local={undefined} />);
      const m = catalogues[language];
      expect(shown.container.textContent).toContain(m.verdict.faults.device.heading);
      expect(shown.container.textContent).toContain(m.verdict.codes.DEVICE_DECODING);
      expect(shown.getByTestId("verdict-code").textContent).toBe("DEVICE_DECODING");
      fireEvent.click(shown.getByLabelText(m.common.close));
      shown.rerender(<Banners call={call} local={undefined} />);
      expect(shown.queryByTestId("verdict")).toBeNull();
    });

    it(`has words for codes of a newer server (${language})`, () => {
      const m = catalogues[language];
      expect(verdictWords({ fault: "server", code: "SERVER_NEW" }, m)).toEqual(m.verdict.faults.server);
    });
  }
});

describe("what a device says of itself", () => {
  const inbound = (id: string, framesDecoded: number, framesDropped: number, totalDecodeTime: number) =>
    [id, { id, type: "inbound-rtp", kind: "video", framesDecoded, framesDropped, totalDecodeTime }] as const;

  it("is the difference of two readings, of pictures that are in both", () => {
    const before = read([[inbound("a", 100, 5, 1)], [inbound("gone", 7, 7, 7)]]);
    const after = read([[inbound("a", 130, 25, 2.5)], [inbound("new", 50, 50, 5)], undefined]);
    expect(compare(before, after, 2000, 40)).toEqual({
      cpu_limited: false,
      bandwidth_limited: false,
      frames_decoded: 30,
      frames_dropped: 20,
      decode_ms: 1500,
      interval_ms: 2000,
      lag_ms: 40,
      relayed: false,
    });
  });

  it("names limits of the encoder and a relay on the way", () => {
    const reading = read([
      [
        ["o", { id: "o", type: "outbound-rtp", kind: "video", qualityLimitationReason: "cpu" }],
        ["t", { id: "t", type: "transport", selectedCandidatePairId: "p" }],
        ["p", { id: "p", type: "candidate-pair", localCandidateId: "l" }],
        ["l", { id: "l", type: "local-candidate", candidateType: "relay" }],
        ["x", { id: "x", type: "local-candidate", candidateType: "host" }],
      ],
    ]);
    expect(compare(reading, reading, 0, 0)).toMatchObject({
      cpu_limited: true,
      bandwidth_limited: false,
      relayed: true,
      interval_ms: 100,
    });
  });
});
