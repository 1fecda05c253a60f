//! What the server keeps between requests, and the task that tells a client what is wrong.
//!
//! A notification changes what is open before its first `await`; what takes time is computed on a snapshot, and a
//! change cancels it.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use salsa::{Cancelled, Database as _};
use tokio::sync::Notify;
use tower_lsp::Client;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types as lsp;

use crate::beside::Beside;
use crate::documents::{Documents, Snapshot};
use crate::library::Library;
use crate::packages::OpenManifest;
use crate::positions::Encoding;
use crate::threads::{GiveBack, Threads};
use crate::tokens::Written;
use crate::translate;
use crate::workspace::Workspace;

/// So long after a change nothing is computed, since the next may come.
const PAUSE: Duration = Duration::from_millis(5);

/// The tokens that a client was sent.
pub struct Sent {
    name: String,
    tokens: Arc<Written>,
}

pub struct State {
    documents: Mutex<Documents>,
    pub encoding: OnceLock<Encoding>,
    /// The folders that the client has open.
    pub folders: OnceLock<Vec<PathBuf>>,
    /// Whether the client asks for diagnostics, and need not be told.
    pub pulls: AtomicBool,
    /// Whether it asks again when it is told to.
    pub refreshes: AtomicBool,
    /// Whether the client fills in the places of what is completed.
    pub takes_snippets: AtomicBool,
    /// Whether it asks for the edits of an action when that is chosen.
    pub resolves_actions: AtomicBool,
    /// Whether it shows how work goes on.
    pub shows_progress: AtomicBool,
    /// The tokens that the client has of each document, and what it calls them.
    tokens: Mutex<FxHashMap<lsp::Uri, Sent>>,
    /// The number of the next tokens that are sent.
    next_tokens: AtomicU64,
    /// The number of the next work that is shown.
    pub next_progress: AtomicU64,
    threads: Threads,
    /// What of answers stands beside them.
    pub beside: Beside,
    pub changed: Notify,
    pub is_shut_down: AtomicBool,
}

impl State {
    pub fn new(library: Library, give_back: GiveBack) -> Self {
        Self {
            documents: Mutex::new(Documents::new(library)),
            encoding: OnceLock::new(),
            folders: OnceLock::new(),
            pulls: AtomicBool::new(false),
            refreshes: AtomicBool::new(false),
            takes_snippets: AtomicBool::new(false),
            resolves_actions: AtomicBool::new(false),
            shows_progress: AtomicBool::new(false),
            tokens: Mutex::default(),
            next_tokens: AtomicU64::new(0),
            next_progress: AtomicU64::new(0),
            threads: Threads::new(give_back),
            beside: Beside::default(),
            changed: Notify::new(),
            is_shut_down: AtomicBool::new(false),
        }
    }

    /// Nothing in it can be half done: a panic may leave out a change, and the next one brings all.
    pub fn documents(&self) -> MutexGuard<'_, Documents> {
        self.documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub fn tokens(&self) -> MutexGuard<'_, FxHashMap<lsp::Uri, Sent>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what the client is sent, under a name of its own.
    fn keep_tokens(&self, uri: lsp::Uri, tokens: Arc<Written>) -> String {
        let number = self.next_tokens.fetch_add(1, Ordering::Relaxed).to_string();
        let name = number.clone();
        self.tokens().insert(uri, Sent { name, tokens });
        number
    }

    /// The last tokens of a document that the client was sent.
    pub fn last_tokens(&self, uri: &lsp::Uri) -> Option<Arc<Written>> {
        let all = self.tokens();
        all.get(uri).map(|sent| Arc::clone(&sent.tokens))
    }

    /// Those tokens, if the client calls them so.
    pub fn sent_tokens(&self, uri: &lsp::Uri, name: &str) -> Option<Arc<Written>> {
        let all = self.tokens();
        let sent = all.get(uri).filter(|sent| sent.name == name)?;
        Some(Arc::clone(&sent.tokens))
    }

