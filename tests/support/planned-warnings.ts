/** What the service warns of where a test has planned it, by what the test does. */

/** Anything: everything under the service is made to fail. */
export const ANYTHING = [/./]

/** A run is given what it cannot do. */
export const RUN_FAILED = /"msg":"run failed"/

/** Keys are guessed. */
export const WRONG_KEYS = /"msg":"one address sends many wrong keys"/

/** The broker is ended and started again. */
export const BROKER_AWAY =
  /"msg":"(RabbitMQ (connection lost or refused|closed the channel|cancelled the consumer)|Queue depths not read|Not consuming yet)/

/** Slack hangs, fails, or is cut off. */
export const SLACK_AWAY = /"msg":"slack: the SDK (warns about a request|reports an error)"/

/** Processes of the service are killed. */
export const WORKERS_DIED =
  /"msg":"(queued the runs of dead workers again|abandoned runs that took every worker down)"/

/** A process is frozen in the middle of a transaction, which the database then ends, and the connection with it. */
export const FROZEN = /"code":"25P03"|Connection terminated unexpectedly/

/** No test's doing: a process that gets no processor for seconds, or is frozen, lets go of its runs and says so. */
export const STARVED = /"msg":"(no heartbeat for |heartbeat is back: )/
