/** The files of `templates/messages/`: read and checked once, at start, so that a missing one does not wait for a guest. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Liquid, type Template } from 'liquidjs'
import { GiveUp } from '../../platform/engine/errors.ts'
import { GUEST_TEMPLATES, MESSAGE_LANGUAGES, type MessageLanguage } from './guest-notification.parameters.ts'
import type { Templates } from './templates.ts'

const SECTIONS = ['subject', 'text', 'html', 'short'] as const
type Section = (typeof SECTIONS)[number]
type Parsed = Record<Section, Template[]>

const MOST_SUBJECT = 200
const MOST_SHORT = 300

// Values only: no prototype's, no missing ones but inside `if`.
const STRICT = { strictVariables: true, lenientIf: true, strictFilters: true, ownPropertyOnly: true } as const
const plain = new Liquid(STRICT)
const markup = new Liquid({ ...STRICT, outputEscape: 'escape' })

/** Throws an Error that names the file when one is missing, lacks a section, or cannot be parsed. */
export async function loadTemplates(options: { hotelName: string; folder?: string }): Promise<Templates> {
  const { hotelName, folder = messagesFolder() } = options
  const layout = parsed(markup, await readTemplate(folder, 'layout.html.liquid'), 'layout.html.liquid')
  const messages = new Map<string, Parsed>()
  for (const template of GUEST_TEMPLATES) {
    for (const language of MESSAGE_LANGUAGES) {
      const name = `${template}.${language}.liquid`
      messages.set(`${template}.${language}`, sectionsOf(await readTemplate(folder, name), name))
    }
  }
  const page = (language: MessageLanguage, subject: string, content: string) =>
    filled(markup, layout, 'layout', { language, subject, content, hotel_name: hotelName })

  return {
    render(template, language, variables) {
      const sections = messages.get(`${template}.${language}`)
      if (!sections)
        throw new GiveUp('template_unknown', `There is no template "${template}" in "${language}".`)
      const values = { hotel_name: hotelName, ...variables }
      const fill = (section: Section) =>
        filled(section === 'html' ? markup : plain, sections[section], template, values)
      const subject = shortened(oneLine(fill('subject')), MOST_SUBJECT)
      return {
        subject,
        text: fill('text').replace(/\n{3,}/g, '\n\n'),
        html: page(language, subject, fill('html')),
        short: shortened(oneLine(fill('short')), MOST_SHORT),
      }
    },
    frame(language, { subject, body }) {
      return { text: body, html: page(language, subject, paragraphs(body)) }
    },
  }
}

/** The folder of this package, from source or from `dist`. */
function messagesFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder)
      throw new Error('No package.json above the program: the templates cannot be found.')
    folder = parent
  }
  return join(folder, 'templates', 'messages')
}

async function readTemplate(folder: string, name: string): Promise<string> {
  try {
    return (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n').normalize('NFC')
  } catch (cause) {
    throw new Error(`The message template templates/messages/${name} cannot be read.`, { cause })
  }
}

/** `=== subject`, `=== text`, `=== html`, `=== short`, each on a line of its own, its text below. */
function sectionsOf(file: string, name: string): Parsed {
  const [, ...pieces] = `\n${file}`.split(/\n=== (\w+)\n/)
  const texts = new Map<string, string>()
  for (let at = 0; at < pieces.length; at += 2) texts.set(pieces[at] ?? '', (pieces[at + 1] ?? '').trim())
  const section = (wanted: Section) => {
    const text = texts.get(wanted)
    if (!text)
      throw new Error(`The message template templates/messages/${name} has no section "=== ${wanted}".`)
    return parsed(wanted === 'html' ? markup : plain, text, name)
  }
  return {
    subject: section('subject'),
    text: section('text'),
    html: section('html'),
    short: section('short'),
  }
}

function parsed(engine: Liquid, text: string, name: string): Template[] {
  try {
    return engine.parse(text)
  } catch (cause) {
    throw new Error(`The message template templates/messages/${name} cannot be parsed.`, { cause })
  }
}

function filled(engine: Liquid, text: Template[], name: string, values: Record<string, string>): string {
  try {
    return String(engine.renderSync(text, values)).trim()
  } catch (error) {
    const [, variable] = /^undefined variable: ([\w.]+)/.exec((error as Error).message) ?? []
    if (variable === undefined) throw error
    throw new GiveUp('template_variable_missing', `The template "${name}" needs the variable "${variable}".`)
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** By whole characters: half an emoji is no character. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text
  let kept = ''
  for (const character of text) {
    if (kept.length + character.length > most - 1) break
    kept += character
  }
  return `${kept.trimEnd()}…`
}

function paragraphs(body: string): string {
  const escaped = body.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
  const parts = escaped.split(/\n{2,}/).map((part) => part.trim())
  return parts
    .filter((part) => part !== '')
    .map((part) => `<p>${part.replaceAll('\n', '<br>\n')}</p>`)
    .join('\n')
}
