import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = process.env.NGINX_PATH ?? 'nginx';

const version = spawnSync(program, ['-V'], { encoding: 'utf8' });

/**
 * Suffix for test titles; undefined if nginx can be started here. It needs the module `realip`, which packages include.
 */
export const whyNoNginx =
  version.error === undefined && version.stderr.includes('realip')
    ? undefined
    : ' (skipped: no nginx here; install it, or set NGINX_PATH)';

/**
 * An nginx in front of a port of this computer. It listens on a Unix socket, because nginx cannot choose a free port.
 */
export class Nginx {
  readonly #folder: string;
  readonly #child: ChildProcess;
  #errors = '';

  /**
   * Resolves when it accepts connections.
   *
   * @param upstreamPort on 127.0.0.1
   * @param directives lines of its `location /`, in addition to those that forward requests and upgrades
   */
  static async start(upstreamPort: number, directives: readonly string[]): Promise<Nginx> {
    const nginx = new Nginx(upstreamPort, directives);
    while (!(await nginx.#accepts())) {
      if (nginx.#child.exitCode !== null) throw new Error(`nginx has ended: ${nginx.#errors}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return nginx;
  }

  private constructor(upstreamPort: number, directives: readonly string[]) {
    this.#folder = mkdtempSync(join(tmpdir(), 'clasp-nginx-'));
    const file = join(this.#folder, 'nginx.conf');
    writeFileSync(file, configuration(this.#folder, upstreamPort, directives));
    this.#child = spawn(program, ['-p', this.#folder, '-c', file, '-e', 'stderr'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#errors += chunk.toString()));
  }

  /** Opens a connection to it that appears to come from a client address. */
  async connect(from: string): Promise<Socket> {
    const socket = connect(join(this.#folder, 'socket'));
    await once(socket, 'connect');
    socket.write(`PROXY TCP4 ${from} 192.0.2.1 40000 80\r\n`);
    return socket;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGKILL');
      await once(this.#child, 'exit');
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #accepts(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(join(this.#folder, 'socket'));
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => {
        resolve(false);
      });
    });
  }
}

/** One process in the foreground that writes only to its folder. The PROXY line of a connection names its client. */
function configuration(folder: string, upstreamPort: number, directives: readonly string[]): string {
  const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  return `
daemon off;
master_process off;
pid ${folder}/pid;
events {}
http {
  access_log off;
  ${bodies.join('\n  ')}
  server {
    listen unix:${folder}/socket proxy_protocol;
    set_real_ip_from unix:;
    real_ip_header proxy_protocol;
    location / {
      proxy_pass http://127.0.0.1:${upstreamPort};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      ${directives.join('\n      ')}
    }
  }
}
`;
}
