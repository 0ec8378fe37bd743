import { parseAddress } from '../../protocol/address.js';
import type { SetMessage } from '../../protocol/messages/message.js';
import { encodeValue } from '../../protocol/values/encoded-value.js';
import type { Value } from '../../protocol/values/value.js';
import { ParamStore } from '../params/param-store.js';
import type { SignalRouter } from '../delivery/signal-router.js';

/** The router's own params, separate from those of the clients: they do not count against `maxParams`. */
export class SystemParams {
  readonly store = new ParamStore({
    maxParams: 0,
    maxParamBytes: 0,
    eviction: 'reject',
    paramTtlSeconds: 0,
    maxLockSeconds: 0,
    historyRules: [],
  });
  readonly #routing: SignalRouter;

  constructor(routing: SignalRouter) {
    this.#routing = routing;
  }

  /** Sets a param and notifies its subscribers, unless the value is unchanged. */
  write(address: string, value: Value, nowMicros: number): void {
    const encoded = encodeValue(value);
    const known = this.store.get(address, nowMicros);
    if (known?.value.equals(encoded) === true) return;
    const param = known ?? this.store.create(parseAddress(address), undefined, nowMicros);
    param.write(encoded, '', nowMicros);
    const message: SetMessage = { type: 'set', address, value: encoded };
    this.#routing.set(message, param.revision, nowMicros);
  }

  remove(address: string): void {
    this.store.remove(address);
  }
}
