// How values are written.

const whole = new Intl.NumberFormat("en")
const tenths = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" })

const UNITS = ["B", "kB", "MB", "GB", "TB"]
const UNLIMITED = 0

/** Characters that a reader cannot see, or that turn the order of others round (Unicode TR 36, 2.1 and UAX 9). */
const TRICKS =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

/** Make what a stranger wrote harmless to read: no tricks, and no more of it than `most`. */
export function plain(text, most = 300) {
  const seen = String(text).replace(TRICKS, each => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`)
  return seen.length > most ? `${seen.slice(0, most - 1)}…` : seen
}

export const number = value => whole.format(value)

export function size(bytes) {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3))
  return step ? `${tenths.format(bytes / 1000 ** step)} ${UNITS[step]}` : `${bytes} B`
}

export const rate = value => (value >= 10 || value === 0 ? number(Math.round(value)) : tenths.format(value))

export const limit = value => (value === UNLIMITED ? "none" : number(value))

export const seconds = value => (value < 1 ? `${Math.round(value * 1000)} ms` : `${tenths.format(value)} s`)

/** A time to come, as roughly as it is known. */
export function soon(value) {
  if (value < 60) return `${Math.max(1, Math.round(value))} s`
  if (value < 5400) return `${Math.round(value / 60)} min`
  return `${tenths.format(value / 3600)} h`
}

/** A moment of the past, given in seconds since the epoch. */
export const when = at => moment.format(new Date(at * 1000))

export const many = (count, one, several = `${one}s`) => `${number(count)} ${count === 1 ? one : several}`
