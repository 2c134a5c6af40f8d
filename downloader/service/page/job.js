// The view of one job: it hears what happens, and hands it to the parts.

import { failures as grouped, paths } from "./api.js"
import { announce } from "./announce.js"
import { make, put, stamp } from "./dom.js"
import { Failures } from "./failures.js"
import { plain, when } from "./format.js"
import { Gallery } from "./gallery.js"
import { Hosts } from "./hosts.js"
import { Progress } from "./progress.js"
import { ENDED, chip, stateOf, title } from "./state.js"
import { listen } from "./stream.js"
import { Words } from "./words.js"

const FILES = { tar: "images.tar", manifest: "manifest.jsonl", "failed-list": "failed.jsonl" }

export function show(place, id) {
  const { root, at } = stamp("job")
  const fail = message => reason(at, message)
  const view = {
    at, root, place, job: null,
    words: new Words(at.words, { fail, deleted: () => { location.hash = "#/" } }),
    progress: new Progress(at),
    hosts: new Hosts(at),
    failures: new Failures(at, () => grouped(id), fail),
    gallery: new Gallery(at, id),
  }
  for (const [name, file] of Object.entries(FILES)) at[name].href = paths.download(id, file)
  const stop = listen(paths.events(id), (name, data) => HEARD[name]?.(view, data))
  return () => {
    stop()
    view.gallery.close()
    view.failures.close()
  }
}

/** What each event does to the view. */
const HEARD = {
  snapshot(view, { job, hosts }) {
    if (!view.root.isConnected) begin(view)
    stand(view, job)
    if (hosts.length) view.hosts.show(hosts) // a service that was started again has forgotten them
    if (ENDED.has(job.status)) view.hosts.end()
  },
  job: stand,
  done(view, job) {
    stand(view, job)
    view.hosts.end()
  },
  progress(view, said) {
    if (!view.job) return
    stand(view, { ...view.job, ...said })
    view.hosts.show(said.hosts)
  },
  notice: (view, { text }) => reason(view.at, text),
  gone: lost,
}

function begin(view) {
  view.place.replaceChildren(view.root)
  view.at.name.focus({ preventScroll: true })
}

function stand(view, job) {
  const before = view.job
  view.job = job
  const { at } = view
  put(at.name, title(job))
  chip(at.status, job)
  view.words.show(job)
  const share = view.progress.show(job)
  view.failures.show(job)
  view.gallery.show(job)
  document.title = `${ENDED.has(job.status) ? stateOf(job) : `${share} %`} · ${title(job)}`
  if (before?.status !== job.status) changed(view, before, job)
}

function changed({ at }, before, job) {
  reason(at, job.reason ?? "")
  at.options.replaceChildren(...facts(job))
  if (before) announce(`The job is ${stateOf(job)}. ${at.told.textContent}`)
}

function reason(at, text) {
  at.reason.hidden = !text
  put(at.reason, plain(text))
}

function* facts(job) {
  yield* fact("Submitted", when(job.created))
  if (job.ended) yield* fact("Ended", when(job.ended))
  const given = Object.entries(job.options)
  for (const [name, value] of given) yield* fact(name, plain(Array.isArray(value) ? value.join(" ") : value))
  if (!given.length) yield* fact("Options", "all as the service has them")
}

const fact = (name, value) => [make("dt", name), make("dd", value)]

function lost({ place }) {
  const { root, at } = stamp("lost")
  put(at.title, "This job is not here")
  put(at.text, "It was deleted, or the address is not whole.")
  place.replaceChildren(root)
  at.title.focus()
}
