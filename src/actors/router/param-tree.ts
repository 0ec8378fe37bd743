import { AddressTree } from './address-tree.js';
import type { Param } from './param.js';

/** Params by the segments of their addresses. */
export class ParamTree extends AddressTree<Param> {}
