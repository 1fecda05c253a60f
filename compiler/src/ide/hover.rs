//! What there is to say of the name under the cursor: its declaration with the types that were inferred, its
//! documentation, what the consistency analysis found, and who writes and reads it.

mod word;
mod written;

use super::names::{Mention, Role, Target, all_names, names_of};
use super::signature::built_ins;
use crate::base::{FileId, FileSpan};
use crate::calm::report::{Label, Output, View};
use crate::database::{self, Db, Package};
use crate::hir::{Collection, Field, Loc, NodeKind, Program, TypeDefKind, VarId};
use crate::typing::{NodeTypes, Typed};
use bloom_plan::types::TypeId;
use smol_str::SmolStr;
use written::Written;

/// What to show, and of which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    pub place: FileSpan,
    /// Bloom.
    pub declaration: String,
    /// Markdown, a paragraph each.
    pub paragraphs: Vec<String>,
}

/// What the word at a byte of a file means.
pub fn hover(db: &dyn Db, package: Package, (file, offset): (FileId, u32)) -> Option<Hover> {
    let mentions = all_names(db, package).all_at(file, offset);
    let written = Written { db, package };
    let subject = Subject {
        db,
        package,
        program: database::program(db, package),
        typed: database::typed(db, package),
    };
    let named = mentions.into_iter().rev();
    let mut named = named.map(|mention| written.hover(mention).or_else(|| subject.hover(mention)));
    named
        .find_map(|found| found)
        .or_else(|| written.test(file, offset))
        .or_else(|| built_in(db, package, (file, offset)))
        .or_else(|| word::hover(db, package, (file, offset)))
}

/// A function, method or aggregate of the language.
fn built_in(db: &dyn Db, package: Package, (file, offset): (FileId, u32)) -> Option<Hover> {
    if file != FileId(0) {
        return None;
    }
    let (span, found) = built_ins(db, package, offset)?;
    let labels: Vec<&str> = found.iter().map(|one| one.label.as_str()).collect();
    let mut docs: Vec<String> = found.iter().map(|one| one.doc.clone()).collect();
    docs.dedup();
    (!labels.is_empty()).then(|| Hover {
        place: FileSpan::new(file, span),
        declaration: labels.join("\n"),
        paragraphs: docs,
    })
}

/// Bloom in Markdown.
fn code(text: &str) -> String {
    format!("```bloom\n{text}\n```")
}

/// `` `a`, `b` and `c` ``
fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names = names.into_iter();
    let mut names: Vec<String> = names.map(|name| format!("`{}`", name.as_ref())).collect();
    match names.pop() {
        Some(last) if !names.is_empty() => format!("{} and {last}", names.join(", ")),
        Some(only) => only,
        None => String::new(),
    }
}

struct Subject<'a> {
    db: &'a dyn Db,
    package: Package,
    program: &'a Program,
    typed: &'a Typed,
}

impl<'a> Subject<'a> {
    fn hover(&self, mention: Mention) -> Option<Hover> {
        match mention.target {
            Target::Collection(declared) => self.collection(mention, declared),
            Target::Function(declared) => self.function(mention, declared),
            Target::Constant(declared) => self.constant(mention, declared),
            Target::Variable(of, var) => self.variable(mention, of, var),
            Target::Column(declared) => self.column(mention, declared),
            Target::Type(declared) => self.definition(mention, declared),
            Target::Field(declared) => self.field(mention, declared),
            Target::Variant(declared) => self.variant(mention, declared),
            Target::Module(_)
            | Target::File(_)
            | Target::Import(_)
            | Target::Spec(_)
            | Target::Group(_)
            | Target::TestNode(_) => None,
        }
    }

    fn is_at(&self, loc: Loc, declared: FileSpan) -> bool {
        database::file_span(self.db, self.package, loc) == declared
    }

    fn kinds(&self) -> impl Iterator<Item = (&'a NodeKind, Option<&'a NodeTypes>)> {
        self.typed.kinds(self.program)
    }

    fn collection(&self, mention: Mention, declared: FileSpan) -> Option<Hover> {
        let path = self.path_at(mention.place);
        let all = self.kinds().flat_map(|(kind, types)| {
            let collections = kind.collections.iter();
            let collections = collections.filter(|(_, one)| self.is_at(one.loc, declared));
            collections.map(move |(id, one)| (one, types.and_then(|all| all.collections.get(id))))
        });
        // One that a module declares is in all that import it: the one that is named so here.
        let fits = |name: &str| (name != path, !name.ends_with(path), name.len());
        let (collection, types) = all.min_by_key(|(one, _)| fits(&one.name))?;
        let types = types.into_iter().flatten();
        let types: Vec<String> = types
            .map(|column| self.typed.types.show(column.ty))
            .collect();
        let report = database::calm_report(self.db, self.package);
        let names = names_of(self.db, self.package);
        let mut paragraphs = Vec::new();
        paragraphs.extend(Some(collection.doc.to_string()).filter(|doc| !doc.is_empty()));
        let outputs = report.outputs.iter();
        let outputs = outputs.filter(|output| self.is_at(output.loc, declared));
        paragraphs.extend(outputs.map(of_output));
        let views = report.views.iter();
        let views = views.filter(|view| self.is_at(view.loc, declared));
        paragraphs.extend(views.map(of_view));
        paragraphs.dedup();
        let count = |role| {
            let all = names.of(mention.target);
            all.filter(|mention| mention.role == role).count()
        };
        let (writes, reads) = (count(Role::Writes), count(Role::Reads));
        paragraphs.push(format!("Written {}, read {}.", times(writes), times(reads)));
        Some(Hover {
            place: mention.place,
            declaration: declaration(collection, &types),
            paragraphs,
        })
    }

