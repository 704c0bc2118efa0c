// A button that asks the server for something: off while the connection is lost, so that it does not pretend.

import { Button, type ButtonProps } from '@mantine/core';
import type { ComponentProps } from 'react';
import { useConnected } from '../live/store';

type Props = ButtonProps & Omit<ComponentProps<'button'>, keyof ButtonProps | 'ref'>;

export function AskingButton({ disabled, ...rest }: Props) {
  const connected = useConnected();
  return <Button disabled={disabled === true || !connected} {...rest} />;
}
