/** JSON that goes out as the text it is kept as: parsed and written again, its large numbers would be others. */

/** `text` must be JSON. */
export class JsonText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** As `JSON.stringify`, with each JsonText in `value` as its own text. */
export function writeJson(value: unknown): string {
  const texts: string[] = []
  const mark = `json-text-${crypto.randomUUID()}-`
  const json = JSON.stringify(value, (_name, member: unknown) =>
    member instanceof JsonText ? `${mark}${texts.push(member.text) - 1}` : member,
  )
  return texts.length === 0
    ? json
    : json.replace(new RegExp(`"${mark}(\\d+)"`, 'g'), (_, place: string) => texts[Number(place)] ?? 'null')
}
