//! A file of sound as an answer, whole or in parts, also while it is being written.

use std::io;
use std::path::{Component, Path, PathBuf};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::unfold;
use hotline_record_io::{Keyring, Playback, SealError};
use http::{HeaderValue, StatusCode, header};
use tokio::task::spawn_blocking;

use crate::error::ApiError;
use crate::extract::RangeFields;
use crate::range::{Range, Wish};

/// How much of a file is read at a time, in bytes.
const BLOCK: usize = 64 * 1024;

/// The part of a file that was asked for.
pub(crate) struct Sound {
    playback: Box<Playback>,
    /// The beginning of it, which is there.
    first: Bytes,
    status: StatusCode,
    range: Range,
    /// Of the whole file, in bytes.
    length: u64,
}

impl Sound {
    /// What a request asks for of a file below `directory`, which `keys` open if it is sealed.
    pub(crate) async fn open(
        (directory, keys): (&Path, &Keyring),
        path: &str,
        fields: &RangeFields,
    ) -> Result<Self, ApiError> {
        let (path, keys) = (locate(directory, path).await?, keys.clone());
        let opened = spawn_blocking(move || Playback::open(&path, &keys)).await;
        let playback = opened.map_err(|_| ApiError::Panicked)?.map_err(missing)?;
        let length = playback.length();
        let (status, range) = match Wish::read(fields.range.as_deref(), length) {
            Wish::All => (StatusCode::OK, Range { first: 0, length }),
            Wish::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
            Wish::Outside => return Err(ApiError::Range { length }),
        };
        // Whether there is something to be heard is found out before the answer begins.
        let (playback, first) =
            block(Box::new(playback), range.first, range.length).await.map_err(missing)?;
        Ok(Self { playback, first, status, range, length })
    }

    /// Which bytes it is.
    pub(crate) const fn range(&self) -> Range {
        self.range
    }
}

impl IntoResponse for Sound {
    fn into_response(self) -> Response {
        let Self { playback, first, status, range, length } = self;
        let body = Body::from_stream(blocks(playback, first, range));
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(header::CONTENT_LENGTH, range.length.into());
        if status == StatusCode::PARTIAL_CONTENT
            && let Ok(value) = HeaderValue::try_from(range.content_range(length))
        {
            headers.insert(header::CONTENT_RANGE, value);
        }
        response
    }
}

/// Finds a file below `directory`. The path comes from the database, and is not trusted for that.
pub(crate) async fn locate(directory: &Path, path: &str) -> Result<PathBuf, ApiError> {
    let relative = PathBuf::from(path);
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(ApiError::NotFound);
    }
    // Links are followed before it is decided what lies below the directory.
    let directory = tokio::fs::canonicalize(directory).await.map_err(missing)?;
    let file = tokio::fs::canonicalize(directory.join(relative)).await.map_err(missing)?;
    if !file.starts_with(&directory) {
        return Err(ApiError::NotFound);
    }
    Ok(file)
}

/// Why a file cannot be heard.
pub(crate) fn missing(error: io::Error) -> ApiError {
    if let Some(seal) = SealError::of(&error) {
        return if seal == SealError::Begun { ApiError::NotFound } else { ApiError::RecordingSealed(seal) };
    }
    let no_file = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory, io::ErrorKind::IsADirectory];
    if no_file.contains(&error.kind()) { ApiError::NotFound } else { ApiError::RecordingUnreadable(error) }
}

/// The next piece of a file, at most so long.
async fn block(playback: Box<Playback>, at: u64, left: u64) -> io::Result<(Box<Playback>, Bytes)> {
    let read = spawn_blocking(move || {
        let mut bytes = vec![0; usize::try_from(left).unwrap_or(usize::MAX).min(BLOCK)];
        playback.read(&mut bytes, at).map(|()| (playback, Bytes::from(bytes)))
    });
    read.await.unwrap_or_else(|_| Err(io::Error::other("a defect in the server")))
}

/// The bytes of a range, of which the first are there. When the file got shorter, or is not what was recorded, the client sees the
/// connection end early.
fn blocks(
    playback: Box<Playback>,
    first: Bytes,
    range: Range,
) -> impl futures_util::Stream<Item = io::Result<Bytes>> {
    let end = range.first + range.length;
    unfold((Some(playback), Some(first), range.first), move |(playback, first, at)| async move {
        let mut playback = playback?;
        let bytes = match first {
            Some(first) => first,
            None if at == end => return None,
            None => match block(playback, at, end - at).await {
                Ok((same, bytes)) => {
                    playback = same;
                    bytes
                }
                Err(error) => {
                    tracing::error!(%error, "a recording cannot be played on");
                    return Some((Err(error), (None, None, at)));
                }
            },
        };
        let at = at + bytes.len() as u64;
        Some((Ok(bytes), (Some(playback), None, at)))
    })
}
