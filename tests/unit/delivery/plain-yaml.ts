/**
 * As much of YAML as docker-compose.yml uses: block mappings and lists, flow lists, quoted text, comments, anchors,
 * aliases and `<<`. Anything else throws, so that the file is never half understood.
 */
export type Yaml = string | Yaml[] | { [name: string]: Yaml }
type Mapping = { [name: string]: Yaml }

interface Line {
  indent: number
  text: string
}

export function readYaml(source: string): Mapping {
  const lines = source.split('\n').flatMap((raw): Line[] => {
    const text = raw.replace(/(^|\s)#(?=(?:[^"]*"[^"]*")*[^"]*$).*$/, '').trimEnd()
    return text.trim() === '' ? [] : [{ indent: text.length - text.trimStart().length, text: text.trim() }]
  })
  const anchors = new Map<string, Yaml>()
  const document = block(lines, 0, anchors)
  if (lines.length > 0) throw new Error(`Not understood: ${lines[0]?.text}`)
  return mapping(document)
}

/** The value as a mapping; throws when it is none. */
export function mapping(value: Yaml | undefined): Mapping {
  if (typeof value !== 'object' || Array.isArray(value))
    throw new Error(`No mapping: ${JSON.stringify(value)}`)
  return value
}

function block(lines: Line[], indent: number, anchors: Map<string, Yaml>): Yaml {
  if (lines[0]?.text.startsWith('- ')) return list(lines, indent, anchors)
  const merged: Mapping = {}
  const own: Mapping = {}
  for (let line = lines[0]; line !== undefined && line.indent === indent; line = lines[0]) {
    lines.shift()
    const [, name = '', rest = ''] = /^([\w.<-]+):(?: +(.*))?$/.exec(line.text) ?? []
    if (name === '') throw new Error(`Not understood: ${line.text}`)
    if (name in own) throw new Error(`Twice: ${name}`)
    const [, anchor, scalarText = ''] = /^(?:&(\w+) *)?(.*)$/.exec(rest) ?? []
    const below = lines[0]
    const nested = scalarText === '' && below !== undefined && below.indent > indent
    const value = nested ? block(lines, below.indent, anchors) : scalar(scalarText, anchors)
    if (anchor !== undefined) anchors.set(anchor, value)
    if (name === '<<') Object.assign(merged, mapping(value))
    else own[name] = value
  }
  if (lines[0] !== undefined && lines[0].indent > indent) throw new Error(`Not understood: ${lines[0].text}`)
  return { ...merged, ...own }
}

function list(lines: Line[], indent: number, anchors: Map<string, Yaml>): Yaml[] {
  const members: Yaml[] = []
  while (lines[0]?.indent === indent && lines[0].text.startsWith('- ')) {
    members.push(scalar((lines.shift() as Line).text.slice(2).trim(), anchors))
  }
  return members
}

function scalar(text: string, anchors: Map<string, Yaml>): Yaml {
  if (text.startsWith('*')) {
    const value = anchors.get(text.slice(1))
    if (value === undefined) throw new Error(`Unknown: ${text}`)
    return value
  }
  if (text.startsWith('[')) {
    return [...text.slice(1, -1).matchAll(/"([^"]*)"|([^\s,"]+)/g)].map(
      ([, quoted, bare]) => quoted ?? bare ?? '',
    )
  }
  if (/^"[^"\\]*"$/.test(text)) return text.slice(1, -1)
  if (/^[{|>!'"]|: | #/.test(text)) throw new Error(`Not understood: ${text}`)
  return text
}
