// Everything a stranger's client does with the model server, by the official TypeScript SDK.
// Prints one JSON object; tests/servers/test_model_typescript.py says what must be in it.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, token, calls] = [process.argv[2], process.argv[3], JSON.parse(process.argv[4])];

function transport(bearer) {
  const headers = bearer ? { Authorization: `Bearer ${bearer}` } : {};
  return new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } });
}

async function connect(bearer) {
  const client = new Client({ name: "conformance", version: "1" });
  await client.connect(transport(bearer));
  return client;
}

async function told(action) {
  try {
    return { answer: await action() };
  } catch (error) {
    return { error: String(error.message), code: error.code ?? null };
  }
}

const client = await connect(token);
const protocol = client.transport.protocolVersion;
const report = {
  protocol,
  server: client.getServerVersion().name,
  instructions: client.getInstructions(),
  tools: (await client.listTools()).tools,
  resources: (await client.listResources()).resources,
  calls: [],
};
for (const [name, args] of calls) {
  report.calls.push(await told(() => client.callTool({ name, arguments: args })));
}
report.resource = await told(() => client.readResource({ uri: "gleanery://taxonomy" }));
report.noResource = await told(() => client.readResource({ uri: "gleanery://nothing" }));
report.ping = await told(() => client.ping());
report.atOnce = await Promise.all(
  Array.from({ length: 20 }, (_, n) =>
    client
      .callTool({ name: "classify_batch", arguments: { documents: [{ id: `${n}`, text: `${n % 19}` }] } })
      .then((result) => result.structuredContent.results[0].id),
  ),
);
const cancelling = new AbortController();
const cancelled = told(() =>
  client.callTool(
    { name: "classify_batch", arguments: { documents: [{ text: "1 slow" }] } },
    undefined,
    { signal: cancelling.signal },
  ),
);
setTimeout(() => cancelling.abort("changed my mind"), 50);
report.cancelled = await cancelled;
await client.close();
report.noToken = await told(() => connect(""));
report.wrongToken = await told(() => connect("guess"));
console.log(JSON.stringify(report));
