/** What figures were measured on. */
import { cpus, totalmem } from 'node:os';

export const machine = `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB`;
