import type { MessageService, OutgoingMessage, SendResult } from "../messages.ts";

/** A way to a person: SMS, WhatsApp, e-mail; each is a service of the same shape. */
export type Channel = {
  readonly name: "sms" | "whatsapp" | "email";
  readonly service: MessageService;
};

/** E-mail needs an address; the others go to the mobile number, which every message has. */
const reaches = (channel: Channel, m: OutgoingMessage): boolean => channel.name !== "email" || m.email !== null;

/**
 * Several ways as one service, in the order of preference: a message goes the first way that reaches the person; who refuses it for good hands it to
 * the next. It is refused where the last has refused it, accepted once. A way that cannot be reached stops the batch: what others took before is
 * reported as taken, the rest is tried again later.
 */
export function throughChannels(channels: readonly Channel[]): MessageService {
  return {
    send: async (batch) => {
      const done = new Map<string, SendResult>();
      let left = [...batch];
      const refusals = new Map<string, string[]>();
      for (const channel of channels) {
        const mine = left.filter((m) => reaches(channel, m));
        if (mine.length === 0) continue;
        let results: readonly SendResult[];
        try {
          results = await channel.service.send(mine);
        } catch (error) {
          if (done.size === 0) throw error;
          return [...done.values()];
        }
        const said = new Map(results.map((r) => [r.id, r]));
        const next: OutgoingMessage[] = [];
        for (const m of left) {
          const result = said.get(m.id);
          if (result?.status === "accepted") {
            done.set(m.id, { ...result, reference: `${channel.name}: ${result.reference ?? "taken"}` });
          } else if (result?.status === "refused") {
            refusals.set(m.id, [...(refusals.get(m.id) ?? []), `${channel.name}: ${result.reason}`]);
            next.push(m);
          } else if (!mine.includes(m)) next.push(m);
        }
        left = next;
      }
      return [
        ...done.values(),
        ...left.map((m) => ({
          id: m.id,
          status: "refused" as const,
          reason: refusals.get(m.id)?.join("; ") ?? "no way reaches this person",
        })),
      ];
    },
  };
}
