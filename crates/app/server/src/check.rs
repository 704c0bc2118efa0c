//! `hotline check`: what is wrong, what is doubtful, and how long callers may be under way.

use std::time::Duration;

use hotline_base::FlowId;
use hotline_config::Configuration;
use hotline_flow_test::Center as _;
use hotline_ivr::{Way, longest_way};

use crate::banner;
use crate::flow_tests::Known;

/// Says that a configuration without mistakes is good, and what there is to know about it.
pub(crate) fn report(configuration: &Configuration) {
    let center = &configuration.center;
    let found = configuration.flow_world.check(&configuration.flows).1;
    for warning in found.iter().filter(|found| !found.is_error()) {
        banner::print(&format!("{warning}\n"));
    }
    banner::print(&format!(
        "The configuration is good: {} numbers, {} flows, {} queues, {} agents, {} trunks.",
        center.numbers.len(),
        center.flows.len(),
        center.queues.len(),
        center.agents.len(),
        configuration.trunks.len(),
    ));
    let known = Known::of(Some(configuration), &center.flows);
    for (name, _) in center.flows.iter() {
        let way = longest_way(&center.flows, name, &|language, prompt| known.prompt_length(language, prompt));
        banner::print(&told(name, way.as_ref()));
    }
}

fn told(flow: &FlowId, way: Option<&Way>) -> String {
    let Some(way) = way else { return format!("  {flow}: no way leads to a person") };
    let steps: Vec<String> =
        (way.steps.iter())
            .map(|step| {
                if step.flow == *flow {
                    step.step.to_string()
                } else {
                    format!("{}.{}", step.flow, step.step)
                }
            })
            .collect();
    let unknown = match way.unknown_lengths {
        0 => String::new(),
        count => format!(", and what {count} spoken values or texts take"),
    };
    format!(
        "  {flow}: at most {}{unknown} until a person can answer: {}",
        minutes(way.duration),
        steps.join(" → ")
    )
}

fn minutes(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().ceil();
    if seconds < 60.0 {
        return format!("{seconds} s");
    }
    format!("{} min {} s", (seconds / 60.0).floor(), seconds % 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_minutes_and_seconds() {
        assert_eq!(minutes(Duration::from_millis(7200)), "8 s");
        assert_eq!(minutes(Duration::from_secs(60)), "1 min 0 s");
        assert_eq!(minutes(Duration::from_secs(150)), "2 min 30 s");
    }
}
