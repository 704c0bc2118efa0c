//! Reachability and circles in a directed graph whose nodes are numbers. Linear in nodes and edges.

use std::collections::BTreeSet;

/// The nodes that each node leads to.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    successors: Vec<Vec<usize>>,
}

impl Graph {
    /// A graph of `nodes` nodes. Edges from or to other numbers are left out.
    pub(crate) fn new(nodes: usize, edges: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut successors = vec![Vec::new(); nodes];
        for (from, to) in edges {
            if to < nodes
                && let Some(list) = successors.get_mut(from)
            {
                list.push(to);
            }
        }
        Self { successors }
    }

    /// True for each node on a path from one of `starts`, these included.
    pub(crate) fn reachable(&self, starts: impl IntoIterator<Item = usize>) -> Vec<bool> {
        let mut reached = vec![false; self.successors.len()];
        let mut open: Vec<usize> = starts.into_iter().collect();
        while let Some(node) = open.pop() {
            if let Some(seen) = reached.get_mut(node)
                && !core::mem::replace(seen, true)
            {
                open.extend(&self.successors[node]);
            }
        }
        reached
    }

    /// The same graph with every edge turned around.
    pub(crate) fn reversed(&self) -> Self {
        let edges = self
            .successors
            .iter()
            .enumerate()
            .flat_map(|(from, list)| list.iter().map(move |to| (*to, from)));
        Self::new(self.successors.len(), edges)
    }

    /// The same nodes with those ways between them that lead from one of `kept` to another.
    pub(crate) fn within(&self, kept: &BTreeSet<usize>) -> Self {
        let edges = kept.iter().flat_map(|from| {
            let all = self.successors.get(*from).map(Vec::as_slice).unwrap_or_default();
            all.iter().filter(|to| kept.contains(*to)).map(move |to| (*from, *to))
        });
        Self::new(self.successors.len(), edges.collect::<Vec<_>>())
    }

    /// The largest sets of nodes that lead to one another, each at least once around (Kosaraju's algorithm).
    pub(crate) fn circles(&self) -> Vec<Vec<usize>> {
        let reversed = self.reversed();
        let mut placed = vec![false; self.successors.len()];
        let mut circles = Vec::new();
        for root in self.finishing_order().into_iter().rev() {
            let mut circle = Vec::new();
            let mut open = vec![root];
            while let Some(node) = open.pop() {
                if !core::mem::replace(&mut placed[node], true) {
                    circle.push(node);
                    open.extend(&reversed.successors[node]);
                }
            }
            if circle.len() > 1 || circle.first().is_some_and(|node| self.successors[*node].contains(node)) {
                circles.push(circle);
            }
        }
        circles
    }

    /// Every node after all that it leads to, except around circles: there, a node leads back to those that come
    /// after it.
    pub(crate) fn finishing_order(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.successors.len());
        let mut entered = vec![false; self.successors.len()];
        for root in 0..self.successors.len() {
            let mut open = vec![(root, 0)];
            while let Some((node, child)) = open.pop() {
                if child == 0 && core::mem::replace(&mut entered[node], true) {
                    continue;
                }
                match self.successors[node].get(child) {
                    Some(next) => {
                        open.push((node, child + 1));
                        open.push((*next, 0));
                    }
                    None => order.push(node),
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_what_is_reached_and_what_runs_around() {
        let graph = Graph::new(6, [(0, 1), (1, 2), (2, 1), (3, 3), (4, 0), (9, 1), (1, 9)]);
        assert_eq!(graph.reachable([0]), [true, true, true, false, false, false]);
        let mut circles = graph.circles();
        circles.iter_mut().for_each(|circle| circle.sort_unstable());
        circles.sort();
        assert_eq!(circles, [vec![1, 2], vec![3]]);
    }

    proptest! {
        /// The definition, tried for every pair of nodes.
        #[test]
        fn two_nodes_share_a_circle_if_each_reaches_the_other(edges in prop::collection::vec((0..8usize, 0..8usize), 0..20)) {
            let graph = Graph::new(8, edges);
            let circles = graph.circles();
            let after: Vec<Vec<bool>> =
                (0..8).map(|node| graph.reachable(graph.successors[node].iter().copied())).collect();
            for (a, b) in (0..8).flat_map(|a| (0..8).map(move |b| (a, b))) {
                let together = circles.iter().any(|circle| circle.contains(&a) && circle.contains(&b));
                prop_assert_eq!(together, after[a][b] && after[b][a], "{} {}", a, b);
            }
        }
    }
}
