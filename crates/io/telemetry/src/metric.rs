//! Every metric by name, in one table: Prometheus naming, unit last, `_total` for what only grows.
//!
//! A crate that counts takes its name from here. Not in the table: the counters inside the core, which are the family
//! of [`CoreCounters`](crate::CoreCounters).

use metrics::{Counter, Gauge, Histogram, Label, Unit};

/// How a metric moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Many values, counted by size.
    Histogram,
}

macro_rules! metrics_table {
    ($($variant:ident, $kind:ident, $unit:ident, $name:literal, [$($label:literal),*], $help:literal;)*) => {
        /// A metric.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Metric {
            $(#[doc = $help] $variant,)*
        }

        impl Metric {
            /// All of them, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name as it is exported.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it says, for the exported help line.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Self::$variant => $help,)* }
            }

            /// How it moves.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// The labels that every value of it carries.
            #[must_use]
            pub const fn labels(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($label),*],)* }
            }

            /// What is counted or measured in.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$variant => Unit::$unit,)* }
            }
        }
    };
}

metrics_table! {
    FlowsMistakes, Gauge, Count, "hotline_flows_mistakes", [],
        "Mistakes in flow files that are therefore not in force.";
    FlowsChanged, Counter, Count, "hotline_flows_changed_total", [],
        "How often other flows came into force while the server ran.";
    CenterChanged, Counter, Count, "hotline_center_changed_total", [],
        "How often another configuration of the center came into force while the server ran.";
    CenterVersions, Gauge, Count, "hotline_center_versions", [],
        "Versions of the center's configuration that are kept for comparison and return.";
    SoundsRenewed, Counter, Count, "hotline_sounds_renewed_total", ["outcome"],
        "Sound files that came or changed while the server ran: taken, or refused because they cannot be used.";
    RetentionDeleted, Counter, Count, "hotline_retention_deleted_total", ["what"],
        "What was forgotten because it was older than `retention` allows: messages, recordings, calls, and days of flow_figures.";
    RetentionFailures, Counter, Count, "hotline_retention_failures_total", [],
        "Sweeps of what is too old that came to no end and are tried again.";
    RecordingDayFailures, Counter, Count, "hotline_recording_day_failures_total", [],
        "Attempts to close a day of recordings that failed and are tried again.";
    OtlpSpans, Counter, Count, "hotline_otlp_spans_total", ["outcome"],
        "Spans of traces: exported, failed because the collector did not take them, or dropped because there was no room.";
    MessagesAdopted, Counter, Count, "hotline_messages_adopted_total", [],
        "Messages of callers that were on no list when the server started.";
    FlowVersionsLost, Counter, Count, "hotline_flow_versions_lost_total", [],
        "Versions of flows that are in no database because it was away for too long.";
    SipDatagramsDropped, Counter, Count, "hotline_sip_datagrams_dropped_total", [],
        "Datagrams dropped because call processing was behind.";
    SipReceiveErrors, Counter, Count, "hotline_sip_receive_errors_total", [],
        "Receives of SIP datagrams that failed.";
    SipSendErrors, Counter, Count, "hotline_sip_send_errors_total", [],
        "SIP datagrams that the system did not take.";
    SipRequests, Counter, Count, "hotline_sip_requests_total", ["method", "direction", "transport"],
        "SIP requests received and sent, repetitions included.";
    SipResponses, Counter, Count, "hotline_sip_responses_total", ["class", "method", "direction", "transport"],
        "SIP responses received and sent, by class of status and by the method they answer.";
    SipTrunkCalls, Counter, Count, "hotline_sip_trunk_calls_total", ["trunk"],
        "Calls that came from a trunk, those included that were refused at once.";
    SipTrunkFailures, Counter, Count, "hotline_sip_trunk_failures_total", ["trunk", "class"],
        "Calls from a trunk that this server refused or gave up, by class of the final status.";
    SipTrunkCallsOut, Counter, Count, "hotline_sip_trunk_calls_out_total", ["trunk"],
        "Calls that were sent out by a trunk, each try at a server counted.";
    SipTrunkFailuresOut, Counter, Count, "hotline_sip_trunk_failures_out_total", ["trunk", "class"],
        "Calls sent out by a trunk that it refused or left unanswered, by class of the final status.";
    SipTrunkCallsUp, Gauge, Count, "hotline_sip_trunk_calls", ["trunk"],
        "Calls of both directions on a trunk.";
    SipTrunkUsable, Gauge, Count, "hotline_sip_trunk_usable", ["trunk"],
        "1 if calls can go out by a trunk, 0 if its servers do not answer, are not found, or refuse our registration.";
    SipTraceDropped, Counter, Count, "hotline_sip_trace_dropped_total", [],
        "SIP messages neither counted nor kept because the trace was behind.";
    SipTraceUnattributed, Counter, Count, "hotline_sip_trace_unattributed_total", [],
        "SIP messages not kept because they have no Call-ID.";
    SipTraceBytes, Gauge, Bytes, "hotline_sip_trace_bytes", [],
        "Memory for kept SIP messages.";
    SipTraceDialogs, Gauge, Count, "hotline_sip_trace_dialogs", [],
        "Dialogs of which SIP messages are kept.";
    SipTraceEvicted, Counter, Count, "hotline_sip_trace_evicted_total", [],
        "Dialogs whose kept SIP messages gave way to later ones.";
    SipTraceExpired, Counter, Count, "hotline_sip_trace_expired_total", [],
        "Dialogs whose kept SIP messages became too old.";
    SipTraceOmitted, Counter, Count, "hotline_sip_trace_omitted_total", [],
        "SIP messages left out because their dialog has too many.";
    SipTraceCallsForgotten, Counter, Count, "hotline_sip_trace_calls_forgotten_total", [],
        "Calls whose kept SIP messages can be found by SIP Call-ID only, because there were too many calls.";
    SipTracePanics, Counter, Count, "hotline_sip_trace_panics_total", [],
        "SIP messages not kept because of a defect.";
    SipHepSent, Counter, Count, "hotline_sip_hep_sent_total", [],
        "SIP messages sent to the HEP collector.";
    SipHepFailed, Counter, Count, "hotline_sip_hep_failed_total", [],
        "SIP messages that the system did not take for the HEP collector, or that are too long for it.";
    SipAcceptErrors, Counter, Count, "hotline_sip_accept_errors_total", [],
        "SIP connections that the system failed to accept.";
    SipConnections, Gauge, Count, "hotline_sip_connections", ["transport"],
        "SIP connections that are open.";
    SipConnectionsAccepted, Counter, Count, "hotline_sip_connections_accepted_total", ["transport"],
        "SIP connections that others opened.";
    SipConnectionsDialled, Counter, Count, "hotline_sip_connections_dialled_total", ["transport"],
        "SIP connections that the server opened.";
    SipConnectionsRefused, Counter, Count, "hotline_sip_connections_refused_total", ["reason"],
        "SIP connections closed at once because of a limit.";
    SipConnectionsClosed, Counter, Count, "hotline_sip_connections_closed_total", ["transport", "reason"],
        "SIP connections that ended or could not be opened.";
    SipUnsent, Counter, Count, "hotline_sip_messages_unsent_total", [],
        "SIP messages not written because their connection ended.";
    TlsReloads, Counter, Count, "hotline_tls_reloads_total", ["outcome"],
        "Times the files of a certificate, of SIP or of HTTPS, had changed.";
    CertificateDaysLeft, Gauge, Count, "hotline_certificate_days_left", [],
        "Days until the certificate that an authority has given (ACME) ends; 0 if there is none yet.";
    AcmeOrders, Counter, Count, "hotline_acme_orders_total", ["outcome"],
        "Certificates asked of an authority (ACME): issued, or failed and tried again later.";
    RecordingsOpen, Gauge, Count, "hotline_recordings_open", [],
        "Recordings being written.";
    RecordingsFailed, Counter, Count, "hotline_recordings_failed_total", [],
        "Recordings that could not be written.";
    RecordingsCut, Counter, Count, "hotline_recordings_cut_total", [],
        "Recordings that were ended at the greatest length.";
    RecordingRefused, Counter, Count, "hotline_recording_refused_milliseconds_total", [],
        "Milliseconds of conversation missing in recordings because the recorder was behind.";
    RecordingSyncsSkipped, Counter, Count, "hotline_recording_syncs_skipped_total", [],
        "Refreshes of recordings left out because the disk was behind.";
    MediaPortsInUse, Gauge, Count, "hotline_media_ports_in_use", [],
        "Media ports held by calls.";
    MediaCommandsRefused, Counter, Count, "hotline_media_commands_refused_total", [],
        "Commands that a media thread could not take.";
    MediaPacketsRefused, Counter, Count, "hotline_media_packets_refused_total", [],
        "Packets of encrypted calls that were not encrypted as was agreed, or came before.";
    MediaHandshakes, Counter, Count, "hotline_media_handshakes_total", ["outcome"],
        "Handshakes for encrypted audio with browsers, by what became of them.";
    MediaHandshakeDatagramsDropped, Counter, Count, "hotline_media_handshake_datagrams_dropped_total", [],
        "Datagrams of handshakes for which there was no room; they are repeated.";
    MediaTcpConnections, Gauge, Count, "hotline_media_tcp_connections", [],
        "Connections of browsers whose audio comes by TCP.";
    MediaTcp, Counter, Count, "hotline_media_tcp_total", ["outcome"],
        "Connections to `media.tcp`: proved by a browser of a call, unproved in time, or turned_away because there was no room.";
    MediaTcpPacketsDropped, Counter, Count, "hotline_media_tcp_packets_dropped_total", [],
        "Packets for browsers that their connection did not take at once.";
    MediaEventsLost, Counter, Count, "hotline_media_events_lost_total", [],
        "Media events dropped because call processing was behind.";
    MediaBeatsLate, Counter, Count, "hotline_media_beats_late_total", [],
        "Beats of 20 ms that began late.";
    MediaBeatsSkipped, Counter, Count, "hotline_media_beats_skipped_total", [],
        "Beats of 20 ms given up because the thread was too late.";
    MediaBeatLateness, Histogram, Seconds, "hotline_media_beat_lateness_seconds", [],
        "How long after it was due each beat of 20 ms began, rounded up to a bound.";
    MediaSendErrors, Counter, Count, "hotline_media_send_errors_total", [],
        "Media packets that the system refused to send.";
    MediaPanics, Counter, Count, "hotline_media_panics_total", [],
        "Defects caught in media threads.";
    MediaAddedPromptBytes, Gauge, Bytes, "hotline_media_added_prompt_bytes", [],
        "Memory for prompts added while the server runs, such as spoken texts.";
    MediaAddedPromptsEvicted, Counter, Count, "hotline_media_added_prompts_evicted_total", [],
        "Prompts added while the server runs that gave way to others.";
    MediaAddedPromptsRefused, Counter, Count, "hotline_media_added_prompts_refused_total", [],
        "Prompts not added because all others are in use.";
    JournalEntries, Counter, Count, "hotline_journal_entries_total", [],
        "Events and records that reached the database.";
    JournalLost, Counter, Count, "hotline_journal_lost_total", [],
        "Events and records lost because the writer's queue was full.";
    JournalRefused, Counter, Count, "hotline_journal_refused_total", [],
        "Events and records dropped because the database can never take them.";
    JournalUnreadable, Counter, Count, "hotline_journal_unreadable_total", [],
        "Stored or spooled entries passed over because they cannot be read.";
    ReportsDiffering, Counter, Count, "hotline_reports_differing_total", [],
        "Calls that were not counted for reports as the journal says.";
    JournalQueue, Gauge, Count, "hotline_journal_queue_entries", [],
        "Events and records waiting in the writer's queue.";
    JournalSpool, Gauge, Bytes, "hotline_journal_spool_bytes", [],
        "Events and records on disk that wait for the database.";
    JournalCommit, Histogram, Seconds, "hotline_journal_commit_seconds", [],
        "Time to write one batch of events and records to the database.";
    StoreAvailable, Gauge, Count, "hotline_store_available", [],
        "1 while the database takes events, 0 while it does not.";
    WebRequests, Counter, Count, "hotline_web_requests_total", ["outcome"],
        "Requests to web services by what became of them, repetitions not counted.";
    WebRequestsUnderWay, Gauge, Count, "hotline_web_requests_under_way", [],
        "Requests to web services that are not answered yet.";
    WebRequestTime, Histogram, Seconds, "hotline_web_request_seconds", [],
        "Time until a web service had answered or was given up, repetitions included.";
    WebRetries, Counter, Count, "hotline_web_retries_total", [],
        "Repetitions of requests to web services.";
    WebBreakersOpened, Counter, Count, "hotline_web_breakers_opened_total", [],
        "Times a web service failed so often that it is left alone for a while.";
    WebHostsForgotten, Counter, Count, "hotline_web_hosts_forgotten_total", [],
        "Web services whose failures were forgotten because there are too many.";
    SpeechRequests, Counter, Count, "hotline_speech_requests_total", ["outcome"],
        "Texts that were to be spoken, by what became of them.";
    SpeechTime, Histogram, Seconds, "hotline_speech_seconds", [],
        "Time an engine took to speak a text.";
    SpeechCacheBytes, Gauge, Bytes, "hotline_speech_cache_bytes", [],
        "Spoken texts that are kept on disk.";
    SpeechCacheEvicted, Counter, Count, "hotline_speech_cache_evicted_total", ["reason"],
        "Spoken texts deleted because there are too many or they are too old.";
    StreamsOpen, Gauge, Count, "hotline_streams_open", [],
        "Calls whose audio goes to a service.";
    StreamsEnded, Counter, Count, "hotline_streams_ended_total", ["reason"],
        "Audio streams to services that ended or could not be opened.";
    StreamFramesDropped, Counter, Count, "hotline_stream_frames_dropped_total", ["direction"],
        "Frames of 20 ms dropped because a service or the call was behind.";
    MessagesOpen, Gauge, Count, "hotline_messages_open", [],
        "Messages that callers are leaving.";
    MessagesEnded, Counter, Count, "hotline_messages_ended_total", ["outcome"],
        "Messages of callers by what became of them, those refused or not kept included.";
    MessageFramesDropped, Counter, Count, "hotline_message_frames_dropped_total", [],
        "Frames of 20 ms missing in messages because the server was behind.";
    ApiRequests, Counter, Count, "hotline_api_requests_total", ["method", "route", "status"],
        "HTTP requests answered.";
    ApiRequestTime, Histogram, Seconds, "hotline_api_request_seconds", [],
        "Time to answer an HTTP request.";
    ApiPanics, Counter, Count, "hotline_api_panics_total", [],
        "HTTP requests ended by a defect.";
    ApiTlsFailures, Counter, Count, "hotline_api_tls_failures_total", [],
        "HTTPS connections that ended in the handshake: a browser that does not trust the certificate, or no TLS.";
    PhonePasses, Counter, Count, "hotline_phone_passes_total", [],
        "Passwords for a minute that phones in agents' pages were given.";
    Guests, Counter, Count, "hotline_guests_total", ["wish", "outcome"],
        "What visitors of web pages asked for (call, callback), and whether they were admitted, refused or asked too_often.";
    ApiAcceptErrors, Counter, Count, "hotline_api_accept_errors_total", [],
        "HTTP connections that the system failed to accept.";
    ApiSignIns, Counter, Count, "hotline_api_sign_ins_total", ["outcome"],
        "Attempts to sign in.";
    ApiThrottleEvicted, Counter, Count, "hotline_api_throttle_evicted_total", [],
        "Sign-in throttles forgotten early because there were too many.";
    ApiCrossSiteRefused, Counter, Count, "hotline_api_cross_site_refused_total", [],
        "Requests refused because another site sent them.";
    ApiKeys, Gauge, Count, "hotline_api_idempotency_keys", [],
        "Idempotency keys that are kept with their answers.";
    ApiKeysReplayed, Counter, Count, "hotline_api_idempotency_replayed_total", [],
        "Requests that were answered as the same one before, and not done again.";
    WebhookEvents, Counter, Count, "hotline_webhook_events_total", ["outcome"],
        "Events that were sent to webhooks: taken, refused (they are sent again), given up.";
    ApiPages, Gauge, Count, "hotline_api_pages", [],
        "Pages connected to the live stream.";
    ApiPagesRefused, Counter, Count, "hotline_api_pages_refused_total", [],
        "Pages refused because too many were connected.";
    ApiPagesOverrun, Counter, Count, "hotline_api_pages_overrun_total", [],
        "Times a slow page had to start over from a snapshot.";
    ApiLiveMissed, Counter, Count, "hotline_api_live_missed_total", [],
        "Live events the pages missed because the API was behind.";
    ApiPops, Counter, Count, "hotline_api_pops_total", ["written"],
        "Screen pops sent to pages.";
    ApiPopFatesDropped, Counter, Count, "hotline_api_pop_fates_dropped_total", [],
        "Screen pops whose fate could not be told to call processing.";
}

