// The list of jobs, live.

import { jobs as page, paths } from "./api.js"
import { draw, percent } from "./bar.js"
import { Rows, put, stamp } from "./dom.js"
import { many, number, plain, when } from "./format.js"
import { chip, title } from "./state.js"
import { listen } from "./stream.js"
import { Words } from "./words.js"

/** Keep the list; gives what ends it. */
export function show(at) {
  const known = new Map()
  const rows = new Rows(at.jobs, () => row(message => put(at["jobs-error"], message)))
  let cursor = null
  const render = () => {
    const all = [...known.values()].sort((a, b) => b.created - a.created)
    at.none.hidden = all.length > 0
    rows.show(all, job => job.id)
  }
  const take = list => list.forEach(job => known.set(job.id, job))
  const hear = (name, data) => {
    if (name === "snapshot") known.clear()
    if (name === "snapshot") take(data.jobs)
    if (name === "snapshot") first()
    if (name === "job" || name === "progress") take([data])
    if (name === "deleted") known.delete(data.id)
    render()
  }
  const older = async from => {
    const { jobs, next } = await page(from)
    cursor = next
    at.older.hidden = next === null
    take(jobs)
    render()
  }
  const first = () => older(null).catch(() => {})
  at.older.addEventListener("click", () => older(cursor).catch(problem => put(at["jobs-error"], `${problem.message}.`)))
  return listen(paths.all, hear)
}

function row(fail) {
  const { root, at } = stamp("job-row")
  const words = new Words(at.words, { fail })
  return {
    root,
    show(job) {
      put(at.name, title(job))
      at.name.href = `#/jobs/${job.id}`
      chip(at.status, job)
      put(at.told, told(job, draw(at.bar, job)))
      words.show(job)
    },
  }
}

function told(job, { saved, failed, done, total, share }) {
  if (job.reason && !done) return plain(job.reason)
  if (job.status === "queued" && !done) return `since ${when(job.created)}`
  const parts = [total === null ? `${number(saved)} saved` : `${number(saved)} of ${many(total, "image")}`]
  if (failed) parts.push(`${number(failed)} failed`)
  if (job.status === "running") parts.push(`${percent(share)} %`)
  return parts.join(" · ")
}
