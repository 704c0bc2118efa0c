//! Call records and recordings, as the API gives them.

use std::io::Cursor;

use anyhow::{Result, ensure};
use hotline_api_client::Client;
use hotline_api_types::{Record, RecordPage};
use hotline_audio::SAMPLE_RATE_HZ;

use crate::wait::eventually;

/// The two channels of a recording, at 8 kHz.
#[derive(Clone, Debug)]
pub struct Sound {
    /// The left channel.
    pub customer: Vec<i16>,
    /// The right channel.
    pub agent: Vec<i16>,
}

impl Sound {
    /// How long it is.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.customer.len() as f64 / f64::from(SAMPLE_RATE_HZ)
    }
}

/// Downloads and reads a call's recording.
///
/// # Errors
/// There is none, or it is no stereo 16-bit WAV of 8 kHz.
pub async fn listen(client: &Client, call: &str) -> Result<Sound> {
    let bytes = client.get_bytes(&format!("/api/v1/calls/{call}/recording")).await?;
    let mut reader = hound::WavReader::new(Cursor::new(bytes))?;
    let spec = reader.spec();
    ensure!(
        (spec.channels, spec.sample_rate, spec.bits_per_sample) == (2, SAMPLE_RATE_HZ, 16),
        "unexpected format {spec:?}"
    );
    let samples: Vec<i16> = reader.samples::<i16>().collect::<Result<_, _>>()?;
    Ok(Sound {
        customer: samples.iter().step_by(2).copied().collect(),
        agent: samples.iter().skip(1).step_by(2).copied().collect(),
    })
}

/// All finished calls, newest first.
///
/// # Errors
/// The API refuses, or there are more than a page of them.
pub async fn records(client: &Client) -> Result<Vec<Record>> {
    let page: RecordPage = serde_json::from_value(client.get("/api/v1/calls?limit=200").await?)?;
    ensure!(page.next.is_none(), "more than a page of records");
    Ok(page.calls)
}

/// The record of a call, once it is in the list of finished calls.
///
/// # Errors
/// It does not get there in time.
pub async fn record_of(client: &Client, call: &str) -> Result<Record> {
    eventually(&format!("the record of {call}"), async || {
        Ok(records(client).await?.into_iter().find(|record| record.id == call))
    })
    .await
}
