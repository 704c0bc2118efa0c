//! Figures as rows.

use hotline_api_types as api;
use hotline_base::{QueueId, WallTime};
use hotline_report::{AgentFigures, QueueFigures};

use super::time;

pub(crate) fn queue_report_row(
    queue: &QueueId,
    (from, until): (WallTime, WallTime),
    figures: &QueueFigures,
) -> api::QueueReportRow {
    api::QueueReportRow {
        queue: queue.to_string(),
        from: time(from),
        until: time(until),
        offered: figures.offered,
        answered: figures.answered,
        answered_within: figures.answered_within,
        abandoned: figures.abandoned,
        abandoned_short: figures.abandoned_short,
        callbacks: figures.callbacks,
        flowed_out: figures.flowed_out,
        service_level: figures.service_level,
        sl1: figures.sl1,
        sl2: figures.sl2,
        sl3: figures.sl3,
        sl4: figures.sl4,
        sl6: figures.sl6,
        abandon_rate: figures.abandon_rate,
        abandon_rate_long: figures.abandon_rate_long,
        asa_ms: figures.asa_ms,
        answer_median_ms: figures.answer_median_ms,
        answer_p90_ms: figures.answer_p90_ms,
        abandon_wait_ms: figures.abandon_wait_ms,
        longest_wait_ms: figures.longest_wait_ms,
        handled: figures.handled,
        aht_ms: figures.aht_ms,
        talk_ms: figures.talk_ms,
        hold_ms: figures.hold_ms,
        wrap_up_ms: figures.wrap_up_ms,
        called_back: figures.called_back,
    }
}

pub(crate) fn agent_report_row(
    id: &str,
    (from, until): (WallTime, WallTime),
    figures: AgentFigures,
) -> api::AgentReportRow {
    api::AgentReportRow {
        id: id.to_owned(),
        from: time(from),
        until: time(until),
        signed_in_ms: figures.signed_in_ms,
        ready_ms: figures.ready_ms,
        offline_grace_ms: figures.offline_grace_ms,
        ring_ms: figures.ring_ms,
        talk_ms: figures.talk_ms,
        hold_ms: figures.hold_ms,
        wrap_up_ms: figures.wrap_up_ms,
        not_ready_ms: figures.not_ready_ms,
        not_ready_by_reason_ms: figures.not_ready_by_reason_ms,
        occupancy: figures.occupancy,
        occupancy_with_ring: figures.occupancy_with_ring,
        utilisation: figures.utilisation,
        offered: figures.offered,
        answered: figures.answered,
        missed: figures.missed,
        rejected: figures.rejected,
        failed: figures.failed,
        aht_ms: figures.aht_ms,
    }
}

#[cfg(test)]
mod tests {
    use hotline_report::{AGENT_DEFINITIONS, AgentTally, QUEUE_DEFINITIONS, QueueTally, Thresholds};

    use super::*;

    fn fields(row: impl serde::Serialize) -> std::collections::BTreeSet<String> {
        let row = serde_json::to_value(row).unwrap();
        row.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn every_number_has_a_definition_and_every_definition_a_number() {
        let at = (WallTime(0), WallTime(1));
        let row =
            queue_report_row(&"sales".into(), at, &QueueTally::default().figures(Thresholds::default()));
        let defined = QUEUE_DEFINITIONS.iter().map(|definition| definition.field);
        assert_eq!(fields(row), defined.chain(["queue", "from", "until"]).map(str::to_owned).collect());

        let row = agent_report_row("1001", at, AgentTally::default().figures());
        let defined = AGENT_DEFINITIONS.iter().map(|definition| definition.field);
        let others = ["id", "from", "until", "not_ready_by_reason_ms"];
        assert_eq!(fields(row), defined.chain(others).map(str::to_owned).collect());
    }
}
