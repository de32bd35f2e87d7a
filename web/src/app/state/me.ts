/** Who we are to this hub. */
import { computed, signal } from '@preact/signals';
import { api } from '../../api/client.ts';
import type { Me } from '../../api/types.ts';

/** Undefined until the hub has answered. */
export const me = signal<Me | undefined>(undefined);

export const isAdministrator = computed(() => me.value?.role === 'administrator');

export async function learnWhoIAm(): Promise<void> {
  const answer = await api.me();
  if (answer.kind === 'ok') me.value = answer.body;
}

/** Ends the session, and with a new page the socket that was opened in its name. */
export async function signOut(): Promise<void> {
  await api.logout();
  location.reload();
}
