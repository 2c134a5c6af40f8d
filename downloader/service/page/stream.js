// Server-sent events over fetch. EventSource would hide the status of a refusal and cannot be given a Last-Event-ID.

import { signal, signals } from "./signals.js"

const QUIET = 40_000 // the service pings every 15 s: two lost pings, and the line is dead
const WAITS = [500, 1000, 2000, 4000, 8000]

/** Listen to a path until the function it gives is called; `hear(name, data)` also gets "gone" for a job that is. */
export function listen(path, hear) {
  const line = { path, hear, last: "", tries: 0, stopped: false, cut: new AbortController() }
  const look = () => document.hidden && line.cut.abort() // six connections are all that a browser has for all its tabs
  document.addEventListener("visibilitychange", look)
  run(line)
  return () => {
    line.stopped = true
    document.removeEventListener("visibilitychange", look)
    line.cut.abort()
  }
}

async function run(line) {
  while (!line.stopped) {
    await shown()
    if (line.stopped) return
    line.cut = new AbortController()
    const over = await connected(line).catch(() => false)
    if (over || line.stopped) return
    if (document.hidden) continue
    signal("silent")
    await patience(WAITS[Math.min(line.tries++, WAITS.length - 1)])
  }
}

/** Hear one connection out; gives true where there is nothing to come back for. */
async function connected(line) {
  const headers = line.last ? { "Last-Event-ID": line.last } : {}
  const reply = await fetch(line.path, { headers, signal: line.cut.signal, cache: "no-store" })
  if (reply.status === 401) signal("stranger")
  if (reply.status === 404) line.hear("gone")
  if (!reply.ok) return reply.status === 401 || reply.status === 404
  signal("answers")
  line.tries = 0
  for await (const { name, data, id } of events(reply.body, line.cut)) {
    if (line.stopped) return true
    if (id) line.last = id
    line.hear(name, data)
  }
  return false
}

async function* events(body, cut) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ""
  for (;;) {
    const watch = setTimeout(() => cut.abort(), QUIET)
    const { done, value } = await reader.read().finally(() => clearTimeout(watch))
    if (done) return
    const blocks = (rest + value).split("\n\n")
    rest = blocks.pop()
    yield* blocks.map(parsed).filter(event => event.name)
  }
}

function parsed(block) {
  const fields = Object.fromEntries(block.split("\n").map(line => line.split(/: (.*)/s, 2)))
  return { name: fields.event, id: fields.id, data: fields.data ? JSON.parse(fields.data) : null }
}

const shown = () =>
  new Promise(go => {
    if (!document.hidden) return go()
    document.addEventListener("visibilitychange", go, { once: true })
  })

/** Wait, or until the reader wants it tried at once. */
const patience = wait =>
  new Promise(go => {
    const timer = setTimeout(go, wait)
    signals.addEventListener("try", () => { clearTimeout(timer); go() }, { once: true })
  })
