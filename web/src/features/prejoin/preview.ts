import { signal } from "@preact/signals";
import {
  type CaptureKind,
  type CaptureProblem,
  captureAvailable,
  classifyCaptureError,
  openCapture,
} from "../../platform/capture.ts";
import { chooseDevice, chosenDevices, refreshDevices } from "../../platform/devices.ts";

export type PreviewState = "starting" | "live" | "off" | CaptureProblem;

/** Tracks that leave the preview for the call; the receiver owns and stops them. */
export interface CapturedTracks {
  readonly camera: MediaStreamTrack | null;
  readonly microphone: MediaStreamTrack | null;
}

class CaptureSlot {
  readonly state = signal<PreviewState>("off");
  readonly track = signal<MediaStreamTrack | null>(null);

  accept(track: MediaStreamTrack): void {
    this.stop();
    // "ended" comes when the device is pulled out or its permission is taken back.
    track.addEventListener("ended", () => {
      if (this.track.value === track) this.fail("missing");
    });
    this.track.value = track;
    this.state.value = "live";
  }

  fail(problem: CaptureProblem): void {
    this.stop();
    this.state.value = problem;
  }

  stop(): void {
    this.track.value?.stop();
    this.track.value = null;
    this.state.value = "off";
  }

  release(): MediaStreamTrack | null {
    const track = this.track.value;
    this.track.value = null;
    this.state.value = "off";
    return track;
  }
}

/** Camera and microphone before the call. Closed previews stop whatever arrives late. */
export class Preview {
  readonly camera = new CaptureSlot();
  readonly microphone = new CaptureSlot();
  #closed = false;
  /** Counts requests for each device, so that an answer which was overtaken is thrown away. */
  readonly #turn: Record<CaptureKind, number> = { camera: 0, microphone: 0 };

  /** Asks for both with one question; when that fails asks for each alone, to keep what works. */
  async start(): Promise<void> {
    if (!captureAvailable()) {
      this.camera.fail("insecure");
      this.microphone.fail("insecure");
      return;
    }
    if (await this.#open(["camera", "microphone"])) return;
    await this.#open(["microphone"]);
    await this.#open(["camera"]);
  }

  async enable(kind: CaptureKind): Promise<void> {
    if (!captureAvailable()) this[kind].fail("insecure");
    else await this.#open([kind]);
  }

  disable(kind: CaptureKind): void {
    this.#turn[kind] += 1;
    this[kind].stop();
  }

  async choose(kind: CaptureKind, deviceId: string | null): Promise<void> {
    chooseDevice(kind, deviceId);
    const wasOn = this[kind].state.value !== "off";
    // Phones hold one camera at a time: the old one is let go before the new one is asked for.
    this.disable(kind);
    if (wasOn) await this.enable(kind);
  }

  /** Hands the running tracks over and leaves the preview empty. */
  release(): CapturedTracks {
    this.#closed = true;
    return { camera: this.camera.release(), microphone: this.microphone.release() };
  }

  close(): void {
    this.#closed = true;
    this.camera.stop();
    this.microphone.stop();
  }

  async #open(kinds: readonly CaptureKind[]): Promise<boolean> {
    const turns = new Map(kinds.map((kind) => [kind, ++this.#turn[kind]]));
    const current = (kind: CaptureKind) => !this.#closed && turns.get(kind) === this.#turn[kind];
    for (const kind of kinds) this[kind].state.value = "starting";
    const wanted = Object.fromEntries(kinds.map((kind) => [kind, chosenDevices.value[kind]]));
    try {
      const stream = await openCapture(wanted);
      for (const track of stream.getTracks()) {
        const kind = track.kind === "video" ? "camera" : "microphone";
        if (current(kind)) this[kind].accept(track);
        else track.stop();
      }
      await refreshDevices();
      return true;
    } catch (error) {
      for (const kind of kinds) if (current(kind)) this[kind].fail(classifyCaptureError(error));
      return false;
    }
  }
}
