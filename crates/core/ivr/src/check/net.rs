//! The steps of a flow as a graph, numbered, with the ways out that lead somewhere.

use std::collections::BTreeMap;

use crate::end::StepExit;
use crate::graph::Graph;
use crate::model::{Exit, Flow, Pace, Step};
use crate::name::StepName;

/// A flow and its graph. The first step has number 0 if it exists.
pub(crate) struct Net<'f> {
    pub(crate) flow: &'f Flow,
    pub(crate) nodes: Vec<(&'f StepName, &'f Step)>,
    /// The ways out of each node that lead to a step that exists, and its number.
    pub(crate) edges: Vec<Vec<(Exit<'f>, usize)>>,
    /// The nodes that some path leads to.
    pub(crate) reached: Vec<bool>,
    /// False if the first step does not exist.
    starts: bool,
}

impl<'f> Net<'f> {
    /// The graph of a flow; `pace` may know better how a way out is paced.
    pub(crate) fn new(flow: &'f Flow, pace: impl Fn(&Step, &Exit<'f>) -> Pace) -> Self {
        let first = |name: &&StepName| **name == flow.start.value;
        let starts = flow.steps.contains_key(&flow.start.value);
        let names = flow.steps.keys().filter(first).chain(flow.steps.keys().filter(|name| !first(name)));
        let nodes: Vec<(&StepName, &Step)> =
            names.filter_map(|name| Some((name, flow.steps.get(name)?))).collect();
        let numbers: BTreeMap<&StepName, usize> =
            nodes.iter().enumerate().map(|(number, (name, _))| (*name, number)).collect();
        let edges: Vec<Vec<(Exit<'_>, usize)>> = nodes
            .iter()
            .map(|(_, step)| {
                let exits = step.kind.exits().into_iter().filter_map(|exit| {
                    let to = numbers.get(&exit.to.value).copied()?;
                    let pace = pace(step, &exit);
                    Some((Exit { pace, ..exit }, to))
                });
                exits.collect()
            })
            .collect();
        let mut net = Self { flow, nodes, edges, reached: Vec::new(), starts };
        net.reached = net.graph(|_| true).reachable(net.start());
        if flow.gaps.any {
            net.reach_behind_gaps();
        }
        net
    }

    /// What steps that could not be read may lead to is reached, and all that follows.
    fn reach_behind_gaps(&mut self) {
        let behind = self.nodes.iter().enumerate().filter(|(_, (name, _))| self.flow.gaps.may_lead_to(name));
        let starts: Vec<usize> = self.start().into_iter().chain(behind.map(|(number, _)| number)).collect();
        self.reached = self.graph(|_| true).reachable(starts);
    }

    /// Whether a way out of this node leads to a step that could not be read.
    pub(crate) fn leads_into_a_gap(&self, node: usize) -> bool {
        let steps = &self.flow.gaps.steps;
        let step = self.nodes.get(node).filter(|_| !steps.is_empty());
        step.is_some_and(|(_, step)| step.kind.exits().iter().any(|exit| steps.contains_key(&exit.to.value)))
    }

    /// Whether there is a first step. Where there is none nothing is reached, which says no more.
    pub(crate) fn begins(&self) -> bool {
        self.starts || self.flow.gaps.steps.contains_key(&self.flow.start.value)
    }

    /// The number of the first step.
    pub(crate) fn start(&self) -> Option<usize> {
        self.starts.then_some(0)
    }

    /// The graph of those ways out that `follow` takes.
    pub(crate) fn graph(&self, follow: impl Fn(&Exit<'f>) -> bool) -> Graph {
        let edges = self.edges.iter().enumerate().flat_map(|(from, exits)| {
            exits.iter().filter(|(exit, _)| follow(exit)).map(move |(_, to)| (from, *to))
        });
        Graph::new(self.nodes.len(), edges.collect::<Vec<_>>())
    }

    /// The nodes that are reached without anything that the caller does.
    pub(crate) fn reached_at_once(&self) -> Vec<bool> {
        self.graph(|exit| exit.pace == Pace::AtOnce).reachable(self.start())
    }

    /// The nodes that are reached, with their numbers.
    pub(crate) fn reached(&self) -> impl Iterator<Item = (usize, &'f StepName, &'f Step)> + '_ {
        let nodes = self.nodes.iter().zip(&self.reached).enumerate();
        nodes.filter_map(|(number, ((name, step), reached))| reached.then_some((number, *name, *step)))
    }

    /// The way out of `from` that is called `exit`, in words: `menu` by `no_input`.
    pub(crate) fn way(&self, from: usize, exit: StepExit) -> String {
        let name = self.nodes.get(from).map(|(name, _)| name.as_str()).unwrap_or_default();
        format!("`{name}` by `{exit}`")
    }
}
