import type { SimEvent } from "../webhooks.ts";
import { number, text, type Control } from "./control-body.ts";
import { json, type SimResponse } from "./messages.ts";
import type { Body } from "./validation.ts";

// Control of webhooks: which events, sent now, once more, or looked at.

function events({ engine, body }: Control): SimEvent[] {
  const ids = Array.isArray(body["event_ids"]) ? body["event_ids"].map(String) : undefined;
  const one = text(body, "event_id");
  const event = text(body, "event");
  const entity = text(body, "entity");
  const seen = new Set<string>();
  return engine.webhooks.filter((e) => {
    const fits =
      (ids === undefined || ids.includes(e.id)) &&
      (one === undefined || e.id === one) &&
      (event === undefined || e.event === event) &&
      (entity === undefined || e.body.includes(entity));
    if (!fits || seen.has(e.id)) return false;
    seen.add(e.id);
    return true;
  });
}
const isChosen = (body: Body): boolean =>
  ["event_ids", "event_id", "event", "entity"].some((name) => body[name] !== undefined);

/** The events chosen, or all that is due; with `wait` (or `drain`, or an address) the answer comes when they are sent. */
export function deliver(c: Control): SimResponse {
  const { engine, body } = c;
  if (isChosen(body)) {
    const chosen = events(c);
    const url = text(body, "url");
    return {
      ...json(null),
      work: async () => {
        const sent = [];
        for (const e of chosen)
          sent.push({
            id: e.id,
            event: e.event,
            status: await engine.world.dispatcher.deliverOne(e, engine.now().getTime(), url),
          });
        return { sent };
      },
    };
  }
  if (body["drain"] === true) return { ...json(null), work: () => engine.drainWebhooks() };
  if (body["wait"] === true) return { ...json(null), work: () => engine.deliverWebhooks() };
  // Delivered after this answer, so that a test's own server may be the receiver.
  setImmediate(() => void engine.deliverWebhooks());
  return json({ ok: true }, 202);
}

export function replay(c: Control): SimResponse {
  const { engine, body } = c;
  if (body["by_hand"] === true || !isChosen(body)) {
    const ids = isChosen(body) ? events(c).map((e) => e.id) : null;
    return json(engine.world.dispatcher.replayByHand(ids, engine.now().getTime()));
  }
  const times = Math.min(number(body, "times") ?? 1, 1000);
  const chosen = events(c);
  for (const e of chosen)
    for (let i = 0; i < times; i++)
      engine.replayWebhook(e, { newId: body["new_id"] === true, noId: body["no_id"] === true });
  return json({ replayed: chosen.map((e) => e.id), times });
}

export function log(c: Control): SimResponse {
  const { url } = c;
  const bodies = url.searchParams.has("bodies");
  const filter: Body = Object.fromEntries(url.searchParams);
  const chosen = isChosen(filter) ? events({ ...c, body: filter }) : c.engine.webhooks;
  return json(
    chosen
      .slice(-Number(url.searchParams.get("count") ?? 500))
      .map(({ body, secret: _secret, signed: _signed, ...event }) => ({
        ...event,
        bytes: body.length,
        ...(bodies ? { body: body.toString("utf8") } : {}),
      })),
  );
}
