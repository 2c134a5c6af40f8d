// How a job is called, and how its state is shown.

import { put } from "./dom.js"
import { plain, when } from "./format.js"

const STATES = {
  queued: "waiting", running: "running", paused: "paused", draining: "stopping", done: "done", failed: "failed",
  cancelled: "cancelled",
}

export const ENDED = new Set(["done", "failed", "cancelled"])

export const stateOf = job => STATES[job.status]

/** What a job is called: by its name, else by when it was submitted. */
export const title = job => (job.name ? plain(job.name, 200) : `Job of ${when(job.created)}`)

export function chip(place, job) {
  put(place, stateOf(job))
  place.dataset.state = job.status
}
