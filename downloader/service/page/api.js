// The service's API, with its problems (RFC 9457) as errors.

import { signal } from "./signals.js"

const ROOT = "/api/v1"

/** An answer that is an error: the service's own sentence. */
export class Problem extends Error {
  constructor(status, detail) {
    super(detail)
    this.status = status
  }
}

/** No answer at all. */
export class Silence extends Error {
  constructor() {
    super("the service does not answer")
  }
}

/** Ask for a path; gives the reply. Throws Problem and Silence, and AbortError where `how.signal` was used. */
export async function ask(method, path, how = {}) {
  let reply
  try {
    reply = await fetch(path, { method, credentials: "same-origin", ...how })
  } catch (error) {
    if (error.name === "AbortError") throw error
    signal("silent")
    throw new Silence()
  }
  signal("answers")
  if (reply.ok) return reply
  if (reply.status === 401) signal("stranger")
  const told = await reply.json().catch(() => ({}))
  throw new Problem(reply.status, told.detail ?? `the service answered ${reply.status}`)
}

const json = async (...asked) => (await ask(...asked)).json()
const of = (id, rest = "") => `${ROOT}/jobs/${id}${rest}`
const codes = list => (list.length ? `?code=${list.join(",")}` : "")

export const paths = {
  all: `${ROOT}/events`,
  events: id => of(id, "/events"),
  download: (id, file) => of(id, `/${file}`),
}

export const session = () => json("GET", `${ROOT}/session`)
export const leave = () => ask("DELETE", `${ROOT}/session`)
export const signIn = token =>
  json("POST", `${ROOT}/session`, { body: JSON.stringify({ token }), headers: { "Content-Type": "application/json" } })

export const description = () => json("GET", "/openapi.json")
export const jobs = cursor => json("GET", `${ROOT}/jobs${cursor ? `?cursor=${cursor}` : ""}`)
export const failures = id => json("GET", of(id, "/failures"))
export const items = (id, after, limit, signal) =>
  json("GET", of(id, `/items?after=${after}&limit=${limit}`), { signal })

/** Submit a form with a list; the same key again brings no second job. */
export const submit = (form, key) =>
  json("POST", `${ROOT}/jobs`, { body: form, headers: { "Idempotency-Key": key } })

/** Say a word to a job: pause, resume, cancel; retry with the codes that it is about, none for all. */
export const say = (id, word, about = []) => json("POST", of(id, `/${word}${codes(about)}`))
export const remove = id => ask("DELETE", of(id))
