// Gives what keeps people with a keyboard or a screen reader out, a line each.
() => {
  const faults = []
  const all = selector => [...document.querySelectorAll(selector)]
  const shown = each => each.checkVisibility({ visibilityProperty: true })
  const say = (what, each) => faults.push(`${what}: ${each.outerHTML.slice(0, 120)}`)
  const textOf = id => document.getElementById(id)?.textContent.trim() ?? ""
  const name = each =>
    each.getAttribute("aria-label") ??
    (each.getAttribute("aria-labelledby")?.split(" ").map(textOf).join(" ") ||
      [...(each.labels ?? [])].map(label => label.textContent).join(" ") || each.textContent)

  for (const each of all("a, button, input, select, textarea, summary, section, dialog, [role=grid], [role=region]"))
    if (shown(each) && !name(each).trim()) say("no name", each)
  for (const each of all("[tabindex]")) if (each.tabIndex > 0) say("positive tabindex", each)
  for (const each of all("img:not([alt])")) say("no alt", each)

  const ids = all("[id]").map(each => each.id)
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) faults.push(`id twice: ${id}`)
  for (const attribute of ["aria-labelledby", "aria-describedby", "aria-activedescendant", "for"])
    for (const each of all(`[${attribute}]`))
      for (const id of each.getAttribute(attribute).split(" "))
        if (!document.getElementById(id)) say(`${attribute} leads nowhere`, each)

  for (const one of ["main", "body > header", "h1"]) if (all(one).filter(shown).length !== 1) faults.push(`not one ${one}`)
  const levels = all("h1, h2, h3").filter(shown).map(each => Number(each.tagName[1]))
  levels.forEach((level, at) => {
    if (at && level > levels[at - 1] + 1) faults.push(`from heading ${levels[at - 1]} to ${level}`)
  })
  if (!document.documentElement.lang) faults.push("no language")
  for (const each of all("button, select, input, textarea, .button"))
    if (shown(each) && each.getBoundingClientRect().height < 24 && !each.matches(".unseen")) say("small target", each)
  return faults
}
