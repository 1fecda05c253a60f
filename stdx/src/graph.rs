//! Graphs given by the successors of their nodes.

/// The strongly connected components, each after all that it leads to; nodes of one in ascending
/// order.
pub fn components(successors: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let found = components_by(successors.len(), |node, nth| {
        successors[node].get(nth).copied()
    });
    found.iter().map(<[usize]>::to_vec).collect()
}

/// Strongly connected components, one behind the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Components {
    nodes: Vec<usize>,
    /// Where each begins, and where the last one ends.
    bounds: Vec<usize>,
}

impl Components {
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &[usize]> + ExactSizeIterator {
        self.bounds
            .windows(2)
            .map(|bounds| &self.nodes[bounds[0]..bounds[1]])
    }
}

/// As [`components`], of a graph that tells the successors of a node one by one. Tarjan 1972, without recursion, so that a
/// long path costs no stack.
pub fn components_by(
    count: usize,
    successor: impl Fn(usize, usize) -> Option<usize>,
) -> Components {
    const UNSEEN: usize = usize::MAX;
    let mut number = vec![UNSEEN; count];
    let mut low = vec![0; count];
    let mut on_stack = vec![false; count];
    let mut stack = Vec::new();
    let mut found = Components {
        nodes: Vec::with_capacity(count),
        bounds: vec![0],
    };
    // Nodes that are being visited, each with how many of its successors are done.
    let mut path: Vec<(usize, usize)> = Vec::new();
    let mut next = 0;
    for root in 0..count {
        if number[root] != UNSEEN {
            continue;
        }
        path.push((root, 0));
        while let Some((node, done)) = path.last_mut() {
            let node = *node;
            if number[node] == UNSEEN {
                number[node] = next;
                low[node] = next;
                next += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            if let Some(successor) = successor(node, *done) {
                *done += 1;
                if number[successor] == UNSEEN {
                    path.push((successor, 0));
                } else if on_stack[successor] {
                    low[node] = low[node].min(number[successor]);
                }
                continue;
            }
            path.pop();
            if let Some(&(parent, _)) = path.last() {
                low[parent] = low[parent].min(low[node]);
            }
            if low[node] == number[node] {
                let begin = found.nodes.len();
                let at = stack
                    .iter()
                    .rposition(|&other| other == node)
                    .expect("a component's first node is on the stack");
                for other in stack.drain(at..) {
                    on_stack[other] = false;
                    found.nodes.push(other);
                }
                found.nodes[begin..].sort_unstable();
                found.bounds.push(found.nodes.len());
            }
        }
    }
    found
}

/// A shortest path from one node to another over nodes that `allowed` admits, both ends included;
/// of equally short ones the first in the order of successors. A path from a node to itself has at
/// least one edge.
pub fn path(
    successors: &[Vec<usize>],
    from: usize,
    to: usize,
    allowed: impl Fn(usize) -> bool,
) -> Option<Vec<usize>> {
    let mut previous = vec![None; successors.len()];
    let mut queue = std::collections::VecDeque::from([from]);
    while let Some(node) = queue.pop_front() {
        for &successor in &successors[node] {
            if previous[successor].is_some() || !allowed(successor) {
                continue;
            }
            previous[successor] = Some(node);
            if successor == to {
                let mut path = vec![to];
                let mut node = node;
                while node != from {
                    path.push(node);
                    node = previous[node].expect("a queued node has been reached");
                }
                path.push(from);
                path.reverse();
                return Some(path);
            }
            queue.push_back(successor);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{components, path};

    #[test]
    fn components_come_after_what_they_lead_to() {
        let graph = [vec![1], vec![2], vec![1, 3], vec![], vec![0, 4]];
        assert_eq!(components(&graph), [vec![3], vec![1, 2], vec![0], vec![4]]);
    }

    #[test]
    fn a_long_path_costs_no_stack() {
        let graph: Vec<Vec<usize>> = (0..200_000).map(|n| vec![(n + 1) % 200_000]).collect();
        assert_eq!(components(&graph).len(), 1);
    }

    #[test]
    fn the_shortest_path_is_found() {
        let graph = [vec![1, 2], vec![2], vec![0], vec![]];
        assert_eq!(path(&graph, 0, 0, |_| true), Some(vec![0, 2, 0]));
        assert_eq!(path(&graph, 0, 3, |_| true), None);
        assert_eq!(path(&graph, 0, 0, |node| node != 2), None);
    }
}
