import type { Call } from "../model.ts";
import { type HeldMedium, isInside } from "./model.ts";

/** Switches one's own device on. If a host has asked for it, that is answered, unless the device failed. */
export async function switchOn(call: Call, medium: HeldMedium): Promise<void> {
  const audio = medium === "audio";
  await (audio ? call.setMicrophone(true) : call.setCamera(true));
  const failed = call.trouble.value === (audio ? "microphone" : "camera");
  const told = call.control.snapshot.value;
  if (!failed && isInside(told) && told.you.asked.includes(medium)) {
    await call.control.send({ type: "answer", medium });
  }
}
