/** From vitest's JSON report: `{ passed, failed, skipped, skippedNames }`. */
export function countTests(report) {
  const tests = report.testResults.flatMap((file) => file.assertionResults)
  const withStatus = (...statuses) => tests.filter(({ status }) => statuses.includes(status))
  // A file that cannot even be loaded has no tests in the report, and has failed all the same.
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  )
  const skipped = withStatus('skipped', 'pending', 'todo', 'disabled')
  return {
    passed: withStatus('passed').length,
    failed: withStatus('failed').length + unloadable.length,
    skipped: skipped.length,
    skippedNames: skipped.map(({ fullName }) => fullName),
  }
}

/** `Skipped: 14 tests (no RabbitMQ: set RABBITMQ_URL or install rabbitmq-server)`. */
export function describeSkips({ skipped, skippedNames }, services) {
  const reasons = services
    .filter(
      ({ url, name }) => url === undefined && skippedNames.some((test) => test.includes(`(no ${name})`)),
    )
    .map(({ name, advice }) => `no ${name}: ${advice}`)
  const tests = `${skipped} ${skipped === 1 ? 'test' : 'tests'}`
  return `Skipped: ${tests}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`
}
