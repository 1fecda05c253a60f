//! Answers requests. A notification changes what is open before its first `await`, so changes are made in
//! the order in which they come; what takes time is computed elsewhere, on a snapshot, and a change cancels it.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use salsa::Cancelled;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types as lsp;
use tower_lsp::{Client, LanguageServer, LspService, Server};

use crate::documents::{Documents, Library, Snapshot};
use crate::framing::{self, Output};
use crate::positions::Encoding;
use crate::{navigate, translate};

/// So long after a change nothing is computed, since the next may come.
const PAUSE: Duration = Duration::from_millis(5);

/// How much is on the way between the stream and the server.
const PIPE_BYTES: usize = 1 << 16;

struct Backend {
    client: Client,
    state: Arc<State>,
}

struct State {
    documents: Mutex<Documents>,
    encoding: OnceLock<Encoding>,
    /// Whether the client asks for diagnostics, and need not be told.
    pulls: AtomicBool,
    changed: Notify,
    is_shut_down: AtomicBool,
}

/// Serves one client, until it says so or its stream ends. Whether it had said before that it would end.
pub async fn serve<R, W>(library: Library, input: R, output: W) -> io::Result<bool>
where
    R: AsyncRead + Unpin + Send + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let state = Arc::new(State {
        documents: Mutex::new(Documents::new(library)),
        encoding: OnceLock::new(),
        pulls: AtomicBool::new(false),
        changed: Notify::new(),
        is_shut_down: AtomicBool::new(false),
    });
    let (service, socket) = LspService::new(|client| Backend {
        client,
        state: Arc::clone(&state),
    });
    let (to_server, from_client) = tokio::io::duplex(PIPE_BYTES);
    let (to_client, from_server) = tokio::io::duplex(PIPE_BYTES);
    let output = Output::new(output);
    let guard = tokio::spawn(framing::guard(input, to_server, output.clone()));
    let forward = tokio::spawn(framing::forward(from_server, output));
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

impl State {
    /// Nothing in it can be half done: a panic may leave out a change, and the next one brings all.
    fn documents(&self) -> MutexGuard<'_, Documents> {
        self.documents
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn encoding(&self) -> Encoding {
        self.encoding.get().copied().unwrap_or_default()
    }

    fn snapshot(&self, uri: &lsp::Uri) -> Option<Snapshot> {
        self.documents().snapshot(uri, self.encoding())
    }

    fn change(&self, change: impl FnOnce(&mut Documents)) {
        change(&mut self.documents());
        self.changed.notify_one();
    }
}

/// What comes of a snapshot; none where a change cancelled it.
async fn computed<T: Send + 'static>(
    snapshot: Snapshot,
    compute: impl FnOnce(&Snapshot) -> T + Send + 'static,
) -> Result<Option<T>> {
    let run = move || Cancelled::catch(AssertUnwindSafe(|| compute(&snapshot)));
    match tokio::task::spawn_blocking(run).await {
        Ok(done) => Ok(done.ok()),
        Err(_panic) => Err(Error::internal_error()),
    }
}

impl Backend {
    /// The answer to a request about a document; none of one that is not open.
    async fn answer<T: Send + 'static>(
        &self,
        uri: &lsp::Uri,
        compute: impl FnOnce(&Snapshot) -> T + Send + 'static,
    ) -> Result<Option<T>> {
        let Some(snapshot) = self.state.snapshot(uri) else {
            return Ok(None);
        };
        match computed(snapshot, compute).await? {
            Some(found) => Ok(Some(found)),
            None => Err(Error {
                code: ErrorCode::ContentModified,
                message: "the document has changed".into(),
                data: None,
            }),
        }
    }
}

