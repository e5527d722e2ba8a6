/** An authority of one's own, and what it signed, made by openssl. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface Certificate {
  certificate: string;
  key: string;
}

export interface Authority {
  directory: string;
  ca: Certificate;
  server: Certificate;
  client: Certificate;
}

const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });

/** The server's certificate is for 127.0.0.1. The caller removes the directory. */
export function makeAuthority(): Authority {
  const directory = mkdtempSync(join(tmpdir(), 'webhookd-certificates-'));
  // The broker runs as a user of its own and reads them too.
  chmodSync(directory, 0o755);
  const files = (name: string): Certificate => ({
    certificate: join(directory, `${name}.pem`),
    key: join(directory, `${name}-key.pem`),
  });
  const ca = files('ca');
  const keyOptions = ['-newkey', 'rsa:2048', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...keyOptions,
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
    '-keyout',
    ca.key,
    '-out',
    ca.certificate,
  );
  const sign = (name: string): Certificate => {
    const made = files(name);
    const request = join(directory, `${name}.csr`);
    const extensions = join(directory, `${name}.ext`);
    writeFileSync(
      extensions,
      'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n',
    );
    openssl('req', ...keyOptions, '-subj', `/CN=${name}`, '-keyout', made.key, '-out', request);
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      ca.certificate,
      '-CAkey',
      ca.key,
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      extensions,
      '-out',
      made.certificate,
    );
    chmodSync(made.key, 0o644);
    return made;
  };
  return { directory, ca, server: sign('server'), client: sign('client') };
}
