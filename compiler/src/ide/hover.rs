//! What there is to say of the name under the cursor: its declaration with the types that were inferred, its
//! documentation, what the consistency analysis found, and who writes and reads it.

use bloom_stdx::arena::Arena;

use super::names::{Mention, Names, Role, Target};
use crate::base::FileSpan;
use crate::calm::report::{Label, Output, Report, View};
use crate::hir::{Collection, Field, ItemRef, Loc, NodeKind, Place, Program, TypeDefKind};
use crate::typing::{NodeTypes, Typed};

/// What to show, and of which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    pub place: FileSpan,
    /// Bloom.
    pub declaration: String,
    /// Markdown, a paragraph each.
    pub paragraphs: Vec<String>,
}

/// What a name means.
pub fn hover(
    program: &Program,
    places: &Arena<ItemRef, Place>,
    typed: &Typed,
    report: &Report,
    names: &Names,
    mention: Mention,
) -> Option<Hover> {
    let subject = Subject {
        program,
        places,
        typed,
        report,
    };
    match mention.target {
        Target::Collection(declared) => subject.collection(names, mention, declared),
        Target::Function(declared) => subject.function(mention, declared),
        Target::Constant(declared) => subject.constant(mention, declared),
        Target::Variable(of, var) => subject.variable(mention, of, var),
        Target::Column(declared) => subject.column(mention, declared),
        Target::Type(declared) => subject.definition(mention, declared),
        Target::Field(declared) => subject.field(mention, declared),
        Target::Variant(declared) => subject.variant(mention, declared),
        Target::Module(declared) => subject.module(mention, declared),
        Target::File(_)
        | Target::Import(_)
        | Target::Spec(_)
        | Target::Group(_)
        | Target::TestNode(_) => None,
    }
}

struct Subject<'a> {
    program: &'a Program,
    places: &'a Arena<ItemRef, Place>,
    typed: &'a Typed,
    report: &'a Report,
}

impl<'a> Subject<'a> {
    fn is_at(&self, loc: Loc, declared: FileSpan) -> bool {
        let place = self.places[loc.item];
        FileSpan::new(place.file, loc.span.shifted(place.offset)) == declared
    }

    fn kinds(&self) -> impl Iterator<Item = (&'a NodeKind, Option<&'a NodeTypes>)> {
        self.typed.kinds(self.program)
    }

    fn collection(&self, names: &Names, mention: Mention, declared: FileSpan) -> Option<Hover> {
        let (collection, types) = self.kinds().find_map(|(kind, types)| {
            let mut collections = kind.collections.iter();
            let (id, collection) = collections.find(|(_, c)| self.is_at(c.loc, declared))?;
            let types = types.and_then(|types| types.collections.get(id));
            let types: Option<Vec<String>> = types.map(|columns| {
                let columns = columns.iter();
                columns
                    .map(|column| self.typed.types.show(column.ty))
                    .collect()
            });
            Some((collection, types.unwrap_or_default()))
        })?;
        let mut paragraphs = Vec::new();
        paragraphs.extend(Some(collection.doc.to_string()).filter(|doc| !doc.is_empty()));
        let outputs = self.report.outputs.iter();
        let outputs = outputs.filter(|output| self.is_at(output.loc, declared));
        paragraphs.extend(outputs.map(of_output));
        let views = self.report.views.iter();
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
            let of = format!("A column of `{}`.", collection.name);
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

    /// A kind of node, a protocol, or a module that nothing imports; one that is imported is a part of others.
    fn module(&self, mention: Mention, declared: FileSpan) -> Option<Hover> {
        let is_it = |kind: &&NodeKind| self.is_at(kind.loc, declared);
        let node = self.program.nodes.values().find(is_it);
        let kind = node.or_else(|| self.program.unused.iter().find(is_it))?;
        let protocols = match kind.protocols.is_empty() {
            true => String::new(),
            false => format!(": {}", kind.protocols.join(", ")),
        };
        let is_upper = kind
            .name
            .starts_with(|first: char| first.is_ascii_uppercase());
        let word = match (node, is_upper) {
            (Some(_), _) => "node",
            (None, true) => "protocol",
            (None, false) => "module",
        };
        let doc = Some(kind.doc.to_string()).filter(|doc| !doc.is_empty());
        Some(Hover {
            place: mention.place,
            declaration: format!("{word} {}{protocols}", kind.name),
            paragraphs: doc.into_iter().collect(),
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

    /// A variable of a rule; functions are typed for each list of type arguments, so theirs have no one type.
    fn variable(&self, mention: Mention, of: FileSpan, var: crate::hir::VarId) -> Option<Hover> {
        self.kinds().find_map(|(kind, types)| {
            let mut rules = kind.rules.iter();
            let (id, rule) = rules.find(|(_, rule)| self.is_at(rule.body.loc, of))?;
            let ty = *types?.rules.get(id)?.vars.get(var)?;
            let name = &rule.body.vars.get(var)?.name;
            Some(Hover {
                place: mention.place,
                declaration: format!("{name}: {}", self.typed.types.show(ty)),
                paragraphs: Vec::new(),
            })
        })
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
