// An OpenID provider (https://github.com/panva/node-oidc-provider, certified) with two accounts and no questions: who
// comes is "anna", or whom /be/NAME has named. Prints its issuer when it listens.
// node server.mjs PORT REDIRECT_URI CLIENT_SECRET

import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, redirect, secret] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const people = {
  anna: { name: "Анна", email: "Anna@Example.org", email_verified: true },
  eve: { name: "Eve", email: "head@example.org", email_verified: false },
};
let who = "anna";

const provider = new Provider(issuer, {
  clients: [{ client_id: "polyana", client_secret: secret, redirect_uris: [redirect] }],
  claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  loadExistingGrant: async (context) => {
    const grant = new context.oidc.provider.Grant({
      clientId: context.oidc.client.clientId,
      accountId: context.oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile email");
    await grant.save();
    return grant;
  },
});

const server = createServer(async (request, response) => {
  if (request.url.startsWith("/be/")) {
    who = request.url.slice("/be/".length);
    response.end();
  } else if (request.url.startsWith("/interaction/")) {
    await provider.interactionFinished(request, response, { login: { accountId: who } });
  } else {
    provider.callback()(request, response);
  }
});
server.listen(Number(port), "127.0.0.1", () => console.log(issuer));
