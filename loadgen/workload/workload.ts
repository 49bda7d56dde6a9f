import { z } from "zod";
import { accepted, type Parsed, type Result, refused } from "../../core/platform/result.ts";
import { complaintOf } from "../../core/platform/schema-complaint.ts";
import { limits } from "../../core/wire/limits.ts";

const positive = z.number().positive();
const share = z.number().min(0).max(1);
const whole = (min: number, max: number) => z.number().int().min(min).max(max);

const isRange = ({ min, max }: { readonly min: number; readonly max: number }) => min <= max;

const sizes = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("fixed"), size: whole(1, limits.groupMembersMax) }),
  /** Few large, many small: the k-th largest group has `max` / k^exponent members, but at least `min`. */
  z
    .strictObject({
      kind: z.literal("zipf"),
      min: whole(1, limits.groupMembersMax),
      max: whole(1, limits.groupMembersMax),
      exponent: z.number().min(0).max(4),
    })
    .refine(isRange, "min is over max"),
]);

const groupClass = z.strictObject({
  count: whole(1, 1_000_000),
  sizes,
  /** Share of all messages that goes to groups of this class, relative to the other classes. */
  weight: positive.default(1),
  /** How messages spread over the class's groups: 0 is evenly, larger exponents give more to the first groups. */
  activityExponent: z.number().min(0).max(4).default(0),
  /** The members who write: any, or the first alone. */
  senders: z.enum(["any", "first"]).default("any"),
});

const payload = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("fixed"), bytes: whole(1, 32 * 1024) }),
  /** Uniform between the two. */
  z
    .strictObject({ kind: z.literal("uniform"), min: whole(1, 32 * 1024), max: whole(1, 32 * 1024) })
    .refine(isRange, "min is over max"),
]);

const arrivals = z.discriminatedUnion("kind", [
  /** Open loop: messages are due at even distances, whether or not the servers keep up. */
  z.strictObject({ kind: z.literal("constant"), ratePerSecond: positive.max(1_000_000) }),
  /** Open loop: due at the times of a Poisson process. */
  z.strictObject({ kind: z.literal("poisson"), ratePerSecond: positive.max(1_000_000) }),
  /** Closed loop: so many messages are under way in each group, the next one follows an acknowledgement. Measures capacity. */
  z.strictObject({ kind: z.literal("saturate"), inFlightPerGroup: whole(1, 1000) }),
]);

const encryption = z.discriminatedUnion("mode", [
  /** Seals every message; each receiver opens this share of what it gets. */
  z.strictObject({ mode: z.literal("real"), openShare: share.default(0.05) }),
  /** Bytes as long as a sealed message, prepared ahead: measures the servers without the clients' crypto. */
  z.strictObject({ mode: z.literal("sealed") }),
  /** The text itself: the difference to `sealed` is what encryption adds to the bytes. */
  z.strictObject({ mode: z.literal("none") }),
]);

const churn = z.strictObject({
  /** Share of the clients that disconnect, each at a random moment of its own, and come back. */
  awayShare: share.default(0),
  awaySeconds: positive.max(3600).default(2),
  /** Share of each group's members whom its admin removes and admits again, which changes the group's key twice. */
  removedShare: share.default(0),
  removedSeconds: positive.max(3600).default(2),
});

export const workloadSchema = z
  .strictObject({
    name: z.string().min(1).max(64),
    clients: whole(1, 100_000),
    groups: z.array(groupClass).min(1),
    payload: payload.default({ kind: "fixed", bytes: 128 }),
    arrivals,
    encryption: encryption.default({ mode: "real", openShare: 0.05 }),
    churn: churn.prefault({}),
    /** Clients connect evenly over this time. */
    rampSeconds: z.number().min(0).max(3600).default(0),
    /** Time with load that is not measured, while caches fill and code is compiled. */
    warmUpSeconds: z.number().min(0).max(3600).default(2),
    durationSeconds: positive.max(86_400),
    /** How long deliveries may take after the last message is due, before they count as lost. */
    settleSeconds: positive.max(600).default(15),
    /** Key pairs that the simulated users share: making one takes a second. */
    keyPairs: whole(1, 1000).default(4),
    /** Threads that simulate clients. */
    threads: whole(1, 16).default(1),
    seed: whole(0, 2 ** 31).default(1),
  })
  .meta({ id: "workload" });

/** What simulated users do: how many, in which groups, how often they write, how long, and what goes wrong meanwhile. */
export type Workload = z.output<typeof workloadSchema>;
export type WorkloadText = z.input<typeof workloadSchema>;

/** A workload from parsed JSON, or a complaint that names the key and what to write. */
export function parseWorkload(json: unknown): Parsed<Workload> {
  const parsed = workloadSchema.safeParse(json);
  if (!parsed.success) return refused(complaintOf(parsed.error));
  for (const [i, group] of parsed.data.groups.entries()) {
    const largest = group.sizes.kind === "fixed" ? group.sizes.size : group.sizes.max;
    if (largest > parsed.data.clients) {
      return refused(
        `groups[${i}].sizes: a group of ${largest} members needs as many clients, there are ${parsed.data.clients}`,
      );
    }
  }
  return accepted(parsed.data);
}

export const presetNames = ["dm", "rooms", "broadcast", "mixed"] as const;
export type PresetName = (typeof presetNames)[number];

/** Common shapes of traffic. Sizes, rates and durations are meant to be overridden. */
export const presets = {
  /** Conversations of two. */
  dm: {
    name: "dm",
    clients: 500,
    groups: [{ count: 500, sizes: { kind: "fixed", size: 2 } }],
    arrivals: { kind: "poisson", ratePerSecond: 500 },
    durationSeconds: 10,
  },
  /** Rooms of skewed size: one large, many small. */
  rooms: {
    name: "rooms",
    clients: 200,
    groups: [{ count: 24, sizes: { kind: "zipf", min: 4, max: 60, exponent: 0.8 }, activityExponent: 0.5 }],
    arrivals: { kind: "poisson", ratePerSecond: 200 },
    churn: { awayShare: 0.1, awaySeconds: 2, removedShare: 0.02, removedSeconds: 2 },
    durationSeconds: 8,
  },
  /** A few members write, and many read. */
  broadcast: {
    name: "broadcast",
    clients: 1000,
    groups: [{ count: 2, sizes: { kind: "fixed", size: 1000 }, senders: "first" }],
    arrivals: { kind: "constant", ratePerSecond: 20 },
    encryption: { mode: "real", openShare: 0.01 },
    durationSeconds: 10,
  },
  /** All of these at once. */
  mixed: {
    name: "mixed",
    clients: 500,
    groups: [
      { count: 250, sizes: { kind: "fixed", size: 2 }, weight: 5 },
      { count: 40, sizes: { kind: "zipf", min: 4, max: 80, exponent: 0.8 }, weight: 4, activityExponent: 0.5 },
      { count: 1, sizes: { kind: "fixed", size: 500 }, weight: 0.1, senders: "first" },
    ],
    payload: { kind: "uniform", min: 16, max: 512 },
    arrivals: { kind: "poisson", ratePerSecond: 300 },
    churn: { awayShare: 0.1, awaySeconds: 2 },
    durationSeconds: 10,
  },
} as const satisfies Record<PresetName, WorkloadText>;

export function preset(name: PresetName, override: Partial<WorkloadText> = {}): Result<Workload> {
  return parseWorkload({ ...presets[name], ...override });
}
