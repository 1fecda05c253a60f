//! Object files: machine code and plans of a program for a linker. What is in them is described in `docs/object.md`.

use bloom_compiler::codegen::Target;
use bloom_plan::artifact::Artifact;
use bloom_plan::plan::Plan;
use object::write::{Object, SectionId, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};

/// The version of what `docs/object.md` describes.
const ABI: u64 = 1;

/// Where functions and data start.
const ALIGNMENT: u64 = 16;

pub(super) fn write(kinds: &[(Plan, Artifact)], target: &Target) -> Result<Vec<u8>, String> {
    let triple = target.triple();
    let mut object = Object::new(format(&triple), architecture(&triple)?, Endianness::Little);
    let mut sections = Sections {
        text: object.section_id(object::write::StandardSection::Text),
        data: object.section_id(object::write::StandardSection::ReadOnlyData),
        object: &mut object,
    };
    sections.data("bloom_abi", &ABI.to_le_bytes());
    for (plan, artifact) in kinds {
        sections.kind(plan, artifact);
    }
    object
        .write()
        .map_err(|e| format!("cannot write an object file for {triple}: {e}"))
}

/// Where symbols are put.
struct Sections<'o> {
    object: &'o mut Object<'static>,
    text: SectionId,
    data: SectionId,
}

impl Sections<'_> {
    fn kind(&mut self, plan: &Plan, artifact: &Artifact) {
        let kind = &plan.name;
        let code_at = self
            .object
            .append_section_data(self.text, &artifact.code, ALIGNMENT);
        let of_versions = (0..).map(|n| format!("bloom_{kind}_version_{n}"));
        let of_functions = (0..).map(|n| format!("bloom_{kind}_function_{n}"));
        let offsets = of_versions.zip(&artifact.versions);
        let offsets = offsets.chain(of_functions.zip(&artifact.functions));
        let mut offsets: Vec<(String, u64)> = offsets
            .map(|(name, offset)| (name, (*offset).into()))
            .collect();
        offsets.sort_by_key(|(_, offset)| *offset);
        let ends: Vec<u64> = offsets.iter().skip(1).map(|(_, offset)| *offset).collect();
        let ends = ends.into_iter().chain([artifact.code.len() as u64]);
        for ((name, offset), end) in offsets.into_iter().zip(ends) {
            self.symbol(
                &name,
                self.text,
                code_at + offset,
                end - offset,
                SymbolKind::Text,
            );
        }
        let placed = Artifact {
            code: Vec::new(),
            ..artifact.clone()
        };
        let program = postcard::to_stdvec(&(plan, placed)).expect("plans are plain data");
        self.data(&format!("bloom_{kind}_program"), &program);
        let length = (program.len() as u64).to_le_bytes();
        self.data(&format!("bloom_{kind}_program_bytes"), &length);
        let code = artifact.code.len() as u64;
        let name = format!("bloom_{kind}_code");
        self.symbol(&name, self.text, code_at, code, SymbolKind::Text);
        self.data(&format!("{name}_bytes"), &code.to_le_bytes());
    }

    fn data(&mut self, name: &str, bytes: &[u8]) {
        let at = self.object.append_section_data(self.data, bytes, ALIGNMENT);
        self.symbol(name, self.data, at, bytes.len() as u64, SymbolKind::Data);
    }

    fn symbol(&mut self, name: &str, section: SectionId, value: u64, size: u64, kind: SymbolKind) {
        self.object.add_symbol(Symbol {
            name: name.as_bytes().to_vec(),
            value,
            size,
            kind,
            scope: SymbolScope::Linkage,
            weak: false,
            section: SymbolSection::Section(section),
            flags: SymbolFlags::None,
        });
    }
}

fn architecture(triple: &str) -> Result<Architecture, String> {
    match triple.split('-').next() {
        Some("x86_64") => Ok(Architecture::X86_64),
        Some("aarch64") => Ok(Architecture::Aarch64),
        _ => Err(format!(
            "object files are for x86_64 and aarch64, not for {triple}"
        )),
    }
}

fn format(triple: &str) -> BinaryFormat {
    if triple.contains("apple") {
        BinaryFormat::MachO
    } else if triple.contains("windows") {
        BinaryFormat::Coff
    } else {
        BinaryFormat::Elf
    }
}
