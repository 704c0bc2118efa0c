// What can be done to something: an entry of a menu, with the key that does it too.

export interface Act {
  id: string;
  label: string;
  /** One letter; it works while the row has the focus, and in the open menu. */
  key?: string;
  /** Ends or takes away something. */
  danger?: boolean;
  /** Parted from those before it by a line. */
  apart?: boolean;
  run(): void;
}
