// What was found, a page after the other: or why not, or that there is nothing.

import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { Failure } from './Failure';
import css from './Found.module.css';
import { Nothing } from './Panel';

interface Props {
  query: {
    isSuccess: boolean;
    isError: boolean;
    error: unknown;
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    refetch(): unknown;
    fetchNextPage(): unknown;
  };
  count: number;
  nothing: string;
  /** On the button that reads further ones. */
  more: string;
  children: ReactNode;
}

export function Found({ query, count, nothing, more, children }: Props) {
  return (
    <>
      {query.isError && <Failure error={query.error} retry={() => void query.refetch()} />}
      {query.isSuccess && count === 0 && <Nothing>{nothing}</Nothing>}
      {count > 0 && children}
      {query.hasNextPage && (
        <div className={css.more}>
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            {more}
          </Button>
        </div>
      )}
    </>
  );
}