impl Metric {
    /// A handle, to be kept where counting is frequent; for a counter without labels.
    pub fn counter(self) -> Counter {
        debug_assert!(self.labels().is_empty(), "{} has labels", self.name());
        metrics::counter!(self.name())
    }

    /// A handle for a counter with labels: a value for each, in the order of the table.
    pub fn counter_for<const N: usize>(self, values: [&str; N]) -> Counter {
        metrics::counter!(self.name(), self.with(values))
    }

    /// Counts one more of a counter with labels.
    pub fn increment_for<const N: usize>(self, values: [&str; N]) {
        self.counter_for(values).increment(1);
    }

    /// A handle, to be kept where the value changes frequently.
    pub fn gauge(self) -> Gauge {
        metrics::gauge!(self.name())
    }

    /// A handle of a gauge with labels: a value for each, in the order of the table.
    pub fn gauge_for<const N: usize>(self, values: [&str; N]) -> Gauge {
        metrics::gauge!(self.name(), self.with(values))
    }

    /// A handle, to be kept where measuring is frequent.
    pub fn histogram(self) -> Histogram {
        metrics::histogram!(self.name())
    }

    /// Brings the count to `total`, kept elsewhere; for a counter.
    pub fn reach(self, total: u64) {
        self.counter().absolute(total);
    }

