//! What differs between two texts, by lines.

use similar::TextDiff;

use crate::error::ApiError;

/// How long the shortest difference is looked for; then a longer one is given.
const DIFF_MAX: std::time::Duration = std::time::Duration::from_millis(500);

/// The difference in the unified form; empty if there is none.
pub(crate) async fn unified(old: (String, String), new: (String, String)) -> Result<String, ApiError> {
    // Comparing two large texts that have nothing in common takes its time.
    let compared = tokio::task::spawn_blocking(move || {
        let ((old_name, old), (new_name, new)) = (old, new);
        let diff = TextDiff::configure().timeout(DIFF_MAX).diff_lines(&old, &new);
        diff.unified_diff().header(&old_name, &new_name).to_string()
    });
    compared.await.map_err(|_| ApiError::Panicked)
}
