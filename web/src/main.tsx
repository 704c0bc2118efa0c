// Starts the pages.

import '@fontsource-variable/inter/wght.css';
import './app/mantine.css';
import './app/theme.css';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Problem } from './api/http';
import { App } from './app/App';
import { theme } from './app/theme';
import { adoptVariables } from './app/variables';
import { startTexts } from './texts';

adoptVariables();

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The stream says when something has changed; nothing is asked for twice without a reason.
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 2 && error instanceof Problem && error.status === 0,
    },
  },
});

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
await startTexts();
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
