const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const monthOf = (at: Date) => String(months[at.getMonth()]);
const two = (value: number) => String(value).padStart(2, "0");

/** The time of day, in the time zone of this machine. */
export function clockTime(ms: number): string {
  const at = new Date(ms);
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** A number for the day of a moment, in the time zone of this machine. */
export function dayOf(ms: number): number {
  const at = new Date(ms);
  return at.getFullYear() * 10_000 + at.getMonth() * 100 + at.getDate();
}

export function dayText(ms: number, nowMs: number): string {
  const day = dayOf(ms);
  const now = new Date(nowMs);
  if (day === dayOf(nowMs)) return "today";
  if (day === dayOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1).getTime())) return "yesterday";
  const at = new Date(ms);
  const year = at.getFullYear() === now.getFullYear() ? "" : ` ${at.getFullYear()}`;
  return `${days[at.getDay()]}, ${at.getDate()} ${monthOf(at)}${year}`;
}

/** The time if it was today, else the day. */
export function shortMoment(ms: number, nowMs: number): string {
  const at = new Date(ms);
  if (dayOf(ms) === dayOf(nowMs)) return clockTime(ms);
  if (at.getFullYear() === new Date(nowMs).getFullYear()) return `${at.getDate()} ${monthOf(at).slice(0, 3)}`;
  return `${two(at.getMonth() + 1)}/${at.getFullYear()}`;
}

/** How long messages are kept. */
export function durationText(seconds: number): string {
  if (seconds === 0) return "for ever";
  const [count, unit] =
    seconds % 86_400 === 0
      ? [seconds / 86_400, "day"]
      : seconds % 3600 === 0
        ? [seconds / 3600, "hour"]
        : [Math.ceil(seconds / 60), "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
