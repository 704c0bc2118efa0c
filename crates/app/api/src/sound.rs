//! A file of sound as an answer, whole or in parts, also while it is being written.

use std::io::{self, SeekFrom};
use std::path::{Component, Path, PathBuf};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::unfold;
use http::{HeaderValue, StatusCode, header};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::error::ApiError;
use crate::extract::RangeFields;
use crate::range::{Range, Wish};

/// How much of a file is read at a time, in bytes.
const BLOCK: usize = 64 * 1024;
/// The longest header of a WAV file, in bytes: that of µ-law.
const HEAD: usize = 58;

/// The part of a file that was asked for.
pub(crate) struct Sound {
    head: Bytes,
    file: File,
    status: StatusCode,
    range: Range,
    /// Of the whole file, in bytes.
    length: u64,
}

impl Sound {
    /// What a request asks for of a file below `directory`.
    pub(crate) async fn open(directory: &Path, path: &str, fields: &RangeFields) -> Result<Self, ApiError> {
        let mut file = File::open(locate(directory, path).await?).await.map_err(missing)?;
        if !file.metadata().await.map_err(ApiError::RecordingUnreadable)?.is_file() {
            return Err(ApiError::NotFound);
        }
        let head = read_head(&mut file).await.map_err(ApiError::RecordingUnreadable)?;
        let length = file.metadata().await.map_err(ApiError::RecordingUnreadable)?.len();
        let (status, range) = match Wish::read(fields.range.as_deref(), length) {
            Wish::All => (StatusCode::OK, Range { first: 0, length }),
            Wish::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
            Wish::Outside => return Err(ApiError::Range { length }),
        };
        let head = part_of(&head, &range);
        let begin = range.first + head.len() as u64;
        file.seek(SeekFrom::Start(begin)).await.map_err(ApiError::RecordingUnreadable)?;
        Ok(Self { head, file, status, range, length })
    }

    /// Which bytes it is.
    pub(crate) const fn range(&self) -> Range {
        self.range
    }
}

impl IntoResponse for Sound {
    fn into_response(self) -> Response {
        let Self { head, file, status, range, length } = self;
        let mut response = (status, Body::from_stream(blocks(head, file, range.length))).into_response();
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

fn missing(error: io::Error) -> ApiError {
    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) {
        ApiError::NotFound
    } else {
        ApiError::RecordingUnreadable(error)
    }
}

/// The WAV header, which says how much audio follows and is refreshed as the file grows. Read before the length is
/// taken: a later one could announce more than is sent.
async fn read_head(file: &mut File) -> io::Result<Bytes> {
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64).read_to_end(&mut head).await?;
    Ok(head.into())
}

/// What of the head lies in `range`.
fn part_of(head: &Bytes, range: &Range) -> Bytes {
    let place = |at: u64| usize::try_from(at).map_or(head.len(), |at| at.min(head.len()));
    head.slice(place(range.first)..place(range.first + range.length))
}

/// `head`, then the file from where it stands: `left` bytes in all.
fn blocks(head: Bytes, file: File, left: u64) -> impl futures_util::Stream<Item = io::Result<Bytes>> {
    unfold((head, file, left), |(head, mut file, left)| async move {
        if !head.is_empty() {
            let left = left - head.len() as u64;
            return Some((Ok(head), (Bytes::new(), file, left)));
        }
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(BLOCK);
        if size == 0 {
            return None;
        }
        let mut block = vec![0; size];
        match file.read(&mut block).await {
            // The file got shorter; the client sees the connection end early.
            Ok(0) => Some((Err(io::ErrorKind::UnexpectedEof.into()), (head, file, 0))),
            Ok(count) => {
                block.truncate(count);
                Some((Ok(Bytes::from(block)), (head, file, left - count as u64)))
            }
            Err(error) => Some((Err(error), (head, file, 0))),
        }
    })
}
