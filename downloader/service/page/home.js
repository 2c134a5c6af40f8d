// The first view: a new job, and the jobs there are.

import { stamp } from "./dom.js"
import { show as showJobs } from "./jobs.js"
import { show as showSubmit } from "./submit.js"

export function show(place) {
  const { root, at } = stamp("home")
  place.append(root)
  const ends = [showSubmit(at), showJobs(at)]
  return () => ends.forEach(end => end())
}
