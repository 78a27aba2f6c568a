// Participants by the published livekit-client in one page. Tests call what stands on `window`, and read `log`.
import * as sdk from './livekit-client.esm.mjs';

window.sdk = sdk;
window.rooms = {};
/** What each participant was told: `{event, args}`. */
window.log = {};

/** A value as JSON can say it: participants by identity, publications and tracks by sid. */
function plain(value) {
  if (value === null || value === undefined) return null;
  if (['string', 'number', 'boolean'].includes(typeof value)) return value;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (value instanceof Error) return String(value);
  if (value instanceof Map) return plain(Object.fromEntries(value));
  if (Array.isArray(value)) return value.map(plain);
  if (value.identity !== undefined) return value.identity;
  if (value.trackSid !== undefined) return { sid: value.trackSid, kind: value.kind, source: value.source };
  if (value.sid !== undefined) return value.sid;
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return String(value);
  }
}

/** Joins; `encrypted`: the passphrase of end-to-end encryption. */
window.join = async ({ name, url, token, options = {}, connect = {}, encrypted = '' }) => {
  if (encrypted) {
    const keyProvider = new sdk.ExternalE2EEKeyProvider();
    const worker = new Worker('livekit-client.e2ee.worker.mjs', { type: 'module' });
    options = { ...options, encryption: { keyProvider, worker } };
    await keyProvider.setKey(encrypted);
  }
  const room = new sdk.Room(options);
  window.rooms[name] = room;
  window.log[name] = [];
  for (const event of Object.values(sdk.RoomEvent))
    room.on(event, (...args) => window.log[name].push({ event, args: args.map(plain) }));
  room.on(sdk.RoomEvent.TrackSubscribed, (track) => show(name, track));
  await room.connect(url, token, connect);
  if (encrypted) await room.setE2EEEnabled(true);
  return { sid: room.localParticipant.sid, identity: room.localParticipant.identity, room: room.name };
};

/** Plays a track, so that adaptive stream sees an element of 320 x 180. */
function show(name, track) {
  const element = track.attach();
  element.dataset.room = name;
  element.dataset.sid = track.sid;
  element.muted = track.kind === 'video';
  element.style.width = '320px';
  element.style.height = '180px';
  document.body.append(element);
}

/** A moving picture without a camera, at this size. */
window.drawn = (width, height) => {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  const context = canvas.getContext('2d');
  let step = 0;
  setInterval(() => {
    for (let x = 0; x < 16; x++) {
      context.fillStyle = `hsl(${(x * 40 + step * 7) % 360} 80% ${30 + ((x * 13 + step) % 40)}%)`;
      context.fillRect((x * width) / 16, 0, width / 16, height);
    }
    step++;
  }, 50);
  return canvas.captureStream(20).getVideoTracks()[0];
};

/** A tone without a microphone. */
window.tone = () => {
  const context = new AudioContext();
  const oscillator = new OscillatorNode(context, { frequency: 440 });
  const destination = new MediaStreamAudioDestinationNode(context);
  oscillator.connect(destination);
  oscillator.start();
  return destination.stream.getAudioTracks()[0];
};

/** What comes in of a track now: statistics of W3C webrtc-stats and the codec, null if it is not subscribed. */
window.incoming = async (name, sid) => {
  for (const participant of window.rooms[name].remoteParticipants.values()) {
    const track = participant.trackPublications.get(sid)?.track;
    if (!track?.receiver) continue;
    const stats = await track.receiver.getStats();
    const inbound = [...stats.values()].find((report) => report.type === 'inbound-rtp');
    if (!inbound) return null;
    return { ...JSON.parse(JSON.stringify(inbound)), mime: stats.get(inbound.codecId)?.mimeType ?? '' };
  }
  return null;
};
