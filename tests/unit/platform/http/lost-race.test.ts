import { expect, it } from 'vitest'
import { problemOf } from '../../../../src/platform/http/problem.ts'

it.each(['40001', '40P01', '55P03'])(
  'a race lost inside the database (%s) is no database that is away',
  (code) => {
    const problem = problemOf(new Error('outer', { cause: Object.assign(new Error('lost'), { code }) }))
    expect(problem.toBody()).toMatchObject({ status: 503, code: 'database_busy' })
  },
)
