/** The handler of the plugin guide: another system is told which task was made or changed. */
import { Handler, request } from 'webhookd/plugin';

export default class TaskWebhook extends Handler {
  static override readonly respondsTo = ['task_created', 'task_updated'];

  override compute() {
    const { TASKS_URL = '', AUTH_TOKEN = '' } = this.secrets;
    this.log.info(`${this.event.name}: ${this.target}`);
    return request.post(TASKS_URL, {
      json: { event: this.event.name, id: this.target },
      headers: { authorization: `Bearer ${AUTH_TOKEN}` },
    });
  }
}
