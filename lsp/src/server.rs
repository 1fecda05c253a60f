//! Serves one client: the stream in front, the requests of our own, and how an answer is computed elsewhere, on a
//! snapshot, which a change cancels. `requests` has those of the protocol.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types as lsp;
use tower_lsp::{Client, LspService, Server};

use crate::documents::Snapshot;
use crate::framing::{self, Output};
use crate::library::{Library, Texts};
use crate::progress::Progress;
use crate::state::State;
use crate::threads::GiveBack;
use crate::tokens::{self, Written};
use crate::views::{OfDocument, ProgramText, View, Views};
use crate::workspace::{self, Declared, Workspace};

/// Work that ends sooner is not shown.
const SHORT: Duration = Duration::from_millis(200);

/// How much is on the way between the stream and the server.
const PIPE_BYTES: usize = 1 << 16;

pub struct Backend {
    pub client: Client,
    pub state: Arc<State>,
    views: &'static dyn Views,
}

/// Serves one client, until it says so or its stream ends. Whether it had said before that it would end. The files of
/// the library go into a folder of caches, where there is one. What has been asked for is answered on threads, each of
/// which calls `give_back` when it has had nothing to do for a while.
pub async fn serve<R, W>(
    library: Texts,
    cache: Option<&Path>,
    views: &'static dyn Views,
    give_back: GiveBack,
    input: R,
    output: W,
) -> io::Result<bool>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let state = Arc::new(State::new(Library::new(library, cache), give_back));
    let (service, socket) = LspService::build(|client| Backend {
        client,
        state: Arc::clone(&state),
        views,
    })
    .custom_method("bloom/labels", Backend::labels)
    .custom_method("bloom/witness", Backend::witness)
    .custom_method("bloom/dataflow", Backend::dataflow)
    .custom_method("bloom/expand", Backend::expand)
    .finish();
    let (to_server, from_client) = tokio::io::duplex(PIPE_BYTES);
    let (to_client, from_server) = tokio::io::duplex(PIPE_BYTES);
    let output = Output::new(output);
    let guard = tokio::spawn(framing::guard(input, to_server, output.clone()));
    let answers = Arc::clone(&state);
    let forward = async move { framing::forward(from_server, output, &answers.beside).await };
    let forward = tokio::spawn(forward);
    Server::new(from_client, to_client, socket)
        .serve(service)
        .await;
    guard.abort();
    // The server has hung up, so this ends when all is written.
    match forward.await {
        Ok(written) => written?,
        Err(panic) => return Err(io::Error::other(panic)),
    }
    Ok(state.is_shut_down.load(Ordering::Relaxed))
}

impl Backend {
    /// The answer to a request about a document; none of one that is not open.
    pub async fn answer<T: Send + 'static>(
        &self,
        uri: &lsp::Uri,
        compute: impl FnOnce(&Snapshot) -> T + Send + 'static,
    ) -> Result<Option<T>> {
        let Some(snapshot) = self.state.snapshot(uri) else {
            return Ok(None);
        };
        match self.state.computed(snapshot, compute).await? {
            Some(found) => Ok(Some(found)),
            None => Err(changed()),
        }
    }
}

impl Backend {
    /// All tokens of a document, those that did not change as they were sent last.
    pub async fn written_tokens(&self, uri: &lsp::Uri) -> Result<Option<Arc<Written>>> {
        let before = self.state.last_tokens(uri);
        let written = move |snapshot: &Snapshot| tokens::written(snapshot, before.as_ref());
        self.answer(uri, written).await
    }

    /// Has a client that asks for diagnostics ask anew: what it has of open documents may be old, since a file that
    /// they import is another.
    pub fn ask_for_pulls(&self) {
        let state = &self.state;
        if state.pulls.load(Ordering::Relaxed) && state.refreshes.load(Ordering::Relaxed) {
            let client = self.client.clone();
            // Whether it can, it says by its answer, which nothing waits for.
            tokio::spawn(async move { client.workspace_diagnostic_refresh().await });
        }
    }

