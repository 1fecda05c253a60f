//! The requests and notifications of the protocol. A notification changes what is open before its first `await`, so
//! changes are made in the order in which they come.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tower_lsp::LanguageServer;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types as lsp;

use crate::actions::Offer;
use crate::documents::{Documents, Snapshot};
use crate::positions::Encoding;
use crate::server::{Backend, apart, changed, refused};
use crate::state::push;
use crate::workspace::{self, Declared, Workspace};
use crate::{actions, capabilities, complete, lenses, navigate, structure, tokens, translate};

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
        let _ = self.state.folders.set(folders(&params));
        let documents = params.capabilities.text_document.as_ref();
        let pulls = documents.is_some_and(|documents| documents.diagnostic.is_some());
        self.state.pulls.store(pulls, Ordering::Relaxed);
        let workspace = params.capabilities.workspace.as_ref();
        let refresh = workspace.and_then(|workspace| workspace.diagnostics.as_ref());
        let refreshes = refresh.is_some_and(|refresh| refresh.refresh_support == Some(true));
        self.state.refreshes.store(refreshes, Ordering::Relaxed);
        let completion = documents.and_then(|documents| documents.completion.as_ref());
        let item = completion.and_then(|completion| completion.completion_item.as_ref());
        let snippets = item.and_then(|item| item.snippet_support).unwrap_or(false);
        self.state.takes_snippets.store(snippets, Ordering::Relaxed);
        let window = params.capabilities.window.as_ref();
        let shows = window.and_then(|window| window.work_done_progress);
        let shows = shows.unwrap_or(false);
        self.state.shows_progress.store(shows, Ordering::Relaxed);
        let action = documents.and_then(|documents| documents.code_action.as_ref());
        let later = action.and_then(|action| action.resolve_support.as_ref());
        let resolves = later.is_some_and(|later| later.properties.iter().any(|one| one == "edit"));
        self.state
            .resolves_actions
            .store(resolves, Ordering::Relaxed);
        Ok(lsp::InitializeResult {
            capabilities: capabilities::capabilities(encoding),
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
        self.ask_for_pulls();
    }

    async fn did_close(&self, params: lsp::DidCloseTextDocumentParams) {
        let uri = params.text_document.uri;
        self.state.tokens().remove(&uri);
        self.state.change(|documents| documents.close(&uri));
        self.ask_for_pulls();
    }

    async fn did_change_watched_files(&self, _: lsp::DidChangeWatchedFilesParams) {
        self.state.change(Documents::refresh);
        self.ask_for_pulls();
    }

    async fn diagnostic(
        &self,
        params: lsp::DocumentDiagnosticParams,
    ) -> Result<lsp::DocumentDiagnosticReportResult> {
        let uri = &params.text_document.uri;
        let found = match self.state.manifest(uri) {
            Some(manifest) => Some(manifest.diagnostics(self.state.encoding())),
            None => self.answer(uri, translate::diagnostics).await?,
        };
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
        let later = self.state.resolves_actions.load(Ordering::Relaxed);
        let only = params.context.only.unwrap_or_default();
        let offers = move |snapshot: &Snapshot| actions::offers(snapshot, range, later, &only);
        let Some(found) = self.answer(&params.text_document.uri, offers).await? else {
            return Ok(None);
        };
        let tried = apart(move || found.into_iter().filter_map(Offer::tried).collect()).await?;
        let tried: Vec<lsp::CodeAction> = tried;
        let action = lsp::CodeActionOrCommand::CodeAction;
        Ok(Some(tried.into_iter().map(action).collect()))
    }

    async fn code_action_resolve(&self, action: lsp::CodeAction) -> Result<lsp::CodeAction> {
        let Some(origin) = actions::origin(&action) else {
            return Ok(action);
        };
        if let Some(recording) = origin.recording.clone() {
            let tests = self.recorded_tests(&origin.uri, recording).await?;
            let tests = tests.map_err(refused)?;
            let uri = origin.uri.clone();
            let with_tests =
                move |snapshot: &Snapshot| actions::with_tests(snapshot, &origin, &tests);
            let edit = self.answer(&uri, with_tests).await?.flatten();
            let edit = Some(edit.ok_or_else(changed)?);
            return Ok(lsp::CodeAction { edit, ..action });
        }
        let (uri, title) = (origin.uri.clone(), action.title);
        let whole = move |snapshot: &Snapshot| actions::whole(snapshot, &origin, &title);
        let Some(offer) = self.answer(&uri, whole).await?.flatten() else {
            return Err(changed());
        };
        let tried = self
            .long("Trying the rewriting", move || offer.tried())
            .await?;
        tried.ok_or_else(|| refused("the program would have a mistake more after it".to_owned()))
    }

    async fn hover(&self, params: lsp::HoverParams) -> Result<Option<lsp::Hover>> {
        let (uri, position) = document_and_position(params.text_document_position_params);
        let hover = move |snapshot: &Snapshot| navigate::hover(snapshot, position);
        let found = self.answer(&uri, hover).await?;
        Ok(found.flatten())
    }

    async fn goto_definition(
        &self,
        params: lsp::GotoDefinitionParams,
    ) -> Result<Option<lsp::GotoDefinitionResponse>> {
        let (uri, position) = document_and_position(params.text_document_position_params);
        let definition = move |snapshot: &Snapshot| navigate::definition(snapshot, position);
        let found = self.answer(&uri, definition).await?;
        Ok(found.map(lsp::GotoDefinitionResponse::Array))
    }

    async fn references(&self, params: lsp::ReferenceParams) -> Result<Option<Vec<lsp::Location>>> {
        let (uri, position) = document_and_position(params.text_document_position);
        let declared = params.context.include_declaration;
        let own = move |snapshot: &Snapshot| navigate::references(snapshot, position, declared);
        let elsewhere = move |uri: &lsp::Uri, workspace: &Workspace, at: &Declared| {
            workspace.references(uri, at, declared)
        };
        let found = self.everywhere(&uri, position, own, elsewhere).await?;
        Ok(found.map(|(own, others)| workspace::merged(own, others.unwrap_or_default())))
    }

    async fn document_highlight(
        &self,
        params: lsp::DocumentHighlightParams,
    ) -> Result<Option<Vec<lsp::DocumentHighlight>>> {
        let (uri, position) = document_and_position(params.text_document_position_params);
        let highlights = move |snapshot: &Snapshot| navigate::highlights(snapshot, position);
        self.answer(&uri, highlights).await
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

    async fn range_formatting(
        &self,
        params: lsp::DocumentRangeFormattingParams,
    ) -> Result<Option<Vec<lsp::TextEdit>>> {
        let range = params.range;
        let format = move |snapshot: &Snapshot| translate::formatting_of(snapshot, range);
        self.answer(&params.text_document.uri, format).await
    }

    async fn on_type_formatting(
        &self,
        params: lsp::DocumentOnTypeFormattingParams,
    ) -> Result<Option<Vec<lsp::TextEdit>>> {
        let (uri, at) = document_and_position(params.text_document_position);
        let range = lsp::Range::new(at, at);
        let format = move |snapshot: &Snapshot| translate::formatting_of(snapshot, range);
        self.answer(&uri, format).await
    }

    async fn completion(
        &self,
        params: lsp::CompletionParams,
    ) -> Result<Option<lsp::CompletionResponse>> {
        let (uri, at) = document_and_position(params.text_document_position);
        let snippets = self.state.takes_snippets.load(Ordering::Relaxed);
        let complete = move |snapshot: &Snapshot| complete::completions(snapshot, at, snippets);
        self.answer(&uri, complete).await
    }

    async fn completion_resolve(&self, item: lsp::CompletionItem) -> Result<lsp::CompletionItem> {
        let Some((uri, at)) = complete::origin(&item) else {
            return Ok(item);
        };
        let known = item.clone();
        let resolve = move |snapshot: &Snapshot| complete::resolve(snapshot, at, known);
        let found = self.answer(&uri, resolve).await?;
        Ok(found.unwrap_or(item))
    }

    async fn signature_help(
        &self,
        params: lsp::SignatureHelpParams,
    ) -> Result<Option<lsp::SignatureHelp>> {
        let (uri, at) = document_and_position(params.text_document_position_params);
        let signatures = move |snapshot: &Snapshot| complete::signatures(snapshot, at);
        let found = self.answer(&uri, signatures).await?;
        Ok(found.flatten())
    }

    async fn goto_declaration(
        &self,
        params: lsp::request::GotoDeclarationParams,
    ) -> Result<Option<lsp::request::GotoDeclarationResponse>> {
        self.goto_definition(params).await
    }

    async fn goto_type_definition(
        &self,
        params: lsp::request::GotoTypeDefinitionParams,
    ) -> Result<Option<lsp::request::GotoTypeDefinitionResponse>> {
        let (uri, at) = document_and_position(params.text_document_position_params);
        let definition = move |snapshot: &Snapshot| navigate::type_definition(snapshot, at);
        let found = self.answer(&uri, definition).await?;
        Ok(found.map(lsp::GotoDefinitionResponse::Array))
    }

    async fn goto_implementation(
        &self,
        params: lsp::request::GotoImplementationParams,
    ) -> Result<Option<lsp::request::GotoImplementationResponse>> {
        let (uri, at) = document_and_position(params.text_document_position_params);
        let implementations = move |snapshot: &Snapshot| navigate::implementations(snapshot, at);
        let found = self.answer(&uri, implementations).await?;
        Ok(found.map(lsp::GotoDefinitionResponse::Array))
    }

    async fn prepare_rename(
        &self,
        params: lsp::TextDocumentPositionParams,
    ) -> Result<Option<lsp::PrepareRenameResponse>> {
        let (uri, at) = document_and_position(params);
        let renamable = move |snapshot: &Snapshot| structure::renamable(snapshot, at);
        match self.answer(&uri, renamable).await? {
            Some(Ok(range)) => Ok(Some(lsp::PrepareRenameResponse::Range(range))),
            Some(Err(why)) => Err(refused(why)),
            None => Ok(None),
        }
    }

    async fn rename(&self, params: lsp::RenameParams) -> Result<Option<lsp::WorkspaceEdit>> {
        let (uri, at) = document_and_position(params.text_document_position);
        let name = params.new_name;
        let own_name = name.clone();
        let own = move |snapshot: &Snapshot| structure::rename(snapshot, at, &own_name);
        let elsewhere = move |uri: &lsp::Uri, workspace: &Workspace, declared: &Declared| {
            workspace.rename(uri, declared, &name)
        };
        match self.everywhere(&uri, at, own, elsewhere).await? {
            Some((Ok(own), None)) => Ok(Some(own)),
            Some((Ok(own), Some(Ok(others)))) => Ok(Some(workspace::merged_edits(own, others))),
            Some((Err(why), _) | (_, Some(Err(why)))) => Err(refused(why)),
            None => Ok(None),
        }
    }

    async fn symbol(
        &self,
        params: lsp::WorkspaceSymbolParams,
    ) -> Result<Option<lsp::WorkspaceSymbolResponse>> {
        let state = &self.state;
        let open = state.documents().uris();
        let mut found: Vec<lsp::WorkspaceSymbol> = Vec::new();
        for uri in open {
            let query = params.query.clone();
            let symbols = move |snapshot: &Snapshot| navigate::workspace_symbols(snapshot, &query);
            let more = self.answer(&uri, symbols).await?;
            for symbol in more.into_iter().flatten() {
                if !found.contains(&symbol) {
                    found.push(symbol);
                }
            }
        }
        Ok(Some(lsp::WorkspaceSymbolResponse::Nested(found)))
    }

    async fn folding_range(
        &self,
        params: lsp::FoldingRangeParams,
    ) -> Result<Option<Vec<lsp::FoldingRange>>> {
        self.answer(&params.text_document.uri, structure::folds)
            .await
    }

    async fn selection_range(
        &self,
        params: lsp::SelectionRangeParams,
    ) -> Result<Option<Vec<lsp::SelectionRange>>> {
        let at = params.positions;
        let selections = move |snapshot: &Snapshot| structure::selections(snapshot, &at);
        self.answer(&params.text_document.uri, selections).await
    }

    async fn inlay_hint(
        &self,
        params: lsp::InlayHintParams,
    ) -> Result<Option<Vec<lsp::InlayHint>>> {
        let range = params.range;
        let hints = move |snapshot: &Snapshot| structure::hints(snapshot, range);
        self.answer(&params.text_document.uri, hints).await
    }

    async fn code_lens(&self, params: lsp::CodeLensParams) -> Result<Option<Vec<lsp::CodeLens>>> {
        self.answer(&params.text_document.uri, lenses::lenses).await
    }

    async fn document_link(
        &self,
        params: lsp::DocumentLinkParams,
    ) -> Result<Option<Vec<lsp::DocumentLink>>> {
        let uri = &params.text_document.uri;
        match self.state.manifest(uri) {
            Some(manifest) => Ok(Some(manifest.links(self.state.encoding()))),
            None => self.answer(uri, structure::links).await,
        }
    }

    async fn prepare_call_hierarchy(
        &self,
        params: lsp::CallHierarchyPrepareParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyItem>>> {
        let (uri, at) = document_and_position(params.text_document_position_params);
        let hierarchy = move |snapshot: &Snapshot| structure::hierarchy(snapshot, at);
        self.answer(&uri, hierarchy).await
    }

    async fn incoming_calls(
        &self,
        params: lsp::CallHierarchyIncomingCallsParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyIncomingCall>>> {
        let item = params.item;
        let uri = structure::asked_of(&item);
        let writers = move |snapshot: &Snapshot| structure::writers(snapshot, &item);
        self.answer(&uri, writers).await
    }

    async fn outgoing_calls(
        &self,
        params: lsp::CallHierarchyOutgoingCallsParams,
    ) -> Result<Option<Vec<lsp::CallHierarchyOutgoingCall>>> {
        let item = params.item;
        let uri = structure::asked_of(&item);
        let readers = move |snapshot: &Snapshot| structure::readers(snapshot, &item);
        self.answer(&uri, readers).await
    }

    async fn semantic_tokens_full(
        &self,
        params: lsp::SemanticTokensParams,
    ) -> Result<Option<lsp::SemanticTokensResult>> {
        let uri = params.text_document.uri;
        let found = self.written_tokens(&uri).await?;
        Ok(found.map(|all| self.state.all_tokens(uri, all).into()))
    }

    async fn semantic_tokens_full_delta(
        &self,
        params: lsp::SemanticTokensDeltaParams,
    ) -> Result<Option<lsp::SemanticTokensFullDeltaResult>> {
        let uri = params.text_document.uri;
        let Some(before) = self.state.sent_tokens(&uri, &params.previous_result_id) else {
            let found = self.written_tokens(&uri).await?;
            return Ok(found.map(|all| self.state.all_tokens(uri, all).into()));
        };
        let changed = move |snapshot: &Snapshot| {
            let all = tokens::written(snapshot, Some(&before));
            let edits = all.since(&before);
            (all, edits)
        };
        let found = self.answer(&uri, changed).await?;
        Ok(found.map(|(all, edits)| self.state.changed_tokens(uri, all, edits).into()))
    }

    async fn semantic_tokens_range(
        &self,
        params: lsp::SemanticTokensRangeParams,
    ) -> Result<Option<lsp::SemanticTokensRangeResult>> {
        let range = params.range;
        let some = move |snapshot: &Snapshot| tokens::tokens(snapshot, range);
        let found = self.answer(&params.text_document.uri, some).await?;
        let tokens = found.map(|data| lsp::SemanticTokens {
            result_id: None,
            data,
        });
        Ok(tokens.map(Into::into))
    }
}

fn document_and_position(params: lsp::TextDocumentPositionParams) -> (lsp::Uri, lsp::Position) {
    (params.text_document.uri, params.position)
}

/// The folders that the client has open.
#[expect(
    deprecated,
    reason = "clients that know no workspace folders name a root"
)]
fn folders(params: &lsp::InitializeParams) -> Vec<PathBuf> {
    let named = params.workspace_folders.iter().flatten();
    let mut uris: Vec<&lsp::Uri> = named.map(|folder| &folder.uri).collect();
    if uris.is_empty() {
        uris.extend(&params.root_uri);
    }
    let paths = uris.into_iter().filter_map(lsp::Uri::to_file_path);
    paths.map(|path| path.into_owned()).collect()
}
