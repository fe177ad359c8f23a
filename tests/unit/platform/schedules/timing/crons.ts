/** Cron expressions, by fast-check: all that people may write, and croner mostly takes. */
import fc from 'fast-check'

const number = (min: number, max: number) => fc.integer({ min, max }).map(String)

function range(min: number, max: number) {
  return fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
    .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`)
}

function field(min: number, max: number, ...own: fc.Arbitrary<string>[]) {
  const step = fc.integer({ min: 1, max: max - min + 1 })
  const item = fc.oneof(
    number(min, max),
    range(min, max),
    fc.tuple(range(min, max), step).map(([from, by]) => `${from}/${by}`),
    step.map((by) => `*/${by}`),
    ...own,
  )
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant('*') },
    { weight: 3, arbitrary: item },
    { weight: 1, arbitrary: fc.array(item, { minLength: 2, maxLength: 4 }).map((items) => items.join(',')) },
  )
}

const DAYS = ['sun', 'mon', 'tue', 'WED', 'thu', 'Fri', 'sat']
const day = fc.oneof(fc.constantFrom(...DAYS), number(0, 7))

export const cronText = fc
  .tuple(
    field(0, 59),
    field(0, 23),
    field(
      1,
      31,
      fc.constantFrom('L', 'LW', '?'),
      number(1, 31).map((each) => `${each}W`),
    ),
    field(1, 12, fc.constantFrom('jan', 'FEB', 'mar-oct')),
    field(
      0,
      7,
      day,
      day.map((each) => `${each}L`),
      fc.tuple(day, number(1, 5)).map(([each, nth]) => `${each}#${nth}`),
    ),
  )
  .map((fields) => fields.join(' '))
