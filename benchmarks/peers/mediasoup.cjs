// A mediasoup worker that the benchmark can call: requests and answers are lines of JSON on a local TCP port, one after
// the other.
//
//   MEDIASOUP_WORKER_BIN=.../node_modules/mediasoup/worker/out/Release/mediasoup-worker node mediasoup.cjs PORT ADDRESS
//
// PORT: of the requests; ADDRESS: where the worker takes media, on one UDP port for all.
"use strict";

const net = require("node:net");
const path = require("node:path");
const readline = require("node:readline");

// The library must be of the worker's version, so it is the package in which the worker lies.
const mediasoup = require(path.resolve(process.env.MEDIASOUP_WORKER_BIN, "../../../.."));

const MEDIA_CODECS = [
  { kind: "video", mimeType: "video/VP8", clockRate: 90000, preferredPayloadType: 96 },
  { kind: "audio", mimeType: "audio/opus", clockRate: 48000, channels: 2, preferredPayloadType: 111 },
];

/** What can be asked; each takes and gives values of mediasoup's API. */
function calls(worker, webRtcServer) {
  const routers = new Map();
  const transports = new Map();

  return {
    pid: async () => worker.pid,

    async transport({ room, fingerprint }) {
      if (!routers.has(room)) routers.set(room, worker.createRouter({ mediaCodecs: MEDIA_CODECS }));
      const router = await routers.get(room);
      const transport = await router.createWebRtcTransport({ webRtcServer });
      transports.set(transport.id, { router, transport });
      const fingerprints = [{ algorithm: "sha-256", value: fingerprint }];
      await transport.connect({ dtlsParameters: { role: "client", fingerprints } });
      const { id, iceParameters, iceCandidates } = transport;
      return { id, iceParameters, iceCandidates };
    },

    async produce({ transport, ...options }) {
      return (await transports.get(transport).transport.produce(options)).id;
    },

    /** A consumer that can do what the router can, with these header extensions. */
    async consume({ transport: id, producer, extensions }) {
      const { router, transport } = transports.get(id);
      const { codecs, headerExtensions } = router.rtpCapabilities;
      const rtpCapabilities = { codecs, headerExtensions: headerExtensions.filter(({ uri }) => extensions.includes(uri)) };
      return (await transport.consume({ producerId: producer, rtpCapabilities })).rtpParameters;
    },
  };
}

async function main([port, ip]) {
  const worker = await mediasoup.createWorker({ logLevel: "warn" });
  const webRtcServer = await worker.createWebRtcServer({ listenInfos: [{ protocol: "udp", ip }] });
  const known = calls(worker, webRtcServer);
  worker.on("died", (error) => {
    console.error(error);
    process.exit(1);
  });
  process.on("SIGTERM", () => process.exit()); // the worker ends with its channel

  const server = net.createServer((socket) => {
    readline.createInterface({ input: socket }).on("line", async (line) => {
      const { call, ...options } = JSON.parse(line);
      const answer = await known[call](options).then(
        (result) => ({ result }),
        (error) => ({ error: String(error) }),
      );
      socket.write(`${JSON.stringify(answer)}\n`);
    });
  });
  server.listen(Number(port), "127.0.0.1");
}

main(process.argv.slice(2));
