import { effect, signal } from "@preact/signals";
import {
  AudioPresets,
  ConnectionState,
  LocalAudioTrack,
  LocalVideoTrack,
  type RemoteTrack,
  Room,
  RoomEvent,
  type RoomOptions,
  Track,
  type VideoCodec,
} from "livekit-client";
import { captureConstraints } from "../../platform/capture.ts";
import { chooseDevice, chosenDevices, type DeviceRole } from "../../platform/devices.ts";
import type { CapturedTracks } from "../prejoin/preview.ts";
import { CallControl, isControlled } from "./control/client.ts";
import { isInside } from "./control/model.ts";
import { DATA_SAVING_TOPIC, parseDataSaving } from "./data-saving.ts";
import { DeviceReporter } from "./device-report.ts";
import { describeDisconnect } from "./disconnect.ts";
import type { Secret } from "./e2ee/index.ts";
import type { Call, CallPhase, ParticipantView, Secrecy, Trouble, Verdict } from "./model.ts";
import { snapshotParticipants } from "./snapshot.ts";
import { parseVerdict, VERDICT_TOPIC } from "./verdict.ts";

/** Every event after which the picture of the room may differ. */
const REFRESH_EVENTS = [
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.ParticipantNameChanged,
  RoomEvent.ParticipantAttributesChanged,
  RoomEvent.ParticipantPermissionsChanged,
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.TrackUnpublished,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.TrackStreamStateChanged,
  RoomEvent.LocalTrackPublished,
  RoomEvent.LocalTrackUnpublished,
  RoomEvent.ActiveSpeakersChanged,
  RoomEvent.ConnectionQualityChanged,
  RoomEvent.Reconnected,
] as const;

const DEVICE_KINDS: Record<DeviceRole, MediaDeviceKind> = {
  camera: "videoinput",
  microphone: "audioinput",
  speaker: "audiooutput",
};

/** Media that is not there so long after the server has answered is held back by something. */
const SLOW_MEDIA_MS = 8000;

/** The first word about who leads is waited for at most so long, so that nobody sees the call for a moment and then waits. */
const FIRST_SNAPSHOT_MS = 2000;

function roomOptions(codec: VideoCodec, secret: Secret | null): RoomOptions {
  const speaker = chosenDevices.value.speaker;
  return {
    adaptiveStream: true,
    dynacast: true,
    stopLocalTrackOnUnpublish: true,
    publishDefaults: { videoCodec: codec, audioPreset: AudioPresets.speech },
    ...(secret ? { e2ee: secret.options } : {}),
    ...(speaker ? { audioOutput: { deviceId: speaker } } : {}),
  };
}

/** One call over one LiveKit room. It ends once and is then thrown away. */
export class CallSession implements Call {
  readonly phase = signal<CallPhase>({ kind: "connected" });
  readonly participants = signal<readonly ParticipantView[]>([]);
  readonly speakers = signal<readonly string[]>([]);
  readonly audioBlocked = signal(false);
  readonly trouble = signal<Trouble | null>(null);
  readonly savingData = signal(false);
  readonly verdict = signal<Verdict | null>(null);
  readonly secrecy = signal<Secrecy | null>(null);
  readonly control: CallControl;
  readonly #room: Room;
  #reporter: DeviceReporter | null = null;
  #refreshQueued = false;
  /** What is switched on as soon as this person is let in. */
  #wished: readonly ("microphone" | "camera")[] = [];

