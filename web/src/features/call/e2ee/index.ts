import { effect } from "@preact/signals";
import {
  type E2EEOptions,
  ExternalE2EEKeyProvider,
  isE2EESupported,
  type Room,
  RoomEvent,
} from "livekit-client";
import E2eeWorker from "livekit-client/e2ee-worker?worker";
import type { CallControl } from "../control/client.ts";
import { isInside } from "../control/model.ts";
import type { Message } from "./agreement.ts";
import { Keeper } from "./keeper.ts";

/** Not one of the server's own, which it does not forward. */
const TOPIC = "call-key";

/** Media that only the devices of a consultation can read. */
export class Secret {
  readonly options: E2EEOptions;
  readonly #keys = new ExternalE2EEKeyProvider();
  readonly #worker = new E2eeWorker();

  constructor() {
    this.options = { keyProvider: this.#keys, worker: this.#worker };
  }

  /** Null where the browser cannot. */
  static make(): Secret | null {
    return isE2EESupported() ? new Secret() : null;
  }

  /** Agrees on keys with whoever is in the call. To be called when the room is connected. */
  follow(room: Room, control: CallControl): Keeper {
    const me = room.localParticipant.identity;
    const keeper = new Keeper({
      me,
      send: (message, to) =>
        void room.localParticipant.publishData(new TextEncoder().encode(JSON.stringify(message)), {
          reliable: true,
          topic: TOPIC,
          destinationIdentities: [to],
        }),
      setKey: (key) => this.#keys.setKey(key.buffer),
    });
    room.on(RoomEvent.DataReceived, (payload, sender, _kind, topic) => {
      const message = topic === TOPIC && sender ? parse(payload) : null;
      if (message && sender) keeper.receive(message, sender.identity);
    });
    const stop = effect(() => {
      const snapshot = control.snapshot.value;
      if (!isInside(snapshot)) return keeper.follow(null, []);
      const owners = snapshot.people.filter((one) => one.power === "host" || one.power === "cohost");
      owners.sort((a, b) => rank(a.power) - rank(b.power) || (a.person < b.person ? -1 : 1));
      const owner = [...(owners[0]?.identities ?? [])].sort()[0] ?? null;
      keeper.follow(
        owner,
        snapshot.people.flatMap((one) => one.identities),
      );
    });
    room.once(RoomEvent.Disconnected, () => {
      stop();
      keeper.close();
      this.#worker.terminate();
    });
    return keeper;
  }
}

const rank = (power: string) => (power === "host" ? 0 : 1);

function parse(payload: Uint8Array): Message | null {
  try {
    const found: unknown = JSON.parse(new TextDecoder().decode(payload));
    return typeof found === "object" && found !== null && "step" in found ? (found as Message) : null;
  } catch {
    return null;
  }
}
