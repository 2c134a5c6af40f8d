// The bar of a job: what is saved, skipped and failed, of all.

/** Give how much of a job is done: counts, the total (null while the list is still read), and the share from 0 to 1. */
export function standing(job) {
  const { saved = 0, skipped = 0, failed = 0 } = job.counts
  const done = saved + skipped + failed
  const total = job.lines === null ? null : Math.max(job.lines, done)
  const share = total ? done / total : Number(job.status === "done")
  return { saved, skipped, failed, done, total, left: total === null ? null : total - done, share }
}

/** Draw it. While the total is unknown, the bar is drawn against what is done, and says that it is not certain. */
export function draw(bar, job) {
  const found = standing(job)
  const whole = found.total ?? Math.max(1, found.done * 2)
  for (const part of bar.children) part.style.width = `${(100 * (found[part.className] ?? 0)) / Math.max(1, whole)}%`
  bar.classList.toggle("unsure", found.total === null && job.status === "running")
  return found
}

/** Percent, rounded so that 100 means all. */
export const percent = share => (share >= 1 ? 100 : Math.min(99, Math.floor(share * 100)))