    /// The answer of a document's own program; and of the others of the workspace, where the name at a position can be
    /// in them.
    pub async fn everywhere<T: Send + 'static, U: Send + 'static>(
        &self,
        uri: &lsp::Uri,
        at: lsp::Position,
        own: impl FnOnce(&Snapshot) -> T + Send + 'static,
        elsewhere: impl FnOnce(&lsp::Uri, &Workspace, &Declared) -> U + Send + 'static,
    ) -> Result<Option<(T, Option<U>)>> {
        let Some((snapshot, others)) = self.state.with_workspace(uri) else {
            return Ok(None);
        };
        let both = move |snapshot: &Snapshot| (own(snapshot), workspace::declared(snapshot, at));
        let Some((found, declared)) = self.state.computed(snapshot, both).await? else {
            return Err(changed());
        };
        let Some(declared) = declared else {
            return Ok(Some((found, None)));
        };
        let uri = uri.clone();
        let look = move || elsewhere(&uri, &others, &declared);
        let more = self.long("Reading the workspace", look).await?;
        Ok(Some((found, Some(more))))
    }
}

/// The requests of our own: `{ "textDocument": … }`. Where the program has errors they fail, and the message says which
/// stands in the way.
impl Backend {
    /// The report of `bloom calm --format json`.
    async fn labels(&self, params: OfDocument) -> Result<Value> {
        self.view(params, <dyn Views>::labels).await
    }

    /// The same with two runs for each output that differs.
    async fn witness(&self, params: OfDocument) -> Result<Value> {
        self.view(params, <dyn Views>::witness).await
    }

    /// `{ "dot", "svg" }`
    async fn dataflow(&self, params: OfDocument) -> Result<Value> {
        self.view(params, <dyn Views>::dataflow).await
    }

    /// `{ "text" }`
    async fn expand(&self, params: OfDocument) -> Result<Value> {
        self.view(params, <dyn Views>::expand).await
    }

    async fn view(
        &self,
        params: OfDocument,
        view: fn(&'static dyn Views, Vec<ProgramText>) -> View,
    ) -> Result<Value> {
        // Views take their time: they hold up no change, and so look at copies of the texts.
        let uri = params.text_document.uri;
        let Some(program) = self.answer(&uri, Snapshot::program).await? else {
            return Err(refused("the document is not open".to_owned()));
        };
        let views = self.views;
        let work = move || view(views, program);
        let report = self.long("Analysing the program", work).await?;
        report.map_err(refused)
    }

    /// Tests of what was recorded of a document's program, or why there are none.
    pub async fn recorded_tests(
        &self,
        uri: &lsp::Uri,
        recording: PathBuf,
    ) -> Result<std::result::Result<String, String>> {
        let program = self.answer(uri, Snapshot::program).await?;
        let program = program.ok_or_else(changed)?;
        let views = self.views;
        let write = move || views.recorded_test(&recording, program);
        self.long("Running what was recorded", write).await
    }
}

impl Backend {
    /// As [`apart`]; if it takes long, the client shows that meanwhile.
    pub async fn long<T: Send + 'static>(
        &self,
        title: &str,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let mut work = pin!(apart(compute));
        if let Ok(done) = tokio::time::timeout(SHORT, &mut work).await {
            return done;
        }
        let _shown = match self.state.shows_progress.load(Ordering::Relaxed) {
            true => Progress::begin(&self.client, &self.state, title).await,
            false => None,
        };
        work.await
    }
}

/// What takes long and needs no snapshot, so that it holds up no change.
pub async fn apart<T: Send + 'static>(compute: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(compute).await;
    done.map_err(|_panic| Error::internal_error())
}

/// The protocol's code for a request that is understood and cannot be done.
const REQUEST_FAILED: i64 = -32803;

/// The editor shows why.
pub fn refused(why: String) -> Error {
    Error {
        code: ErrorCode::ServerError(REQUEST_FAILED),
        message: why.into(),
        data: None,
    }
}

pub fn changed() -> Error {
    Error {
        code: ErrorCode::ContentModified,
        message: "the document has changed".into(),
        data: None,
    }
}
