import { connect, createServer } from 'node:net'
import { connect as connectTls } from 'node:tls'

const ANSWER_MS = 3000

/** Whether an AMQP 0-9-1 broker answers: to its protocol header it sends a method frame. */
export function answersAmqp(url) {
  const header = Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1])
  return answers(url, { port: 5672, securePort: 5671, question: header, fits: (answer) => answer[0] === 1 })
}

/** Whether a Redis server answers to PING, be it that it wants a password. */
export function answersRedis(url) {
  const fits = (answer) => /^(\+PONG|-NOAUTH)/.test(answer.toString('latin1'))
  return answers(url, { port: 6379, securePort: 6379, question: Buffer.from('PING\r\n'), fits })
}

/** A port nobody listens on just now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

function answers(url, { port, securePort, question, fits }) {
  const { protocol, hostname, port: given } = new URL(url)
  const secure = protocol === 'amqps:' || protocol === 'rediss:'
  const options = {
    host: hostname,
    port: Number(given) || (secure ? securePort : port),
    rejectUnauthorized: false,
  }
  return new Promise((resolve) => {
    const socket = secure ? connectTls(options) : connect(options)
    const conclude = (answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(ANSWER_MS, () => conclude(false))
    socket.on('error', () => conclude(false))
    socket.on('close', () => conclude(false))
    socket.once('data', (answer) => conclude(fits(answer)))
    socket.write(question)
  })
}
