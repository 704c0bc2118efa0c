// The mark of the product.

export function Logo({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#4f5bd5" />
      <path
        d="M8 17.5v-2a8 8 0 0 1 16 0v2"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
      />
      <rect x="6.6" y="16" width="4.8" height="7.4" rx="2.2" fill="#fff" />
      <rect x="20.6" y="16" width="4.8" height="7.4" rx="2.2" fill="#fff" />
    </svg>
  );
}