  private constructor(room: Room, token: string) {
    this.#room = room;
    this.control = new CallControl(token);
    const stopVolume = effect(() => this.#setFilmVolume());
    for (const event of REFRESH_EVENTS) room.on(event, () => this.#queueRefresh());
    room
      .on(RoomEvent.TrackSubscribed, (track) => this.#playAudio(track))
      .on(RoomEvent.TrackUnsubscribed, (track) => this.#stopAudio(track))
      .on(RoomEvent.AudioPlaybackStatusChanged, (playing) => {
        this.audioBlocked.value = !playing;
      })
      .on(RoomEvent.SignalReconnecting, () => this.#reconnecting())
      .on(RoomEvent.Reconnecting, () => this.#reconnecting())
      .on(RoomEvent.Reconnected, () => {
        this.phase.value = { kind: "connected" };
        void this.control.refresh();
      })
      .on(RoomEvent.ParticipantPermissionsChanged, (_before, participant) => {
        if (participant.isLocal) void this.#publishWished();
      })
      .on(RoomEvent.DataReceived, (payload, sender, _kind, topic) => {
        if (sender) return; // only the server's word counts
        this.control.receive(topic, payload);
        if (topic === VERDICT_TOPIC) this.verdict.value = parseVerdict(payload);
        if (topic === DATA_SAVING_TOPIC) this.savingData.value = parseDataSaving(payload);
      })
      .on(RoomEvent.Disconnected, (reason) => {
        this.#reporter?.stop();
        this.control.close();
        stopVolume();
        const waiting = this.control.snapshot.value?.you.power === "waiting";
        this.phase.value = { kind: "ended", end: describeDisconnect(reason, waiting) };
      });
  }

  /**
   * `onSlowMedia`: the server answers, sound and pictures do not come yet. `secret`: only the devices read the media.
   * @throws ConnectionError of livekit-client when the room cannot be entered.
   */
  static async connect(options: {
    token: string;
    codec: VideoCodec;
    secret: boolean;
    onSlowMedia: () => void;
  }): Promise<CallSession> {
    const { token, codec, onSlowMedia } = options;
    const secret = options.secret ? (await import("./e2ee/index.ts")).Secret.make() : null;
    const room = new Room(roomOptions(codec, secret));
    if (secret) await room.setE2EEEnabled(true);
    const session = new CallSession(room, token);
    let timer: ReturnType<typeof setTimeout> | undefined;
    room.once(RoomEvent.SignalConnected, () => {
      timer = setTimeout(onSlowMedia, SLOW_MEDIA_MS);
    });
    try {
      await room.connect(location.origin.replace(/^http/, "ws"), token);
    } finally {
      clearTimeout(timer);
    }
    session.control.followTokens(room);
    if (isControlled(token)) await within(FIRST_SNAPSHOT_MS, session.control.refresh());
    if (secret) session.#keepSecret(secret);
    else if (options.secret) session.secrecy.value = { kind: "unsupported" };
    session.#reporter = new DeviceReporter(room);
    session.audioBlocked.value = !room.canPlaybackAudio;
    session.#refresh();
    return session;
  }

  #keepSecret(secret: Secret): void {
    const { secrecy } = secret.follow(this.#room, this.control);
    secrecy.subscribe((now) => {
      this.secrecy.value = now;
    });
  }

  /** Takes over the tracks of the preview; their devices stay open without a second question. */
  async publish(tracks: CapturedTracks): Promise<void> {
    const { localParticipant } = this.#room;
    if (localParticipant.permissions?.canPublish === false) {
      this.#wish(tracks);
      return;
    }
    const chosen = chosenDevices.value;
    const jobs: Promise<void>[] = [];
    if (tracks.microphone) {
      const constraints = captureConstraints("microphone", chosen.microphone);
      const track = new LocalAudioTrack(tracks.microphone, constraints, false);
      const options = { source: Track.Source.Microphone };
      jobs.push(this.#attempt("microphone", () => localParticipant.publishTrack(track, options)));
    }
    if (tracks.camera) {
      const track = new LocalVideoTrack(tracks.camera, captureConstraints("camera", chosen.camera), false);
      const options = { source: Track.Source.Camera };
      jobs.push(this.#attempt("camera", () => localParticipant.publishTrack(track, options)));
    }
    await Promise.all(jobs);
  }

  /** Whoever waits is seen and heard by nobody, and its devices are closed meanwhile. */
  #wish(tracks: CapturedTracks): void {
    const waiting = this.control.snapshot.value?.you.power === "waiting";
    this.#wished = (["microphone", "camera"] as const).filter((kind) => waiting && tracks[kind]);
    for (const track of [tracks.camera, tracks.microphone]) track?.stop();
  }

  /** Only for who was let in; the audience of a webinar that is promoted later chooses for itself. */
  async #publishWished(): Promise<void> {
    if (this.#room.localParticipant.permissions?.canPublish === false) return;
    const wished = this.#wished;
    this.#wished = [];
    if (wished.includes("microphone")) await this.setMicrophone(true);
    if (wished.includes("camera")) await this.setCamera(true);
  }

  setMicrophone(on: boolean): Promise<void> {
    const options = captureConstraints("microphone", chosenDevices.value.microphone);
    return this.#attempt("microphone", () =>
      this.#room.localParticipant.setMicrophoneEnabled(on, {
        ...(options.deviceId ? { deviceId: options.deviceId } : {}),
      }),
    );
  }

  setCamera(on: boolean): Promise<void> {
    const options = captureConstraints("camera", chosenDevices.value.camera);
    return this.#attempt("camera", () =>
      this.#room.localParticipant.setCameraEnabled(on, {
        ...(options.deviceId ? { deviceId: options.deviceId } : {}),
      }),
    );
  }

  setScreen(on: boolean): Promise<void> {
    return this.#attempt("screen", async () => {
      try {
        await this.#room.localParticipant.setScreenShareEnabled(on, { audio: true });
      } catch (error) {
        // Closing the browser's own picker is a decision, not a failure.
        if (!(error instanceof DOMException && error.name === "NotAllowedError")) throw error;
      }
    });
  }

  switchDevice(role: DeviceRole, deviceId: string | null): Promise<void> {
    chooseDevice(role, deviceId);
    return this.#attempt("device", () =>
      this.#room.switchActiveDevice(DEVICE_KINDS[role], deviceId ?? "default", false),
    );
  }

  startAudio(): Promise<void> {
    return this.#room.startAudio();
  }

  dismissTrouble(): void {
    this.trouble.value = null;
  }

  dismissVerdict(): void {
    this.verdict.value = null;
  }

  leave(): Promise<void> {
    return this.#room.disconnect(true);
  }

  async #attempt(what: Trouble, job: () => Promise<unknown>): Promise<void> {
    try {
      await job();
      if (this.trouble.value === what) this.trouble.value = null;
    } catch (error) {
      console.warn(`polyana: ${what} failed`, error);
      this.trouble.value = what;
    }
    this.#queueRefresh();
  }

  #reconnecting(): void {
    if (this.phase.value.kind === "connected") {
      this.phase.value = { kind: "reconnecting", sinceMs: Date.now() };
    }
  }

  /** Events come in bursts: one new picture for each burst is enough. */
  #queueRefresh(): void {
    if (this.#refreshQueued) return;
    this.#refreshQueued = true;
    queueMicrotask(() => {
      this.#refreshQueued = false;
      this.#refresh();
    });
  }

  /** While the connection is away the SDK forgets everybody; the last known people stay on screen. */
  #refresh(): void {
    if (this.#room.state !== ConnectionState.Connected) return;
    this.participants.value = snapshotParticipants(this.#room, this.participants.value);
    this.speakers.value = this.#room.activeSpeakers.map((speaker) => speaker.identity);
  }

  #playAudio(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    const element = track.attach();
    element.hidden = true;
    document.body.append(element);
  }

  /** A host says how loud a film is; the SDK keeps it for tracks that come later. */
  #setFilmVolume(): void {
    const told = this.control.snapshot.value;
    const film = isInside(told) ? told.film : null;
    const participants = this.participants.value; // it may come later than the word of it
    if (!film || !participants.some((one) => one.identity === film.identity)) return;
    const participant = this.#room.remoteParticipants.get(film.identity);
    participant?.setVolume(film.volume, Track.Source.ScreenShareAudio);
  }

  #stopAudio(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    for (const element of track.detach()) element.remove();
  }
}

/** Resolves with the job, or when the time is over. */
async function within(ms: number, job: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([job, late]);
  clearTimeout(timer);
}