    /// The answer with all tokens; their numbers stand beside it, so it must be given.
    pub fn all_tokens(&self, uri: lsp::Uri, all: Arc<Written>) -> lsp::SemanticTokens {
        let text = all.text();
        let name = self.keep_tokens(uri, all);
        self.beside.put(name.clone(), text);
        lsp::SemanticTokens {
            result_id: Some(name),
            data: Vec::new(),
        }
    }

    /// The answer with what differs from the tokens that the client has.
    pub fn changed_tokens(
        &self,
        uri: lsp::Uri,
        all: Arc<Written>,
        edits: Vec<lsp::SemanticTokensEdit>,
    ) -> lsp::SemanticTokensDelta {
        lsp::SemanticTokensDelta {
            result_id: Some(self.keep_tokens(uri, all)),
            edits,
        }
    }

    pub fn encoding(&self) -> Encoding {
        self.encoding.get().copied().unwrap_or_default()
    }

    pub fn snapshot(&self, uri: &lsp::Uri) -> Option<Snapshot> {
        self.documents().snapshot(uri, self.encoding())
    }

    pub fn manifest(&self, uri: &lsp::Uri) -> Option<OpenManifest> {
        self.documents().manifest(uri).cloned()
    }

    /// A document, and what other programs are read from, as they are at one time.
    pub fn with_workspace(&self, uri: &lsp::Uri) -> Option<(Snapshot, Workspace)> {
        let documents = self.documents();
        let encoding = self.encoding();
        let workspace = Workspace {
            folders: self.folders.get().cloned().unwrap_or_default(),
            library: documents.library(),
            open: documents.texts(),
            encoding,
        };
        Some((documents.snapshot(uri, encoding)?, workspace))
    }

    /// What comes of a snapshot; none where a change cancelled it.
    pub async fn computed<T: Send + 'static>(
        &self,
        snapshot: Snapshot,
        compute: impl FnOnce(&Snapshot) -> T + Send + 'static,
    ) -> Result<Option<T>> {
        // Who no longer waits for the answer drops this future.
        let _given_up = GivenUp(snapshot.db.cancellation_token());
        let run = move || Cancelled::catch(AssertUnwindSafe(|| compute(&snapshot)));
        match self.threads.run(run).await {
            Ok(done) => Ok(done.ok()),
            Err(_panic) => Err(Error::internal_error()),
        }
    }

    pub fn change(&self, change: impl FnOnce(&mut Documents)) {
        change(&mut self.documents());
        self.changed.notify_one();
    }
}

/// Stops what is computed when it is dropped.
struct GivenUp(salsa::CancellationToken);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Tells the client what is wrong with what is open, after every change.
pub async fn push(client: Client, state: Arc<State>) {
    let mut told: FxHashMap<lsp::Uri, (i32, Vec<lsp::Diagnostic>)> = FxHashMap::default();
    loop {
        state.changed.notified().await;
        tokio::time::sleep(PAUSE).await;
        let manifests = state.documents().manifests();
        let programs = state.documents().uris();
        let open = [manifests, programs].concat();
        let closed: Vec<lsp::Uri> = told
            .extract_if(|uri, _| !open.contains(uri))
            .map(|(uri, _)| uri)
            .collect();
        for uri in closed {
            client.publish_diagnostics(uri, Vec::new(), None).await;
        }
        for uri in open {
            let Some(now) = problems(&state, &uri).await else {
                continue;
            };
            if told.get(&uri) != Some(&now) {
                let (version, found) = now.clone();
                told.insert(uri.clone(), now);
                client.publish_diagnostics(uri, found, Some(version)).await;
            }
        }
    }
}

/// What is wrong with a file, and with which version of it. None of what was cancelled: it is computed after the change
/// that cancelled it; of what the compiler cannot digest there is nothing to tell.
async fn problems(state: &State, uri: &lsp::Uri) -> Option<(i32, Vec<lsp::Diagnostic>)> {
    if let Some(manifest) = state.manifest(uri) {
        return Some((manifest.version, manifest.diagnostics(state.encoding())));
    }
    let snapshot = state.snapshot(uri)?;
    let version = snapshot.version;
    let found = state.computed(snapshot, translate::diagnostics).await;
    Some((version, found.ok()??))
}