    /// Counts `by` more; for a counter.
    pub fn increment(self, by: u64) {
        self.counter().increment(by);
    }

    /// Sets the value; for a gauge.
    pub fn set(self, value: f64) {
        self.gauge().set(value);
    }

    fn with<const N: usize>(self, values: [&str; N]) -> Vec<Label> {
        debug_assert_eq!(self.labels().len(), N, "{}", self.name());
        let label = |(name, value): (&&'static str, &str)| Label::new(*name, value.to_owned());
        self.labels().iter().zip(values).map(label).collect()
    }

    /// Notes one value; for a histogram.
    pub fn record(self, value: f64) {
        self.histogram().record(value);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_prometheus_and_are_unique() {
        let mut seen = BTreeSet::new();
        for metric in Metric::ALL {
            let name = metric.name();
            assert!(seen.insert(name), "{name} twice");
            assert!(name.starts_with("hotline_") && !name.starts_with(crate::CORE_PREFIX), "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind() == Kind::Counter, "{name}");
            let unit = metric.unit();
            assert!([Unit::Count, Unit::Seconds, Unit::Bytes].contains(&unit), "{name}: base units only");
            assert_eq!(name.ends_with("_seconds"), unit == Unit::Seconds, "{name}");
            assert_eq!(name.ends_with("_bytes"), unit == Unit::Bytes, "{name}");
            assert!(metric.help().ends_with('.'), "{name}");
        }
    }
}
