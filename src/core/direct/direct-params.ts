import type { Param } from '../params/param.js';
import { AddressTable } from './address-table.js';
import { PagedArray } from './paged-array.js';
import { unresolved } from './recipient-set.js';

/** Params by the bytes of their addresses, with what a SET needs. An entry ends with its param. */
export class DirectParams {
  readonly table = new AddressTable();
  readonly params = new PagedArray<Param | undefined>(undefined);

  /** Returns the number of an address, or -1. @param start of the length before the address */
  find(view: DataView, start: number, end: number): number {
    return this.table.find(view, start, end, 0);
  }

  /** @param start of the length before the address of the param */
  add(view: DataView, start: number, end: number, param: Param): void {
    if (param.directNumber >= 0) return; // known, but without a slot in the table
    const number = this.table.add(view, start, end, 0);
    if (number < 0) return;
    param.directNumber = number;
    this.params.set(number, param);
  }

  /** The param was removed. */
  remove(param: Param): void {
    const { directNumber } = param;
    if (directNumber < 0) return;
    param.directNumber = -1;
    this.table.remove(directNumber);
    this.params.reset(directNumber);
    param.recipients = unresolved;
    param.permitted = undefined;
  }
}
