import { expect, it } from 'vitest'
import { createGroupCommit } from '../../../../src/platform/postgres/group-commit.ts'
import { eventually } from '../../../support/eventually.ts'

/** Batches as they were begun, each ended by hand. */
function recorder(most: number, atOnce: number) {
  const begun: { items: number[]; end: () => void; fail: (error: Error) => void }[] = []
  const settle = (items: number[]) =>
    new Promise<void>((end, fail) => {
      begun.push({ items, end, fail })
    })
  const add = createGroupCommit<number>({ most, atOnce, settle })
  return {
    begun,
    addAll: (...items: number[]) => items.forEach(add),
    batches: () => begun.map(({ items }) => items),
    begins: (count: number) => eventually(`batch ${count}`, () => begun.length >= count),
  }
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

it('commits together what comes together, in order, and what comes meanwhile together next', async () => {
  const { addAll, begins, batches, begun } = recorder(10, 1)
  addAll(1, 2, 3)
  expect(batches()).toEqual([])
  await begins(1)
  addAll(4)
  await turn()
  addAll(5)
  await turn()
  expect(batches()).toEqual([[1, 2, 3]])
  begun[0]?.end()
  await begins(2)
  expect(batches()).toEqual([
    [1, 2, 3],
    [4, 5],
  ])
})

it('takes no more at a time, and has no more under way, than it may', async () => {
  const { addAll, begins, batches, begun } = recorder(2, 2)
  addAll(1, 2, 3, 4, 5, 6, 7)
  await begins(2)
  await turn()
  expect(batches()).toEqual([
    [1, 2],
    [3, 4],
  ])
  begun[1]?.end()
  await begins(3)
  begun[0]?.end()
  await begins(4)
  expect(batches().slice(2)).toEqual([[5, 6], [7]])
})

it('is idle again after its last batch', async () => {
  const { addAll, begins, batches, begun } = recorder(5, 1)
  addAll(1)
  await begins(1)
  begun[0]?.end()
  await turn()
  addAll(2)
  await begins(2)
  expect(batches()).toEqual([[1], [2]])
})
