// The options that matter, as fields. What may be chosen, and how much, is what the service's description says.

import { description } from "./api.js"
import { make, put, stamp } from "./dom.js"
import { number } from "./format.js"

const SHOWN = [
  { name: "engine", label: "Engine", hint: "How the waiting is done" },
  { name: "jobs", label: "Jobs", hint: "Images at work at once" },
  { name: "per-host", label: "Per host", hint: "Of these, at one host" },
  { name: "retries", label: "Retries", hint: "For failures that may pass" },
  { name: "timeout", label: "Timeout", hint: "Seconds an attempt" },
  { name: "dedupe", label: "Duplicates", hint: "Keep the first of those alike",
    choices: { "": "keep all", sha256: "same bytes", dhash: "same looks" } },
  { name: "process", label: "Process", hint: "Steps, a space between: resize=512 convert=webp,80" },
]

/** Put the fields in their place, with what was changed before; gives a function that gives what was changed. */
export async function fields(place, before) {
  const described = await description()
  const known = described.components.schemas.Submission.properties.options.properties
  const shown = SHOWN.filter(({ name }) => name in known).map(each => field(each, known[each.name]))
  shown.forEach(each => each.restore(before))
  place.replaceChildren(...shown.map(each => each.root))
  return () => Object.fromEntries(shown.flatMap(each => each.given()))
}

function field({ name, label, hint, choices }, schema) {
  const { root, at } = stamp("option")
  const input = inputs[kind(schema, choices)](schema, choices)
  input.name = name
  input.id = `option-${name}`
  input.setAttribute("aria-describedby", `${input.id}-hint`)
  at.hint.id = `${input.id}-hint`
  at.place.replaceWith(input)
  put(at.label, label)
  put(at.hint, range(schema) ? `${hint}, ${range(schema)}` : hint)
  const standard = input.value
  const read = READ[schema.type] ?? String
  const isChanged = () => input.value.trim() !== standard && input.validity.valid
  const restore = before => name in before && (input.value = [before[name]].flat().join(" "))
  return { root, restore, given: () => (isChanged() ? [[name, read(input.value.trim())]] : []) }
}

const kind = (schema, choices) =>
  choices || schema.enum ? "choice" : schema.type === "array" ? "words" : "count"

const READ = { integer: Number, number: Number, array: text => (text ? text.split(/\s+/) : []) }

const inputs = {
  choice(schema, choices = Object.fromEntries(schema.enum.map(each => [each, each]))) {
    const select = make("select")
    select.append(...Object.entries(choices).map(([value, text]) => make("option", text, { value })))
    select.value = schema.default
    return select
  },
  words: ({ default: steps }) =>
    make("input", "", { type: "text", value: steps.join(" "), spellcheck: false, autocomplete: "off" }),
  count: schema =>
    make("input", "", {
      type: "number", required: true, min: schema.minimum ?? "", max: schema.maximum ?? "", value: schema.default,
      step: schema.type === "integer" ? 1 : "any", inputMode: schema.type === "integer" ? "numeric" : "decimal",
    }),
}

const MANY = 1e6 // a limit above is none that a person would come near

function range({ minimum, maximum }) {
  if (!(maximum < MANY)) return ""
  return Number.isInteger(minimum) ? `${number(minimum)}–${number(maximum)}` : `up to ${number(maximum)}`
}
