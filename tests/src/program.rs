//! A program from its text to what runs: checked, planned, compiled, loaded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bloom_compiler::base::Sources;
use bloom_compiler::check::{Checked, File, check};
use bloom_compiler::codegen::{Ahead, Target};
use bloom_compiler::compile::{Optimization, Typing, compile_to_run, compile_with, make_plans};
use bloom_compiler::coordination::with_counts;
use bloom_compiler::faults::lower_tests;
use bloom_plan::artifact::Artifact;
use bloom_plan::plan::Plan;
use bloom_plan::testing::Test;
use bloom_runtime::Program;
use smol_str::SmolStr;

use crate::reference::Model;

/// A program without errors.
pub struct Loaded {
    pub checked: Checked,
    pub sources: Sources,
    pub plans: Vec<Plan>,
    pub programs: Vec<(SmolStr, Arc<Program>)>,
    /// As batches run, where nobody looks at scratch collections, without code for what only later ticks run; empty if that makes no difference.
    pub restricted: Vec<(SmolStr, Arc<Program>)>,
    pub tests: Vec<Test>,
}

/// The workspace's folder.
pub fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// The standard library: names of modules and their texts.
pub fn standard_library() -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = bloom_files(&root().join("stdlib"))
        .into_iter()
        .map(|path| (format!("std.{}", module_name(&path)), read(&path)))
        .collect();
    files.sort();
    files
}

/// All `.bloom` files below a folder, sorted.
pub fn bloom_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        if path.is_dir() {
            files.extend(bloom_files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "bloom")
        {
            files.push(path);
        }
    }
    files.sort();
    files
}

pub fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a file is called as a module.
pub fn module_name(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Messages of the errors that refuse a program.
pub fn errors(checked: &Checked) -> Vec<String> {
    let errors = checked.diagnostics.iter().filter(|d| d.is_error());
    errors
        .map(|d| format!("{}: {}", d.code.id(), d.message))
        .collect()
}

/// Checks the program of one file.
pub fn check_text(name: &str, text: &str, library: &[(String, String)]) -> Checked {
    let mut files = vec![file(name, text)];
    files.extend(library.iter().map(|(name, text)| file(name, text)));
    check(&files)
}

/// Compiles and loads the program of one file, or tells why it is refused.
pub fn load(name: &str, text: &str, library: &[(String, String)]) -> Result<Loaded, Vec<String>> {
    load_with(name, text, library, Optimization::On)
}

/// As [`load`], with or without the optimiser.
pub fn load_with(
    name: &str,
    text: &str,
    library: &[(String, String)],
    optimization: Optimization,
) -> Result<Loaded, Vec<String>> {
    let checked = check_text(name, text, library);
    if !checked.is_fine() {
        return Err(errors(&checked));
    }
    let mut sources = Sources::single(format!("{name}.bloom"), text);
    for (name, text) in library {
        sources.add(name.clone(), text.clone());
    }
    load_checked(checked, sources, optimization)
}

/// Compiles and loads a program without errors.
pub fn load_checked(
    checked: Checked,
    sources: Sources,
    optimization: Optimization,
) -> Result<Loaded, Vec<String>> {
    let (program, typed) = (&checked.program, &checked.typed);
    let typing = Typing {
        program,
        typed,
        analysis: &checked.analysis,
        sources: &sources,
    };
    let compiled = compile_with(typing, &Target::native(), optimization);
    let plans: Vec<Plan> = compiled.iter().map(|(plan, _)| plan.clone()).collect();
    let restricted = match optimization == Optimization::On && make_plans(typing) != plans {
        true => compile_to_run(
            checked.clone(),
            &sources,
            &Target::native(),
            Ahead::None,
            &|_| false,
        ),
        false => Vec::new(),
    };
    let (mut programs, restricted) = (load_all(compiled)?, load_all(restricted)?);
    let lowered = lower_tests(typing, &Target::native());
    programs.extend(load_all(lowered.observers)?);
    if let Some(failure) = lowered.failures.first() {
        return Err(vec![format!(
            "a test has no value: {}",
            failure.error.message()
        )]);
    }
    // The reference evaluates what runs.
    let counted = with_counts(program, typed);
    Ok(Loaded {
        checked: counted.unwrap_or(checked),
        sources,
        plans,
        programs,
        restricted,
        tests: lowered.tests,
    })
}

fn load_all(compiled: Vec<(Plan, Artifact)>) -> Result<Vec<(SmolStr, Arc<Program>)>, Vec<String>> {
    let load = |(plan, artifact): (Plan, Artifact)| {
        let name = plan.name.clone();
        let program = Program::load(plan, artifact).map_err(|error| vec![error.to_string()])?;
        Ok((name, program))
    };
    compiled.into_iter().map(load).collect()
}

impl Loaded {
    /// The program for the reference evaluator.
    pub fn model(&self) -> Model<'_> {
        Model {
            program: &self.checked.program,
            typed: &self.checked.typed,
            plans: &self.plans,
        }
    }
}

fn file<'a>(name: &'a str, text: &'a str) -> File<'a> {
    File {
        name,
        text,
        dedalus: false,
    }
}
