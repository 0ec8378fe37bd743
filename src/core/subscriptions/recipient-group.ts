import type { WireForm } from '../delivery/wire-form.js';
import type { RouterSession } from '../session.js';

export interface RecipientGroup {
  readonly form: WireForm;
  readonly sessions: readonly RouterSession[];
}
