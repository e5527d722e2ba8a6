import { startBroker } from '../test/support/broker.ts';
const t=Date.now(); const b = await startBroker(); console.log('up', Date.now()-t, b.url);
let x=Date.now(); await b.kill(); console.log('killed', Date.now()-x); x=Date.now(); await b.start(); console.log('restarted', Date.now()-x);
x=Date.now(); await b.halt(); console.log('halted', Date.now()-x); await b.start(); x=Date.now(); console.log(await b.ctl('list_queues')); console.log(Date.now()-x);
await b.stop();