    /// The name at a place with what stands before its dots.
    fn path_at(&self, place: FileSpan) -> &'a str {
        let files = self.package.files(self.db);
        let file = files.get(place.file.0 as usize);
        let text = file.map_or("", |file| file.text(self.db));
        let text = text.get(..place.span.end as usize).unwrap_or_default();
        let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let start = text.trim_end_matches(is_path).len();
        &text[start..]
    }

    fn column(&self, mention: Mention, declared: FileSpan) -> Option<Hover> {
        self.kinds().find_map(|(kind, types)| {
            let (id, collection, at) = kind.collections.iter().find_map(|(id, collection)| {
                let mut columns = collection.columns.iter();
                let at = columns.position(|column| self.is_at(column.loc, declared))?;
                Some((id, collection, at))
            })?;
            let column = &collection.columns[at];
            let types = types.and_then(|types| types.collections.get(id));
            let ty = types.and_then(|columns| columns.get(at));
            let ty = ty.map(|column| format!(": {}", self.typed.types.show(column.ty)));
            let doc = Some(column.doc.to_string()).filter(|doc| !doc.is_empty());
            let own = collection.name.rsplit('.').next().unwrap_or_default();
            let of = format!("A column of `{own}`.");
            Some(Hover {
                place: mention.place,
                declaration: format!("{}{}", column.name, ty.unwrap_or_default()),
                paragraphs: doc.into_iter().chain([of]).collect(),
            })
        })
    }

    fn definition(&self, mention: Mention, declared: FileSpan) -> Option<Hover> {
        let mut types = self.program.types.values();
        let def = types.find(|def| self.is_at(def.loc, declared))?;
        let word = match def.kind {
            TypeDefKind::Record { .. } => "record",
            TypeDefKind::Enum { .. } => "enum",
            TypeDefKind::Lattice { .. } => "lattice",
        };
        let doc = Some(def.doc.to_string()).filter(|doc| !doc.is_empty());
        let variants = def.variants().iter();
        let variants: Vec<String> = variants
            .map(|variant| self.applied(&variant.name, &variant.fields))
            .collect();
        let inside = match &def.kind {
            TypeDefKind::Record { fields } => format!(" {{ {} }}", self.fields(fields)),
            TypeDefKind::Enum { .. } => format!(" {{ {} }}", variants.join(", ")),
            TypeDefKind::Lattice { fields, .. } => format!("({})", self.fields(fields)),
        };
        Some(Hover {
            place: mention.place,
            declaration: format!("{word} {}{inside}", def.name),
            paragraphs: doc.into_iter().collect(),
        })
    }

    /// `x: Int, y: Int`
    fn fields(&self, fields: &[Field]) -> String {
        let fields = fields.iter();
        let fields =
            fields.map(|field| format!("{}: {}", field.name, self.program.show_type(&field.ty)));
        fields.collect::<Vec<_>>().join(", ")
    }

    fn applied(&self, variant: &str, fields: &[Field]) -> String {
        match fields {
            [] => variant.to_owned(),
            fields => format!("{variant}({})", self.fields(fields)),
        }
    }

    fn field(&self, mention: Mention, declared: FileSpan) -> Option<Hover> {
        self.program.types.values().find_map(|def| {
            let mut fields = def.all_fields();
            let field = fields.find(|field| self.is_at(field.loc, declared))?;
            let doc = Some(field.doc.to_string()).filter(|doc| !doc.is_empty());
            let of = format!("A field of `{}`.", def.name);
            Some(Hover {
                place: mention.place,
                declaration: self.fields(std::slice::from_ref(field)),
                paragraphs: doc.into_iter().chain([of]).collect(),
            })
        })
    }

    fn variant(&self, mention: Mention, declared: FileSpan) -> Option<Hover> {
        self.program.types.values().find_map(|def| {
            let mut variants = def.variants().iter();
            let variant = variants.find(|variant| self.is_at(variant.loc, declared))?;
            let doc = Some(variant.doc.to_string()).filter(|doc| !doc.is_empty());
            let of = format!("A variant of `{}`.", def.name);
            Some(Hover {
                place: mention.place,
                declaration: self.applied(&variant.name, &variant.fields),
                paragraphs: doc.into_iter().chain([of]).collect(),
            })
        })
    }

    fn function(&self, mention: Mention, declared: FileSpan) -> Option<Hover> {
        let mut functions = self.program.functions.values();
        let function = functions.find(|function| self.is_at(function.loc, declared))?;
        let params = function.param_names.iter().zip(&function.params);
        let params: Vec<String> = params
            .map(|(name, ty)| format!("{name}: {}", self.program.show_type(ty)))
            .collect();
        let result = self.program.show_type(&function.result);
        let doc = Some(function.doc.to_string()).filter(|doc| !doc.is_empty());
        Some(Hover {
            place: mention.place,
            declaration: format!("fn {}({}): {result}", function.name, params.join(", ")),
            paragraphs: doc.into_iter().collect(),
        })
    }

    fn constant(&self, mention: Mention, declared: FileSpan) -> Option<Hover> {
        let mut constants = self.program.constants.iter();
        let (id, constant) = constants.find(|(_, c)| self.is_at(c.loc, declared))?;
        let ty = self.typed.constants.get(id)?.ty;
        Some(Hover {
            place: mention.place,
            declaration: format!("const {}: {}", constant.name, self.typed.types.show(ty)),
            paragraphs: Vec::new(),
        })
    }

    fn variable(&self, mention: Mention, of: FileSpan, var: VarId) -> Option<Hover> {
        let of_rule = || {
            self.kinds().find_map(|(kind, types)| {
                let mut rules = kind.rules.iter();
                let (id, rule) = rules.find(|(_, rule)| self.is_at(rule.body.loc, of))?;
                Some((&rule.body, &**types?.rules.get(id)?))
            })
        };
        let of_spec = || {
            let mut specs = self.program.specs.iter().zip(&self.typed.specs);
            specs.find_map(|(spec, types)| {
                let mut rules = spec.rules.iter().zip(&types.rules);
                let (rule, types) = rules.find(|(rule, _)| self.is_at(rule.body.loc, of))?;
                Some((&rule.body, types))
            })
        };
        let (name, ty) = match of_rule().or_else(of_spec) {
            Some((body, types)) => {
                let ty = self.typed.types.show(*types.vars.get(var)?);
                (&body.vars.get(var)?.name, ty)
            }
            None => self.of_function(of, var)?,
        };
        Some(Hover {
            place: mention.place,
            declaration: format!("{name}: {ty}"),
            paragraphs: Vec::new(),
        })
    }

    /// A variable of a function. That is typed for each list of type arguments: where these give several types, only of a
    /// parameter it is known how it was declared.
    fn of_function(&self, of: FileSpan, var: VarId) -> Option<(&'a SmolStr, String)> {
        let mut functions = self.program.functions.iter();
        let (id, function) = functions.find(|(_, function)| self.is_at(function.body.loc, of))?;
        let name = &function.body.vars.get(var)?.name;
        let mut params = function.body.params.iter().zip(&function.params);
        if let Some((_, declared)) = params.find(|(param, _)| param.var == var) {
            return Some((name, self.program.show_type(declared)));
        }
        let instances = self.typed.instances.values();
        let own = instances.filter(|instance| instance.function == id);
        let mut types: Vec<TypeId> = own
            .filter_map(|one| one.body.vars.get(var).copied())
            .collect();
        types.dedup();
        let [ty] = types.as_slice() else { return None };
        Some((name, self.typed.types.show(*ty)))
    }
}

