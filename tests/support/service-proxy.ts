import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP proxy in front of a real server, to take the network away and give it back. */
export interface ServiceProxy {
  /** The service's URL with the proxy's address in it. */
  url: string
  /** Connections made through it so far. */
  connections(): number
  /** Cuts every connection, and refuses new ones until `restore`. */
  cut(): Promise<void>
  restore(): Promise<void>
  close(): Promise<void>
}

/** With `initially: 'cut'` nothing listens until `restore`. */
export async function startServiceProxy(
  target: string,
  initially: 'open' | 'cut' = 'open',
): Promise<ServiceProxy> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((client) => {
    connections++
    const upstream = connect(Number(port), hostname)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  })
  const listen = async (at: number) => {
    server.listen(at, '127.0.0.1')
    await once(server, 'listening')
  }
  const cut = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }

  await listen(0)
  const { port: ownPort } = server.address() as AddressInfo
  if (initially === 'cut') await cut()
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String(ownPort)
  return { url: url.href, connections: () => connections, cut, restore: () => listen(ownPort), close: cut }
}
