//! Between Raft's types and ours. Its messages and entries are protobuf; ours go over the wire and to disk,
//! so that no protobuf is ever parsed.

use raft::eraftpb::{Entry, HardState, Message, MessageType};
use raft::storage::MemStorage;
use raft::{Config, RawNode};

use crate::packet::{RaftEntry, RaftMessage, SavedLog};

/// By number.
const KINDS: [MessageType; 19] = [
    MessageType::MsgHup,
    MessageType::MsgBeat,
    MessageType::MsgPropose,
    MessageType::MsgAppend,
    MessageType::MsgAppendResponse,
    MessageType::MsgRequestVote,
    MessageType::MsgRequestVoteResponse,
    MessageType::MsgSnapshot,
    MessageType::MsgHeartbeat,
    MessageType::MsgHeartbeatResponse,
    MessageType::MsgUnreachable,
    MessageType::MsgSnapStatus,
    MessageType::MsgCheckQuorum,
    MessageType::MsgTransferLeader,
    MessageType::MsgTimeoutNow,
    MessageType::MsgReadIndex,
    MessageType::MsgReadIndexResp,
    MessageType::MsgRequestPreVote,
    MessageType::MsgRequestPreVoteResponse,
];

/// Raft on what was saved.
pub(super) fn node(config: &Config, replicas: usize, saved: SavedLog) -> RawNode<MemStorage> {
    let voters: Vec<u64> = (1..=replicas as u64).collect();
    let store = MemStorage::new_with_conf_state((voters, Vec::new()));
    {
        let mut core = store.wl();
        let mut state = HardState::default();
        (state.term, state.vote, state.commit) = (saved.term, saved.vote, saved.commit);
        core.set_hardstate(state);
        let entries: Vec<Entry> = saved.entries.into_iter().map(entry).collect();
        core.append(&entries).expect("what was saved has no gaps");
    }
    let logger = slog::Logger::root(slog::Discard, slog::o!());
    RawNode::new(config, store, &logger).expect("the configuration is a valid one")
}

pub(super) fn saved_entry(entry: &Entry) -> RaftEntry {
    RaftEntry {
        term: entry.term,
        index: entry.index,
        data: entry.data.to_vec(),
    }
}

fn entry(saved: RaftEntry) -> Entry {
    let mut entry = Entry::default();
    (entry.term, entry.index) = (saved.term, saved.index);
    entry.data = saved.data.into();
    entry
}

/// Whether the message asks for something to be put into the log, and promises nothing.
pub(super) fn is_proposal(message: &Message) -> bool {
    message.msg_type == MessageType::MsgPropose
}

/// Whether only a leader says such a thing.
pub(super) fn is_of_leader(message: &Message) -> bool {
    matches!(
        message.msg_type,
        MessageType::MsgAppend | MessageType::MsgHeartbeat | MessageType::MsgSnapshot
    )
}

pub(super) fn packed(mut message: Message) -> RaftMessage {
    RaftMessage {
        kind: message.msg_type as u8,
        to: message.to,
        from: message.from,
        term: message.term,
        log_term: message.log_term,
        index: message.index,
        entries: message.take_entries().iter().map(saved_entry).collect(),
        commit: message.commit,
        commit_term: message.commit_term,
        request_snapshot: message.request_snapshot,
        reject: message.reject,
        reject_hint: message.reject_hint,
        context: message.context.to_vec(),
        priority: message.priority,
    }
}

pub(super) fn message(packed: RaftMessage) -> Message {
    let mut message = Message::default();
    // Of an unknown kind is one that Raft refuses from others.
    let kind = KINDS.get(usize::from(packed.kind)).copied();
    message.msg_type = kind.unwrap_or(MessageType::MsgHup);
    message.to = packed.to;
    message.from = packed.from;
    message.term = packed.term;
    message.log_term = packed.log_term;
    message.index = packed.index;
    let entries: Vec<Entry> = packed.entries.into_iter().map(entry).collect();
    message.set_entries(entries.into());
    message.commit = packed.commit;
    message.commit_term = packed.commit_term;
    message.request_snapshot = packed.request_snapshot;
    message.reject = packed.reject;
    message.reject_hint = packed.reject_hint;
    message.context = packed.context.into();
    message.priority = packed.priority;
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_what_it_was_before_it_was_packed() {
        for (number, kind) in (0..).zip(KINDS) {
            assert_eq!(kind as u8, number);
            let mut sent = Message {
                msg_type: kind,
                ..Message::default()
            };
            (sent.to, sent.from, sent.term, sent.index) = (1, 2, 3, 4);
            (sent.log_term, sent.commit, sent.commit_term) = (5, 6, 7);
            (sent.reject, sent.reject_hint, sent.priority) = (true, 8, 9);
            sent.context = vec![1, 2].into();
            let entry = entry(RaftEntry {
                term: 3,
                index: 4,
                data: vec![7; 9],
            });
            sent.set_entries(vec![entry].into());
            assert_eq!(message(packed(sent.clone())), sent);
        }
    }
}