fn times(count: usize) -> String {
    match count {
        0 => "nowhere".to_owned(),
        1 => "in 1 place".to_owned(),
        _ => format!("in {count} places"),
    }
}

/// The collection as it is declared, with all types.
fn declaration(collection: &Collection, types: &[String]) -> String {
    let mut columns = String::new();
    let mut in_key = true;
    for (at, column) in collection.columns.iter().enumerate() {
        columns += match (at, in_key && !column.key) {
            (0, false) => "",
            (0, true) => "=> ",
            (_, false) => ", ",
            (_, true) => " => ",
        };
        in_key = column.key;
        if column.location {
            columns.push('@');
        }
        columns += &column.name;
        if let Some(ty) = types.get(at) {
            columns += &format!(": {ty}");
        }
    }
    format!("{} {}({columns})", collection.kind.word(), collection.name)
}

fn of_output(output: &Output) -> String {
    let name = output.label.name();
    let words = match &output.label {
        Label::Async => "the same in every run, however messages come",
        Label::Seal(_) => "the same in every run, once what it waits for is sealed",
        Label::Run => "differs from run to run",
        Label::Instance => "replicas give different answers",
        Label::Diverge => "replicas may differ for ever",
    };
    let why = output.because.first();
    let why = why.map_or_else(String::new, |blame| format!(": {}", blame.text));
    format!("**{name}**: {words}{why}.")
}

fn of_view(view: &View) -> String {
    let words = match (view.converges, view.prefix_safe) {
        (true, true) => "settles on one value, and only grows towards it",
        (true, false) => "settles on one value",
        (false, _) => "does not settle on one value",
    };
    let why = view.because.first();
    let why = why.map_or_else(String::new, |blame| format!(": {}", blame.text));
    format!("**view**: {words}{why}.")
}