/// Tells the client what is wrong with what is open, after every change.
async fn push(client: Client, state: Arc<State>) {
    let mut told: FxHashMap<lsp::Uri, (i32, Vec<lsp::Diagnostic>)> = FxHashMap::default();
    loop {
        state.changed.notified().await;
        tokio::time::sleep(PAUSE).await;
        let open = state.documents().uris();
        let closed: Vec<lsp::Uri> = told
            .extract_if(|uri, _| !open.contains(uri))
            .map(|(uri, _)| uri)
            .collect();
        for uri in closed {
            client.publish_diagnostics(uri, Vec::new(), None).await;
        }
        for uri in open {
            let Some(snapshot) = state.snapshot(&uri) else {
                continue;
            };
            let version = snapshot.version;
            // What was cancelled is computed after the change that cancelled it; of what the compiler
            // cannot digest there is nothing to tell.
            let found = computed(snapshot, translate::diagnostics).await;
            let Ok(Some(found)) = found else {
                continue;
            };
            let now = (version, found);
            if told.get(&uri) != Some(&now) {
                let (version, found) = now.clone();
                told.insert(uri.clone(), now);
                client.publish_diagnostics(uri, found, Some(version)).await;
            }
        }
    }
}

fn capabilities(encoding: Encoding) -> lsp::ServerCapabilities {
    lsp::ServerCapabilities {
        position_encoding: Some(match encoding {
            Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
            Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
        }),
        text_document_sync: Some(lsp::TextDocumentSyncCapability::Options(
            lsp::TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(lsp::TextDocumentSyncKind::INCREMENTAL),
                save: Some(lsp::TextDocumentSyncSaveOptions::Supported(true)),
                ..lsp::TextDocumentSyncOptions::default()
            },
        )),
        diagnostic_provider: Some(lsp::DiagnosticServerCapabilities::Options(
            lsp::DiagnosticOptions {
                inter_file_dependencies: true,
                workspace_diagnostics: false,
                ..lsp::DiagnosticOptions::default()
            },
        )),
        code_action_provider: Some(lsp::CodeActionProviderCapability::Options(
            lsp::CodeActionOptions {
                code_action_kinds: Some(vec![lsp::CodeActionKind::QUICKFIX]),
                ..lsp::CodeActionOptions::default()
            },
        )),
        hover_provider: Some(lsp::HoverProviderCapability::Simple(true)),
        definition_provider: Some(lsp::OneOf::Left(true)),
        references_provider: Some(lsp::OneOf::Left(true)),
        document_highlight_provider: Some(lsp::OneOf::Left(true)),
        document_symbol_provider: Some(lsp::OneOf::Left(true)),
        document_formatting_provider: Some(lsp::OneOf::Left(true)),
        ..lsp::ServerCapabilities::default()
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: lsp::InitializeParams) -> Result<lsp::InitializeResult> {
        let general = params.capabilities.general.as_ref();
        let offered = general.and_then(|general| general.position_encodings.as_deref());
        let takes_utf8 = offered.is_some_and(|all| all.contains(&lsp::PositionEncodingKind::UTF8));
        let encoding = match takes_utf8 {
            true => Encoding::Utf8,
            false => Encoding::Utf16,
        };
        let encoding = *self.state.encoding.get_or_init(|| encoding);
        let documents = params.capabilities.text_document.as_ref();
        let pulls = documents.is_some_and(|documents| documents.diagnostic.is_some());
        self.state.pulls.store(pulls, Ordering::Relaxed);
        Ok(lsp::InitializeResult {
            capabilities: capabilities(encoding),
            server_info: Some(lsp::ServerInfo {
                name: "bloom".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            ..lsp::InitializeResult::default()
        })
    }

    async fn initialized(&self, _: lsp::InitializedParams) {
        if !self.state.pulls.load(Ordering::Relaxed) {
            let task = push(self.client.clone(), Arc::clone(&self.state));
            tokio::spawn(task);
        }
    }

    async fn shutdown(&self) -> Result<()> {
        self.state.is_shut_down.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn did_open(&self, params: lsp::DidOpenTextDocumentParams) {
        let document = params.text_document;
        self.state.change(|documents| {
            documents.open(document.uri, document.version, document.text);
        });
    }

    async fn did_change(&self, params: lsp::DidChangeTextDocumentParams) {
        let encoding = self.state.encoding();
        let document = params.text_document;
        self.state.change(|documents| {
            let changes = params.content_changes;
            documents.change(&document.uri, document.version, changes, encoding);
        });
    }

    async fn did_save(&self, _: lsp::DidSaveTextDocumentParams) {
        self.state.change(Documents::refresh);
    }

    async fn did_close(&self, params: lsp::DidCloseTextDocumentParams) {
        self.state
            .change(|documents| documents.close(&params.text_document.uri));
    }

    async fn did_change_watched_files(&self, _: lsp::DidChangeWatchedFilesParams) {
        self.state.change(Documents::refresh);
    }

    async fn diagnostic(
        &self,
        params: lsp::DocumentDiagnosticParams,
    ) -> Result<lsp::DocumentDiagnosticReportResult> {
        let uri = &params.text_document.uri;
        let found = self.answer(uri, translate::diagnostics).await?;
        let report = lsp::RelatedFullDocumentDiagnosticReport {
            full_document_diagnostic_report: lsp::FullDocumentDiagnosticReport {
                items: found.unwrap_or_default(),
                ..lsp::FullDocumentDiagnosticReport::default()
            },
            ..lsp::RelatedFullDocumentDiagnosticReport::default()
        };
        Ok(lsp::DocumentDiagnosticReport::from(report).into())
    }

    async fn code_action(
        &self,
        params: lsp::CodeActionParams,
    ) -> Result<Option<lsp::CodeActionResponse>> {
        let range = params.range;
        let actions = move |snapshot: &Snapshot| translate::actions(snapshot, range);
        let found = self.answer(&params.text_document.uri, actions).await?;
        let action = |action| lsp::CodeActionOrCommand::CodeAction(action);
        Ok(found.map(|found| found.into_iter().map(action).collect()))
    }

    async fn hover(&self, params: lsp::HoverParams) -> Result<Option<lsp::Hover>> {
        let lsp::TextDocumentPositionParams {
            text_document,
            position,
        } = params.text_document_position_params;
        let hover = move |snapshot: &Snapshot| navigate::hover(snapshot, position);
        let found = self.answer(&text_document.uri, hover).await?;
        Ok(found.flatten())
    }

    async fn goto_definition(
        &self,
        params: lsp::GotoDefinitionParams,
    ) -> Result<Option<lsp::GotoDefinitionResponse>> {
        let lsp::TextDocumentPositionParams {
            text_document,
            position,
        } = params.text_document_position_params;
        let definition = move |snapshot: &Snapshot| navigate::definition(snapshot, position);
        let found = self.answer(&text_document.uri, definition).await?;
        Ok(found.map(lsp::GotoDefinitionResponse::Array))
    }

    async fn references(&self, params: lsp::ReferenceParams) -> Result<Option<Vec<lsp::Location>>> {
        let lsp::TextDocumentPositionParams {
            text_document,
            position,
        } = params.text_document_position;
        let declared = params.context.include_declaration;
        let references =
            move |snapshot: &Snapshot| navigate::references(snapshot, position, declared);
        self.answer(&text_document.uri, references).await
    }

    async fn document_highlight(
        &self,
        params: lsp::DocumentHighlightParams,
    ) -> Result<Option<Vec<lsp::DocumentHighlight>>> {
        let lsp::TextDocumentPositionParams {
            text_document,
            position,
        } = params.text_document_position_params;
        let highlights = move |snapshot: &Snapshot| navigate::highlights(snapshot, position);
        self.answer(&text_document.uri, highlights).await
    }

    async fn document_symbol(
        &self,
        params: lsp::DocumentSymbolParams,
    ) -> Result<Option<lsp::DocumentSymbolResponse>> {
        let uri = &params.text_document.uri;
        let found = self.answer(uri, navigate::symbols).await?;
        Ok(found.map(lsp::DocumentSymbolResponse::Nested))
    }

    async fn formatting(
        &self,
        params: lsp::DocumentFormattingParams,
    ) -> Result<Option<Vec<lsp::TextEdit>>> {
        self.answer(&params.text_document.uri, translate::formatting)
            .await
    }
}
