import { InvalidArgumentError, Option } from 'commander'

/** An option that takes one of the words or several, separated by commas: `--status failed,crashed`. */
export function oneOrSeveral(flags: string, description: string, words: readonly string[]): Option {
  return new Option(flags, `${description} (${words.join(', ')})`).argParser((text) => {
    const given = text.split(',')
    const wrong = given.find((word) => !words.includes(word))
    if (wrong !== undefined) throw new InvalidArgumentError(`Allowed choices are ${words.join(', ')}.`)
    return given
  })
}
