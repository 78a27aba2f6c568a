import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../../api/http.ts";
import type { Door, JoinGrant, Lesson } from "../../api/lessons.ts";
import { language, t } from "../../i18n/index.ts";
import { dataBudget } from "../../platform/data-budget.ts";
import { Ended } from "../call/ended.tsx";
import type { CallSession } from "../call/index.ts";
import type { CallEnd } from "../call/model.ts";
import { type JoinWish, Prejoin } from "../prejoin/prejoin.tsx";
import { codecFromQuery } from "./codec.ts";
import { describeApiError, type Problem } from "./join-problems.ts";

type CallModule = typeof import("../call/index.ts");

/** The call's code comes in a chunk of its own: the first screen must not wait for it. */
const loadCall = (): Promise<CallModule> => import("../call/index.ts");

type Screen =
  | { readonly kind: "prejoin" }
  | { readonly kind: "call"; readonly session: CallSession; readonly module: CallModule }
  | { readonly kind: "ended"; readonly end: CallEnd };

interface Devices {
  readonly camera: boolean;
  readonly microphone: boolean;
}

/** One visit to a lesson: before, during and after the call. `knownAs`: what the server calls who enters. */
export function Visit(props: { lesson: Lesson; door: Door; knownAs: string | null }) {
  const { lesson, door, knownAs } = props;
  const [screen, setScreen] = useState<Screen>({ kind: "prejoin" });
  const [problem, setProblem] = useState<Problem | null>(null);
  const grant = useRef<JoinGrant | null>(null);
  const last = useRef<{ name: string; devices: Devices }>({
    name: "",
    devices: { camera: false, microphone: false },
  });
  useWarmUp();

  const enter = async (name: string, start: (session: CallSession) => Promise<Devices>) => {
    setProblem(null);
    try {
      const [module, answer] = await Promise.all([
        loadCall(),
        door(knownAs === null ? name : null, language.value, dataBudget.value),
      ]);
      grant.current = answer;
      const blocked: Problem = { kind: "media", code: module.FIREWALL_BLOCKED };
      const codec = codecFromQuery(location.search);
      const session = await module.CallSession.connect({
        token: answer.token,
        codec,
        secret: lesson.mode === "consultation",
        onSlowMedia: () => setProblem(blocked),
      });
      setProblem(null);
      last.current = { name, devices: { camera: false, microphone: false } };
      setScreen({ kind: "call", session, module });
      last.current = { name, devices: await start(session) };
    } catch (error) {
      setProblem(await describeFailure(error));
    }
  };

  const join = ({ name, preview }: JoinWish) =>
    enter(name, async (session) => {
      const tracks = preview.release();
      await session.publish(tracks);
      return { camera: !!tracks.camera, microphone: !!tracks.microphone };
    });

  const rejoin = () =>
    enter(last.current.name, async (session) => {
      const { devices } = last.current;
      if (devices.microphone) await session.setMicrophone(true);
      if (devices.camera) await session.setCamera(true);
      return devices;
    });

  const shown = problem && { text: t().joinError[problem.kind], code: problem.code };
  switch (screen.kind) {
    case "prejoin":
      return <Prejoin lesson={lesson} knownAs={knownAs} onJoin={join} problem={shown} />;
    case "call":
      return (
        <InCall
          session={screen.session}
          module={screen.module}
          title={lesson.title}
          host={lesson.host}
          onEnd={(end) => setScreen({ kind: "ended", end })}
        />
      );
    case "ended":
      return (
        <Ended
          end={screen.end}
          correlationId={grant.current?.correlation_id ?? ""}
          onRejoin={rejoin}
          problem={shown}
        />
      );
  }
}

function InCall(props: {
  session: CallSession;
  module: CallModule;
  title: string;
  host: string | null;
  onEnd: (end: CallEnd) => void;
}) {
  const { session, module, title, host, onEnd } = props;
  useEffect(
    () =>
      effect(() => {
        const phase = session.phase.value;
        if (phase.kind === "ended") onEnd(phase.end);
      }),
    [session],
  );
  return <module.CallView call={session} title={title} host={host} />;
}

async function describeFailure(error: unknown): Promise<Problem> {
  console.warn("polyana: joining failed", error);
  if (error instanceof ApiError) return describeApiError(error);
  try {
    return (await loadCall()).describeConnectionError(error);
  } catch (loadError) {
    console.warn("polyana: the call could not be loaded", loadError);
    return { kind: "network", code: "CHUNK_NOT_LOADED" };
  }
}

/** Fetches the call's code while the person types a name; a failure shows when it is needed. */
function useWarmUp(): void {
  useEffect(() => {
    const warm = () =>
      void loadCall().catch(() => console.info("polyana: warming up failed, will try again"));
    const timer = setTimeout(warm, 800);
    return () => clearTimeout(timer);
  }, []);
}
