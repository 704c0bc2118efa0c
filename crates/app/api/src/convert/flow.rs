//! Flows for admins.

use hotline_api_types as api;
use hotline_base::FlowId;
use hotline_flow_files::{FlowState, FlowStates, SuiteResult};
use hotline_flow_test::{Failure, Outcome, Sound};
use hotline_ivr::{Diagnostic, FlowGraph, GraphEdge, GraphNode, PathStep};
use hotline_store::{FlowFigures, FlowVersion};

use super::time;

/// In a path: the call ended in the step.
const ENDED: &str = "call_ended";

pub(crate) fn flows(states: &FlowStates) -> api::FlowList {
    api::FlowList { flows: states.flows.iter().map(flow).collect(), mistakes: mistakes(&states.mistakes) }
}

pub(crate) fn flow(state: &FlowState) -> api::Flow {
    let version = state.version.as_ref();
    api::Flow {
        name: state.flow.to_string(),
        version: version.map(|version| version.number),
        since: version.map(|version| time(version.since)),
        author: version.map(|version| version.author.clone()),
        is_current: state.is_current,
        mistakes: mistakes(&state.mistakes),
    }
}

pub(crate) fn mistakes(mistakes: &[Diagnostic]) -> Vec<api::FlowMistake> {
    let shape = |mistake: &Diagnostic| api::FlowMistake {
        file: mistake.file.clone(),
        line: mistake.line,
        column: mistake.column,
        end_column: mistake.end_column(),
        severity: if mistake.is_error() { api::FlowSeverity::Error } else { api::FlowSeverity::Warning },
        problem: mistake.problem.clone(),
        remedy: mistake.remedy.clone(),
        source_line: mistake.source_line.to_string(),
    };
    mistakes.iter().map(shape).collect()
}

pub(crate) fn flow_version(version: &FlowVersion) -> api::FlowVersion {
    api::FlowVersion {
        version: version.number,
        since: time(version.since),
        author: version.author.clone(),
        removed: version.removed,
    }
}

/// The exits of a step are beside each other.
pub(crate) fn flow_figures(figures: &FlowFigures) -> api::FlowFigures {
    let steps = figures.exits.chunk_by(|one, next| one.step == next.step).map(|exits| api::FlowStepFigures {
        step: exits.first().map(|exit| exit.step.clone()).unwrap_or_default(),
        runs: exits.iter().map(|exit| exit.count).sum(),
        dropped: exits.iter().filter(|exit| exit.exit == ENDED).map(|exit| exit.count).sum(),
        exits: exits
            .iter()
            .map(|exit| api::FlowExitFigures { exit: exit.exit.clone(), count: exit.count })
            .collect(),
    });
    api::FlowFigures { calls: figures.calls, contained: figures.contained, steps: steps.collect() }
}

pub(crate) fn flow_test_run(result: &SuiteResult, course: bool) -> api::FlowTestRun {
    api::FlowTestRun {
        tests: result.outcomes.iter().map(|outcome| flow_test(outcome, course)).collect(),
        coverage_percent: result.percent,
        unreached: result.unreached.clone(),
    }
}

/// With the course of the call, if that is wanted.
fn flow_test(outcome: &Outcome, course: bool) -> api::FlowTest {
    let left = |(flow, step): &(FlowId, PathStep)| api::FlowTestStep {
        flow: flow.to_string(),
        step: step.step.to_string(),
        exit: step.exit.to_string(),
    };
    let last = outcome.last.as_ref().filter(|_| course);
    api::FlowTest {
        name: outcome.test.clone(),
        line: outcome.line,
        duration_ms: millis(outcome.duration),
        failure: outcome.failure.as_ref().map(flow_test_failure),
        path: outcome.path.iter().filter(|_| course).map(left).collect(),
        last: last.map(|(flow, step)| api::FlowPlace { flow: flow.to_string(), step: step.to_string() }),
        transcript: outcome.transcript.iter().filter(|_| course).map(moment).collect(),
    }
}

fn moment(spoken: &hotline_flow_test::Spoken) -> api::FlowTestMoment {
    let prompt = spoken.sound.as_ref().map(|Sound::Prompt { language, name }| api::FlowTestPrompt {
        language: language.to_string(),
        name: name.to_string(),
    });
    api::FlowTestMoment {
        at_ms: millis(spoken.at),
        what: spoken.what.clone(),
        code: spoken.code.to_owned(),
        about: spoken.about.clone(),
        prompt,
    }
}

fn flow_test_failure(failure: &Failure) -> api::FlowTestFailure {
    api::FlowTestFailure {
        line: failure.at.line,
        column: failure.at.column,
        expected: failure.expected.clone(),
        happened: failure.happened.clone(),
        transcript: failure.transcript.iter().map(moment).collect(),
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn flow_graph(graph: &FlowGraph) -> api::FlowGraph {
    let node = |node: &GraphNode| api::FlowNode {
        step: node.step.to_string(),
        kind: node.kind.to_owned(),
        title: node.title.clone(),
        line: node.line,
        column: node.column,
    };
    let edge = |edge: &GraphEdge| api::FlowEdge {
        from: edge.from.to_string(),
        exit: edge.exit.clone(),
        to: edge.to.to_string(),
        line: edge.line,
        column: edge.column,
    };
    api::FlowGraph {
        start: graph.start.to_string(),
        nodes: graph.nodes.iter().map(node).collect(),
        edges: graph.edges.iter().map(edge).collect(),
    }
}
